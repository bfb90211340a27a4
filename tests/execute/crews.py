"""Upstreams of words: each model plays a line of steps; requests and decisions over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from unisono.errors import UpstreamError
from unisono.execute.means import Means
from unisono.types import (
    Attempt,
    Call,
    Chunk,
    Cost,
    Decision,
    Estimate,
    Goal,
    Json,
    Latency,
    Message,
    Mode,
    Model,
    Outcome,
    Plan,
    Planned,
    Prices,
    Quality,
    Ranked,
    Request,
    Usage,
)

Step = str | Exception | asyncio.Event
"""What a fake upstream does next: say something, fail, or wait for an event."""
Play = Sequence[Step] | Callable[[Call], Sequence[Step]]


@dataclass
class Stage:
    """A pool of such models, and all that was seen of it."""

    plays: Mapping[str, Play]
    usd_per_mtok: float = 1.0
    calls: list[Call] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def models(self) -> dict[str, Model]:
        prices = Prices(usd_per_mtok_in=self.usd_per_mtok, usd_per_mtok_out=2 * self.usd_per_mtok)
        return {n: Model(name=n, upstream="fake", upstream_model=n, prices=prices) for n in self.plays}

    async def send(self, call: Call) -> AsyncIterator[Chunk]:
        self.calls.append(call)
        name = call.model.name
        play = self.plays[name]
        steps = play(call) if callable(play) else play
        n_words = 0
        try:
            said = ""
            for step in steps:
                await asyncio.sleep(0)
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                    continue
                said += step
                n_words += len(step.split())
                if call.stream:
                    yield chunk({"delta": {"content": step}}, name)
            usage = Usage(input_tokens=10, output_tokens=n_words)
            if call.stream:
                yield chunk({"delta": {}, "finish_reason": "stop"}, name, usage=usage, finish="stop", content=False)
            else:
                yield chunk({"message": {"content": said}, "finish_reason": "stop"}, name, usage=usage, finish="stop")
        finally:
            self.closed.append(name)

    def means(self, *, sleep: Callable[[float], object] | None = None) -> Means:
        def observe(attempt: Attempt, error: UpstreamError | None) -> None:
            self.attempts.append(attempt)

        return Means(
            models=self.models,
            send=self.send,
            record=self.outcomes.append,
            observe=observe,
            sleep=sleep or never,  # type: ignore[arg-type]
        )


async def never(seconds: float) -> None:
    """Time does not pass, unless none is left."""
    if seconds > 0:
        await asyncio.Event().wait()


def chunk(
    choice: Json, model: str, *, usage: Usage | None = None, finish: str | None = None, content: bool = True
) -> Chunk:
    document = {"model": model, "choices": [choice]}
    return Chunk(data=orjson.dumps(document), has_content=content, model=model, usage=usage, finish=finish)


def text_of(chunks: Sequence[Chunk]) -> str:
    said = ""
    for piece in chunks:
        choice = orjson.loads(piece.data)["choices"][0]
        said += (choice.get("delta") or choice.get("message") or {}).get("content") or ""
    return said


def request(question: str = "What is 6 times 7?", *, stream: bool = False) -> Request:
    body: Json = {"model": "auto:pro", "messages": [{"role": "user", "content": question}]}
    return Request(
        id="r", received=datetime(2030, 1, 1, tzinfo=UTC), body=body, model="auto:pro", mode=Mode.PRO, pin=None,
        messages=(Message(role="user", text=question),), stream=stream, session="s",
    )  # fmt: skip


def ranked(name: str, quality: float) -> Ranked:
    estimate = Estimate(
        model=name,
        quality=Quality(mean=quality, spread=0.1, evidence="test"),
        cost=Cost(usd=0.001, low_usd=0.0, high_usd=0.002, output_tokens=100),
        latency=Latency(first_token_s=0.1, total_s=1.0),
    )
    return Ranked(model=name, estimate=estimate, utility=quality, propensity=0.0, reason="")


def decision(
    *,
    pattern: str,
    members: Sequence[str],
    closer: str | None,
    ranking: Mapping[str, float],
    evidence: tuple[str, ...],
    goal: Goal | None = None,
    **plan: object,
) -> Decision:
    calls = [
        Planned(model=m, part="member", usd=0.001, high_usd=0.002, tokens=100, agrees=6, differs=0.4) for m in members
    ]
    if closer is not None:
        part = "author" if pattern == "fusion" else "closer"
        calls.append(Planned(model=closer, part=part, usd=0.001, high_usd=0.002, tokens=100))  # type: ignore[arg-type]
    plan = {"accept": 0.7, "right": 0.6, "enough": max(2, len(members) // 2 + 1), **plan}
    return Decision(
        id="d", at=datetime(2030, 1, 1, tzinfo=UTC), request="r", session="s", mode=Mode.PRO, pin=None,
        goal=goal or Goal(mode=Mode.PRO), pattern=pattern, ranking=tuple(ranked(n, q) for n, q in ranking.items()),
        excluded=(), reason="", notices=(), degraded=False, allow_fallback=True, baseline=None, config_hash="",
        artifact="", seed=0, decide_s=0.0,
        plan=Plan(members=tuple(members), closer=closer, calls=tuple(calls), evidence=evidence, **plan),  # type: ignore[arg-type]
    )  # type: ignore[arg-type]  # fmt: skip
