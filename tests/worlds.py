"""A pool, and requests and situations of every kind over it, drawn from a seeded generator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from unisono.catalog import Catalog
from unisono.config import Config, EncoderConfig, parse_config
from unisono.config.kept import kept_of
from unisono.errors import LimitReached, NoCandidate, UpstreamError
from unisono.plugins import load
from unisono.predict import artifact as artifacts
from unisono.predict.cost import TokenCost
from unisono.predict.latency import RecentLatency
from unisono.recipe import chooser_of, measured, settings_of
from unisono.record.store import Store
from unisono.router import Router, Stages
from unisono.types import (
    Attempt,
    Cached,
    Call,
    Capability,
    Chunk,
    Features,
    Health,
    Json,
    Message,
    Mode,
    Outcome,
    Past,
    Request,
    Retry,
    Score,
    Situation,
    Spent,
    Usage,
    Wishes,
)
from unisono.understand.alike import Alike, ordinary_of
from unisono.understand.features import Understanding
from unisono.understand.freshness import FreshnessReader
from unisono.understand.house import HouseRules

NOON = datetime(2026, 11, 24, 12, 0, 0, 654_321, tzinfo=UTC)

POOL = """
default = "quick"
[routing]
dial = {dial}
margin = {margin}
explore = {explore}
explore_loss = 0.5
[[rules]]
name = "plays-and-contracts"
words = ["contracts", "Hamlet", "square root"]
models = ["deep-mini", "gone"]
[[rules]]
name = "translations"
like = ["Translate into French: the ship is late.", "How do you say good morning in Spanish?"]
unlike = ["Summarise the plot of Macbeth."]
models = ["deep", "seer"]
[[rules]]
name = "chinese"
scripts = ["han"]
max_tokens = 2000
models = ["seer"]
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
upstream_model = "unheard-of-2b"
role = "fast-mini"
benchmarks = {{ mmlu_pro = 25.5, arena = 1140 }}
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
        """The test alone says how models are."""


async def sends_nothing(call: Call) -> AsyncIterator[Chunk]:
    raise AssertionError
    yield


Send = Callable[[Call], AsyncIterator[Chunk]]


@dataclass
class House:
    """What serves: as `compose.Live` builds it, without providers."""

    path: Path
    config: Config
    store: Store
    weather: Weather
    cost: TokenCost
    latency: RecentLatency
    understand: Understanding
    artifact: artifacts.Artifact
    send: Send = sends_nothing

    def router(self, *, broken: bool = False) -> Router:
        kept = kept_of(self.config)
        self.store.keep_config(kept)
        generation = self.store.reader.generation()
        scores = self.store.reader.scores_at(generation, kept.fingerprints)
        stages = Stages(
            understand=self.understand,
            glance=self.understand.glance,
            rules=[rule() for rule in load().rules.values()],
            quality=None
            if broken
            else measured(self.artifact, scores, read=self.understand.text, models=self.config.models),
            cost=self.cost,
            latency=self.latency,
            chooser=chooser_of(kept),
            health=self.weather,
            send=self.send,
        )
        settings = settings_of(kept, artifact="none" if broken else self.artifact.id, scores=generation)
        return Router(Catalog(self.config.models), stages=stages, settings=settings, now=lambda: NOON)


def pool(*, dial: float = 0.5, margin: float = 0.01, price: float = 10.0, explore: float = 0.0) -> Config:
    return parse_config(POOL.format(dial=dial, margin=margin, price=price, explore=explore))


def house_at(path: Path) -> House:
    encoder, rules = load().encoder(EncoderConfig()), pool().rules
    encode = Understanding(encoder).vectors
    alike = Alike(rules, encode=encode, ordinary=ordinary_of(encoder.name, encode))
    artifact = artifacts.load(artifacts.default_artifact_path(), encoder=encoder.name)
    return House(
        path=path,
        config=pool(),
        store=Store(path, capacity=10_000),
        weather=Weather(),
        cost=TokenCost(artifact.length.expected),
        latency=RecentLatency(),
        understand=Understanding(encoder, freshness=FreshnessReader(), house=HouseRules(rules, alike)),
        artifact=artifact,
    )


def answer(house: House, router: Router, rng: Random, n: int) -> None:
    """Record one answered and judged request to `auto`; only `deep` is right more often than not."""
    request = replace(draw_request(rng, n), wishes=replace(draw_request(rng, n).wishes, retry_of=None))
    if request.pin is not None:
        return
    try:
        features, decision = router.decide(request)
    except (NoCandidate, LimitReached):
        return
    attempt = Attempt(
        model=decision.model,
        upstream_model="any",
        started=datetime(2026, 11, 25, tzinfo=UTC),
        status="ok",
        first_content_s=0.1,
        total_s=1.0,
        usage=Usage(input_tokens=20, output_tokens=50),
    )
    house.store.record_request(request, features, decision)
    house.store.record_outcome(
        Outcome(
            decision=decision.id,
            request=request.id,
            status="ok",
            model=decision.model,
            attempts=(attempt,),
            notices=(),
            cost_usd=0.001,
            total_s=1.0,
        )
    )
    right = rng.random() < (0.8 if decision.model.startswith("deep") else 0.4)
    house.store.record_signal(decision.id, "correct:unit_test", "true" if right else "false", by=request.key)


THINKING: Mapping[int, Json] = {0: {"reasoning_effort": "high"}, 1: {"thinking": {"type": "disabled"}}}
"""What some requests say about it."""


def draw_request(rng: Random, n: int) -> Request:
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
        body={"messages": [{"role": m.role, "content": m.text} for m in messages], **THINKING.get(n % 7, {})},
        model=asked or ("auto" if mode is Mode.BALANCED else f"auto:{mode}"),
        mode=mode,
        pin=pin,
        messages=tuple(messages),
        stream=rng.random() < 0.5,
        needs=needs,
        max_output_tokens=rng.choice((None, None, 64, 1000)),
        wishes=draw_wishes(rng),
        session=f"s-{n % 50}",
        key=rng.choice(("anonymous", "team")),
        user=rng.choice((None, "ann")),
    )


def draw_wishes(rng: Random) -> Wishes:
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


def draw_situation(rng: Random) -> Situation:
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
    anchor = rng.choice(NAMES) if rng.random() < 0.2 else None
    unrecorded = rng.random() < 0.03
    return Situation(past=past, spent=spent, retry=retry, anchor=anchor, unrecorded=unrecorded)


def move_on(house: House, rng: Random, features: Features) -> None:
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


def measure(house: House, rng: Random) -> None:
    """Add measured scores; some replace older ones."""
    fingerprints = kept_of(house.config).fingerprints
    scores = [
        Score(model=name, item=f"q{place}", kind="arithmetic", prompt=QUESTIONS[place], score=float(rng.random() < 0.6))
        for name in rng.sample(NAMES, 3)
        for place in rng.sample(range(len(QUESTIONS)), 8)
    ]
    house.store.add_scores(scores, fingerprints)
