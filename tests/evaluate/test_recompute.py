"""A recorded decision can be decided again: bit for bit, in another process, after all that moves has moved on."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from unisono.catalog import Catalog
from unisono.config import Config, parse_config
from unisono.config.kept import kept_of
from unisono.errors import LimitReached, NoCandidate, NotFound, UpstreamError
from unisono.evaluate.recompute import Recomputer, differences
from unisono.plugins import load
from unisono.predict import artifact as artifacts
from unisono.predict.cost import TokenCost
from unisono.predict.latency import RecentLatency
from unisono.recipe import chooser_of, measured, settings_of
from unisono.record.reader import Reader
from unisono.record.store import Store
from unisono.record.view import decision_to_json
from unisono.router import Router, Stages
from unisono.types import (
    Attempt,
    Cached,
    Call,
    Capability,
    Chunk,
    Decision,
    Features,
    Health,
    Message,
    Mode,
    Past,
    Request,
    Retry,
    Score,
    Situation,
    Spent,
    Usage,
    Wishes,
)
from unisono.understand.features import Understanding
from unisono.understand.freshness import FreshnessReader

N = 1000
NOON = datetime(2026, 11, 24, 12, 0, 0, 654_321, tzinfo=UTC)

POOL = """
default = "quick"
[routing]
dial = {dial}
margin = {margin}
[[models]]
name = "quick"
upstream = "openai"
base_url = "http://127.0.0.1:9001/v1"
upstream_model = "llama-3.1-8b"
role = "fast"
capabilities = ["json"]
context_tokens = 8192
usd_per_mtok_in = 0.1
usd_per_mtok_out = 0.2
usd_per_mtok_cached_in = 0.02
knowledge_cutoff = 2023-12-01
[[models]]
name = "quick-mini"
upstream = "openai"
base_url = "http://127.0.0.1:9002/v1"
upstream_model = "gemma-2-2b"
role = "fast-mini"
context_tokens = 4096
usd_per_mtok_in = 0.02
usd_per_mtok_out = 0.04
[[models]]
name = "deep"
upstream = "openai"
base_url = "http://127.0.0.1:9003/v1"
upstream_model = "gpt-4o"
role = "deep"
capabilities = ["tools", "json", "vision"]
context_tokens = 131072
usd_per_mtok_in = 2.5
usd_per_mtok_out = {price}
usd_per_mtok_cached_in = 1.25
knowledge_cutoff = 2024-06-01
[[models]]
name = "deep-mini"
upstream = "openai"
base_url = "http://127.0.0.1:9004/v1"
upstream_model = "qwen2.5-32b"
role = "deep-mini"
capabilities = ["tools", "json"]
context_tokens = 32768
usd_per_mtok_in = 0.5
usd_per_mtok_out = 0.9
[[models]]
name = "seer"
upstream = "openai"
base_url = "http://127.0.0.1:9005/v1"
upstream_model = "claude-3-5-sonnet"
role = "pro"
capabilities = ["tools", "json", "vision", "search"]
context_tokens = 200000
usd_per_mtok_in = 3.0
usd_per_mtok_out = 15.0
quality = 0.8
[[models]]
name = "leaving"
upstream = "openai"
base_url = "http://127.0.0.1:9006/v1"
upstream_model = "mistral-7b"
usd_per_mtok_in = 0.2
usd_per_mtok_out = 0.2
lifecycle = "sunset"
until = 2026-12-31
successor = "quick"
[[models]]
name = "gone"
upstream = "openai"
base_url = "http://127.0.0.1:9007/v1"
upstream_model = "llama-2-7b"
usd_per_mtok_in = 0.2
usd_per_mtok_out = 0.2
lifecycle = "retired"
successor = "quick"
"""

PROMPTS = (
    "What is the capital of France?",
    "Who is the prime minister of Japan today?",
    "Prove that the square root of 2 is irrational, step by step.",
    "Write a Python function that merges two sorted lists.",
    "Just a quick answer: what is 17 * 23?",
    "Think hard about this: which of these three contracts is the safest to sign, and why?",
    "That's wrong. Look again.",
    "用中文解释什么是量子纠缠，并给出一个例子。",
    "请快速回答：今天的美元汇率是多少？",
    "Translate into German: the train leaves at noon, and nobody waits.",
    "What happened in the elections in May 2026?",
    "Summarise the plot of Hamlet in three sentences.",
)
QUESTIONS = tuple(f"Question {n}: what is {n} times {n + 7}, and why?" for n in range(25))
NAMES = ("quick", "quick-mini", "deep", "deep-mini", "seer", "leaving")


class Weather:
    """Health that changes as the test says."""

    def __init__(self) -> None:
        self.now: dict[str, Health] = {}

    def state(self, model: str, now_s: float) -> tuple[Health, float | None]:
        return self.now.get(model, Health.UP), None

    def observe(self, attempt: Attempt, error: UpstreamError | None, now_s: float) -> None:
        raise AssertionError("nothing is attempted here")


@dataclass
class House:
    """What serves: as `compose.Live` builds it, without providers."""

    config: Config
    store: Store
    weather: Weather
    cost: TokenCost
    latency: RecentLatency
    understand: Understanding
    artifact: artifacts.Artifact

    def router(self, *, broken: bool = False) -> Router:
        kept = kept_of(self.config)
        self.store.keep_config(kept)
        generation = self.store.generation()
        scores = self.store.scores_at(generation, kept.fingerprints)
        stages = Stages(
            understand=self.understand,
            rules=[rule() for rule in load().rules.values()],
            quality=None if broken else measured(self.artifact, scores, read=self.understand.text),
            cost=self.cost,
            latency=self.latency,
            chooser=chooser_of(kept),
            health=self.weather,
            send=_sends_nothing,
        )
        settings = settings_of(kept, artifact="none" if broken else self.artifact.id, scores=generation)
        return Router(Catalog(self.config.models), stages=stages, settings=settings, now=lambda: NOON)


async def _sends_nothing(call: Call) -> AsyncIterator[Chunk]:
    raise AssertionError
    yield


def _config(*, dial: float = 0.5, margin: float = 0.01, price: float = 10.0) -> Config:
    return parse_config(POOL.format(dial=dial, margin=margin, price=price))


def _house(path: Path) -> House:
    encoder = load().encoders["static"]()
    artifact = artifacts.load(artifacts.default_artifact_path(), encoder=encoder.name)
    return House(
        config=_config(),
        store=Store(path, capacity=10 * N),
        weather=Weather(),
        cost=TokenCost(artifact.length.expected),
        latency=RecentLatency(),
        understand=Understanding(encoder, freshness=FreshnessReader()),
        artifact=artifact,
    )


def _request(rng: Random, n: int) -> Request:
    pin = rng.choice(NAMES) if rng.random() < 0.2 else None
    asked = rng.choice(("gone", "quick")) if pin == "quick" else pin
    mode = None if pin else rng.choice(list(Mode))
    text = f"{rng.choice(PROMPTS)} ({n})" * (400 if rng.random() < 0.03 else 1)
    messages = [Message(role="user", text="Hello"), Message(role="assistant", text="Hi.")] * rng.randrange(3)
    if rng.random() < 0.1:
        messages += [Message(role="assistant", text="", n_tool_calls=1), Message(role="tool", text="42")]
    else:
        messages.append(Message(role="user", text=text))
    needs = frozenset(c for c in (Capability.TOOLS, Capability.JSON, Capability.VISION) if rng.random() < 0.08)
    return Request(
        id=f"req-{n}",
        received=NOON - timedelta(microseconds=rng.randrange(10**6), days=rng.choice((0, 0, -60))),
        body={"messages": [{"role": m.role, "content": m.text} for m in messages]},
        model=asked or ("auto" if mode is Mode.BALANCED else f"auto:{mode}"),
        mode=mode,
        pin=pin,
        messages=tuple(messages),
        stream=rng.random() < 0.5,
        needs=needs,
        max_output_tokens=rng.choice((None, None, 64, 1000)),
        wishes=_wishes(rng),
        session=f"s-{n % 50}",
        key=rng.choice(("anonymous", "team")),
        user=rng.choice((None, "ann")),
    )


def _wishes(rng: Random) -> Wishes:
    def sometimes(value: float, share: float = 0.15) -> float | None:
        return value if rng.random() < share else None

    return Wishes(
        dial=sometimes(rng.random(), 0.3),
        max_cost_usd=sometimes(10 ** rng.uniform(-4.5, -1)),
        max_first_token_s=sometimes(rng.uniform(0.2, 3)),
        min_quality=sometimes(rng.uniform(0.1, 0.7)),
        models=tuple(rng.sample(NAMES, 3)) if rng.random() < 0.1 else (),
        ban=tuple(rng.sample(NAMES, 2)) if rng.random() < 0.1 else (),
        session="mine" if rng.random() < 0.1 else None,
        allow_fallback=rng.choice((None, None, True, False)),
        on_limit=rng.choice((None, None, "downgrade", "block")),
    )


def _known(rng: Random) -> Situation:
    past = None
    if rng.random() < 0.5:
        past = Past(
            model=rng.choice(NAMES),
            at=NOON - timedelta(seconds=rng.uniform(1, 600)),
            n_turns=rng.randrange(1, 9),
            n_switches=rng.randrange(3),
            caches=tuple(
                Cached(model=name, tokens=rng.randrange(9000), at=NOON - timedelta(seconds=rng.uniform(1, 600)))
                for name in rng.sample(NAMES, 2)
            ),
            raised=rng.randrange(3),
            wishes=Wishes(dial=rng.random()) if rng.random() < 0.3 else Wishes(),
        )
    spent = tuple(
        Spent(
            limit="per day",
            model=name,
            counts=rng.choice(("messages", "usd", "tokens")),
            used=rng.uniform(0, 12),
            amount=10.0,
            near=rng.random() < 0.3,
            returns=NOON + timedelta(hours=1),
        )
        for name in NAMES
        if rng.random() < 0.08
    )
    retry = None
    if rng.random() < 0.1:
        retry = Retry(decision="earlier", model=rng.choice(NAMES), how=rng.choice((None, "deeper", "faster", "other")))
    return Situation(past=past, spent=spent, retry=retry)


def _move_on(house: House, rng: Random, features: Features) -> None:
    """Let all that moves move: health, and what is learned of cost and time."""
    house.weather.now = {name: rng.choice(list(Health)) for name in NAMES if rng.random() < 0.2}
    attempt = Attempt(
        model=rng.choice(NAMES),
        upstream_model="any",
        started=NOON,
        status="ok",
        first_content_s=rng.uniform(0.05, 2),
        total_s=rng.uniform(2, 9),
        usage=Usage(input_tokens=20, output_tokens=rng.randrange(5, 900)),
    )
    house.cost.learn_one(features, attempt)
    house.latency.learn_one(features, attempt)


def _measure(house: House, rng: Random) -> None:
    """Add measured scores; some replace older ones."""
    fingerprints = kept_of(house.config).fingerprints
    scores = [
        Score(model=name, item=f"q{place}", kind="arithmetic", prompt=QUESTIONS[place], score=float(rng.random() < 0.6))
        for name in rng.sample(NAMES, 3)
        for place in rng.sample(range(len(QUESTIONS)), 8)
    ]
    house.store.add_scores(scores, fingerprints)


def _decide_many(path: Path, *, n: int, seed: int) -> Counter[str]:
    """Record `n` decisions of mixed kinds; return how many there are of each."""
    house, rng, kinds = _house(path), Random(seed), Counter[str]()
    configs = (_config(), _config(dial=0.7, margin=0.03), _config(price=12.5))
    with closing(house.store):
        router, broken = house.router(), house.router(broken=True)
        asked = 0
        while kinds["all"] < n:
            asked += 1
            if asked % 150 == 0:
                house.config = rng.choice(configs)
                _measure(house, rng)
                router, broken = house.router(), house.router(broken=True)
            request, known = _request(rng, asked), _known(rng)
            try:
                features, decision = _decide(router, broken, request, known, rng)
            except (NoCandidate, LimitReached):
                kinds["refused"] += 1
                continue
            assert house.store.record_request(request, features, decision)
            kinds.update(["all", *_kinds(request, decision)])
            if not decision.degraded:
                _move_on(house, rng, features)
        assert house.store.flush(timeout_s=60)
    return kinds


def _decide(
    router: Router, broken: Router, request: Request, known: Situation, rng: Random
) -> tuple[Features, Decision]:
    roll = rng.random()
    if roll < 0.03:
        return broken.decide(request, known=known)
    if roll < 0.06:
        return router.decide_degraded(request, known=known, why="a stage failed with ZeroDivisionError")
    return router.decide(request, known=known)


def _kinds(request: Request, decision: Decision) -> Iterator[str]:
    yield from {"pin" if request.pin else f"mode {request.mode}", f"language {decision.goal.language}"}
    yield from {f"rule {e.rule}" for e in decision.excluded} | {f"notice {n.code}" for n in decision.notices}
    if decision.situation.past is not None:
        yield "past"
    if decision.situation.scores:
        yield "scores"
    if decision.situation.spent:
        yield "limits"
    if decision.situation.retry is not None:
        yield "retry"


REPLAY = """
    import json, sqlite3, sys
    from collections import Counter
    from pathlib import Path
    from unisono.evaluate.recompute import Recomputer
    from unisono.plugins import load
    from unisono.record.reader import Reader

    path = Path(sys.argv[1])
    ids = [row[0] for row in sqlite3.connect(path).execute("SELECT id FROM decisions ORDER BY id")]
    reader = Reader(path)
    recomputer = Recomputer(reader, registry=load())
    found = [recomputer.replay(one) for one in ids]
    reader.close()
    odd = [[r.decision, r.why, [[d.field, d.recorded, d.recomputed] for d in r.differences[:5]]]
           for r in found if r.verdict != "same"]
    print(json.dumps({"verdicts": Counter(r.verdict for r in found), "odd": odd[:3]}))
"""


def test_1000_decisions_of_mixed_kinds_recompute_bit_for_bit_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    kinds = _decide_many(path, n=N, seed=11)
    wanted = {"pin", "past", "limits", "retry", "scores", "language zh", "language en"}
    wanted |= {f"mode {mode}" for mode in Mode}
    wanted |= {f"rule {rule}" for rule in ("health", "ban", "allow", "capability", "window", "pin", "lifecycle")}
    wanted |= {f"rule {rule}" for rule in ("max_cost_usd", "max_first_token_s", "min_quality", "limit")}
    wanted |= {f"notice {code}" for code in ("degraded", "successor", "sunset", "switch", "may_be_stale")}
    wanted |= {f"notice {code}" for code in ("limit_downgrade", "limit_near")}
    assert wanted <= {kind for kind, count in kinds.items() if count >= 5}, sorted(kinds.items())
    told = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(REPLAY), str(path)], capture_output=True, text=True, timeout=300
    )
    assert told.returncode == 0, told.stderr[-2000:]
    found = json.loads(told.stdout)
    assert found["odd"] == []
    assert found["verdicts"] == {"same": N}


def test_1000_previews_are_the_choices(tmp_path: Path) -> None:
    house, rng = _house(tmp_path / "record.db"), Random(12)
    with closing(house.store):
        _measure(house, rng)
        router, n_same, n_refused = house.router(), 0, 0
        while n_same < N:
            request, known = _request(rng, n_same), _known(rng)
            try:
                _, preview = router.decide(request, known=known)
            except (NoCandidate, LimitReached) as refusal:
                with pytest.raises(type(refusal), match=re.escape(str(refusal))):
                    router.decide(request, known=known)
                n_refused += 1
                continue
            features, real = router.decide(replace(request, id="another"), known=known)
            shown, done = decision_to_json(preview), decision_to_json(real)
            for name in ("decision", "at", "decide_s"):
                del shown[name], done[name]
            assert shown == done
            n_same += 1
            _move_on(house, rng, features)
        assert n_refused < N


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of 40 decisions, made with measured scores."""
    path = tmp_path_factory.mktemp("record") / "record.db"
    house, rng = _house(path), Random(13)
    with closing(house.store):
        _measure(house, rng)
        router = house.router()
        for n in range(40):
            request = replace(_request(rng, n), wishes=Wishes(), pin=None, mode=Mode.BALANCED, model="auto")
            features, decision = router.decide(replace(request, needs=frozenset()))
            house.store.record_request(request, features, decision)
        assert house.store.flush()
    return path


def _copy(recorded: Path, to: Path, *statements: str) -> Path:
    path = to / "copy.db"
    with closing(sqlite3.connect(recorded)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
        for statement in statements:
            target.execute(statement)
        target.commit()
    return path


def _ids(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM decisions ORDER BY id")]


def _replays(path: Path, *, now: Config | None = None) -> list[tuple[str, str, set[str]]]:
    reader = Reader(path)
    with closing(reader):
        recomputer = Recomputer(reader, registry=load(), now=None if now is None else kept_of(now))
        found = [recomputer.replay(one) for one in _ids(path)]
    return [(r.verdict, r.why, {d.field for d in r.differences}) for r in found]


def test_another_score_shows_as_another_expected_quality(recorded: Path, tmp_path: Path) -> None:
    assert {verdict for verdict, _, _ in _replays(recorded)} == {"same"}
    path = _copy(recorded, tmp_path, "UPDATE scores SET score = 1 - score")
    found = _replays(path)
    assert {verdict for verdict, _, _ in found} == {"differs"}
    assert all(any(field.endswith("quality.mean") for field in fields) for _, _, fields in found)


def test_another_configuration_under_the_same_hash_shows(recorded: Path, tmp_path: Path) -> None:
    path = _copy(
        recorded,
        tmp_path,
        """UPDATE configs SET body = CAST(replace(CAST(body AS TEXT), '"margin":0.01', '"margin":5.0') AS BLOB)""",
    )
    differing = [fields for verdict, _, fields in _replays(path) if verdict == "differs"]
    assert differing
    assert all("reason" in fields for fields in differing)


def test_an_unknown_configuration_cannot_be_replayed_unless_todays_file_is_it(recorded: Path, tmp_path: Path) -> None:
    path = _copy(recorded, tmp_path, "DELETE FROM configs")
    assert {verdict for verdict, _, _ in _replays(path)} == {"impossible"}
    assert all("configuration" in why for _, why, _ in _replays(path, now=_config(dial=0.1)))
    assert {verdict for verdict, _, _ in _replays(path, now=_config())} == {"same"}


def test_another_artifact_cannot_be_replayed(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.evaluate.recompute.default_artifact_path", lambda: tmp_path / "missing")
    verdicts = _replays(recorded)
    assert {verdict for verdict, _, _ in verdicts} == {"impossible"}
    assert all("artifact" in why for _, why, _ in verdicts)


def test_a_decision_whose_features_were_not_kept_cannot_be_replayed(recorded: Path, tmp_path: Path) -> None:
    path = _copy(recorded, tmp_path, "UPDATE details SET features = NULL")
    assert {(verdict, why) for verdict, why, _ in _replays(path)} == {
        ("impossible", "The features it was made from were not kept.")
    }


def test_an_unknown_decision_is_not_found(recorded: Path) -> None:
    with closing(Reader(recorded)) as reader, pytest.raises(NotFound):
        Recomputer(reader, registry=load()).replay("nothing")


def test_a_difference_names_the_field_and_both_values(recorded: Path) -> None:
    with closing(Reader(recorded)) as reader:
        stored = reader.stored(_ids(recorded)[0])
    assert stored is not None
    made = stored.decision
    assert list(differences(made, replace(made, id="other", decide_s=9.0, at=NOON + timedelta(days=1)))) == []
    first = made.ranking[0]
    other = replace(made, ranking=(replace(first, utility=first.utility + 1e-16 + 1e-9), *made.ranking[1:]))
    assert [(d.field, d.recorded) for d in differences(made, other)] == [("ranking[0].utility", first.utility)]


def test_what_a_request_was_comes_back_but_for_its_words(tmp_path: Path) -> None:
    house, rng = _house(tmp_path / "record.db"), Random(14)
    with closing(house.store):
        router = house.router()
        n_seen = 0
        while n_seen < 50:
            request, known = _request(rng, n_seen), _known(rng)
            try:
                features, decision = router.decide(request, known=known)
            except (NoCandidate, LimitReached):
                continue
            house.store.record_request(request, features, decision)
            stored = house.store.stored(decision.id)
            assert stored is not None
            wishes = replace(request.wishes, session=None)
            assert stored.request == replace(request, body={}, messages=(), wishes=wishes)
            assert stored.decision.situation == decision.situation
            assert list(differences(decision, stored.decision)) == []
            assert stored.features is not None
            assert stored.features.freshness == features.freshness
            assert (stored.features.effort, stored.features.language) == (features.effort, features.language)
            n_seen += 1


def test_dates_survive_in_the_kept_configuration() -> None:
    kept = kept_of(_config())
    leaving = next(model for model in kept.models if model.name == "leaving")
    assert leaving.lifecycle.until == date(2026, 12, 31)
