"""What is read as the task, and what can never steer."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unisono.types import Message
from unisono.understand.conversation import in_tool_loop, n_turns, task_text
from unisono.understand.surface import LONG_CHARS, NAMES, surface
from unisono.understand.tokens import count_prompt, count_text

HARD = "Prove that every finite integral domain is a field, and say where finiteness is used."


def user(text: str) -> Message:
    return Message(role="user", text=text)


def test_a_short_go_ahead_is_read_as_the_work_that_it_continues() -> None:
    messages = [user(HARD), Message(role="assistant", text="Shall I?"), user("yes, do it")]
    assert task_text(messages).startswith(HARD)


def test_a_new_question_stands_alone() -> None:
    other = "What are the three largest cities of Portugal by population today?"
    assert task_text([user(HARD), user(other)]) == other


@given(st.sampled_from(["system", "assistant", "tool", "developer"]), st.text(max_size=80))
def test_only_the_users_own_words_are_the_task(role: str, text: str) -> None:
    assert task_text([Message(role=role, text=text), user(HARD), Message(role=role, text=text)]) == HARD


def test_a_tools_result_is_a_tool_loop_and_the_task_stays() -> None:
    messages = [user(HARD), Message(role="assistant", text="", n_tool_calls=1), Message(role="tool", text="42")]
    assert in_tool_loop(messages)
    assert task_text(messages) == HARD


def test_what_a_client_says_in_a_turn_of_its_own_is_no_turn_of_the_user() -> None:
    about = user("<environment_context>\n  <cwd>/work</cwd>\n</environment_context>")
    assert n_turns([about, user(HARD)]) == 1
    assert n_turns([user(HARD), Message(role="assistant", text="So."), user(f"{about.text}\nAnd rings?")]) == 2
    assert n_turns([user("")]) == 1  # a picture, say


@given(st.text(max_size=500))
def test_any_text_has_finite_facts(text: str) -> None:
    facts = surface(text)
    assert facts.shape == (len(NAMES),)
    assert facts.dtype == np.float32
    assert bool(np.isfinite(facts).all())


def test_chinese_is_counted_by_the_character_and_english_by_the_quarter() -> None:
    assert 5 <= count_text("今天天气好") <= 7
    assert 3 <= count_text("What a fine day") <= 5


def test_tools_count_into_the_prompt() -> None:
    messages = [{"role": "user", "content": "hi"}]
    tool = {"type": "function", "function": {"name": "f", "description": "word " * 100}}
    assert count_prompt({"messages": messages, "tools": [tool]}) > count_prompt({"messages": messages}) + 100  # type: ignore[dict-item]


@given(st.text(alphabet="ab \t\n\x0b\x0c\r\x1c\x1f\x00.", min_size=1, max_size=30))
def test_words_of_a_long_text_are_counted_as_blanks_part_them(text: str) -> None:
    text *= LONG_CHARS
    assert surface(text)[NAMES.index("log_words")] == np.float32(np.log1p(len(text.split())))
