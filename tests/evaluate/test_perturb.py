"""Rewordings change how a prompt is written, the same way for the same seed, and lose nothing that it asks for."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.evaluate.perturb import KINDS, Perturb, typos

PROMPT = "A farmer buys 12 large crates for $30 each. How many crates does the farmer have in total? Explain."


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_writes_the_same_and_most_seeds_write_otherwise(kind: str) -> None:
    write = KINDS[kind]
    written = [write(PROMPT, Random(seed)) for seed in range(20)]
    assert written == [write(PROMPT, Random(seed)) for seed in range(20)]
    assert sum(text != PROMPT for text in written) >= 18
    assert len(set(written)) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_survives(kind: str) -> None:
    for seed in range(50):
        assert re.findall(r"\d+", KINDS[kind](PROMPT, Random(seed))) == ["12", "30"]


def test_a_typo_touches_few_words() -> None:
    for seed in range(50):
        words = typos(PROMPT, Random(seed)).split(" ")
        assert sum(a != b for a, b in zip(words, PROMPT.split(" "), strict=True)) <= 2


@given(st.text(max_size=200), st.sampled_from(list(KINDS.values())), st.integers(0, 100))
def test_any_text_is_written(text: str, write: Perturb, seed: int) -> None:
    assert isinstance(write(text, Random(seed)), str)


def test_politeness_speaks_the_language_of_the_prompt() -> None:
    assert all(not re.search("[A-Za-z]", KINDS["politeness"]("法国的首都是哪里？", Random(seed))) for seed in range(20))
