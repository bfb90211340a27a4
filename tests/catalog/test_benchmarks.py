"""The package's table of public benchmark figures is whole, and each figure says where it comes from."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from unisono.catalog.benchmarks import BENCHMARKS, FIGURES, SOURCES, public_figures
from unisono.catalog.lengths import BOARDS, EFFORTS, LENGTHS, THINKING
from unisono.predict.names import normal


def rows(path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from list(csv.reader(file))[1:]


def test_every_figure_is_one_of_a_known_benchmark_and_lies_on_its_scale() -> None:
    wrong = [
        row
        for row in rows(FIGURES)
        if row[1] not in BENCHMARKS or not BENCHMARKS[row[1]].low <= float(row[2]) <= BENCHMARKS[row[1]].high
    ]
    assert not wrong


def test_every_figure_has_a_source_that_is_listed_with_where_to_find_it() -> None:
    listed = {source: (title, where) for source, title, where, _ in rows(SOURCES)}
    used = {row[3] for row in rows(FIGURES)} | {row[4] for row in rows(LENGTHS)}
    assert used == set(listed)
    assert all(title and where for title, where in listed.values())


def test_no_source_gives_two_figures_of_one_model_on_one_benchmark() -> None:
    keys = [(row[0], row[1], row[3]) for row in rows(FIGURES)]
    assert len(keys) == len(set(keys))


def test_names_are_written_as_models_are_looked_up_and_other_names_lead_to_models() -> None:
    public = public_figures()
    assert [name for name in (*public.figures, *public.aliases) if name != normal(name)] == []
    assert set(public.aliases.values()) <= set(public.figures)
    assert not set(public.aliases) & set(public.figures)


@pytest.mark.parametrize("model", ["gpt-4o-2024-08-06", "llama-3.1-8b-instruct", "qwen3-8b", "gemini-2.5-pro"])
def test_models_that_people_run_are_there_with_several_figures(model: str) -> None:
    assert len(public_figures().figures[model]) >= 5


def test_every_published_length_is_of_a_known_board_and_effort_and_is_given_once() -> None:
    lengths = list(rows(LENGTHS))
    assert [row for row in lengths if row[1] not in EFFORTS or row[2] not in BOARDS or float(row[3]) <= 0.0] == []
    assert {row[2] for row in lengths} == set(BOARDS)
    keys = [(row[0], row[1], row[2], row[4]) for row in lengths]
    assert len(keys) == len(set(keys))
    assert [row for row in lengths if row[0] != normal(row[0])] == []


def test_whoever_has_a_length_with_thoughts_is_known_to_think() -> None:
    thinks = list(rows(THINKING))
    names = {row[0] for row in thinks}
    assert len(names) == len(thinks)
    assert [
        row for row in thinks if not {row[1], row[2]} <= {*EFFORTS} or row[2] == "none" or row[3] not in ("yes", "no")
    ] == []
    assert [row for row in thinks if row[0] != normal(row[0])] == []
    assert {row[0] for row in rows(LENGTHS) if row[1] != "none"} - names == set()
