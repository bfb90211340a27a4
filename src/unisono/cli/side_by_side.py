"""Two models side by side, on probes and on logged requests: worked out, as JSON, and as a table for people."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, cast

from unisono.cli.record import cell, console, known_scores

if TYPE_CHECKING:
    from collections.abc import Collection

    from unisono.config import Config
    from unisono.evaluate.succession import Gap, OnLog, OnProbes
    from unisono.types import Json, Model


def compared(
    settings: Config, old: Model, new: Model, *, only: Collection[str] | None = None
) -> tuple[OnProbes | None, OnLog | None]:
    """Return both models on probes (`only` those questions, None: all that were ever asked) and on the log."""
    from unisono import plugins
    from unisono.catalog.fingerprint import fingerprint
    from unisono.compose import read_trained
    from unisono.evaluate.logged import on_log
    from unisono.evaluate.succession import on_probes
    from unisono.predict.cost import TokenCost
    from unisono.predict.length import UntrainedLength
    from unisono.recipe import measured
    from unisono.record.reader import Reader
    from unisono.understand.features import Understanding

    scores = [s for s in known_scores(settings) if s.model in (old.name, new.name)]
    probes = on_probes(old, new, [s for s in scores if only is None or s.item in only])
    if not settings.store.path.exists():
        return probes, None
    registry = plugins.load()
    trained = read_trained(settings, registry)
    with closing(Reader(settings.store.path)) as reader:
        quality, cost = None, TokenCost(UntrainedLength().expected)
        if trained.artifact is not None:
            seen = reader.scores_at(reader.generation(), {m.name: fingerprint(m) for m in (old, new)})
            quality = measured(
                trained.artifact,
                seen,
                read=Understanding(trained.encoder).text,
                models=(old, new),
                plugin=registry.predictor(settings.routing.predictor),
                in_domain=settings.routing.in_domain,
            )
            cost = TokenCost(trained.artifact.length.expected)
        return probes, on_log(reader, old, new, quality, cost)


def as_told(probes: OnProbes | None, log: OnLog | None) -> Json:
    """Return the figures as JSON."""
    import msgspec

    return cast("Json", {"probes": msgspec.to_builtins(probes), "log": msgspec.to_builtins(log)})


def show(probes: OnProbes | None, log: OnLog | None, pair: tuple[Model, ...]) -> None:
    """Print both models side by side."""
    from rich.table import Table

    out = console()
    table = Table("", *(m.name for m in pair), "new less old", box=None)
    if probes is not None:
        sides = (probes.old, probes.new)
        table.add_row(
            f"right, of {probes.quality.n} probe questions",
            *(f"{s.right:.3f} [{s.low:.3f}, {s.high:.3f}]" for s in sides),
            f"{_gap(probes.quality)}: {probes.quality.sentence}",
        )
        table.add_row("$ per 1,000 questions", *(cell(s.usd) for s in sides), "")
        table.add_row("output tokens", *(cell(s.output_tokens) for s in sides), "")
        table.add_row("seconds", *(cell(s.seconds) for s in sides), "")
        table.add_row("both right or both wrong", "", "", f"{probes.agree:.2f}")
    if log is not None:
        if log.quality is not None:
            text = f"{_gap(log.quality)} expected"
            table.add_row(f"quality on {log.quality.n} logged requests", "", "", text)
        if log.usd is not None:
            table.add_row("$ per 1,000 of them, expected", *(cell(usd) for usd in log.usd), "")
        served = (log.old, log.new)
        table.add_row("answers in the log", *(str(s.n) for s in served), "")
        table.add_row("  without a fault", *(cell(s.ok) for s in served), "")
        table.add_row("  $ per 1,000", *(cell(s.usd) for s in served), "")
        table.add_row("  seconds to the first content", *(cell(s.first_content_s) for s in served), "")
        table.add_row("  seconds in all", *(cell(s.total_s) for s in served), "")
    out.print(table)


def _gap(gap: Gap) -> str:
    return f"{gap.mean:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]"
