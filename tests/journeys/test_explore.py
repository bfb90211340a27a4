"""Journeys of exploration: off unless asked for, told when it happens, never for a pin, and shown by the dry run."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import says, upstream

QUESTIONS = [f"What is the capital of country number {n}?" for n in range(16)]
ASKED = [{"role": "user", "content": QUESTIONS[0]}]
EXPLORE = "\n[routing]\nexplore = 1.0\nexplore_loss = 1.0\n"


def pool(up: object, *, more: str = "") -> str:
    return config_text(
        model("small", up, quality=0.5), model("big", up, quality=0.55, role="deep"), default="small", more=more
    )


def test_an_explored_answer_says_so_and_the_dry_run_shows_it(tmp_path: Path) -> None:
    with upstream(says("Lima")) as up, serving(tmp_path, pool(up, more=EXPLORE)) as house:
        told = []
        for n, question in enumerate(QUESTIONS):
            body = {"model": "auto", "messages": [{"role": "user", "content": question}], "user": f"u{n}"}
            dry = house.call("POST", "/v1/route", body).json
            reply = house.call("POST", "/v1/chat/completions", body)
            answer = reply.json["unisono"]
            assert (answer["model"], answer["reason"]) == (dry["model"], dry["reason"])
            assert all(0.0 < place["propensity"] < 1.0 for place in dry["ranking"])
            if "explored" in {notice["code"] for notice in answer["notices"]}:
                assert "explored" in reply.headers["x-unisono-notices"]
                assert "so that the router learns" in answer["reason"]
                told.append(answer["model"])
        assert 0 < len(told) < len(QUESTIONS)
        pinned = house.chat(QUESTIONS[0], model="small").json["unisono"]
        assert pinned["model"] == "small" and pinned["notices"] == []


def test_strangers_beside_a_default_that_nobody_measured_either_are_tried_and_learned_of(tmp_path: Path) -> None:
    """With the bound on what an explored answer may be expected to lose that comes unasked."""
    strangers = ("alpha", "beta", "gamma")
    with upstream(says("Lima")) as up:
        config = config_text(*(model(n, up) for n in strangers), default="alpha", more="\n[routing]\nexplore = 1.0\n")
        with serving(tmp_path, config) as house:
            first = house.call("POST", "/v1/route", {"model": "auto", "messages": ASKED}).json["ranking"]
            assert all(0.1 < place["propensity"] < 0.9 for place in first)
            for n in range(60):
                body = {"model": "auto", "messages": [{"role": "user", "content": f"{QUESTIONS[n % 16]} ({n})"}]}
                told = house.call("POST", "/v1/chat/completions", body).json["unisono"]
                right = {"correct": told["model"] == "gamma", "source": "human"}
                house.call("POST", f"/v1/decisions/{told['decision']}/feedback", right)
            house.until(lambda: _best(house) == "gamma", "what answers right is found")


def _best(house: House) -> str:
    ranking = house.call("POST", "/v1/route", {"model": "auto", "messages": ASKED}).json["ranking"]
    return max(ranking, key=lambda place: place["quality"]["mean"])["model"]


def test_without_the_key_nothing_is_explored(tmp_path: Path) -> None:
    with upstream(says("Lima")) as up, serving(tmp_path, pool(up)) as house:
        for question in QUESTIONS[:4]:
            body = {"model": "auto", "messages": [{"role": "user", "content": question}]}
            ranking = house.call("POST", "/v1/route", body).json["ranking"]
            assert [place["propensity"] for place in ranking] == [1.0, 0.0]
