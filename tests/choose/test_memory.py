"""Nearly equal prompts of one caller keep their model, unless another is clearly better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.record.conftest import Values

from unisono.choose.memory import MAX_CALLERS, MAX_PROMPTS, Anchors, anchored
from unisono.types import Choice, Effort, Features, Ranked

VALUES = Values()


def features(*vector: float, **more: object) -> Features:
    given = np.array(vector, dtype=np.float32)
    unlike = {"task": "", "effort": None, **more}  # no words: only the vectors say how near two prompts are
    return replace(VALUES.features(), embedding=given / np.linalg.norm(given), **unlike)  # type: ignore[arg-type]


def choice(**utilities: float) -> Choice:
    first = VALUES.decision().ranking[0]
    ranking = tuple(
        Ranked(model=name, estimate=replace(first.estimate, model=name), utility=u, propensity=0.0, reason="x")
        for name, u in utilities.items()
    )
    return Choice(ranking=ranking, excluded=(), reason="x")


def test_a_nearly_equal_prompt_of_the_same_caller_is_remembered() -> None:
    anchors, ann = Anchors(), VALUES.request(user="ann")
    anchors.note(ann, features(1, 0, 0), "small")
    assert anchors.near(ann, features(1, 0.1, 0)) == "small"
    assert anchors.near(ann, features(1, 1, 0)) is None
    assert anchors.near(VALUES.request(user="ben"), features(1, 0, 0)) is None


def test_the_nearest_counts_and_of_equals_the_first() -> None:
    anchors, ann = Anchors(), VALUES.request(user="ann")
    anchors.note(ann, features(1, 0.2, 0), "big")
    anchors.note(ann, features(1, 0, 0), "small")
    assert anchors.near(ann, features(1, 0.02, 0)) == "small"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("what is the CAPITAL of france", True),
        ("What is the capital, of  France??", True),
        ("What is the capital of Peru?", False),
        ("??", False),
        ("What is the capital of France?" * 20, False),
    ],
)
def test_short_prompts_that_differ_by_case_marks_and_blanks_are_nearly_equal_whatever_their_vectors(
    text: str, same: bool
) -> None:
    anchors, ann = Anchors(), VALUES.request(user="ann")
    anchors.note(ann, features(1, 0, 0, task="What is the capital of France?"), "small")
    assert anchors.near(ann, features(0, 1, 0, task=text)) == ("small" if same else None)


@pytest.mark.parametrize("changed", [{"effort": Effort.MORE}, {"dissatisfied": True}, {"embedding": None}])
def test_another_wish_is_another_matter(changed: dict[str, object]) -> None:
    anchors, ann = Anchors(), VALUES.request(user="ann")
    anchors.note(ann, features(1, 0, 0), "small")
    assert anchors.near(ann, replace(features(1, 0, 0), **changed)) is None  # type: ignore[arg-type]


def test_what_is_remembered_is_bounded() -> None:
    anchors, ann = Anchors(), VALUES.request(user="ann")
    anchors.note(ann, features(1, 0, 0), "small")
    for _ in range(MAX_PROMPTS):
        anchors.note(ann, features(0, 1, 0), "big")
    assert anchors.near(ann, features(1, 0, 0)) is None
    for n in range(MAX_CALLERS):
        anchors.note(VALUES.request(user=f"u{n}"), features(0, 1, 0), "big")
    assert anchors.near(ann, features(0, 1, 0)) is None


@pytest.mark.parametrize(("gain", "first"), [(0.0, "held"), (0.03, "held"), (0.031, "leader"), (0.5, "leader")])
def test_the_anchor_stays_within_the_margin_and_says_so(gain: float, first: str) -> None:
    kept = anchored(choice(leader=gain, held=0.0), anchor="held", margin=0.03, language="en")
    assert kept.ranking[0].model == first
    assert {r.model for r in kept.ranking} == {"leader", "held"}
    assert ("nearly equal" in kept.reason) == (first == "held")


def test_an_anchor_that_may_not_serve_or_leads_changes_nothing() -> None:
    given = choice(leader=0.1, held=0.0)
    for anchor in (None, "leader", "gone"):
        assert anchored(given, anchor=anchor, margin=1.0, language="zh") is given
