"""`unisono fit`: trained parts from your own outcomes: a table, or the judged answers of a record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unisono.cli import progress
from unisono.cli.record import AS_JSON, print_json
from unisono.cli.serve import CONFIG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from unisono.config import Config
    from unisono.evaluate.datasets import Outcomes
    from unisono.evaluate.fit import Fit, Found
    from unisono.protocols import Encoder
    from unisono.types import Features, Json


def fit(
    table: Path | None = typer.Argument(
        None, help="CSV, TSV, JSONL or Parquet with prompt, model, score and, if known, cost."
    ),
    from_log: Path | None = typer.Option(
        None, "--from-log", help="Instead of a table: the judged answers of this record, such as unisono.db."
    ),
    last: int = typer.Option(50_000, min=1, max=1_000_000, help="For `--from-log`: the latest judged answers."),
    out: Path = typer.Option(
        Path("artifacts"), help="A folder; the artifact becomes a folder inside, named by its id."
    ),
    config: Path = CONFIG,
    encoder: str = typer.Option("", help="static, use, e5, onnx, ...; default: the configuration's, else static."),
    seed: int = typer.Option(1, help="Of the split, the folds and the fit."),
    as_json: bool = AS_JSON,
) -> None:
    """Train the quality and length predictors on your own table of outcomes.

    A quarter of the prompts is held out and tells what the result is worth, with intervals; then everything is learnt
    from. The same table, seed and machine give the same artifact. Columns and endings stand in
    docs/reference/tables.md. Name the models as your configuration does.

    With `--from-log` no words are read: the features that were recorded are. A policy of the result is judged by
    answers that came later.

    A table tells little of tasks that it lacks, so the default model keeps its place unless much is won. Where your
    requests are like the table's prompts, a server routes more once it has seen that (`routing.in_domain`); the verdict
    says what that brings, and `unisono advise` whether they are.

    Example: `unisono fit outcomes.csv`
    """
    from rich.console import Console

    from unisono.cli.encoder import encoder_settings
    from unisono.evaluate.fit import fit_table
    from unisono.evaluate.tables import read_table
    from unisono.plugins import load

    known = _known(config)
    settings = encoder_settings(known, encoder)
    if (table is None) == (from_log is None):
        raise typer.BadParameter("give a table of outcomes, or `--from-log` with a record.")
    reads = load().encoder(settings)
    with Console(stderr=True).status("reading", spinner="dots") as status:
        if from_log is not None:
            outcomes, features, origin = _log(from_log, known, reads, last=last)
        else:
            assert table is not None  # noqa: S101 - one of both
            outcomes, features, origin = read_table(table), None, None
        found = fit_table(
            outcomes,
            encoder=reads,
            seed=seed,
            parents=_parents(known),
            read=None if features is None else features.__getitem__,
            origin=origin,
            on_step=progress.steps(status.update),
        )
    folder = found.write(out)
    if as_json:
        print_json(_as_json(found, folder))
        return
    _print(found, folder, known=known, encoder=settings.name)


def _log(
    file: Path, known: Config | None, encoder: Encoder, *, last: int
) -> tuple[Outcomes, Mapping[str, Features], Json]:
    """Return the judged answers of a record as a table, their features, and what the manifest says of them."""
    from contextlib import closing

    from unisono.config.kept import kept_of
    from unisono.errors import StartError
    from unisono.evaluate.from_log import learned_from
    from unisono.record.reader import Reader
    from unisono.record.view import stamp

    if known is None:
        raise StartError("To learn from a record the configuration is needed: name it with --config.")
    with closing(Reader(file)) as reader:
        learned = learned_from(reader, fingerprints=kept_of(known).fingerprints, dim=encoder.dim, last=last)
    return learned.table, learned.features, {"log_until": stamp(learned.until)}


def _known(file: Path) -> Config | None:
    """Return the configuration where there is one; fitting needs none."""
    from unisono.config import load_config

    return load_config(file) if file.exists() else None


def _parents(known: Config | None) -> list[str]:
    """Return the id of the artifact in use, if it can be read."""
    import json

    from unisono.predict.artifact import MANIFEST, default_artifact_path

    folder = default_artifact_path() if known is None or known.routing.artifact is None else known.routing.artifact
    try:
        return [str(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["id"])]
    except (OSError, ValueError, KeyError):
        return []


def _as_json(found: Fit, folder: Path) -> Json:
    return {
        "artifact": str(folder),
        "id": folder.name,
        "models": found.manifest["models"],
        "training": found.manifest["training"],
        "parents": found.manifest["parents"],
        "metrics": found.manifest["metrics"],
    }


def _print(found: Fit, folder: Path, *, known: Config | None, encoder: str) -> None:
    _print_worth(found.found)
    training = found.manifest["training"]
    if isinstance(training, dict) and isinstance(training["dropped"], list):
        for line in training["dropped"]:
            print(f"left out: {line}")
    for line in _unmatched(found, known):
        print(line)
    if isinstance(training, dict) and "log_until" in training:
        print(f"\nunisono policies create --set 'artifact=\"{folder.resolve()}\"'")
        return
    print(f'\n[routing]\nartifact = "{folder}"' + ("" if encoder == "static" else f'\nencoder = "{encoder}"'))


def _print_worth(told: Found) -> None:
    """Print what the result is worth on prompts held out."""
    from rich.console import Console
    from rich.table import Table

    from unisono.evaluate.report import shown

    rows = Table("on prompts held out", "value [95 % of resamples]", show_edge=False)
    rows.add_row("prompts, answered by every model", f"{told.n_held_out:,}, {told.n_complete:,}")
    rows.add_row("best single model on the rest", told.best_single)
    for name, value in (("quality of the choice", told.quality), ("over the best single", told.gain)):
        if value is not None:
            rows.add_row(name, shown(value, signed=name.startswith("over")))
    if told.aiq_gain is not None:
        rows.add_row("area over cost, over mixing single models", shown(told.aiq_gain, signed=True))
    rows.add_row("log loss; of each model's mean", f"{told.log_loss:.4f}; {told.log_loss_means:.4f}")
    rows.add_row("calibration error", f"{told.calibration_error:.4f}")
    Console().print(rows)
    print(told.verdict)


def _unmatched(found: Fit, known: Config | None) -> Iterator[str]:
    """Say which models of the table no configuration can name, and which of the configuration the table lacks."""
    from unisono.config.kinds import is_name
    from unisono.predict.names import normal

    models = found.manifest["models"]
    taught = set(models) if isinstance(models, list) else set()
    if odd := sorted(model for model in map(str, taught) if not is_name(model)):
        yield (
            f"no configuration can call a model {', '.join(odd)}: give it another `name` there, and the "
            "table's among its `reports`"
        )
    for model in () if known is None else known.models:
        if not taught & {normal(name) for name in (model.name, model.upstream_model, *model.reports)}:
            yield f"not in the table: {model.name}; it will be judged by its role, price and probes"
