"""Journeys of policies: made, tried on a share, put in force and taken back on a running server, under load."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path

import pytest
from tests.journeys.house import House, config_text, model, process, serving
from tests.journeys.upstream import says, upstream

from unisono.config import EncoderConfig, load_config
from unisono.evaluate.rechosen import Rechooser
from unisono.evaluate.recompute import Recomputer, differences
from unisono.plugins import load
from unisono.record.policies import Policies, made
from unisono.record.reader import Reader

QUESTIONS = [f"Prove step by step that the square root of {n} is irrational." for n in range(12)]


def _pool(up: object) -> str:
    return config_text(
        model("small", up, quality=0.5, usd_per_mtok_in=0.1, usd_per_mtok_out=0.2),
        model("big", up, quality=0.9, role="deep", usd_per_mtok_in=2.5, usd_per_mtok_out=10.0),
        default="small",
    )


def _route(house: House, text: str, *, session: str = "s") -> dict[str, object]:
    body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    reply = house.call("POST", "/v1/route", body, headers={"x-unisono-session": session})
    assert reply.status == 200, reply.raw
    return reply.json  # type: ignore[no-any-return]


def _post(house: House, path: str, **body: object) -> dict[str, object]:
    reply = house.call("POST", path, body)
    assert reply.status == 200, reply.raw
    return reply.json  # type: ignore[no-any-return]


def test_a_policy_is_made_put_in_force_and_taken_back_and_every_decision_names_the_one_that_made_it(
    tmp_path: Path,
) -> None:
    with upstream(says("because")) as up, serving(tmp_path, _pool(up)) as house:
        before = _route(house, QUESTIONS[0])
        assert before["policy"] == "config"
        policy = _post(house, "/admin/policies", name="cheaper", settings={"dial": 0.0})["id"]
        assert _route(house, QUESTIONS[0])["policy"] == "config"  # a candidate decides nothing

        refused = house.call("POST", f"/admin/policies/{policy}/promote", {})
        assert refused.status == 409
        assert "not enough evidence" in refused.json["error"]["message"]
        assert refused.json["unisono"]["verdict"]["verdict"] == "unknown"
        told = _post(house, f"/admin/policies/{policy}/promote", override="the test says so")
        assert told["live"] == policy
        after = _route(house, QUESTIONS[0])
        assert (after["policy"], after["model"]) == (policy, "small")
        assert before["model"] == "big"

        _post(house, "/admin/rollback", why="enough")
        again = _route(house, QUESTIONS[0])
        moving = ("decision", "at", "decide_s")
        assert {k: v for k, v in again.items() if k not in moving} == {
            k: v for k, v in before.items() if k not in moving
        }
        shown = house.get("/admin/policies")
        assert (shown["live"], shown["canary"], shown["scores_held_at"]) == ("config", None, 0)
        states = {policy["name"]: policy["state"] for policy in shown["policies"]}
        assert states == {"cheaper": "past", "config": "live"}
        assert [event["kind"] for event in shown["events"]] == ["rolled_back", "promoted", "refused", "created"]
        assert shown["events"][1]["why"] == "the test says so"
        assert house.get("/admin/policies/cheaper/diff")["differences"] == {"dial": {"policy": 0.0, "against": 0.5}}
        assert house.call("POST", "/admin/rollback", {}).status == 409
        assert house.call("POST", "/admin/rollback").status == 409  # no body needed

        _post(house, f"/admin/policies/{policy}/promote", override="once more")
        answer = house.chat(QUESTIONS[1]).json["unisono"]["decision"]
        assert house.end_of(answer)["policy"] == policy
        assert house.get("/v1/decisions?limit=1")["data"][0]["policy"] == policy
        reader = Reader(tmp_path / "record.db")
        with closing(reader):
            assert Recomputer(reader, registry=load()).replay(answer).verdict == "same"


def test_a_canary_has_its_share_of_the_conversations_and_none_changes_sides(tmp_path: Path) -> None:
    with upstream(says("because")) as up, serving(tmp_path, _pool(up)) as house:
        policy = _post(house, "/admin/policies", settings={"dial": 0.0})["id"]
        told = _post(house, f"/admin/policies/{policy}/promote", canary=0.4)
        assert told["canary"]["share"] == 0.4  # type: ignore[index, call-overload]
        assert told["live"] == "config"
        sides = [[_route(house, text, session=f"c{n}")["policy"] for n in range(50)] for text in QUESTIONS[:3]]
        assert sides[0] == sides[1] == sides[2]
        assert 8 <= Counter(sides[0])[policy] <= 32  # 20 are expected, and 3.5 deviations are 12
        page = house.call("GET", "/metrics").raw.decode()
        assert f'unisono_policy_info{{policy="{policy}",state="canary"}} 0.4' in page
        assert 'unisono_policy_info{policy="config",state="live"} 1.0' in page
        assert house.get("/readyz")["policy"] == "config"
        _post(house, "/admin/rollback")
        assert {_route(house, QUESTIONS[0], session=f"c{n}")["policy"] for n in range(20)} == {"config"}


def test_what_is_wrong_with_a_policy_is_said(tmp_path: Path) -> None:
    with upstream(says("because")) as up, serving(tmp_path, _pool(up)) as house:
        wrong = house.call("POST", "/admin/policies", {"settings": {"dial": 3}})
        assert (wrong.status, wrong.json["error"]["param"]) == (400, "settings")
        assert "routing.dial" in wrong.json["error"]["message"]
        missing = house.call("POST", "/admin/policies", {"settings": {"artifact": str(tmp_path / "nowhere")}})
        assert (missing.status, missing.json["error"]["param"]) == (400, "settings.artifact")
        assert house.call("POST", "/admin/policies/nothing/promote", {}).status == 404
        assert house.call("GET", "/admin/policies/nothing/diff").status == 404


def test_a_canary_whose_answers_are_judged_bad_is_taken_back_by_itself_with_an_incident(tmp_path: Path) -> None:
    with upstream(says("because")) as up, serving(tmp_path, _pool(up)) as house:
        policy = _post(house, "/admin/policies", name="cheaper", settings={"dial": 0.0})["id"]
        _post(house, f"/admin/policies/{policy}/promote", canary=0.5)
        sessions = (f"c{n}" for n in range(10_000))

        def is_over() -> bool:
            """Ask in ten more conversations, and say that what the small model says is wrong."""
            for session in islice(sessions, 10):
                answer = house.chat(QUESTIONS[0], headers={"x-unisono-session": session}).json["unisono"]
                told = {"correct": answer["model"] == "big", "source": "unit_test"}
                path = f"/v1/decisions/{answer['decision']}/feedback"
                house.until(lambda path=path, told=told: house.call("POST", path, told).status == 200, "it is recorded")
            return house.get("/admin/policies")["canary"] is None

        house.until(is_over, "the guardrail ends the canary")
        shown = house.get("/admin/policies")
        event = shown["events"][0]
        assert (event["kind"], event["by"], shown["live"]) == ("canary_ended", "guardrail", "config")
        assert "guardrail on quality broke" in event["why"]
        incident = house.until(
            lambda: [i for i in house.get("/admin/incidents")["data"] if i["kind"] == "policy_rolled_back"],
            "it is told",
        )[0]
        assert incident["subject"] == "cheaper"
        assert "config decides" in incident["text"]

        def decide() -> set[object]:
            return {_route(house, QUESTIONS[0], session=f"c{n}")["policy"] for n in range(20)}

        house.until(lambda: decide() == {"config"}, "config decides again")


def test_a_policy_in_force_outlives_a_restart_and_refuses_a_file_that_it_does_not_fit(tmp_path: Path) -> None:
    with upstream(says("because")) as up:
        text = _pool(up)
        with serving(tmp_path, text) as house:
            policy = _post(house, "/admin/policies", name="judged", settings={"dial": 0.0, "judge": "big"})["id"]
            _post(house, f"/admin/policies/{policy}/promote", override="a test")
        with serving(tmp_path, text) as house:
            assert _route(house, QUESTIONS[0])["policy"] == policy
            file = tmp_path / "unisono.toml"
            kept, _, _ = text.partition('\n[[models]]\nname = "big"')
            file.write_text('removed = ["big"]\n' + kept)
            refused = house.until(lambda: house.get("/readyz")["degraded"].get("config"), "the file is refused")
            assert "The policy judged" in refused and "unisono rollback" in refused
            assert {m["id"] for m in house.get("/v1/models")["data"]} >= {"small", "big"}
            _post(house, "/admin/rollback")
            file.write_text('removed = ["big"]  # once more\n' + kept)
            house.until(lambda: "big" not in house.get("/readyz")["models"], "now it fits")
            assert _route(house, QUESTIONS[0])["policy"] == "config"


class _Load:
    """Asks from several threads until it is told to stop; every status is kept."""

    def __init__(self, house: House, n: int = 3) -> None:
        self._house = house
        self._stopped = threading.Event()
        self.statuses: Counter[int] = Counter()
        self._threads = [threading.Thread(target=self._ask, args=(k,), daemon=True) for k in range(n)]
        for thread in self._threads:
            thread.start()

    def _ask(self, k: int) -> None:
        n = 0
        while not self._stopped.is_set() and n < 5000:
            n += 1
            self.statuses[self._house.chat(QUESTIONS[n % len(QUESTIONS)], user=f"u{k}-{n}").status] += 1

    def stop(self) -> None:
        """End it."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(20)


def test_a_rollback_under_load_fails_no_request_and_returns_every_worker_to_the_same_decisions(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    with upstream(says("because")) as up, process(tmp_path, _pool(up), more=("--workers", "2"), limit_s=90.0) as house:
        load_ = _Load(house)
        with closing(Policies(path)) as policies, closing(Reader(path)) as reader:

            def decided(policy: str, since: datetime) -> set[str]:
                """Return the workers that have decided by a policy since then."""
                sql = "SELECT DISTINCT run FROM decisions WHERE policy = ? AND at > ?"
                us = int(since.timestamp() * 1e6)
                return {str(row[0]) for row in reader.rows(sql, (policy, us))}

            began = datetime.now(UTC)
            house.until(lambda: len(decided("config", began)) == 2, "both workers answer")
            n_before = "SELECT count(*) FROM decisions"
            house.until(lambda: int(reader.rows(n_before)[0][0] or 0) >= 20, "there is something to compare")
            cheaper = made(settings={"dial": 0.0}, name="cheaper", parent="config", artifact=None, scores=None)
            policies.create(cheaper, by="test", now=began)
            live = policies.known().state().live
            policies.promote(cheaper, live=live, verdict=None, why="the test says so", by="test", now=datetime.now(UTC))
            promoted = datetime.now(UTC)
            house.until(lambda: len(decided(cheaper.id, promoted)) == 2, "both workers decide by the new policy")

            policies.roll_back(why="", by="test", now=datetime.now(UTC))
            returned = datetime.now(UTC)
            house.until(lambda: len(decided("config", returned)) == 2, "both return to the old one")
            load_.stop()
            house.until(lambda: reader.rows("SELECT count(*) FROM outcomes")[0][0] == load_.statuses.total(), "written")
            assert set(load_.statuses) == {200}
            for run in decided("config", began):  # each turned once, and once back
                made_by = reader.rows("SELECT policy FROM decisions WHERE run = ? ORDER BY at, id", (run,))
                assert [policy for policy, _ in groupby(row[0] for row in made_by)] == ["config", cheaper.id, "config"]

            # What was decided before is decided the same, to the last bit, by what is in force now.
            config, registry = load_config(tmp_path / "unisono.toml"), load()
            encoder = registry.encoder(EncoderConfig())
            now = policies.known().state().live
            again = Rechooser(now, config=config, registry=registry, encoder=encoder, reader=reader)
            sql = "SELECT id FROM decisions WHERE policy = ? AND at < ? ORDER BY id LIMIT 60"
            ids = [str(row[0]) for row in reader.rows(sql, ("config", int(promoted.timestamp() * 1e6)))]
            assert len(ids) >= 8
            for decision in ids:
                stored = reader.stored(decision)
                assert stored is not None
                decided_again = again.decide(stored, generation=0)
                assert decided_again is not None
                assert list(differences(stored.decision, decided_again)) == []
            # And each of the time between can be replayed with the policy that made it.
            replays = Recomputer(reader, registry=registry)
            between = [str(row[0]) for row in reader.rows(sql, (cheaper.id, 2**62))]
            assert {replays.replay(decision).verdict for decision in between[:20]} == {"same"}


@pytest.mark.parametrize(
    ("method", "place"),
    [
        ("GET", "/admin/policies"),
        ("POST", "/admin/policies"),
        ("GET", "/admin/policies/config/diff"),
        ("POST", "/admin/policies/config/promote"),
        ("POST", "/admin/rollback"),
    ],
)
def test_only_operators_see_and_move_policies(tmp_path: Path, method: str, place: str) -> None:
    from unisono.record.keys import create_key
    from unisono.types import Scope

    with upstream(says("because")) as up, serving(tmp_path, _pool(up)) as house:
        now = datetime.now(UTC)
        _, secret = create_key(tmp_path / "record.db", "ann", scope=Scope(), now=now)
        head = {"authorization": f"Bearer {secret}"}
        body = None if method == "GET" else {}
        house.until(lambda: house.call(method, place, body).status == 401, "a key is asked for")
        assert house.call(method, place, body, headers=head).status == 403
