"""`unisono evaluate`: does routing pay on your own outcomes? Figures, baselines, intervals, and one plain sentence.

It changes nothing, and calls no model but with `--consistency` (`agree.py`). With `--policy` it reads the record
instead of a table (`shadow.py`).
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli.prices import YES
from unisono.cli.progress import QUIET_S, timed
from unisono.cli.record import AS_JSON, STORE, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unisono.evaluate.compare import Standing
    from unisono.evaluate.metrics import Interval
    from unisono.evaluate.own import Evaluation, Settled
    from unisono.types import Json

DEFAULT_SEEDS = 5
PRICED = ("strongest by price", "cheapest")
"""What the rows begin with that name a model by its price."""
LEGEND = (
    "AIQ: mean height of the hull of quality over cost between the cheapest and the dearest model; every hull holds",
    "the cheapest model too. Rows that state no price have a curve of settings: their quality is the highest of",
    "these, picked knowing the outcomes.",
    "Saved at equal quality: share of the best single model's bill, at its quality, on that curve.",
)
LEGEND_FREE = (
    "AIQ: the best that a row reaches, since all cost the same. What is so *at best* is the highest of a curve of",
    "settings, picked knowing the outcomes.",
)
FITTED = "What it is worth on prompts held out `unisono fit` has said, and its manifest keeps."


def evaluate(
    table: Path | None = typer.Argument(
        None, help="CSV, TSV, JSONL or Parquet with the columns prompt, model, score, cost (docs/reference/tables.md)."
    ),
    models: str = typer.Option("", help="Compare only these models of the table, separated by commas."),
    artifact: Path | None = typer.Option(None, help="A folder that `unisono fit` wrote. Default: the shipped one."),
    encoder: str = typer.Option(
        "",
        help="The encoder that the artifact was trained with; default: the configuration's for an --artifact, else "
        "static.",
    ),
    dial: float = typer.Option(0.5, min=0.0, max=1.0, help="The dial of the row that shows what a server would do."),
    tolerance: float = typer.Option(0.01, min=0.0, max=0.5, help="A loss of mean score that counts as none."),
    seeds: int = typer.Option(DEFAULT_SEEDS, min=1, max=50, help="How many times folds and controls are drawn."),
    consistency: bool = typer.Option(
        False,
        "--consistency",
        help="Instead: ask the configured pool and the router the same questions in other words.",
    ),
    config: Path = typer.Option(
        Path("unisono.toml"),
        "--config",
        "-c",
        help="The encoder's settings, where there is one; and the pool, for `--consistency` and `--policy`.",
    ),
    questions: int = typer.Option(40, min=5, max=1000, help="How many questions, for `--consistency`."),
    policy: str = typer.Option("", help="Instead: what this policy is worth on the log of the record."),
    against: str = typer.Option("", help="For `--policy`: another policy than the live one to compare with."),
    last: int = typer.Option(10_000, min=1, max=1_000_000, help="For `--policy`: the latest judged answers."),
    store: Path | None = STORE,
    yes: bool = YES,
    as_json: bool = AS_JSON,
) -> None:
    """Say whether routing pays on a table of outcomes, beside every simple alternative.

    The router learns from four fifths of the prompts and is judged on the fifth that it has not seen, in turn.
    Brackets hold 95 % of 1,000 resamples of the prompts.

    With `--consistency` no table is read: the pool is asked each question in three wordings, and the share of changed
    answers of the router less that of the best single model is what switching costs in consistency. The price is shown
    first; at a terminal you are asked before money is spent, unless `--yes` is given.

    With `--policy` no table is read: what a policy is worth beside the live one (or `--against` another) on the judged
    answers of the record, doubly robust and self-normalised, with intervals and by kind of request; it says so where
    there is not enough evidence. `unisono promote` goes by the same verdict.

    Example: `unisono evaluate outcomes.csv`
    """
    if consistency:
        from unisono.cli.agree import measure_consistency

        measure_consistency(config, n=questions, yes=yes, as_json=as_json)
        return
    if policy:
        from unisono.cli.shadow import show_worth

        show_worth(policy, against, config=config, store=store, tolerance=tolerance, last=last, as_json=as_json)
        return
    if table is None:
        raise typer.BadParameter("give a table of outcomes, `--policy` or `--consistency`.")
    from unisono.evaluate.own import Settled

    names = tuple(dict.fromkeys(name.strip() for name in models.split(",") if name.strip()))
    settled = Settled(seeds=tuple(range(1, seeds + 1)), tolerance=tolerance, dial=dial)
    _evaluate_table(table, names, artifact=artifact, encoder=encoder, config=config, settled=settled, as_json=as_json)


def _evaluate_table(
    table: Path,
    names: tuple[str, ...],
    *,
    artifact: Path | None,
    encoder: str,
    config: Path,
    settled: Settled,
    as_json: bool,
) -> None:
    """Judge the router on a table, and print what was found.

    Args:
        table: the file.
        names: only these of its models; none names all.
        artifact: a folder of trained parts, if not the shipped ones.
        encoder: that they were trained with; empty: the configuration's, or of the shipped ones `static`.
        config: the file, if there is one.
        settled: how it is judged.
        as_json: for a program.
    """
    import numpy as np

    from unisono.choose.utility import UtilityChooser
    from unisono.cli.encoder import encoder_settings
    from unisono.config import load_config
    from unisono.errors import StartError
    from unisono.evaluate import own
    from unisono.evaluate.in_domain import as_served
    from unisono.evaluate.tables import read_table
    from unisono.plugins import load
    from unisono.predict.artifact import default_artifact_path
    from unisono.predict.artifact import load as load_artifact
    from unisono.predict.ensemble import QualityEnsemble
    from unisono.understand.features import Understanding

    outcomes = read_table(table)
    if unknown := sorted(set(names) - set(outcomes.models)):
        raise StartError(f"{table.name} has no model {', '.join(unknown)}. It has: {', '.join(outcomes.models)}.")
    if names:
        outcomes = outcomes.only(names)
    costless = bool(np.isnan(outcomes.costs_usd).all())
    outcomes = own.priced(outcomes)
    own.comparable(outcomes)  # refuses a table that is too little before any prompt is read
    known = load_config(config) if config.exists() and (artifact is not None or encoder) else None
    reads = load().encoder(encoder_settings(known, encoder))
    trained = load_artifact(artifact or default_artifact_path(reads.name), encoder=reads.name)
    understand = Understanding(reads, cache_size=1)
    features = [understand.text(prompt) for prompt in outcomes.prompts]
    told, n_folds, folds = timed("fold", quiet_s=QUIET_S), own.n_ticks(settled), count(1)

    def tick() -> None:
        told(next(folds), n_folds)

    in_force = as_served(trained, features)
    found = own.evaluate(
        outcomes,
        features,
        lambda: QualityEnsemble(in_force),
        UtilityChooser(),
        settled,
        tick=tick,
    )
    in_domain = in_force.ability.caution < trained.ability.caution
    seen = _has_seen(trained.manifest, outcomes.hashes)
    if as_json:
        print_json(_as_json(found, trained.id, seen=seen, in_domain=in_domain))
    else:
        print(_report(found, trained.id, costless=costless, dial=settled.dial, seen=seen, in_domain=in_domain))


def _has_seen(manifest: Json, hashes: Mapping[str, str]) -> bool:
    """Return whether an artifact was fitted on these very prompts: then nothing here is held out from it."""
    training = manifest.get("training")
    known = training.get("data_sha256") if isinstance(training, dict) else None
    return isinstance(known, dict) and not set(hashes.values()).isdisjoint(known.values())


def _report(found: Evaluation, artifact: str, *, costless: bool, dial: float, seen: bool, in_domain: bool) -> str:
    from unisono.evaluate.report import markdown

    table = found.table
    left = f"; {found.n_left_out:,} others lack a score or a cost" if found.n_left_out else ""
    header = ["policy", "quality", "USD / 1,000", "AIQ", "unisono minus this", "saved at equal quality"]
    rows = [_row(s) for s in found.standings if not (found.is_free and s.name.startswith(PRICED))]
    if found.is_free:
        header, *rows = (_unpriced(row) for row in (header, *rows))
    return "\n".join(
        [
            found.verdict.sentence,
            _as_served(found, dial, in_domain=in_domain),
            *_beside(found, dial),
            *([f"The artifact {artifact} was fitted on this table: all of this is too good. {FITTED}"] if seen else []),
            *_level(found),
            *_lower_down(found),
            *(["The table has no costs, so quality alone is judged."] if costless else []),
            "",
            f"{len(table.prompts):,} prompts, {len(table.models)} models{left}. Artifact {artifact}.",
            "",
            markdown(header, rows),
            "",
            *(LEGEND_FREE if found.is_free else LEGEND),
            "Calibration error of held-out expectations: "
            + ", ".join(f"{model} {error:.3f}" for model, error in found.calibration.items()),
        ]
    )


def _as_served(found: Evaluation, dial: float, *, in_domain: bool) -> str:
    """Say what a server's own choices come to: the verdict's setting is the best for its aim and need not be a dial."""
    gained, saved = found.served.gained, found.served.saved
    value, low, high = (100 * part for part in (gained.value, gained.low, gained.high))
    seen = ", and has seen that requests are of the kinds of its artifact's table" if in_domain else ""
    return (
        f"At dial {dial:g} a server that learns online{seen}, with the best single model as its default, would change "
        f"quality by {value:+.1f} [{low:+.1f}, {high:+.1f}] points{_bill(saved, found)}; `--dial` shows "
        "other settings, `unisono fit` what training on the table gives."
    )


def _row(s: Standing) -> list[str]:
    from unisono.evaluate.report import shown

    saved = "never reached" if s.equal_usd_per_1k is None else ""
    if s.saved_at_equal is not None:
        saved = _share(s.saved_at_equal)
    return [
        s.name,
        f"{s.top:.3f} at best" if s.point is None else f"{s.point.quality:.3f}",
        "" if s.point is None else f"{s.point.usd_per_1k:.4g}",
        "" if s.aiq is None else shown(s.aiq),
        "" if s.behind is None else shown(s.behind, signed=True),
        saved,
    ]


def _unpriced(row: list[str]) -> list[str]:
    """Leave out of a row what is about money."""
    return [row[0], row[1], row[3], row[4]]


def _share(value: float, *, sign: str = "") -> str:
    """Return a share in percent; what rounds to nothing has no sign."""
    return "0%" if abs(value) < 0.005 else f"{value:{sign}.0%}"


def _bill(saved: Interval, found: Evaluation) -> str:
    return "" if found.is_free else f" and the bill by {_share(-saved.value, sign='+')}"


def _beside(found: Evaluation, dial: float) -> list[str]:
    """Say the same beside the model that the verdict names, where it is not the one that was compared with."""
    beside, served, model = found.verdict.beside, found.served_beside, found.verdict.model
    if beside is None or served is None:
        return []
    sums = [
        f"{100 * gained.value:+.1f} [{100 * gained.low:+.1f}, {100 * gained.high:+.1f}] points{_bill(saved, found)}"
        for gained, saved in ((beside.gained, beside.saved), (served.gained, served.saved))
    ]
    return [
        "Both compare with the model that the other prompts name, which is not always the same: for "
        f"{beside.elsewhere:.0%} it is not {model}. Beside {model} always it is {sums[0]}; at dial {dial:g} {sums[1]}."
    ]


def _level(found: Evaluation) -> list[str]:
    """Say so where nothing but the price tells the models apart."""
    scores = found.table.scores
    if scores.min() < scores.max():
        return []
    return [
        f"Every score is {scores.min():g}: nothing but the price tells these models apart. Is the column the right one?"
    ]


def _lower_down(found: Evaluation) -> list[str]:
    """Say so where routing does not pay at the best single model's quality, but beats mixing at smaller budgets."""
    lead = {s.name: s.behind for s in found.standings if s.behind is not None}
    mixing, control = lead.get("price mixing (hull of singles)"), lead.get("shuffled-label control")
    if found.verdict.kind == "pays" or mixing is None or control is None or mixing.low <= 0 or control.low <= 0:
        return []
    if found.table.models[found.field.cheapest] == found.verdict.model:  # there is no smaller budget than its bill
        return []
    return [
        f"Over all budgets it does help: {mixing.value:+.3f} [{mixing.low:+.3f}, {mixing.high:+.3f}] of AIQ over "
        "mixing single models. A lower dial uses that."
    ]


def _as_json(found: Evaluation, artifact: str, *, seen: bool, in_domain: bool) -> Json:
    from unisono.evaluate.report import as_json, standing_as_json

    v, table = found.verdict, found.table
    return {
        "verdict": v.kind,
        "sentence": v.sentence,
        "model": v.model,
        "quality_gained": as_json(v.gained),
        "bill_saved": as_json(v.saved),
        "lead_over_mixing_singles": as_json(v.lead),
        "routed_share": v.routed,
        "beside_model_always": None
        if v.beside is None
        else {
            "other_model_compared_with_for": v.beside.elsewhere,
            "quality_gained": as_json(v.beside.gained),
            "bill_saved": as_json(v.beside.saved),
        },
        "at_dial": {
            "quality_gained": as_json(found.served.gained),
            "bill_saved": as_json(found.served.saved),
            "in_domain": in_domain,
        },
        "artifact": artifact,
        "artifact_was_fitted_on_this_table": seen,
        "table": table.name,
        "n_prompts": len(table.prompts),
        "n_left_out": found.n_left_out,
        "models": list(table.models),
        "best_single": table.models[found.field.best],
        "calibration_error": dict(found.calibration),
        "policies": [standing_as_json(s) for s in found.standings],
    }
