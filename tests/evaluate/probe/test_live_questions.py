"""The lab's live test set is no part of the probe, and its summary adds up."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

LAB = Path(__file__).parents[3] / "lab"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(LAB))
    return importlib.import_module("live")


def test_no_live_question_is_asked_by_any_probe_and_some_kinds_are_new(lab: ModuleType) -> None:
    questions = lab.live_questions()
    prompts = {q.prompt for q in questions}
    assert len(prompts) == len({q.id for q in questions}) == len(questions) >= 400
    live = importlib.import_module("live_questions")
    assert live.overlap(questions, live.probe_prompts()) == set()
    assert len(set(Counter(q.kind for q in questions)) - set(live.PROBE_KINDS)) >= 5


def test_no_live_check_accepts_silence_or_breaks_on_a_hostile_text(lab: ModuleType) -> None:
    for question in lab.live_questions():
        assert question.score("") == question.score("I do not know.") == 0.0
        for text in ("{" * 9000, "```" * 900, "\x00", "((((" * 900):
            assert 0.0 <= question.score(text) <= 1.0


def test_summary_of_a_router_that_always_picks_right_equals_the_oracle(lab: ModuleType) -> None:
    rows = [
        {"kind": kind, "scores": {"a": a, "b": b}, "auto": max(a, b), "chosen": "a" if a >= b else "b"}
        for kind, a, b in [("arithmetic", 1.0, 0.0), ("arithmetic", 1.0, 0.0), ("spam", 0.0, 1.0), ("spam", 1.0, 1.0)]
    ]
    told = lab.summarise(rows, ["a", "b"])
    assert (told["auto"], told["oracle_per_question"], told["oracle_per_kind"]) == (1.0, 1.0, 1.0)
    assert told["single"] == {"a": 0.75, "b": 0.5}
    assert told["better_single"] == "a"
    assert told["auto_minus_better_single"]["mean"] == 0.25
    assert told["auto_minus_better_single_in_probe_kinds"]["mean"] == 0.0
    assert told["by_kind"]["spam"]["share_chosen"] == {"b": 0.5, "a": 0.5}


def test_questions_that_a_model_could_not_answer_are_left_out(lab: ModuleType) -> None:
    rows = [{"kind": "spam", "scores": {"a": None, "b": 1.0}, "auto": 1.0, "chosen": "b"}]
    assert lab.summarise(rows, ["a", "b"]) == {"n": 0, "n_left_out": 1}
