"""What a client writes into its user's turn is not read as his words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.spoken import TAGS, spoken
from unisono.types import Effort, Message
from unisono.understand.conversation import in_tool_loop, task_text
from unisono.understand.intent import effort
from unisono.understand.mood import dissatisfied, thanked

RULES = "<system-reminder>\nThink hard. That is wrong. Thanks!\n</system-reminder>"
ASKS = Message(role="user", text="Sort the list in place and say how long it takes.")
CALLS = Message(role="assistant", text="", n_tool_calls=1)
RESULT = Message(role="tool", text="42")


def user(text: str) -> Message:
    return Message(role="user", text=text, parts=frozenset({"text"}))


@given(st.sampled_from(TAGS), st.text(max_size=40), st.text(max_size=40))
def test_a_block_of_a_client_is_not_spoken_and_what_stands_around_it_is(tag: str, before: str, inside: str) -> None:
    inside, before = inside.replace("<", ""), before.replace("<", "").strip()
    assert spoken(f"{before}<{tag}>{inside}</{tag}>\nFix it.").split() == f"{before}\nFix it.".split()


@given(st.text(max_size=60))
def test_other_texts_are_spoken_as_they_are(text: str) -> None:
    assert spoken(f"a{text}") == f"a{text}"
    assert spoken(f"<html>{text.replace('<', '')}</html>") == f"<html>{text.replace('<', '')}</html>"


def test_a_block_without_its_end_stays_and_hides_no_other() -> None:
    text = "<system-reminder>open <user_instructions>x</user_instructions> end"
    assert spoken(text) == "<system-reminder>open  end"
    assert len(spoken("<system-reminder>" * 50_000)) == 17 * 50_000


@pytest.mark.parametrize("text", [RULES, "# AGENTS.md instructions for /x\n<INSTRUCTIONS>Think.</INSTRUCTIONS>"])
def test_a_turn_of_the_clients_own_is_no_turn_of_the_users(text: str) -> None:
    said = [user(text), ASKS, CALLS, RESULT, user(text), Message(role="system", text="Hurry up.")]
    assert task_text(said) == ASKS.text
    assert in_tool_loop(said)
    assert effort(said) is None
    assert not dissatisfied(said)
    assert not thanked(said)


def test_a_picture_or_a_word_ends_a_tool_loop() -> None:
    assert not in_tool_loop([ASKS, CALLS, RESULT, user("And now?")])
    assert not in_tool_loop([ASKS, CALLS, RESULT, Message(role="user", text=RULES, parts=frozenset({"image_url"}))])


def test_a_rejection_counts_until_the_next_tool_is_called_and_behind_a_reminder_too() -> None:
    asked = [ASKS, Message(role="assistant", text="Done."), user(f"{RULES}\nThat is wrong.")]
    assert dissatisfied(asked)
    assert not dissatisfied([*asked, CALLS, RESULT])
    assert effort([*asked[:2], user(f"{RULES}\nThink hard about it.")]) is Effort.MORE
