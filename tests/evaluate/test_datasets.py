"""Outcome tables: what is missing stays missing, and absent files say how to get them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unisono.errors import StartError
from unisono.evaluate.datasets import load_outcomes


def write(folder: Path) -> None:
    pd = pytest.importorskip("pandas")
    pd.DataFrame({"prompt_id": [2, 1], "prompt": ["b", "a"], "dataset": "s", "category": ["y", "x"]}).to_parquet(
        folder / "s.train.prompts.parquet"
    )
    pd.DataFrame(
        {
            "prompt_id": [1, 2, 1],
            "model": ["m", "m", "k"],
            "score": [1.0, 0.0, 0.5],
            "input_tokens": [10, 20, 10],
            "output_tokens": [1, 2, 3],
            "cost_usd": [0.1, 0.2, 0.3],
        }
    ).to_parquet(folder / "s.train.outcomes.parquet")


def test_rows_follow_the_prompts_and_gaps_are_nan(tmp_path: Path) -> None:
    write(tmp_path)
    table = load_outcomes(tmp_path, "s", part="train")
    assert table.prompts == ("b", "a")
    assert table.models == ("k", "m")
    assert np.array_equal(table.scores, [[np.nan, 0.0], [0.5, 1.0]], equal_nan=True)
    assert table.complete().prompts == ("a",)
    assert table.only(("m",)).scores[:, 0].tolist() == [0.0, 1.0]
    assert set(table.hashes) == {"s.train.prompts.parquet", "s.train.outcomes.parquet"}


def test_an_absent_table_says_how_to_get_it(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    with pytest.raises(StartError, match="--data"):
        load_outcomes(tmp_path, "s", part="test")
