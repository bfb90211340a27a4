"""A user's table: three kinds of file say the same, gaps stay gaps, and a mistake is named with its line."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from unisono.errors import StartError
from unisono.evaluate.tables import read_table

TABLES = Path(__file__).parents[2] / "docs" / "reference" / "tables.md"
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
        ("prompt,model,score\np,m,-0.4\n", "-0.4 of -1 to 1 is 0.3"),
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


def test_a_column_for_each_model_is_the_same_table(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(
        "prompt,Score:small,cost:small,score:large,cost:large,category,note\n"
        "What is 2+2?,1,0.001,true,0.02,sums,a\n"
        '"Say ""hi"",\nplease",0.25,,,,talk,b\n',
        encoding="utf-8",
    )
    found, said = read_table(file), read_table(as_jsonl(tmp_path))
    assert (found.prompts, found.models, found.categories) == (said.prompts, said.models, said.categories)
    assert np.array_equal(found.scores, said.scores, equal_nan=True)
    assert np.array_equal(found.costs_usd, said.costs_usd, equal_nan=True)


def said(*words: str) -> list[dict[str, object]]:
    roles = ("user", "assistant")
    return [{"role": roles[place % 2], "content": text} for place, text in enumerate(words)]


def test_conversations_are_routed_by_what_a_server_reads_of_them_and_stay_apart(tmp_path: Path) -> None:
    talks = [
        said("Draft a contract of sale for a used car between two private persons.", "Shall I go on?", "yes, do it"),
        said("Draft a contract of sale for a used car between two private persons.", "Is that all?", "yes, do it"),
        [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, {"type": "image_url"}]}],
    ]
    rows = [{"messages": talk, "model": model, "score": 1} for talk in talks for model in ("small", "large")]
    listed = tmp_path / "t.jsonl"
    listed.write_text("\n".join(json.dumps(row) for row in rows))
    flat = tmp_path / "t.csv"
    with flat.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["messages", "model", "score"])
        writer.writeheader()
        writer.writerows({**row, "messages": json.dumps(row["messages"])} for row in rows)
    for table in (read_table(listed), read_table(flat)):
        both = "Draft a contract of sale for a used car between two private persons.\nyes, do it"
        assert table.prompts == (both, both, "What is this?")
        assert table.scores.tolist() == [[1.0, 1.0]] * 3


def test_a_prompt_is_read_where_a_table_has_both(tmp_path: Path) -> None:
    file = tmp_path / "t.jsonl"
    file.write_text(json.dumps({"prompt": "Hi", "messages": "whatever", "model": "m", "score": 1}))
    assert read_table(file).prompts == ("Hi",)


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("prompt,cost:a", "Hi,1", r"t.csv, line 2: there is a column cost:a and none score:a"),
        ("prompt,model,score:a", "Hi,a,1", "has a column model, or columns score:NAME for each model, and not both"),
        ("prompt,a,b", "Hi,1,0", "For a table with one column for each model call them score:NAME"),
        ("prompt,a,a|total_cost", "Hi,1,0", "This is RouterBench's form"),
        ("doc_id,filtered_resps,acc", "1,a,1", "samples of lm-evaluation-harness"),
        ("question_id,model_a,model_b,winner", "1,a,b,tie", "battles between two models: who wins depends on"),
        ("messages,model,score", "Hi,a,1", "messages must be a list of objects with role and content"),
        ("messages,model,score", '"[{""role"": ""user"", ""content"": 3}]",a,1', "messages must be a list"),
        ("messages,model,score", '"[{""role"": ""system"", ""content"": ""Hi""}]",a,1', "hold no words of the user"),
    ],
)
def test_a_table_of_another_form_is_told_what_to_do(tmp_path: Path, header: str, row: str, told: str) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"{header}\n{row}\n")
    with pytest.raises(StartError, match=told):
        read_table(file)


def test_the_lines_that_turn_other_makers_tables_do(tmp_path: Path) -> None:
    (tmp_path / "routerbench.csv").write_text(
        "prompt,eval_name,org/a,b,org/a|total_cost,b|total_cost,b|model_response\nHi,greets,1,0.5,0.01,0.02,Hello\n"
    )
    (tmp_path / "battles.jsonl").write_text(
        "\n".join(
            json.dumps({"model_a": "a", "model_b": "b", "winner": winner, "conversation_a": said(f"Hi {n}", "Hello")})
            for n, winner in enumerate(("model_a", "tie (bothbad)"))
        )
    )
    samples = tmp_path / "results" / "org__a" / "samples_gsm8k_2026-11-26T10-00-00.jsonl"
    samples.parent.mkdir(parents=True)
    lines = [
        {"doc_id": 0, "arguments": {"gen_args_0": {"arg_0": "What is 1+1?"}}, "exact_match": 1.0},
        {"doc_id": 1, "arguments": [["Is it so?", " yes"], ["Is it so?", " no"]], "acc": 0.0},
    ]
    samples.write_text("\n".join(map(json.dumps, lines)))
    read = []
    for code in re.findall(r"```python\n(.*?)```", TABLES.read_text(encoding="utf-8"), re.DOTALL):
        subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
        read.append(read_table(tmp_path / "outcomes.csv"))
    routerbench, harness, battles = read
    assert (routerbench.models, routerbench.categories) == (("b", "org/a"), ("greets",))
    assert (routerbench.scores.tolist(), routerbench.costs_usd.tolist()) == ([[0.5, 1.0]], [[0.02, 0.01]])
    assert (harness.prompts, harness.models) == (("What is 1+1?", "Is it so?"), ("org__a",))
    assert (harness.scores.tolist(), set(harness.categories)) == ([[1.0], [0.0]], {"samples_gsm8k"})
    assert (battles.prompts, battles.scores.tolist()) == (("Hi 0", "Hi 1"), [[1.0, 0.0], [0.5, 0.5]])


def said_of(folder: Path, content: str, name: str = "t.csv") -> str:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    with pytest.raises(StartError) as refusal:
        read_table(file)
    return str(refusal.value)


def test_a_row_with_more_cells_than_the_header_is_refused_for_it_would_shift_them(tmp_path: Path) -> None:
    told = said_of(tmp_path, "prompt,model,score,cost\nhi,a,1,0.1\nSay hi,b,1,0.5,a,1,0.1\n")
    assert told.startswith("t.csv, line 3: 7 cells, and the header has 4.")
    assert "quotation marks" in told


def test_empty_cells_at_the_end_of_a_row_are_what_spreadsheets_add(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("prompt,model,score\nhi,a,1,,\nhi,b\n", encoding="utf-8")
    table = read_table(tmp_path / "t.csv")
    assert np.array_equal(table.scores, [[1.0, np.nan]], equal_nan=True)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('prompt,model,score\nhi,a,1\n"never closed,a,1\nhi,b,0\nho,a,1\n', 3),
        ('prompt,model,score\n"two\nlines",a,1\n"say "hi" to me",a,1\nhi,b,0\n', 4),
    ],
)
def test_a_quotation_mark_that_is_not_closed_is_found_where_it_opens(tmp_path: Path, content: str, line: int) -> None:
    assert f"the row that begins in line {line} cannot be read" in said_of(tmp_path, content)


def test_a_mistake_in_a_row_of_several_lines_is_named_by_its_first(tmp_path: Path) -> None:
    assert "line 2: score is 'x'" in said_of(tmp_path, 'prompt,model,score\n"one\ntwo\nthree",a,x\n')


@pytest.mark.parametrize(
    ("header", "twice"),
    [
        ("prompt,model,score,score", "'score', 'score' mean the same, score"),
        ("prompt,model,score,cost,cost_usd", "'cost', 'cost_usd' mean the same, cost"),
        ("prompt,score:a,score:b,Score: a", "'score:a', 'Score: a' mean the same, score:a"),
    ],
)
def test_two_columns_of_one_meaning_are_refused_for_one_would_be_lost(tmp_path: Path, header: str, twice: str) -> None:
    row = ",".join(["hi", "a", "1", "0.1", "0.2"][: header.count(",") + 1])
    assert twice in said_of(tmp_path, f"{header}\n{row}\n")


def test_two_columns_of_one_meaning_are_refused_in_json_too(tmp_path: Path) -> None:
    row = json.dumps({"prompt": "hi", "model": "a", "score": 1, "cost": 1, "cost_usd": 2})
    assert "'cost', 'cost_usd' mean the same" in said_of(tmp_path, row, "t.jsonl")


@pytest.mark.parametrize(
    ("score", "told"),
    [
        ("pass", "Write 1 for right, 0 for wrong"),
        ("85%", "Write 0.85 if that is meant."),
        ('"0,5"', "Write 0.5 if that is meant."),
    ],
)
def test_a_score_that_is_no_number_is_told_what_to_write(tmp_path: Path, score: str, told: str) -> None:
    assert told in said_of(tmp_path, f"prompt,model,score\nhi,a,{score}\n")


def test_a_missing_column_is_told_beside_those_that_are_there(tmp_path: Path) -> None:
    assert "it has question, llm, grade." in said_of(tmp_path, "question,llm,grade\nhi,a,1\n")


def test_decimals_of_databases_are_numbers(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    row = {"prompt": "hi", "model": "a", "score": Decimal("0.5"), "cost": Decimal("0.0012")}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert (table.scores[0, 0], table.costs_usd[0, 0]) == (0.5, 0.0012)
