"""`unisono export`: routed traffic as training data, of those who agreed to it; nothing is asked and nothing sent."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

import typer

from unisono.cli.moment import parse_since
from unisono.cli.record import AS_JSON, CONFIG, open_reader, print_json

if TYPE_CHECKING:
    from unisono.config import Config
    from unisono.evaluate.export import Tally
    from unisono.record.reader import Reader
    from unisono.types import Json

KINDS = ("sft", "preference", "questions")
LEAST = 0.7
MARGIN = 0.5


def export(
    kind: str = typer.Option(
        "sft", help="sft: answers to imitate; preference: pairs of a better and a worse one; questions: for a probe."
    ),
    out: Path = typer.Option(Path("-"), "--out", "-o", help="The JSONL file; - is standard output."),
    least: float = typer.Option(
        LEAST, min=0.0, max=1.0, help="sft: only answers judged to be worth so much; questions: such are references."
    ),
    unjudged: bool = typer.Option(False, "--unjudged", help="sft: whatever they are worth, and if nobody judged them."),
    margin: float = typer.Option(MARGIN, min=0.01, max=1.0, help="preference: so far apart judgements must lie."),
    model: list[str] = typer.Option([], "--model", "-m", help="Only answers of this model; again for more."),
    since: str = typer.Option("", "--since", help="Only younger ones: 90s, 10m, 2h, 3d, or a stamp."),
    config: Path = CONFIG,
    as_json: bool = AS_JSON,
) -> None:
    """Write what was asked and answered as JSONL for training, with the provenance of each line.

    Only words that were kept: of keys with `export`, while `store.text` was "text". A key that does not agree any more
    is left out. `--json` prints the counts instead of a sentence; it needs a file as --out.

    Examples:

    - `unisono export --kind sft --out answers.jsonl --model big`
    - `unisono export --kind preference --out pairs.jsonl --since 30d`
    - `unisono export --kind questions --out own.jsonl`

    Example: `unisono export --kind sft --out answers.jsonl`
    """
    from unisono.config import load_config
    from unisono.evaluate.export import Tally

    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r} is none of {', '.join(KINDS)}.", param_hint="--kind")
    if as_json and str(out) == "-":
        raise typer.BadParameter("the lines go to standard output; name a file as --out.", param_hint="--json")
    moment = parse_since(since, now=datetime.now(UTC)) if since else None
    settings = load_config(config)
    tally = Tally()
    with closing(open_reader(config, None)) as reader:
        lines = _lines(
            reader=reader,
            agrees=_agrees(settings),
            kind=kind,
            least=None if unjudged else least,
            margin=margin,
            models=model,
            since=moment,
            tally=tally,
        )
        _write(out, lines)
    _tell(settings, out, tally, as_json=as_json)


def _lines(
    *,
    reader: Reader,
    agrees: Callable[[str], bool],
    kind: str,
    least: float | None,
    margin: float,
    models: list[str],
    since: datetime | None,
    tally: Tally,
) -> Iterator[Json]:
    from unisono.evaluate.export import answers, imitation, preferences, questions

    found = answers(reader, agrees=agrees, since=since, models=models, tally=tally)
    if kind == "sft":
        return imitation(found, least=least, tally=tally)
    if kind == "questions":
        return questions(found, least=LEAST if least is None else least, tally=tally)
    return preferences(found, margin=margin, tally=tally)


def _agrees(settings: Config) -> Callable[[str], bool]:
    """Return what says of a key's name whether its holder agrees now."""
    from unisono.record.ring import KeyRing

    ring = KeyRing(settings.store.path, changed=lambda: None)
    ring.follow(settings.server.keys, settings.callers)
    names = ring.exporting
    return lambda key: key in names


def _write(out: Path, lines: Iterator[Json]) -> None:
    import orjson

    from unisono.errors import StoreError

    try:
        with nullcontext(sys.stdout.buffer) if str(out) == "-" else open(out, "wb", opener=_private) as target:
            _put(target, (orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines))
    except OSError as exc:
        raise StoreError(f"{out} cannot be written: {exc.strerror or exc}.") from exc


def _private(path: str, flags: int) -> int:
    """Make a file that only its owner reads, as the record is: it holds what callers said."""
    return os.open(path, flags, 0o600)


def _put(target: IO[bytes], lines: Iterator[bytes]) -> None:
    for line in lines:
        target.write(line)
    target.flush()


def _tell(settings: Config, out: Path, tally: Tally, *, as_json: bool) -> None:
    left_out = dict(sorted(tally.left_out.items()))
    if as_json:
        print_json({"out": str(out), "written": tally.n_written, "kept": tally.n_kept, "left_out": dict(left_out)})
        return
    print(f"{tally.n_written} lines written from {tally.n_kept} kept answers.", file=sys.stderr)
    for why, n in left_out.items():
        print(f"  {n} left out: {why}", file=sys.stderr)
    if not tally.n_kept:
        todo = "" if settings.store.text == "text" else ' Set store.text = "text".'
        print(
            f"No words are kept.{todo} Only those of keys with `export` are: `unisono keys create NAME --export`.",
            file=sys.stderr,
        )
