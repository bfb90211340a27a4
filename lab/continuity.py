"""Simulated conversations: what keeping a model, switching freely and our rule cost and give.

    PYTHONPATH=src:lab python lab/continuity.py

Conversations are built from real prompts of training parts: topics that last and change, short follow-ups ("yes, do
it"), tool calls with their results, pauses. Prices, cached prices and times to live are those of the providers. Costs
are counted with the caches that each policy itself would have kept warm; quality is what the predictors expect of the
model that answers each turn, the same estimates for every policy: no answer is generated here. Writes
`lab/runs/continuity/continuity.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd

from unisono.catalog import Catalog
from unisono.choose.continuity import Continuity, cached, moved_on
from unisono.choose.utility import UtilityChooser
from unisono.config import EncoderConfig
from unisono.plugins import load
from unisono.predict.artifact import default_artifact_path
from unisono.predict.artifact import load as load_artifact
from unisono.predict.cost import TokenCost
from unisono.predict.ensemble import QualityEnsemble
from unisono.predict.latency import RecentLatency
from unisono.router import Router, Settings, Stages
from unisono.types import (
    Attempt,
    Capability,
    Decision,
    Features,
    Message,
    Mode,
    Model,
    Outcome,
    Past,
    Prices,
    Request,
    Situation,
    Usage,
    Wishes,
)
from unisono.understand.features import Understanding
from unisono.understand.freshness import FreshnessReader
from unisono.upstream.health import HealthBook

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
SEEDS = (1, 2, 3, 4, 5)
N_CONVERSATIONS = 150
START = datetime(2024, 11, 1, 9, tzinfo=UTC)
SOURCES = ("mmlu_pro.train", "routerbench_0shot_part.train", "llmrouter_default.train", "zeroeval_math_l5.train")
FOLLOW_UPS = ("yes, do it", "continue", "Can you say that more simply?", "why?", "try again", "thanks, and now shorter")

PRICES: dict[str, tuple[float, float, float | None, float]] = {
    "gemini-1.5-flash-002": (0.075, 0.3, 0.01875, 3600.0),
    "Meta-Llama-3_1-70B-Instruct": (0.6, 0.6, None, 0.0),
    "claude-3-5-sonnet-20240620": (3.0, 15.0, 0.3, 300.0),
    "deepseek-coder-v2": (0.14, 0.28, 0.014, 3600.0),
    "gpt-4o-2024-08-06": (2.5, 10.0, 1.25, 300.0),
    "gemini-1.5-pro-002": (1.25, 5.0, 0.3125, 3600.0),
}
"""List prices of late 2024 in USD per million tokens: in, out, cached in, and seconds for which a prefix is held."""
POOLS: dict[str, tuple[str, ...]] = {
    "mixed": tuple(PRICES)[:5],
    "dear": ("gpt-4o-2024-08-06", "claude-3-5-sonnet-20240620", "gemini-1.5-pro-002"),
}

DEFAULT = "claude-3-5-sonnet-20240620"
"""What who has these models and no router would use."""
USD_PER_QUALITY = 0.316
"""What a certain right answer in place of a wrong one may cost, for the column of net worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One request of a conversation."""

    messages: tuple[Message, ...]
    now: datetime
    in_tool_loop: bool


@dataclass(slots=True)
class Sum:
    """What a policy came to in one conversation."""

    usd: float = 0.0
    quality: float = 0.0
    turns: int = 0
    switches: int = 0
    unsafe: int = 0
    models: Counter[str] = field(default_factory=Counter)


def topics() -> dict[str, list[str]]:
    """Return prompts by category, those that fit into a chat."""
    found: dict[str, list[str]] = {}
    for name in SOURCES:
        table = pd.read_parquet(DATA / f"{name}.prompts.parquet")
        for category, rows in table.groupby(table["category"].astype(str)):
            texts = [text for text in rows["prompt"].astype(str) if len(text) < 3000]
            if len(texts) >= 20:
                found[f"{name}/{category}"] = texts
    return found


def conversation(by_topic: dict[str, list[str]], rng: Random) -> Iterator[Turn]:
    """Yield the turns of one conversation; the history grows as it goes."""
    names = sorted(by_topic)
    topic, now, history = rng.choice(names), START, []
    for place in range(rng.randint(3, 14)):
        now += timedelta(seconds=min(rng.lognormvariate(4.0, 1.0), 7200))
        if rng.random() < 0.2:
            topic = rng.choice(names)
        text = rng.choice(FOLLOW_UPS) if place and rng.random() < 0.3 else rng.choice(by_topic[topic])
        history.append(Message(role="user", text=text))
        yield Turn(messages=tuple(history), now=now, in_tool_loop=False)
        if rng.random() < 0.2:
            history.append(Message(role="assistant", text="", n_tool_calls=1))
            history.append(Message(role="tool", text="42 rows. " * rng.randint(1, 60)))
            now += timedelta(seconds=rng.uniform(1, 8))
            yield Turn(messages=tuple(history), now=now, in_tool_loop=True)
        history.append(Message(role="assistant", text="As asked, here it is. " * rng.randint(3, 60)))


def request(turn: Turn, pin: str | None) -> Request:
    """Return a turn as the edge would read it."""
    body = {"messages": [{"role": m.role, "content": m.text} for m in turn.messages]}
    return Request(
        id="r",
        received=turn.now,
        body=body,  # type: ignore[arg-type]
        model=pin or "auto",
        mode=None if pin else Mode.BALANCED,
        pin=pin,
        messages=turn.messages,
        needs=frozenset({Capability.TOOLS}) if turn.in_tool_loop else frozenset(),
        wishes=Wishes(allow_fallback=True),  # a plain pin would not have its prompt read, and no quality to show
    )


class House:
    """The product's own router, and what an answer of each model costs with the caches of a policy."""

    def __init__(self, pool: tuple[str, ...], rules: Continuity) -> None:
        encoder = load().encoder(EncoderConfig())
        artifact = load_artifact(default_artifact_path(), encoder=encoder.name)
        self.models = {
            name: Model(
                name=name,
                upstream="scripted",
                upstream_model=name,
                context_tokens=200_000,
                capabilities=frozenset({Capability.TOOLS}),
                prices=Prices(
                    usd_per_mtok_in=PRICES[name][0],
                    usd_per_mtok_out=PRICES[name][1],
                    usd_per_mtok_cached_in=PRICES[name][2],
                ),
                cache_ttl_s=PRICES[name][3],
            )
            for name in pool
        }
        self.understand = Understanding(encoder, freshness=FreshnessReader(), cache_size=50_000)
        stages = Stages(
            understand=self.understand,
            rules=[rule() for rule in load().rules.values()],
            quality=QualityEnsemble(artifact),
            cost=TokenCost(artifact.length.expected),
            latency=RecentLatency(),
            chooser=UtilityChooser(margin=0.01),
            health=HealthBook(),
            send=None,  # type: ignore[arg-type]
        )
        settings = Settings(default=DEFAULT, dial=0.5, config_hash="-", artifact="-", total_s=60, continuity=rules)
        self.router = Router(Catalog(tuple(self.models.values())), stages=stages, settings=settings)

    def decide(self, turn: Turn, past: Past | None, pin: str | None = None) -> tuple[Features, Decision]:
        """Decide one turn."""
        return self.router.decide(request(turn, pin), known=Situation(past=past))


def play(house: House, turns: list[Turn], pick: Callable[[int, Turn, Past | None], tuple[Features, Decision]]) -> Sum:
    """Let a policy answer a conversation; count its costs with its own caches."""
    total, past = Sum(), None
    for place, turn in enumerate(turns):
        features, decision = pick(place, turn, past)
        model = house.models[decision.model]
        estimate = next(e for e in decision.situation.estimates if e.model == model.name)
        cost = cached(estimate.cost, model, past, n_input_tokens=features.n_input_tokens, now=turn.now)
        total.usd += cost.usd
        total.quality += estimate.quality.mean
        total.turns += 1
        total.models[model.name] += 1
        if past is not None and past.model not in (None, model.name):
            total.switches += 1
            total.unsafe += turn.in_tool_loop
        usage = Usage(input_tokens=features.n_input_tokens, output_tokens=round(estimate.cost.output_tokens))
        past = moved_on(past, outcome=_outcome(model, usage), features=features, now=turn.now)
    return total


def _outcome(model: Model, usage: Usage) -> Outcome:
    attempt = Attempt(
        model=model.name,
        upstream_model=model.name,
        started=START,
        status="ok",
        first_content_s=0.5,
        total_s=2.0,
        usage=usage,
    )
    return Outcome(
        decision="d",
        request="r",
        status="ok",
        model=model.name,
        attempts=(attempt,),
        notices=(),
        cost_usd=None,
        total_s=2.0,
    )


def policies(house: House, dearest: str) -> dict[str, Callable[[list[Turn]], Sum]]:
    """Return every policy by name."""

    def stay(turns: list[Turn]) -> Sum:
        first = house.decide(turns[0], None)[1].model
        return play(house, turns, lambda place, turn, past: house.decide(turn, None, pin=first))

    return {
        "stay with the first choice": stay,
        "switch freely": lambda turns: play(house, turns, lambda place, turn, past: house.decide(turn, None)),
        "ours": lambda turns: play(house, turns, lambda place, turn, past: house.decide(turn, past)),
        f"always {dearest}": lambda turns: play(
            house, turns, lambda place, turn, past: house.decide(turn, None, pin=dearest)
        ),
    }


def figures(sums: list[Sum]) -> dict[str, float]:
    """Return what a table shows of one policy."""
    turns = sum(s.turns for s in sums)
    return {
        "usd_per_1000_turns": 1000 * sum(s.usd for s in sums) / turns,
        "quality": sum(s.quality for s in sums) / turns,
        "net": sum(s.quality - s.usd / USD_PER_QUALITY for s in sums) / turns,
        "switches_per_10_turns": 10 * sum(s.switches for s in sums) / turns,
        "unsafe": float(sum(s.unsafe for s in sums)),
    }


def with_interval(sums: list[Sum]) -> dict[str, list[float]]:
    """Return each figure with its bootstrap interval of 95 % over conversations."""
    rng = np.random.default_rng(0)
    draws = [figures([sums[i] for i in rng.integers(0, len(sums), len(sums))]) for _ in range(400)]
    found = figures(sums)
    return {
        name: [found[name], *(float(v) for v in np.percentile([d[name] for d in draws], (2.5, 97.5)))] for name in found
    }


def main() -> None:
    """Play every conversation under every policy, print and write."""
    by_topic = topics()
    out: dict = {"prices": PRICES, "seeds": SEEDS, "pools": {}}
    for name, pool in POOLS.items():
        house = House(pool, Continuity())
        dearest = max(pool, key=lambda model: PRICES[model][1])
        conversations = [
            list(conversation(by_topic, Random(f"{seed}/{n}"))) for seed in SEEDS for n in range(N_CONVERSATIONS)
        ]
        n_turns = sum(map(len, conversations))
        print(f"\npool {name}: {', '.join(pool)}; {len(conversations)} conversations, {n_turns} turns")
        print(
            "| policy | USD per 1,000 turns | expected quality | quality less cost | switches per 10 turns | unsafe |"
        )
        print("|---|---|---|---|---|---|")
        out["pools"][name] = {"conversations": len(conversations), "turns": n_turns, "policies": {}}
        for policy, run in policies(house, dearest).items():
            sums = [run(turns) for turns in conversations]
            row = with_interval(sums)
            out["pools"][name]["policies"][policy] = row
            cells = " | ".join(
                f"{row[key][0]:.{digits}f} [{row[key][1]:.{digits}f}, {row[key][2]:.{digits}f}]"
                for key, digits in (("usd_per_1000_turns", 2), ("quality", 4), ("net", 4), ("switches_per_10_turns", 2))
            )
            print(f"| {policy} | {cells} | {int(row['unsafe'][0])} |", flush=True)
    file = ROOT / "lab" / "runs" / "continuity" / "continuity.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
