"""Reads a user's own table of outcomes: a row says what one model's answer to one prompt scored and cost.

CSV, TSV and JSONL are read by the core install, Parquet with the extra `parquet`. It judges nothing: `evaluate` and
`fit` both start from the `Outcomes` that it returns. The format stands in docs/reference/tables.md.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from hashlib import sha256
from math import isfinite, isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unisono.errors import StartError
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.forms import COST, SCORE, Row, answers, conversation, stranger, wide

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEEDED = ("prompt", "model", "score")
OPTIONAL = ("messages", "cost", "category", "input_tokens", "output_tokens")
OTHER_NAMES = {"cost_usd": "cost", "usd": "cost", "prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}
KINDS = {".csv": "CSV", ".tsv": "TSV", ".jsonl": "JSONL", ".ndjson": "JSONL", ".parquet": "Parquet"}
PROMPTS = "prompts"
"""What the hash of a table's prompts is called, which is the same in each order and in a file of each kind."""
KNOWN = frozenset((*NEEDED, *OPTIONAL))
_TRUTH = {"true": 1.0, "false": 0.0}


def read_table(file: Path) -> Outcomes:
    """Read a table of outcomes; rows of the same prompt and model are averaged.

    Args:
        file: its ending says the kind: `.csv`, `.tsv`, `.jsonl` or `.parquet`.

    Returns:
        One row per distinct prompt, in the order of first appearance; models sorted by name; NaN where nothing is
        known. `category` is empty where the table has none.

    Raises:
        StartError: the file is missing or not of a known kind, a column is missing, or a value makes no sense; the
            message names the line.
    """
    kind = KINDS.get(file.suffix.lower())
    if kind is None:
        raise StartError(f"{file.name}: a table ends in {', '.join(sorted(KINDS))}; this file ends in {file.suffix!r}.")
    if not file.is_file():
        raise StartError(f"There is no file {file}.")
    try:
        gathered = _gather(file.name, _rows(file, kind))
        content = file.read_bytes()
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise StartError(
            f"{file.name} cannot be read as {kind}: {exc}. Tables are UTF-8 text or Parquet: save it as UTF-8."
        ) from exc
    if not gathered.places:
        raise StartError(f"{file.name} has no rows. Needed columns: {', '.join(NEEDED)}; see docs/reference/tables.md.")
    same = "\0".join(sorted(gathered.places))
    hashes = {file.name: sha256(content).hexdigest(), PROMPTS: sha256(same.encode("utf-8", "replace")).hexdigest()}
    return gathered.outcomes(file.stem, hashes)


# ------------------------------------------------------------------------------------------- rows of a file


def _rows(file: Path, kind: str) -> Iterator[tuple[int, Row]]:
    """Yield (line or row number, row)."""
    if kind == "Parquet":
        yield from enumerate(_parquet_rows(file), start=1)
    elif kind == "JSONL":
        yield from _json_rows(file)
    else:
        yield from _separated_rows(file, mark="\t" if kind == "TSV" else ",")


def _separated_rows(file: Path, *, mark: str) -> Iterator[tuple[int, Row]]:
    """Yield the line that each row begins in, and the row; what a row lacks at its end is None."""
    csv.field_size_limit(2**31 - 1)  # prompts may be longer than the 128 KB that a field may have by default
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader, names, begin = csv.reader(lines, delimiter=mark, strict=True), list[str](), 1
        try:
            for cells in reader:
                first, begin = begin, reader.line_num + 1
                if not names:
                    names = cells
                    _told_apart(f"{file.name}, line {first}", names)
                elif cells:
                    if any(cell.strip() for cell in cells[len(names) :]):
                        raise StartError(
                            f"{file.name}, line {first}: {len(cells)} cells, and the header has {len(names)}. A cell "
                            f"that holds {'a tab' if mark != ',' else 'commas'} stands in quotation marks."
                        )
                    yield first, {**dict.fromkeys(names), **dict(zip(names, cells, strict=False))}
        except csv.Error as exc:
            raise StartError(
                f"{file.name}: the row that begins in line {begin} cannot be read ({exc}). Either a quotation mark is "
                'never closed, or one inside a cell is not doubled ("").'
            ) from exc


def _told_apart(where: str, names: Sequence[str]) -> None:
    """Refuse a header with two columns of the same meaning: one of them would be lost."""
    counted = Counter(short for name in names if (short := _short(name)) in KNOWN or short.startswith((SCORE, COST)))
    if twice := next((short for short, n in counted.items() if n > 1), None):
        said = ", ".join(repr(name) for name in names if _short(name) == twice)
        raise StartError(f"{where}: the columns {said} mean the same, {twice}. Keep one, or call the other otherwise.")


def _json_rows(file: Path) -> Iterator[tuple[int, Row]]:
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as exc:
                raise StartError(f"{file.name}, line {number}: not JSON ({exc}). Write one object per line.") from exc
            if not isinstance(row, dict):
                raise StartError(f"{file.name}, line {number}: expected a JSON object, found {type(row).__name__}.")
            yield number, row


def _parquet_rows(file: Path) -> Iterator[Row]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as exc:
        raise StartError(
            f"{file.name}: Parquet needs pyarrow: pip install 'unisono[parquet]', or save the table as CSV or JSONL."
        ) from exc
    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(batch_size=4096):
                yield from batch.to_pylist()
    except pa.ArrowException as exc:
        raise StartError(f"{file.name} cannot be read as Parquet: {exc}.") from exc


# ------------------------------------------------------------------------------------------ rows to arrays


@dataclass(slots=True)
class _Mean:
    """A running mean per (prompt, model)."""

    sums: dict[tuple[int, str], float] = field(default_factory=dict)
    counts: dict[tuple[int, str], int] = field(default_factory=dict)

    def add(self, key: tuple[int, str], value: float) -> None:
        if not isnan(value):
            self.sums[key] = self.sums.get(key, 0.0) + value
            self.counts[key] = self.counts.get(key, 0) + 1

    def array(self, n: int, models: tuple[str, ...]) -> NDArray[np.float64]:
        place = {model: column for column, model in enumerate(models)}
        wide = np.full((n, len(models)), nan)
        for (row, model), total in self.sums.items():
            wide[row, place[model]] = total / self.counts[row, model]
        return wide


@dataclass(slots=True)
class _Gathered:
    """What the rows said so far."""

    places: dict[str, int] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    models: set[str] = field(default_factory=set)
    numbers: dict[str, _Mean] = field(
        default_factory=lambda: {name: _Mean() for name in ("score", "cost", "input_tokens", "output_tokens")}
    )

    def outcomes(self, name: str, hashes: dict[str, str]) -> Outcomes:
        models, n = tuple(sorted(self.models)), len(self.places)
        wide = {kind: mean.array(n, models) for kind, mean in self.numbers.items()}
        return Outcomes(
            name=name,
            prompts=tuple(self.prompts),
            categories=tuple(self.categories),
            models=models,
            scores=wide["score"],
            costs_usd=wide["cost"],
            input_tokens=wide["input_tokens"],
            output_tokens=wide["output_tokens"],
            n_options=np.full(n, nan),
            hashes=hashes,
        )


def _gather(name: str, rows: Iterable[tuple[int, Row]]) -> _Gathered:
    gathered, keys = _Gathered(), None
    models: dict[str, dict[str, str]] = {}
    columns: dict[str, str] = {}
    for number, whole in rows:
        where = f"{name}, line {number}"
        if keys != whole.keys():
            keys, models = whole.keys(), wide(where, whole)
        for row in answers(whole, models):
            if columns.keys() != row.keys():
                columns = _columns(where, row)
            _take(gathered, where, {columns[key]: value for key, value in row.items() if columns[key]})
    return gathered


def _take(gathered: _Gathered, where: str, named: Mapping[str, object]) -> None:
    """Take in one answer: what its row says, by the meaning of the column."""
    if "prompt" in named:
        prompt = told_apart = _text(where, "prompt", named["prompt"])
    else:
        told_apart, prompt = conversation(where, named["messages"])
    model = _text(where, "model", named["model"])
    place = gathered.places.setdefault(told_apart, len(gathered.places))
    if place == len(gathered.categories):
        gathered.categories.append(str(named.get("category") or ""))
        gathered.prompts.append(prompt)
    gathered.models.add(model)
    for column, mean in gathered.numbers.items():
        mean.add((place, model), _number(where, column, named.get(column)))


def _columns(where: str, row: Row) -> dict[str, str]:
    """Return what each key of a row means to us; other keys mean nothing and stand as ''."""
    _told_apart(where, [str(key) for key in row])
    meanings = {key: short if (short := _short(str(key))) in KNOWN else "" for key in row}
    for column in NEEDED:
        if column not in meanings.values() and not (column == "prompt" and "messages" in meanings.values()):
            near = get_close_matches(column, [str(key) for key in row], n=1)
            hint = f" Did you mean to call {near[0]!r} so?" if near else ""
            if len(row) == 1 and any(mark in str(next(iter(row))) for mark in ";\t"):
                hint = " Separate the cells of a .csv by commas, those of a .tsv by tabs."
            hint = stranger(row) or hint
            has = ", ".join(str(key)[:40] for key in row)
            raise StartError(
                f"{where}: there is no column {column!r}; it has {has[:200]}. Needed: {', '.join(NEEDED)}; wanted: "
                f"cost, in USD.{hint}"
            )
    return meanings


def _short(name: str) -> str:
    """Return what a column is called here; that of one model keeps the case of the model's name."""
    kind, colon, model = name.strip().partition(":")
    if colon:
        return f"{kind.strip().casefold()}:{model.strip()}"
    short = kind.casefold()
    return OTHER_NAMES.get(short, short)


def _text(where: str, column: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise StartError(f"{where}: {column} must be text and not empty.")
    return value if column == "prompt" else value.strip()


def _number(where: str, column: str, value: object) -> float:
    """Return a number, or NaN where the cell is empty."""
    found = _parsed(value)
    if found is None:
        raise StartError(f"{where}: {column} is {str(value)[:40]!r}, not a number. {_instead(column, str(value))}")
    if isnan(found):
        return nan
    if column == "score" and not 0.0 <= found <= 1.0:
        raise StartError(
            f"{where}: the score {found:g} lies outside 0 to 1. Divide by your scale's maximum (9.2 of 10 is 0.92); "
            "where it begins elsewhere than at 0, take that off first (-0.4 of -1 to 1 is 0.3)."
        )
    if found < 0.0 or not isfinite(found):
        raise StartError(f"{where}: {column} is {found:g}; it cannot be negative or endless.")
    return found


def _instead(column: str, said: str) -> str:
    """Say what to write in place of a value that is no number."""
    number = said.strip().strip("%$€£ ").replace(",", ".")
    try:
        meant = float(number) / (100 if said.strip().endswith("%") else 1)
    except ValueError:
        if column == "score":
            return "Write 1 for right, 0 for wrong, or a number between; leave the cell empty if unknown."
        return "Leave the cell empty if unknown."
    return f"Write {meant:.10g} if that is meant."


def _parsed(value: object) -> float | None:
    if value is None:
        return nan
    if isinstance(value, bool | int | float | Decimal):
        return float(value)
    if not isinstance(value, str):
        return None
    short = value.strip().casefold()
    if short in ("", "nan", "null", "none"):
        return nan
    if short in _TRUTH:
        return _TRUTH[short]
    try:
        return float(short)
    except ValueError:
        return None
