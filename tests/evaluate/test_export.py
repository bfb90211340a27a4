"""What goes out as training data: of those who agree now, with where it comes from, better only where said so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.record.conftest import Values

from unisono.evaluate.export import Tally, answers, imitation, preferences, questions
from unisono.evaluate.probe.judged import Judged
from unisono.evaluate.probe.own import own_questions
from unisono.record.store import Store
from unisono.record.texts import MAX_BYTES, text_row
from unisono.types import Json, Said

VALUES = Values()
ASKED: Json = {"messages": [{"role": "user", "content": "What is 2 + 2?"}]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "record.db")) as opened:
        yield opened


def answer(store: Store, n: int, text: str, *, model: str = "small", body: Json = ASKED, **signals: str) -> str:
    """Keep an answer; `correct_unit_test="true"` is a signal about it."""
    decision = VALUES.decision(n)
    store.record_request(VALUES.request(n), None, decision)
    store.record_outcome(VALUES.outcome(n, attempts=(VALUES.attempt(model),)))
    row = text_row(decision.id, body, Said(text=text))
    assert row is not None
    store.record_rows(*row)
    for kind, value in signals.items():
        store.record_signal(decision.id, kind.replace("correct_", "correct:"), value, by="team")
    return decision.id


def out(
    store: Store, kind: str, *, agrees: bool = True, margin: float = 0.5, least: float | None = 0.7
) -> tuple[list[Json], Tally]:
    assert store.flush(timeout_s=10)
    reader, tally = store.reader, Tally()
    found = answers(reader, agrees=lambda key: agrees, tally=tally)
    kinds: dict[str, Iterator[Json]] = {
        "sft": imitation(found, least=least, tally=tally),
        "preference": preferences(found, margin=margin, tally=tally),
        "questions": questions(found, least=least or 0.0, tally=tally),
    }
    try:
        return list(kinds[kind]), tally
    finally:
        reader.close()


def test_only_what_was_judged_well_is_imitated_unless_all_is_wanted(store: Store) -> None:
    good = answer(store, 1, "4", correct_unit_test="true")
    answer(store, 2, "5", correct_unit_test="false")
    answer(store, 3, "maybe")
    lines, tally = out(store, "sft")
    assert [line["provenance"]["decision"] for line in lines] == [good]  # type: ignore[index, call-overload]
    assert lines[0]["messages"] == [*ASKED["messages"], {"role": "assistant", "content": "4"}]  # type: ignore[misc]
    assert dict(tally.left_out) == {"judged to be worth less": 1, "nobody judged it": 1}
    assert len(out(store, "sft", least=None)[0]) == 3


def test_a_score_counts_as_it_was_given_and_not_as_the_model_was_expected_to_do(store: Store) -> None:
    answer(store, 1, "4", score="0.75")
    answer(store, 2, "5", model="big", score="0.3")
    answer(store, 3, "6", model="big", score="0.4")
    lines, tally = out(store, "sft")
    assert [line["messages"][-1]["content"] for line in lines] == ["4"]  # type: ignore[index, call-overload]
    assert tally.left_out["judged to be worth less"] == 2
    assert len(out(store, "preference", margin=0.4)[0]) == 1, "0.75 lies that far from 0.3 alone"


def test_who_does_not_agree_now_is_left_out_whatever_was_kept(store: Store) -> None:
    answer(store, 1, "4", correct_unit_test="true")
    lines, tally = out(store, "sft", agrees=False)
    assert (lines, tally.n_kept) == ([], 1)


def test_a_pair_needs_one_conversation_one_source_and_a_gap(store: Store) -> None:
    right = answer(store, 1, "4", correct_unit_test="true")
    wrong = answer(store, 2, "5", model="big", correct_unit_test="false")
    answer(store, 3, "four", score="0.1")  # another source: not comparable
    answer(store, 4, "6", body={"messages": [{"role": "user", "content": "3 + 3?"}]}, correct_unit_test="true")
    lines, tally = out(store, "preference")
    (line,) = lines
    source = line["provenance"]
    assert isinstance(source, dict)
    assert (source["why"], source["chosen"]["decision"], source["rejected"]["decision"]) == ("measured", right, wrong)  # type: ignore[index, call-overload]
    assert tally.left_out["no second answer to the same conversation"] == 1


def test_a_named_preference_decides_and_a_contradicted_one_does_not(store: Store) -> None:
    answer(store, 1, "4", preferred=json.dumps(["small", "big"]))
    answer(store, 2, "5", model="big")
    (line,) = out(store, "preference")[0]
    assert line["chosen"] == [{"role": "assistant", "content": "4"}]
    store.record_signal(VALUES.id(2), "preferred", json.dumps(["big", "small"]), by="other")
    assert out(store, "preference")[0] == []


def test_equal_answers_are_no_pair(store: Store) -> None:
    answer(store, 1, "4", correct_unit_test="true")
    answer(store, 2, "4", model="big", correct_unit_test="false")
    assert out(store, "preference")[0] == []


@pytest.mark.parametrize(
    "said",
    [
        Said(text=""),
        Said(text="x", finish="length"),
        Said(text="x", refusal="no"),
        Said(text="x", tool_calls=(("f", "{}"),)),
    ],
)
def test_what_no_training_can_use_is_not_kept(said: Said) -> None:
    assert text_row("d", ASKED, said) is None


def test_a_huge_conversation_is_not_kept() -> None:
    body: Json = {"messages": [{"role": "user", "content": "x" * MAX_BYTES}]}
    assert text_row("d", body, Said(text="x")) is None


def test_a_purge_takes_the_words_too(store: Store) -> None:
    answer(store, 1, "4", correct_unit_test="true")
    assert store.flush(timeout_s=10)
    store.purge(older_than=VALUES.decision(99).at)
    assert store.rows("SELECT count(*) FROM texts") == [(0,)]


def test_what_was_asked_becomes_questions_for_a_probe_and_a_measured_answer_their_reference(store: Store) -> None:
    answer(store, 1, "4", correct_unit_test="true")
    answer(store, 2, "four")
    answer(store, 3, "A cat.", body={"messages": [{"role": "user", "content": "Draw a cat."}]}, correct_judge="true")
    image: Json = {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}]}
    answer(store, 4, "A dog.", body=image)
    lines, tally = out(store, "questions")
    assert [line.get("reference") for line in lines] == ["4", None]
    assert tally.left_out == {"the same conversation again": 1, "not of words alone": 1}
    asked = own_questions([json.dumps(line) for line in lines])
    assert [question.prompt for question in asked] == ["What is 2 + 2?", "Draw a cat."]
    assert [question.check for question in asked] == [Judged(reference="4"), Judged()]
