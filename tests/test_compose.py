"""Two workers over one record, without a server between them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from unisono.compose import Live, build
from unisono.config import load_config
from unisono.edge.parse import parse
from unisono.evaluate.in_domain import enter_domain
from unisono.record.fellows import Fellows
from unisono.record.policies import Policies
from unisono.record.rows import to_us
from unisono.record.store import Store
from unisono.types import Decision, Features, Notice, Request

POOL = """
default = "a"
[[models]]
name = "a"
upstream = "scripted"
reply = "yes"
[[models]]
name = "b"
upstream = "scripted"
reply = "no"
"""


def asked(live: Live, text: str) -> tuple[Request, Features, Decision]:
    body = orjson.dumps({"model": "auto", "messages": [{"role": "user", "content": text}]})
    request = parse(body, {}, catalog=live.router.catalog, request_id="r", now=datetime.now(UTC))
    return (request, *live.router.decide(request))


def hear(one: Live, of: Fellows) -> None:
    now_us = to_us(datetime.now(UTC))
    for stored in of.look(now_us=now_us, windows={}).decided:
        one.requests.take_in(stored)


async def test_where_one_worker_sent_a_prompt_another_sends_a_nearly_equal_one(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(POOL, encoding="utf-8")
    here, there = build(load_config(file)), build(load_config(file))
    fellows = Fellows(there.store, since_us=to_us(datetime.now(UTC)))
    request, features, decision = asked(here, "How do I sort a list of names in Python?")
    other = "b" if decision.model == "a" else "a"
    ranking = sorted(decision.ranking, key=lambda ranked: ranked.model != other)
    here.requests.note_decision(request, features, replace(decision, ranking=tuple(ranking)))
    last = "1" if decision.id.endswith("0") else "0"
    passing = replace(decision, id=decision.id[:-1] + last, notices=(Notice(code="explored", text="tried"),))
    here.requests.note_decision(request, features, passing)
    here.store.flush()

    same, seen, _ = asked(there, "How do I sort a list of name in Python?")
    assert there.anchors.near(same, seen) is None
    hear(there, fellows)
    assert there.anchors.near(same, seen) == other
    assert here.anchors.near(same, seen) == other
    hear(there, fellows)  # what was heard is not heard again
    elsewhere = replace(same, key="somebody else")
    assert there.anchors.near(elsewhere, seen) is None
    await here.close()
    await there.close()


async def test_what_decides_for_other_callers_shares_what_it_remembers_with_what_a_rollback_returns_to(
    tmp_path: Path,
) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(POOL, encoding="utf-8")
    config = load_config(file)
    with closing(Store(config.store.path)), closing(Policies(config.store.path)) as policies:
        assert enter_domain(policies, policies.known().state().live, "team", why="", now=datetime.now(UTC))

    live = build(config)
    arms = [arm for arm in live.inforce.arms if arm.standing.policy.name == "config"]
    assert len(arms) == 2  # with the scores of before the promotion, and with the latest
    assert arms[0].anchors is arms[1].anchors
    await live.close()
