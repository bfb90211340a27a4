"""A user's own questions: what a line may say, how its answer is scored, and what a mistake is told."""

from __future__ import annotations

import json

import pytest

from unisono.errors import StartError
from unisono.evaluate.probe.judged import Judged
from unisono.evaluate.probe.own import own_questions
from unisono.evaluate.probe.questions import Question


def one(**line: object) -> Question:
    (question,) = own_questions([json.dumps(line)])
    return question


@pytest.mark.parametrize(
    ("line", "right", "wrong"),
    [
        ({"answer": 4}, "2 + 2 = 4", "It is 5."),
        ({"answer": "30 days"}, "Our notice period is **30 days**.", "Two weeks."),
        ({"answer": ["Lisbon", "Lisboa"]}, "Lisboa", "not Lisbon"),
        ({"contains": ["def", "return"]}, "def f(): return 1", "def f(): pass"),
        ({"contains": "東京"}, "首都は東京です", "京都"),
        ({"matches": r"\bCVE-\d{4}-\d+\b"}, "see CVE-2024-3094", "see the advisory"),
        ({"json": {"city": "Paris", "days": 3}}, '{"city": "Paris", "days": 3}', '{"city": "Paris"}'),
    ],
)
def test_what_a_right_answer_is_can_be_said_in_four_ways(line: dict[str, object], right: str, wrong: str) -> None:
    question = one(prompt="q", **line)
    assert (question.score(right), question.score(wrong)) == (1.0, 0.0)


def test_a_reference_a_rubric_and_neither_need_a_judge() -> None:
    checks = [one(prompt="q", reference="r").check, one(prompt="q", rubric="polite").check, one(prompt="q").check]
    assert checks == [Judged(reference="r"), Judged(rubric="polite"), Judged()]
    with pytest.raises(TypeError):
        one(prompt="q").score("x")


def test_the_same_words_have_the_same_id_and_other_turns_before_them_another() -> None:
    turns = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "q"}]
    alone, again, after = one(prompt="q"), one(prompt="q", rubric="x"), one(messages=turns)
    assert alone.id == again.id != after.id
    assert (after.prompt, after.before) == ("q", ({"role": "system", "content": "Be short."},))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"answer": 4}', "give `prompt`"),
        ('{"prompt": "q", "messages": []}', "give `prompt`"),
        ('{"messages": [{"role": "assistant", "content": "x"}]}', "not the user's"),
        ('{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "words only"),
        ('{"prompt": " "}', "`prompt` must be words"),
        ('{"prompt": "q", "anser": 4}', "no key 'anser'"),
        ('{"prompt": "q", "answer": 4, "rubric": "x"}', "one of answer and rubric"),
        ('{"prompt": "q", "answer": true}', "`answer` is"),
        ('{"prompt": "q", "matches": "("}', "no regular expression"),
        ('{"prompt": "q", "json": {"a": [1]}}', "values of `json`"),
        ('{"prompt": "q", "max_tokens": 0}', "`max_tokens`"),
    ],
)
def test_a_line_that_is_no_question_is_named_with_its_number(line: str, said: str) -> None:
    with pytest.raises(StartError, match="Line 2") as found:
        own_questions(['{"prompt": "fine", "answer": 1}', line])
    assert said in str(found.value)


def test_a_question_twice_and_no_question_at_all_are_refused() -> None:
    with pytest.raises(StartError, match=r"Line 3 .* repeats"):
        own_questions(['{"prompt": "q"}', "", '{"prompt": "q", "answer": 1}'])
    with pytest.raises(StartError, match="no question"):
        own_questions(["", "  "])
