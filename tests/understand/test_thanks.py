"""Thanks are heard in the user's own words, and not where a but follows or a document speaks."""

from __future__ import annotations

import pytest

from unisono.types import Message
from unisono.understand.mood import thanked


def talk(last: str) -> tuple[Message, ...]:
    return (
        Message(role="user", text="How do I sort a list?"),
        Message(role="assistant", text="With sorted()."),
        Message(role="user", text=last),
    )


@pytest.mark.parametrize(
    "words",
    [
        "Thanks!",
        "thank you so much",
        "Great, thanks. And in reverse?",
        "That worked.",
        "Perfect!",
        "谢谢！",
        "Danke, das hilft.",
        "Merci beaucoup",
        "Gracias",
        "ありがとうございます",
    ],
)
def test_thanks_are_heard(words: str) -> None:
    assert thanked(talk(words))


@pytest.mark.parametrize(
    "words",
    [
        "Thanks, but that is wrong.",
        "No thanks, another way.",
        "Write a thank-you letter to my aunt.",
        "What does 'thank you' mean in Japanese?",
        '"Thanks" is how the letter begins; translate it.',
        "谢谢，但是不对",
        "And in reverse?",
    ],
)
def test_what_is_no_thanks_is_not_heard(words: str) -> None:
    assert not thanked(talk(words))


def test_nobody_is_thanked_before_the_first_answer() -> None:
    assert not thanked((Message(role="user", text="Thanks in advance! How do I sort a list?"),))
