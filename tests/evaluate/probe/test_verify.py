"""The verifiers: right answers in their usual wrappings pass, wrong ones do not, and no text breaks them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unisono.evaluate.probe.questions import Question, probe_questions
from unisono.evaluate.probe.verify import (
    Check,
    ExactText,
    FunctionIs,
    GapIs,
    InOrder,
    ItemsFrom,
    JsonHas,
    NumberIs,
    OneWord,
    OptionIs,
    TextIs,
    yes_no,
)

QUESTIONS = probe_questions(seed=1, n_per_kind=8)
WRAPPINGS = (
    "{}",
    " {}.",
    "**{}**",
    "`{}`",
    "The answer is {}.",
    "The answer is: **{}**",
    "Answer: {}",
    "Sure! The answer is {}.",
    "```\n{}\n```",
)
PREFERRED = OptionIs(right="positive", options=(("positive",), ("negative",)))
CAPITAL = TextIs(accepted=("Paris",), rivals=("Rome", "Lima"))
GAP = GapIs(right="does", wrong="do", sentence="He ___ his homework.")
DOUBLE = FunctionIs(name="double", parameters=("x",), accepted=("x * 2", "2 * x"))


HOSTILE = ("{" * 9000, "[" * 9000, "def double(x):\n" * 900, "((((" * 900, "9" * 4000, "```" * 900)
SOUP = ("the", "answer", "is", "=", "one", "1.", "```", "{", "def", "42", "yes", "no", "\n")


@given(wrapping=st.sampled_from(WRAPPINGS), value=st.integers(-9999, 99999))
def test_a_number_passes_in_usual_wrappings_and_another_does_not(wrapping: str, value: int) -> None:
    check = NumberIs(value=value)
    assert check(wrapping.format(value)) == 1.0
    assert check(wrapping.format(value + 1)) == 0.0


@given(wrapping=st.sampled_from(WRAPPINGS), right=st.sampled_from(("positive", "Positive", "POSITIVE")))
def test_an_option_passes_in_usual_wrappings_and_the_other_does_not(wrapping: str, right: str) -> None:
    assert PREFERRED(wrapping.format(right)) == 1.0
    assert PREFERRED(wrapping.format("negative")) == 0.0


@given(wrapping=st.sampled_from(WRAPPINGS))
def test_a_name_passes_in_usual_wrappings_and_a_rival_does_not(wrapping: str) -> None:
    assert CAPITAL(wrapping.format("Paris")) == 1.0
    assert CAPITAL(wrapping.format("Rome")) == 0.0


@given(text=st.text(max_size=300), question=st.sampled_from(QUESTIONS))
@example(text="{" * 5000, question=QUESTIONS[24])
@example(text="def double(x): return " + "(" * 3000, question=QUESTIONS[-9])
@example(text="\x00", question=QUESTIONS[-9])
def test_no_text_breaks_a_check(text: str, question: Question) -> None:
    assert 0.0 <= question.score(text) <= 1.0


@pytest.mark.parametrize(
    "text", ["{" * 9000, "[" * 9000, "def double(x):\n" * 900, "((((" * 900, "9" * 4000, "```" * 900]
)
def test_no_hostile_text_breaks_any_check(text: str) -> None:
    for question in QUESTIONS:
        assert 0.0 <= question.score(text) <= 1.0


@given(words=st.lists(st.sampled_from(SOUP)))
def test_no_soup_of_answer_words_breaks_a_check(words: list[str]) -> None:
    for question in QUESTIONS[::4]:
        assert 0.0 <= question.score(" ".join(words)) <= 1.0


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.id)
def test_an_empty_answer_and_an_admission_of_ignorance_score_nothing(question: Question) -> None:
    assert question.score("") == 0.0
    assert question.score("I do not know.") == 0.0


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (GAP, "does"),
        (GAP, "He does his homework."),
        (GAP, "The right form is 'does'."),
        (NumberIs(value=42, given=(17, 25)), "17 + 25 = 42"),
        (NumberIs(value=42, given=(17, 25)), "The sum of 17 and 25 is 42."),
        (NumberIs(value=42, given=(17, 25)), "42, because 17 plus 25 makes 42"),
        (NumberIs(value=1234), "$1,234.00"),
        (NumberIs(value=3), "There are three of them."),
        (NumberIs(value=76), "1. 8 * 3 = 24\n2. 100 - 24 = 76"),
        (PREFERRED, "The sentiment is not negative but positive."),
        (PREFERRED, "Positive: the writer is happy."),
        (CAPITAL, "It is paris, of course"),
        (TextIs(accepted=("école",)), "ecole"),
        (TextIs(accepted=("水",), rivals=("火",)), "水 (shuǐ)"),
        (yes_no("yes"), "Yes, there is no doubt about it."),
        (yes_no("no"), "No. That is not true."),
        (OneWord(accepted=("yellow",)), "Yellow."),
        (ExactText(wanted="MY RED DOOR"), 'Sure: "MY RED DOOR"'),
        (ExactText(wanted="Au"), "The chemical symbol for gold is **Au**."),
        (ItemsFrom(n=2, known=("cat", "dog", "cow")), "1. Cats\n2. Dogs"),
        (ItemsFrom(n=3, known=("cat", "dog", "cow")), "cat, dog, and cow."),
        (InOrder(items=("3", "5", "11")), "3, 5, 11"),
        (InOrder(items=("3", "5", "11")), "11, 5, 3 in ascending order is: 3 5 11"),
        (JsonHas(values={"name": "Ann", "age": 30}), '```json\n{"name": "Ann", "age": "30"}\n```'),
        (JsonHas(values={"name": "Ann", "age": 30}), 'Here it is: {"age": 30, "name": "ann"} Enjoy!'),
        (DOUBLE, "```python\ndef double(y):\n    return y * 2\n```"),
        (DOUBLE, "def double(x: int) -> int: return 2 * x\n\nThis doubles x."),
        (DOUBLE, "double = lambda n: 2 * n"),
        (DOUBLE, 'def double(x):\n    """Twice x."""\n    return (x * 2)\n```\n\nIt multiplies.'),
    ],
)
def test_chatty_right_answers_pass(check: Check, text: str) -> None:
    assert check(text) == 1.0


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (GAP, "do"),
        (GAP, "He do his homework."),
        (GAP, "It is 'do' or 'does'."),
        (NumberIs(value=42, given=(17, 25)), "17 + 25 = 43"),
        (NumberIs(value=3), "There are four of them."),
        (NumberIs(value=4), "The answer is 14."),
        (PREFERRED, "It could be positive or negative."),
        (PREFERRED, "not positive"),
        (CAPITAL, "Paris or Rome"),
        (CAPITAL, "It is not Paris."),
        (CAPITAL, "Parisian"),
        (yes_no("yes"), "Yes and no."),
        (yes_no("yes"), "No, but yes, maybe."),
        (OneWord(accepted=("yellow",)), "It is yellow."),
        (ExactText(wanted="MY RED DOOR"), "My red door"),
        (ExactText(wanted="Au"), "Aurum"),
        (ItemsFrom(n=2, known=("cat", "dog", "cow")), "cat, dog, cow"),
        (ItemsFrom(n=2, known=("cat", "dog", "cow")), "cat, cats"),
        (ItemsFrom(n=2, known=("cat", "dog", "cow")), "cat, table"),
        (InOrder(items=("3", "5", "11")), "11, 5, 3"),
        (InOrder(items=("3", "5", "11")), "3, 5"),
        (JsonHas(values={"name": "Ann", "age": 30}), '{"name": "Ann"}'),
        (JsonHas(values={"name": "Ann", "age": 30}), '{"name": "Ann", "age": 31}'),
        (JsonHas(values={"name": "Ann", "age": 30}), "name: Ann, age: 30"),
        (DOUBLE, "def double(x):\n    return x + 2"),
        (DOUBLE, "def twice(x):\n    return x * 2"),
        (DOUBLE, "def double(x, y):\n    return x * 2"),
    ],
)
def test_wrong_or_undecided_answers_are_refused(check: Check, text: str) -> None:
    assert check(text) == 0.0


def test_the_probe_itself_has_no_question_that_its_own_prompt_answers() -> None:
    answered = [q.id for q in probe_questions() if q.score(q.prompt) == 1.0]
    assert len(answered) <= 2, answered
