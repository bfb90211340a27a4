"""Names of models: whatever an operator or a table calls one, it is found again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.predict.names import lookup, normal

PIECES = (
    "a",
    "B",
    "7b",
    "-",
    "_",
    "/",
    " ",
    ":",
    ".",
    "1",
    "2",
    "q4",
    ":latest",
    "-2024-08-06",
    ".gguf",
    "@x",
    "\t",
    "模",
)


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join))
def test_a_normal_name_is_its_own_normal_name(name: str) -> None:
    assert normal(normal(name)) == normal(name)


@pytest.mark.parametrize(
    "name",
    [
        "beta lab / B 2",
        " spaced / out : v1 ",
        "path/that/ends/",
        "deep/er/path name",
        "m_1-2.Q4_K_M.gguf",
        "千问/模型 2",
    ],
)
def test_a_trained_model_is_found_by_the_name_that_it_was_trained_with(name: str) -> None:
    trained = normal(name)  # as a manifest holds it; loading it normalises it once more
    assert lookup((name,), {normal(trained): 0}, {}) == 0


def test_vendor_paths_and_builds_are_left_out() -> None:
    assert normal("Lab / Llama-3-1-8B-Instruct.Q4_K_M.gguf ") == normal("llama-3.1-8b-instruct")


def test_blanks_in_a_name_are_dashes() -> None:
    assert normal("Llama 3.1 8B Instruct") == normal("meta-llama/Llama-3.1-8B-Instruct")
    assert lookup(("gpt-4o-mini",), {normal("GPT-4o mini"): 0}, {}) == 0
