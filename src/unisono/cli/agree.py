"""`unisono models handoff` and `unisono evaluate --consistency`: what switching between the models of this pool costs.

Both ask the configured models themselves; nothing is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar

import typer

from unisono.cli.prices import YES, asks_first
from unisono.cli.progress import timed
from unisono.cli.questions import unprobed
from unisono.cli.record import AS_JSON, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from unisono.compose import Live
    from unisono.config import Config
    from unisono.evaluate.probe.questions import Question
    from unisono.types import Json, Model

SEED = 1
"""Of the questions; the probe's own are drawn by 0."""
Found = TypeVar("Found")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("handoff")(handoff)


def handoff(
    config: Path = CONFIG,
    n: int = typer.Option(40, min=5, max=1000, help="Conversations for each pair of models."),
    yes: bool = YES,
    as_json: bool = AS_JSON,
) -> None:
    """Measure what a conversation loses when its last turn goes to another model, for every pair of the pool.

    It prints the key `routing.handoff`, by which conversations keep or change their model. The price is shown first, a
    bound; at a terminal you are asked before money is spent, unless `--yes` is given.

    Example: `unisono models handoff --n 40`
    """
    from unisono.config import load_config
    from unisono.evaluate import handoff as pairs
    from unisono.evaluate.probe.price import price_of_calls

    settings = load_config(config)
    models = _serving(settings)
    names = [model.name for model in models]
    calls = n * (1 + len(models))  # each first turn, and the last one after every model's
    questions = unprobed(seed=SEED)
    asks_first([price_of_calls(m, questions, n_calls=calls, n_turns=2) for m in models], yes=yes, as_json=as_json)

    async def work(live: Live) -> tuple[pairs.Handoff, ...]:
        async def ask(model: str, body: Json) -> str:
            return await _text(live, model, body)

        return await pairs.measure(questions, names, ask, n=n, on_progress=timed())

    found = _with(settings, work)
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(found))
        return
    for pair in found:
        print(
            f"{pair.before} -> {pair.after_model}: {pair.after:.3f} after it, {pair.own:.3f} after its own turn; "
            f"lost {pair.lost:+.3f} [{pair.low:+.3f}, {pair.high:+.3f}] over {pair.n} conversations"
        )
    print(f"\nTo use it, put into the configuration:\n\n{pairs.config_lines(found)}")


def measure_consistency(config: Path, *, n: int, yes: bool, as_json: bool) -> None:
    """Ask pool and router the same questions in other words; print how often the answer changes, and why."""
    from unisono.config import load_config
    from unisono.evaluate.consistency import N_WORDINGS, Consistency, gather, summed_up
    from unisono.evaluate.probe.price import price_of_calls

    settings = load_config(config)
    models = _serving(settings)
    known = unprobed(seed=SEED)
    questions = Random(0).sample(known, min(n, len(known)))
    told = [price_of_calls(model, questions, n_calls=len(questions) * (1 + N_WORDINGS)) for model in models]
    dearest = max(told, key=lambda price: price.usd or 0.0)
    asks_first([*told, replace(dearest, model=f"auto, at most as {dearest.model}")], yes=yes, as_json=as_json)

    async def work(live: Live) -> Consistency:
        async def ask(model: str, question: Question, words: str) -> tuple[str, str]:
            body: Json = {
                "messages": [{"role": "user", "content": words}],
                "temperature": 0,
                "seed": 0,
                "max_tokens": question.max_tokens,
            }
            chosen = _chosen(live, body) if model == "auto" else model
            return await _text(live, chosen, body), chosen

        names = [model.name for model in models]
        return summed_up(await gather(questions, names, ask, on_progress=timed()))

    found = _with(settings, work)
    if as_json:
        import msgspec

        print_json(msgspec.to_builtins(found))
        return
    for name, share in found.fixed.items():
        print(f"{name}: {share:.3f} of pairs of wordings end differently; right {found.accuracy[name]:.3f}")
    print(f"auto: {found.router:.3f}; it switched between models in {found.share_switched:.3f} of pairs")
    print(
        f"excess over {found.best}, the best alone: {found.excess:+.3f} [{found.low:+.3f}, {found.high:+.3f}] "
        f"over {found.n_questions} questions; {found.from_switches:+.3f} of it by switching between models,\n"
        "  the rest by how much the models that it took change by themselves"
    )
    for switch in found.switches:
        print(f"  {' and '.join(switch.models)}: {switch.n_pairs} switches, {switch.n_differ} changed the answer")


def _serving(settings: Config) -> list[Model]:
    return [model for model in settings.models if model.lifecycle.state != "retired"]


def _chosen(live: Live, body: Json) -> str:
    """Return the model that `auto` takes; near wordings keep their model, as they do when served."""
    import orjson
    from uuid_utils import uuid7

    from unisono.edge.parse import parse

    request = parse(
        orjson.dumps({"model": "auto", **body}), {}, catalog=live.router.catalog, request_id=str(uuid7()),
        now=datetime.now(UTC),
    )  # fmt: skip
    features, decision = live.router.decide(request)
    live.anchors.note(request, features, decision.model)
    return decision.model


async def _text(live: Live, model: str, body: Json) -> str:
    from unisono.compose import ask
    from unisono.execute.said import said_in

    found = live.router.models[model]
    return said_in([await ask(live, found, {"model": found.upstream_model, **body})]).text


def _with(settings: Config, work: Callable[[Live], Awaitable[Found]]) -> Found:
    from unisono.compose import build

    async def main() -> Found:
        live = build(settings)
        try:
            await live.start(serves=False)
            return await work(live)
        finally:
            await live.close()

    return asyncio.run(main())
