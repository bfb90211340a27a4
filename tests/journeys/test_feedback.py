"""Journeys of feedback: what callers say and do about answers is kept, joined once, and changes what comes next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import LIMIT_S, fails, says, upstream

KEYS = """
[[keys]]
name = "red"
key = "env:RED"
[[keys]]
name = "blue"
key = "env:BLUE"
"""
QUESTION = {"role": "user", "content": "What is the capital of Peru?"}
ANSWER = {"role": "assistant", "content": "Lima."}


def pool(up: object, *, more: str = "") -> str:
    return config_text(
        model("small", up, quality=0.5),
        model("big", up, quality=0.6, role="deep"),
        default="small",
        more=more,
    )


def ask(house: House, *messages: dict[str, str], model_name: str = "auto", **wishes: Any) -> dict[str, Any]:
    body = {"model": model_name, "messages": list(messages or (QUESTION,)), "unisono": wishes}
    return house.call("POST", "/v1/chat/completions", body).json["unisono"]  # type: ignore[no-any-return]


def kinds(house: House, decision: str) -> dict[str, str | None]:
    return {s["kind"]: s["value"] for s in house.get(f"/v1/decisions/{decision}")["signals"]}


def test_every_form_of_feedback_is_taken_and_shown_with_its_decision(tmp_path: Path) -> None:
    with upstream(says("Lima")) as up, serving(tmp_path, pool(up)) as house:
        decision = ask(house)["decision"]
        for body in (
            {"score": 0.25},
            {"preferred": "big", "over": "small"},
            {"correct": True, "source": "unit_test"},
        ):
            reply = house.call("POST", f"/v1/decisions/{decision}/feedback", body)
            assert (reply.status, reply.json["joined"]) == (200, "new"), reply.raw
        assert kinds(house, decision) == {
            "score": "0.25",
            "preferred": '["big","small"]',
            "correct:unit_test": "true",
        }
        assert 'unisono_signals_total{kind="correct"} 1.0' in house.call("GET", "/metrics").raw.decode()


def test_what_is_said_twice_is_the_same_and_what_is_changed_is_told(tmp_path: Path) -> None:
    with upstream(says("Lima")) as up, serving(tmp_path, pool(up)) as house:
        path = f"/v1/decisions/{ask(house)['decision']}/feedback"
        joined = [house.call("POST", path, {"score": score}).json["joined"] for score in (1, 1, 0)]
        assert joined == ["new", "same", "changed"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"score": 2},
        {"score": "good"},
        {"score": 1, "source": "me"},
        {"preferred": "big"},
        {"preferred": "big", "over": "big"},
        {"preferred": "nobody", "over": "big"},
        {"correct": True},
        {"correct": "yes", "source": "judge"},
        {"correct": True, "source": "A judge!"},
        {"stars": 5},
        [1],
    ],
    ids=json.dumps,
)
def test_feedback_of_another_form_is_refused_and_says_the_forms(tmp_path: Path, body: object) -> None:
    with upstream(says("Lima")) as up, serving(tmp_path, pool(up)) as house:
        decision = ask(house)["decision"]
        reply = house.call("POST", f"/v1/decisions/{decision}/feedback", body)
        assert reply.status == 400
        assert reply.json["error"]["code"] == "invalid_request"
        assert kinds(house, decision) == {}


def test_unknown_decisions_and_those_of_other_keys_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RED", "sk-red")
    monkeypatch.setenv("BLUE", "sk-blue")
    red, blue = {"authorization": "Bearer sk-red"}, {"authorization": "Bearer sk-blue"}
    with upstream(says("Lima")) as up, serving(tmp_path, pool(up, more=KEYS)) as house:
        decision = house.chat("hello", headers=red).json["unisono"]["decision"]
        path = f"/v1/decisions/{decision}/feedback"
        assert house.call("POST", path, {"score": 0}, headers=blue).status == 404
        assert house.call("POST", path, {"score": 0}).status == 401
        assert house.call("POST", "/v1/decisions/none/feedback", {"score": 0}, headers=red).status == 404
        assert house.call("POST", path, {"score": 0}, headers=red).status == 200


def test_a_decision_that_nobody_answered_cannot_be_judged(tmp_path: Path) -> None:
    with upstream(fails(500)) as up, serving(tmp_path, pool(up)) as house:
        failed = house.chat("hello")
        assert failed.status == 502
        decision = failed.headers["x-unisono-decision"]
        reply = house.call("POST", f"/v1/decisions/{decision}/feedback", {"score": 1})
        assert reply.status == 400
        assert "No model answered" in reply.json["error"]["message"]


def test_the_gateway_sees_retries_rejections_thanks_and_switches_by_itself(tmp_path: Path) -> None:
    with upstream(says("Lima")) as up, serving(tmp_path, pool(up)) as house:
        first = ask(house, session="s1")
        ask(house, retry_of=first["decision"], how="other", session="s2")
        wrong = {"role": "user", "content": "That's wrong, try again."}
        second = ask(house, QUESTION, ANSWER, wrong, session="s1")
        thanks = {"role": "user", "content": "Thanks! And of Chile?"}
        third = ask(house, QUESTION, ANSWER, thanks, session="s1")
        other = "big" if third["model"] == "small" else "small"
        more = {"role": "user", "content": "And of Bolivia?"}
        ask(house, QUESTION, ANSWER, more, session="s1", model_name=other)
        assert set(kinds(house, first["decision"])) == {"retry_other", "rejected"}
        assert kinds(house, second["decision"]) == {"thanked": None}
        assert kinds(house, third["decision"]) == {"switched": other}


def test_a_running_server_learns_from_feedback_and_its_decisions_can_still_be_recomputed(tmp_path: Path) -> None:
    with upstream(says("Lima")) as up, serving(tmp_path, pool(up)) as house:
        live = house.live
        assert live is not None
        before = ask(house, explain=True)
        for n in range(12):
            body = {**QUESTION, "content": f"What is the capital of country number {n}?"}
            decision = ask(house, body, models=["big"])["decision"]
            house.call("POST", f"/v1/decisions/{decision}/feedback", {"correct": True, "source": "exact_match"})
            decision = ask(house, body, models=["small"])["decision"]
            house.call("POST", f"/v1/decisions/{decision}/feedback", {"correct": False, "source": "exact_match"})

        def learned() -> dict[str, Any] | None:
            told = ask(house, {"role": "user", "content": "What is the capital of Ecuador?"}, explain=True, dial=1.0)
            evidence = {r["model"]: r["quality"]["evidence"] for r in told["explain"]["ranking"]}
            return told if all("12 scores" in text for text in evidence.values()) else None

        after = house.until(learned, "the feedback is learned")
        then = {r["model"]: r["quality"]["mean"] for r in before["explain"]["ranking"]}
        now = {r["model"]: r["quality"]["mean"] for r in after["explain"]["ranking"]}
        assert now["big"] > then["big"] + 0.05
        assert now["small"] < then["small"] - 0.05
        assert after["model"] == "big"
        assert live.store.flush(timeout_s=LIMIT_S)
        from unisono.evaluate.recompute import Recomputer
        from unisono.plugins import load
        from unisono.record.reader import Reader

        reader = Reader(tmp_path / "record.db")
        recomputer = Recomputer(reader, registry=load())
        verdicts = {recomputer.replay(told["decision"]).verdict for told in (before, after)}
        reader.close()
        assert verdicts == {"same"}


def test_what_was_learned_survives_a_restart(tmp_path: Path) -> None:
    with upstream(says("Lima")) as up:
        with serving(tmp_path, pool(up)) as house:
            decision = ask(house, models=["big"])["decision"]
            house.call("POST", f"/v1/decisions/{decision}/feedback", {"score": 1})
        with serving(tmp_path, pool(up)) as house:

            def known() -> bool:
                told = ask(house, explain=True)["explain"]["ranking"]
                return any("1 score measured" in place["quality"]["evidence"] for place in told)

            assert house.until(known, "feedback given before the restart is learned")


def expected_tokens(house: House, name: str) -> float:
    told = ask(house, explain=True)["explain"]["ranking"]
    return float(next(place["output_tokens"] for place in told if place["model"] == name))


def test_how_long_answers_are_is_known_after_a_restart_unless_the_model_became_another_one(tmp_path: Path) -> None:
    def long(name: str) -> str:
        return f'[[models]]\nname = "a"\nupstream = "scripted"\nupstream_model = "{name}"\ntokens = 2000\n'

    with serving(tmp_path, f'default = "a"\n{long("one")}') as house:
        before = expected_tokens(house, "a")
        for n in range(8):
            ask(house, {"role": "user", "content": f"What is the capital of the country with number {n}?"})
        assert house.until(lambda: expected_tokens(house, "a") > 2 * before, "lengths are learned")
    with serving(tmp_path, f'default = "a"\n{long("one")}') as house:
        assert expected_tokens(house, "a") > 2 * before
    with serving(tmp_path, f'default = "a"\n{long("two")}') as house:
        assert expected_tokens(house, "a") == before


def test_a_reason_is_kept_beside_a_judgement_and_moves_nothing(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        asked = house.chat().json["unisono"]["decision"]
        path = f"/v1/decisions/{asked}"
        reply = house.call("POST", f"{path}/feedback", {"reason": "outdated"})
        assert (reply.status, reply.json["kind"]) == (200, "reason")
        house.until(lambda: [s["value"] for s in house.get(path)["signals"]] == ["outdated"], "it is recorded")
        assert house.live is not None
        house.until(lambda: not house.live.store.reader.pending(limit=9), "the learner has looked at it")
        assert house.live.store.reader.scores({"a": "any"}) == ()
        assert house.call("POST", f"{path}/feedback", {"reason": "Two Words"}).status == 400
