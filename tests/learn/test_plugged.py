"""A plug-in's predictor keeps its contract, or the router says that it is broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from unisono.errors import ArtifactError
from unisono.learn.plugged import PluggedPredictor, plugged
from unisono.protocols import PredictorPlugin, QualityPredictor
from unisono.record.packed import pack_features, unpack_features
from unisono.types import Features, Model, Quality, Score
from unisono.understand.features import Understanding

POOL = tuple(Model(name=name, upstream="scripted", upstream_model=name) for name in ("small", "big"))
SOME = Quality(mean=0.5, spread=0.1, evidence="a table")


class Says:
    """Expects what it is told to."""

    def __init__(self, *found: object, fails: Exception | None = None) -> None:
        self.found, self.fails, self.learned = found, fails, []

    def predict_one(self, features: Features, models: Sequence[Model]) -> tuple[Quality, ...]:
        return self.found  # type: ignore[return-value]

    def learn_one(self, features: Features, score: Score) -> None:
        if self.fails is not None:
            raise self.fails
        self.learned.append(score.score)


def read(text: str = "What is two plus two?") -> Features:
    return Understanding(None, cache_size=1).text(text)


def scored(score: float) -> Score:
    return Score(model="small", item="q1", kind="sums", prompt="What is two plus two?", score=score)


def held(theirs: QualityPredictor, ours: QualityPredictor | None = None) -> PluggedPredictor:
    return PluggedPredictor("mine", theirs, ours=ours or Says(SOME, SOME))


def test_what_it_expects_is_passed_on_in_plain_numbers() -> None:
    odd = Quality(mean=np.float32(0.25), spread=np.float64(0.1), evidence="a table", apart=np.float32(0.5))
    found = held(Says(odd, SOME)).predict_one(read(), POOL)
    assert found[1] == SOME
    assert [type(part) for part in (found[0].mean, found[0].spread, found[0].apart)] == [float, float, float]


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ((SOME,), "'mine' gave 1 expectations for 2 models"),
        ((SOME, SOME, SOME), "gave 3 expectations for 2 models"),
        ((SOME, Quality(mean=None, spread=0.1, evidence="")), "failed with TypeError"),
        ((SOME, 0.5), "gave a float for big, not a Quality"),
        ((SOME, Quality(mean=nan, spread=0.1, evidence="")), "expects of big"),
        ((Quality(mean=1.01, spread=0.1, evidence=""), SOME), "expects of small"),
        ((Quality(mean=0.5, spread=-0.1, evidence=""), SOME), "expects of small"),
        ((Quality(mean=0.5, spread=inf, evidence=""), SOME), "expects of small"),
        ((Quality(mean=0.5, spread=0.1, evidence="", apart=nan), SOME), "expects of small"),
        ((Quality(mean=0.5, spread=0.1, evidence="", at_large=2.0), SOME), "expects of small"),
    ],
)
def test_what_no_choice_can_be_made_from_is_a_fault(found: tuple[object, ...], told: str) -> None:
    with pytest.raises(ArtifactError, match=told):
        held(Says(*found)).predict_one(read(), POOL)


def test_it_sees_what_the_record_keeps_and_can_change_nothing_of_it() -> None:
    class Looks(Says):
        def predict_one(self, features: Features, models: Sequence[Model]) -> tuple[Quality, ...]:
            shown.append(features)
            features.surface[0] = 9.0
            return super().predict_one(features, models)

    shown: list[Features] = []
    features = read()
    kept = unpack_features(pack_features(features))
    with pytest.raises(ArtifactError, match="the predictor 'mine' failed with ValueError"):
        held(Looks(SOME, SOME)).predict_one(features, POOL)
    assert (shown[0].task, shown[0].task_type) == (kept.task, kept.task_type) == ("", None)
    assert np.array_equal(shown[0].surface, kept.surface)
    assert np.array_equal(features.surface, kept.surface)


def test_a_plain_pin_does_not_depend_on_it() -> None:
    blank = replace(read(), surface=np.zeros(0, np.float32))
    assert held(Says()).predict_one(blank, POOL) == (SOME, SOME)


def test_it_is_given_ours_and_taught_every_score_in_order() -> None:
    ours, theirs = Says(SOME, SOME), Says(SOME, SOME)
    given: list[QualityPredictor] = []

    def make(base: QualityPredictor) -> QualityPredictor:
        given.append(base)
        return theirs

    rows = [(read(), scored(score)) for score in (1.0, 0.0)]
    plugged(PredictorPlugin("mine", make), ours=ours, rows=rows)
    assert given == [ours]
    assert theirs.learned == [1.0, 0.0]


@pytest.mark.parametrize("fails", [KeyError("weights"), MemoryError(), ZeroDivisionError("division by zero")])
def test_its_code_that_fails_before_a_request_is_told_by_name(fails: Exception) -> None:
    def raises(base: QualityPredictor) -> QualityPredictor:
        raise fails

    makes: list[tuple[Callable[[QualityPredictor], QualityPredictor], list[tuple[Features, Score]]]] = [
        (raises, []),
        (lambda base: Says(SOME, SOME, fails=fails), [(read(), scored(1.0))]),
    ]
    for make, rows in makes:
        with pytest.raises(ArtifactError, match=f"predictor 'mine' failed .* {type(fails).__name__}"):
            plugged(PredictorPlugin("mine", make), ours=Says(), rows=rows)
