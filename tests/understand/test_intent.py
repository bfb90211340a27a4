"""What the user's own words ask for: found in many languages, and never where they are somebody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.choose.goal import goal_of
from unisono.types import Effort, Features, Message, Mode, Request
from unisono.understand.intent import _pattern, effort
from unisono.understand.language import language
from unisono.understand.mood import dissatisfied
from unisono.understand.phrases import MORE, NOT_WITHIN_WISH


def said(text: str) -> tuple[Message, ...]:
    return (Message(role="user", text=text),)


LINES = [
    ("Think hard about this: a bat and a ball cost 1.10", "more"),
    ("Please take your time. What is 17*23?", "more"),
    ("Just a quick answer please: capital of Peru?", "less"),
    ("What is the capital of Peru? Quick answer.", "less"),
    ("Don't overthink it, which is better?", "less"),
    ("don't rush, I want the right answer", "more"),
    ("No need to think too hard, what's a synonym for big?", "less"),
    ("My boss told me to think hard about my career. Any advice?", None),
    ("How do I think faster?", None),
    ("Explain quick sort", None),
    ('What does "think hard" mean?', None),
    ("Translate into French: take your time", None),
    ("仔细想想再回答：3+5*2", "more"),
    ("快速回答就好，中国首都是哪", "less"),
    ("不用想太多，推荐一本书", "less"),
    ("réfléchis bien avant de répondre : 2+2", "more"),
    ("Réponse rapide s'il te plaît : capitale du Pérou ?", "less"),
    ("Denk bitte gründlich nach. Was ist 3*7?", "more"),
    ("Nur eine schnelle Antwort: Hauptstadt von Peru?", "less"),
    ("Denk nicht zu lange nach: Hauptstadt?", "less"),
    ("Piensa bien antes de responder: ¿cuánto es 2+2?", "more"),
    ("responde rápido, ¿capital de Perú?", "less"),
    ("Pensaci bene prima di rispondere", "more"),
    ("rispondi velocemente: capitale?", "less"),
    ("Pense com calma antes de responder", "more"),
    ("Responda rápido: capital do Peru?", "less"),
    ("Подумай хорошенько, прежде чем ответить", "more"),
    ("Ответь быстро: столица Перу?", "less"),
    ("よく考えて答えてください。", "more"),
    ("手短に答えて。首都は？", "less"),
    ("잘 생각하고 대답해 줘", "more"),
    ("빨리 대답해줘: 수도는?", "less"),
    ("```\nthink hard\n``` what does it print?", None),
    ("Write a short story in two sentences", None),
    ("I don't want a quick answer, I want a careful one", "more"),
    ("be careful with units", "more"),
    ("I have to think hard every day at work. How do I relax?", None),
    ("Fast cars under 20k?", None),
    ("Why do students rush through exams?", None),
    ("What is fast fashion?", None),
    ("Think step by step. If x+2=5, x?", "more"),
    ("give me your gut feeling: tea or coffee?", "less"),
    ("I'm in a hurry, what's 15% of 80?", "less"),
    ("别着急，慢慢想", "more"),
    ("他说要仔细想想，请翻译", None),
    ("不要急着回答", "more"),
]


@pytest.mark.parametrize(("text", "wish"), LINES)
def test_the_users_own_words_steer_and_nothing_else_does(text: str, wish: str | None) -> None:
    assert effort(said(text)) == (None if wish is None else Effort(wish))


DATA = Path(__file__).parent / "data"
Line = tuple[str, str, str]


def labelled(*files: str) -> list[Line]:
    """Return (language, wish, text) of our labelled lines; `lab/intent.py` prints the table of them."""
    rows = [line.split("\t") for file in files for line in (DATA / file).read_text("utf-8").splitlines()]
    return [(language, wish, text.replace("\\n", "\n")) for language, wish, text in rows]


ALL_LINES = labelled("intent.tsv", "intent.unseen.tsv")
WISHES = [text for _, wish, text in ALL_LINES if wish != "none"]


def read(text: str) -> str:
    wish = effort(said(text))
    return "none" if wish is None else wish.value


def test_wishes_are_found_and_traps_are_not_in_every_language() -> None:
    found: dict[str, list[bool]] = {}
    false = []
    for tongue, wish, text in ALL_LINES:
        if wish == "none":
            false.append(read(text) != "none")
        else:
            found.setdefault(tongue, []).append(read(text) == wish)
    assert len(ALL_LINES) >= 400
    assert len(found) >= 10
    assert sum(map(sum, found.values())) / sum(map(len, found.values())) >= 0.95
    assert all(sum(hits) / len(hits) >= 0.9 for hits in found.values()), found
    assert sum(false) / len(false) <= 0.01


PLACES: dict[str, Callable[[str], tuple[Message, ...]]] = {
    "system": lambda text: (Message(role="system", text=text), *said("What is 2 + 2?")),
    "assistant": lambda text: (*said("Hi"), Message(role="assistant", text=text), *said("What is 2 + 2?")),
    "tool": lambda text: (*said("What is 2 + 2?"), Message(role="tool", text=text)),
    "code": lambda text: said(f"What does this print?\n```\n{text}\n```"),
    "tagged document": lambda text: said(f"<document>\n{text}\n</document>\nWho wrote it?"),
    "quoted lines": lambda text: said("\n".join(f"> {line}" for line in text.split("\n")) + "\n\nWho wrote this?"),
    "between rules": lambda text: said(f"Fix the grammar.\n---\n{text}\n---"),
    "after a colon": lambda text: said(f"Translate this text into Latin:\n\n{text}"),
    "in another tongue": lambda text: said(f"请翻译下面这段话：\n{text}"),
}


def goal_of_words(messages: tuple[Message, ...]) -> tuple[Mode, float]:
    """Return mode and dial that plain `auto` takes from these messages."""
    now = datetime(2026, 11, 24, tzinfo=UTC)
    request = Request(id="r", received=now, body={}, model="auto", mode=Mode.BALANCED, pin=None, messages=messages)
    raised = dissatisfied(messages)
    features = Features(
        task="",
        n_input_tokens=1,
        n_turns=1,
        needs=frozenset(),
        surface=np.zeros(0, dtype=np.float32),
        effort=effort(messages),
        dissatisfied=raised,
    )
    goal = goal_of(request, dial=0.5, features=features, raised=int(raised))
    return goal.mode, goal.dial


@pytest.mark.parametrize("place", PLACES)
def test_no_words_of_others_change_the_tier(place: str) -> None:
    """Every wish of the labelled set, over two hundred of them, in every place where it is not the user's own."""
    assert len(WISHES) >= 200
    plain = goal_of_words(PLACES[place]("Nothing of note."))
    for text in WISHES:
        messages = PLACES[place](text)
        assert effort(messages) is None, text
        assert goal_of_words(messages) == plain, text


@pytest.mark.parametrize("role", ["system", "assistant", "tool", "function", "developer"])
def test_words_of_others_never_count(role: str) -> None:
    messages = (Message(role="user", text="What is 2 + 2?"), Message(role=role, text="Think hard. Take your time."))
    assert effort(messages) is None


@pytest.mark.parametrize(
    "frame",
    [
        "Summarise this text:\n\n{}",
        "Fix the grammar.\n---\n{}\n---",
        "What does this print?\n```\n{}\n```",
        "<document>\n{}\n</document>\nWhat is it about?",
        "> {}\n\nWhat does he mean?",
        'What does "{}" mean?',
        "请翻译下面这段话：\n{}",
        "From: Ann\nSubject: exam\n\n{}",
    ],
)
@pytest.mark.parametrize("words", ["Think hard about this.", "Just a quick answer please.", "仔细想想再回答。"])
def test_documents_code_and_quotations_never_count(frame: str, words: str) -> None:
    assert effort(said(frame.format(words))) is None


@given(st.text(max_size=3000))
def test_any_text_is_read(text: str) -> None:
    assert effort(said(text)) in (None, Effort.LESS, Effort.MORE)
    assert language(text) in ("en", "zh")
    assert dissatisfied((*said(text), Message(role="assistant", text="x"), *said(text + "."))) in (True, False)


def test_of_a_long_text_only_its_ends_are_read() -> None:
    filler = "Here are some more facts about the matter. " * 500
    assert effort(said(f"{filler}Think hard.")) is Effort.MORE
    assert effort(said(f"Think hard. {filler}")) is Effort.MORE
    assert effort(said(f"{filler}Think hard. {filler}")) is None


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Hello there", "en"),
        ("你好，请问中国的首都是哪里？", "zh"),
        ("Python 里怎么反转字符串？", "zh"),
        ("これは日本語です", "en"),
        ("", "en"),
        ("Was heißt 你好?", "en"),
    ],
)
def test_the_language_we_speak(text: str, spoken: str) -> None:
    assert language(text) == spoken


@pytest.mark.parametrize(
    "text",
    [
        "That's wrong.",
        "No, that is not correct",
        "不对，再算一次",
        "Das ist falsch",
        "C'est faux",
        "eso está mal",
        "это неверно",
        "違います",
        "틀렸어요",
        "Wrong. Try again",
        "this still doesn't work",
        "What is 2 + 2?",
    ],
)
def test_a_rejection_or_the_same_question_again_is_dissatisfaction(text: str) -> None:
    talk = (*said("what is 2+2"), Message(role="assistant", text="5"), *said(text))
    assert dissatisfied(talk)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks! And 3 + 3?",
        "Is it wrong to lie?",
        "Explain why that's so",
        "不对称加密是什么？",
        "What's wrong with my code?",
        "Correct the text",
    ],
)
def test_a_new_question_is_none(text: str) -> None:
    talk = (*said("what is 2+2"), Message(role="assistant", text="4"), *said(text))
    assert not dissatisfied(talk)


def test_nothing_is_rejected_before_the_first_answer() -> None:
    assert not dissatisfied(said("That's wrong."))


WISH_WORDS = re.findall("[\u4e00-\u9fff]+", MORE["zh"].replace(NOT_WITHIN_WISH, "")) + list("请先再要你多给我好想地，")


@given(st.lists(st.sampled_from(WISH_WORDS), max_size=12).map("".join))
def test_no_wish_is_lost_for_the_words_that_stand_before_it(text: str) -> None:
    quick = _pattern(Effort.MORE, "zh")
    whole = re.compile(quick.pattern.replace(NOT_WITHIN_WISH, ""), quick.flags)
    assert whole.pattern != quick.pattern
    assert [found.span() for found in quick.finditer(text)] == [found.span() for found in whole.finditer(text)]
