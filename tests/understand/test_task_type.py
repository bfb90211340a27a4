"""Kinds of task: what is told, how surely, and what is told of damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from unisono.errors import ArtifactError
from unisono.understand.embed import NAME, StaticEncoder
from unisono.understand.features import Understanding
from unisono.understand.task_type import ARRAYS, FOLDER, MANIFEST, TaskTypes, load, save

UNDERSTAND = Understanding(StaticEncoder(), task_types=load(NAME))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Find the derivative of x^3 + 2x at x = 5.", "mathematics"),
        ("Write a Python function that reverses a linked list.", "code"),
        ("Which city is the capital of Australia?", "question"),
        ("Translate into French: The train leaves at noon.", "translation"),
        ("Write a short poem about autumn leaves.", "writing"),
    ],
)
def test_plain_examples_of_each_kind_are_told(text: str, name: str) -> None:
    told = UNDERSTAND.read(text)
    reader = load(NAME)
    assert reader is not None
    task = reader.read(*told)
    assert task is not None
    assert task.name == name
    assert 0.25 < task.probability <= 1.0


def test_the_probability_is_the_softmax_of_the_map() -> None:
    reader = TaskTypes(np.eye(2, 3, dtype=np.float32), np.zeros(2, dtype=np.float32), names=("a", "b"))
    told = reader.read(np.array([9.0], dtype=np.float32), np.array([2.0, 0.0], dtype=np.float32))
    assert told is not None
    assert told.name == "a"
    assert told.probability == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_without_an_embedding_or_for_another_encoder_nothing_is_told() -> None:
    reader = load(NAME)
    assert reader is not None
    assert reader.read(np.zeros(20, dtype=np.float32), None) is None
    assert load("somebody-elses-encoder") is None


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    for name in (ARRAYS, MANIFEST):
        shutil.copy(FOLDER / name, tmp_path / name)
    content = (tmp_path / ARRAYS).read_bytes()
    (tmp_path / ARRAYS).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ArtifactError, match="not those of their manifest"):
        load(NAME, tmp_path)
    (tmp_path / ARRAYS).unlink()
    with pytest.raises(ArtifactError, match="cannot be read"):
        load(NAME, tmp_path)


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    arrays = {"mine.weights": np.ones((2, 3), dtype=np.float32), "mine.bias": np.zeros(2, dtype=np.float32)}
    save(tmp_path, arrays=arrays, manifest={"types": ["a", "b"]})
    reader = load("mine", tmp_path)
    assert reader is not None
    told = reader.read(np.ones(1, dtype=np.float32), np.ones(2, dtype=np.float32))
    assert told is not None
    assert told.probability == 0.5
