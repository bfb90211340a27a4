"""Familiarity is a tail probability, and trust follows it."""

from __future__ import annotations

import numpy as np
import pytest

from unisono.predict.artifact import default_artifact_path, load
from unisono.predict.design import Design
from unisono.predict.familiar import Familiarity
from unisono.predict.trust import MIDDLES, Trust
from unisono.types import Features
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ENCODER = StaticEncoder()
ABILITY = load(default_artifact_path(), encoder=ENCODER.name).ability
READ = Understanding(ENCODER)

DESIGN = Design(
    surface_mean=np.zeros(2, dtype=np.float32),
    surface_scale=np.ones(2, dtype=np.float32),
    centroids=np.eye(2, dtype=np.float32),
    centre=np.zeros(6, dtype=np.float32),
)
PLANE = Familiarity(
    radius=np.array([0.1, 0.2], dtype=np.float32),
    fact_mean=np.zeros((2, 2), dtype=np.float32),
    fact_variance=np.full((2, 2), 0.95, dtype=np.float32),
    quantiles=np.linspace(0.0, 4.0, 400, dtype=np.float32),
)


def at(x: float, y: float, *facts: float) -> Features:
    embedding = np.array([x, y], dtype=np.float32) / np.float32(np.hypot(x, y))
    surface = np.array(facts or (0.0, 0.0), dtype=np.float32)
    return Features(task="", n_input_tokens=1, n_turns=1, needs=frozenset(), surface=surface, embedding=embedding)


def test_the_distance_counts_in_units_of_the_topics_own_spread() -> None:
    wide = PLANE.distance(np.array([0.6, 0.8], dtype=np.float32), np.zeros(2, dtype=np.float32))
    narrow = PLANE.distance(np.array([0.8, 0.6], dtype=np.float32), np.zeros(2, dtype=np.float32))
    assert wide == pytest.approx(0.2 / 0.2)
    assert narrow == pytest.approx(0.2 / 0.1)


def test_surface_facts_that_the_topic_does_not_have_make_a_prompt_unfamiliar() -> None:
    assert PLANE.of(at(1, 0), DESIGN) > PLANE.of(at(1, 0, 2.0, 0.0), DESIGN) > PLANE.of(at(1, 0, 3.0, 2.0), DESIGN)


def test_familiarity_is_the_share_of_held_out_prompts_farther_out() -> None:
    assert PLANE.of(at(0.8, 0.6), DESIGN) == pytest.approx(0.5, abs=0.01)


def test_without_an_embedding_nothing_is_familiar() -> None:
    bare = Features(task="", n_input_tokens=1, n_turns=1, needs=frozenset(), surface=np.zeros(2, dtype=np.float32))
    assert PLANE.of(bare, DESIGN) == 0.0


def test_questions_of_a_trained_kind_are_familiar_and_noise_is_not() -> None:
    known = [
        "Which of these is a function of the liver?\nA. Gas exchange\nB. Bile production\nC. Vision\nD. Hearing",
        "What is the equation of the line through the points $(0,1)$ and $(2,5)$?",
        "Write a python function to find the largest number in a list.",
    ]
    odd = ["]]]]}}}} 0x00 0x00 ~~~~ <<<<>>>> ||||", "喵喵喵？？？！！！。。。喵", "AAAA\n" * 400]
    familiar, strange = ([ABILITY.demand(READ.text(text)).familiar for text in texts] for texts in (known, odd))
    assert min(familiar) > 0.05
    assert max(strange) < 0.05


def test_trust_goes_between_the_middles_of_its_bins_and_stays_level_beyond() -> None:
    trust = Trust(table=np.array([[float(n), 0.0, 0.0, 0.0] for n in range(len(MIDDLES))]))
    assert trust.at(0.0).skill == 0.0
    assert trust.at(1.0).skill == len(MIDDLES) - 1
    for place, middle in enumerate(MIDDLES):
        assert trust.at(middle).skill == pytest.approx(place)
    assert trust.at((MIDDLES[2] + MIDDLES[3]) / 2).skill == pytest.approx(2.5)


def test_what_is_less_familiar_is_trusted_less_and_doubted_more() -> None:
    table = ABILITY.trust.table
    assert (np.diff(table[:, :2], axis=0) >= 0).all()
    assert (np.diff(table[:, 2:], axis=0) <= 0).all()
    assert (table[:, :2] <= 1).all()
    assert (table[:, 2:] > 0).all()
