"""A user's table: three kinds of file say the same, gaps stay gaps, and a mistake is named with its line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from unisono.errors import StartError
from unisono.evaluate.tables import read_table

ROWS = [
    {"prompt": "What is 2+2?", "model": "small", "score": 1, "cost": 0.001, "category": "sums"},
    {"prompt": "What is 2+2?", "model": "large", "score": 1, "cost": 0.02, "category": "sums"},
    {"prompt": 'Say "hi",\nplease', "model": "small", "score": 0.25, "cost": None, "category": "talk"},
]


def as_jsonl(folder: Path) -> Path:
    file = folder / "t.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n", encoding="utf-8")
    return file


def as_csv(folder: Path) -> Path:
    file = folder / "t.csv"
    file.write_text(
        "\ufeffPrompt,Model,score,cost_usd,category,note\n"
        "What is 2+2?,small,1,0.001,sums,a\n"
        "What is 2+2?,large,true,0.02,sums,b\n"
        '"Say ""hi"",\nplease",small,0.25,,talk,c\n',
        encoding="utf-8",
    )
    return file


def as_parquet(folder: Path) -> Path:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    file = folder / "t.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), file)
    return file


@pytest.mark.parametrize("write", [as_jsonl, as_csv, as_parquet])
def test_every_kind_of_file_gives_the_same_table(write, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    table = read_table(write(tmp_path))
    assert table.prompts == ("What is 2+2?", 'Say "hi",\nplease')
    assert table.models == ("large", "small")
    assert table.categories == ("sums", "talk")
    assert np.array_equal(table.scores, [[1.0, 1.0], [np.nan, 0.25]], equal_nan=True)
    assert np.array_equal(table.costs_usd, [[0.02, 0.001], [np.nan, np.nan]], equal_nan=True)


def test_several_answers_of_one_model_to_one_prompt_are_averaged(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("prompt,model,score,cost\np,m,1,0.1\np,m,0,0.3\np,m,,0.2\n")
    table = read_table(file)
    assert table.scores.tolist() == [[0.5]]
    assert table.costs_usd[0, 0] == pytest.approx(0.2)


def test_a_field_may_be_longer_than_the_csv_reader_allows_by_default(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"prompt,model,score\n{'x' * 200_000},m,1\n")
    assert len(read_table(file).prompts[0]) == 200_000


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("prompt,model,score\np,m,7\n", "line 2: the score 7 lies outside"),
        ("prompt,model,score,cost\np,m,1,-1\n", "line 2: cost is -1"),
        ("prompt,model,score\np,m,good\n", "line 2: score is 'good'"),
        ("prompt,model,score\n,m,1\n", "line 2: prompt must be text"),
        ("prompt,model,scores\np,m,1\n", "no column 'score'.*call 'scores' so"),
        ("prompt,model,score\n", "has no rows"),
    ],
)
def test_a_mistake_is_named_with_its_line(content: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(content)
    with pytest.raises(StartError, match=said):
        read_table(file)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.jsonl", b'{"prompt": "p"\n', "line 1: not JSON"),
        ("t.jsonl", b"[1]\n", "expected a JSON object"),
        ("t.csv", b"prompt,model,score\n\xff,m,1\n", "UTF-8"),
        ("t.xlsx", b"", "a table ends in"),
        ("t.parquet", b"not parquet", "Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(StartError, match=said):
        read_table(file)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"There is no file .*gone\.csv"):
        read_table(tmp_path / "gone.csv")


def test_a_table_with_other_separators_is_told_which_are_read(tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("prompt;model;score\nWhy?;small;1\n")
    with pytest.raises(StartError, match="by commas"):
        read_table(file)
