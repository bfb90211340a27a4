"""Contradictions are found by claims, without weights, in English and Chinese."""

import asyncio
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.consistency.compare import among, contradictions
from unisono.consistency.comparers import ClaimsComparer, JudgeComparer
from unisono.consistency.final import final_answer, last_number, normal_form

PAIRS = Path(__file__).parents[2] / "lab" / "contradictions"


def labelled(half: str) -> list[tuple[str, str, str, bool]]:
    rows = []
    for line in (PAIRS / f"{half}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            _, language, *answers = (part.strip().replace("\\n", "\n") for part in line.split(" || "))
            rows.append((language, answers[0], answers[1], False))
            rows += [(language, answers[0], other, True) for other in answers[2:]]
    return rows


@pytest.mark.parametrize("half", ["tuned", "unseen"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_precision_and_recall_hold_on_labelled_pairs_in_both_languages(half: str, language: str) -> None:
    rows = [row for row in labelled(half) if row[0] == language]
    found = [(bool(contradictions(a, b)), conflicts) for _, a, b, conflicts in rows]
    n_hit = sum(said and conflicts for said, conflicts in found)
    assert n_hit / sum(said for said, _ in found) >= 0.9
    assert n_hit / sum(conflicts for _, conflicts in found) >= 0.8


def test_the_labelled_set_has_more_than_four_hundred_pairs_half_of_them_consistent() -> None:
    rows = labelled("tuned") + labelled("unseen")
    assert len(rows) >= 400
    assert 0.4 < sum(conflicts for *_, conflicts in rows) / len(rows) < 0.6


def test_answers_of_three_hundred_words_take_less_than_five_milliseconds() -> None:
    facts = [a for language, a, _, _ in labelled("tuned") if language == "en"]
    left, right = " ".join(facts[:80:2]).split()[:300], " ".join(facts[1:81:2]).split()[:300]
    a, b = " ".join(left), " ".join(right)
    times = []
    for _ in range(12):
        began = process_time()
        contradictions(a, b)
        times.append(process_time() - began)
    assert min(times) < 0.005


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_can_be_compared_and_none_contradicts_itself(a: str, b: str) -> None:
    contradictions(a, b)
    assert contradictions(a, a) == ()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([a for _, a, _, _ in labelled("tuned")]), min_size=1, max_size=4))
def test_an_answer_made_of_facts_does_not_contradict_its_own_copy(facts: list[str]) -> None:
    text = " ".join(facts)
    assert contradictions(text, text + " ") == ()


def test_the_working_of_a_calculation_is_no_contradiction() -> None:
    a = "First 16 - 3 - 4 = 9 eggs remain. She sells them for 9 * 2 = 18 dollars. The answer is 18."
    b = "She uses 3 + 4 = 7 eggs. 16 - 7 = 9 eggs are sold at $2, so she makes $18. Answer: 18"
    assert contradictions(a, b) == ()


def test_final_answers_count_only_between_answers_to_one_question() -> None:
    assert [c.kind for c in contradictions("The answer is 18.", "The answer is 17.")] == ["final"]
    assert contradictions("The answer is 18.", "The answer is 17.", finals=False) == ()


def test_a_set_of_answers_says_which_two_disagree() -> None:
    found = among(["The bridge is 120 m long.", "The bridge is 120 metres long.", "The bridge is 210 m long."])
    assert {(d.left, d.right) for d in found} == {(0, 2), (1, 2)}


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (r"so \boxed{\frac{1}{4}}", "1/4"),
        ("#### 1,250", "1250"),
        ('{"reasoning": "…", "answer": "$18.00"}', "18"),
        ("The answer is (B).", "b"),
        ("答案是15。", "15"),
        ("No. It is not.", "no"),
        ("I like trains.", None),
    ],
)
def test_final_answers_have_one_form(text: str, form: str | None) -> None:
    assert final_answer(text) == form


def test_the_last_number_stands_in_where_no_end_is_marked() -> None:
    assert last_number("It takes 3 days, at 40 km a day that makes 120 km") == "120"
    assert normal_form("0.250") == normal_form("1/4")


def test_a_judge_counts_only_with_words_that_stand_in_the_answers() -> None:
    async def ask(prompt: str) -> str:
        return "CONFLICT: long since gone || long since come\nCONFLICT: made up words || never said so"

    a, b = "The guests are long since gone.", "The guests have long since come."
    judged = asyncio.run(JudgeComparer(ask).compare("Where are they?", a, b))
    assert [(c.kind, c.left, c.right) for c in judged] == [("judged", "long since gone", "long since come")]
    assert asyncio.run(ClaimsComparer().compare("", a, a)) == ()


def test_what_no_sentence_is_gives_no_contradiction_however_long_it_repeats_itself() -> None:
    for piece in ("0x", "第", "百分之五", "(1", "3/4 "):
        text = piece * 2_000
        assert all(conflict.kind == "final" for conflict in contradictions(text, f"{text} 7"))


def test_a_row_of_many_numbers_is_no_claim_about_one() -> None:
    row = " ".join(str(n) for n in range(40))
    assert contradictions(f"The readings of the day were {row}.", f"The readings of the day were {row} 99.") == ()
    assert contradictions("The readings were 3 and 4.", "The readings were 3 and 5.") != ()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (
            "The capital of Chile is Santiago, with 6 million people.",
            "The capital of Chile is Lima, with 9 million people.",
        ),
        ("The bridge was designed by Anna Berg in 1930.", "The bridge was designed by Otto Kern in 1921."),
        ("秘鲁的首都是利马，人口900万。", "秘鲁的首都是库斯科，人口40万。"),
    ],
)
def test_another_name_with_another_number_conflicts_where_one_name_is_right(a: str, b: str) -> None:
    assert [conflict.kind for conflict in contradictions(a, b)] == ["name"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("The cup was won by Ajax in 1995.", "The cup was won by Juventus in 1996."),
        ("The director of the school was Ann Lee until 1999.", "The director of the school was Tom Ray until 2005."),
        (
            "The song of the year was written by Ann Lee in 1990.",
            "The song of the year was written by Bob Ray in 1992.",
        ),
        ("1990年的作者是李明，写了3篇。", "1992年的作者是王刚，写了5篇。"),
    ],
)
def test_what_others_did_in_other_years_is_no_conflict(a: str, b: str) -> None:
    assert contradictions(a, b) == ()
