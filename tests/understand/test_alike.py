"""What a request is like: measured against ordinary prompts, so that a share of these says how near is near."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.config.values import EncoderConfig
from unisono.errors import ArtifactError
from unisono.types import Features, HouseRule, Mode, Request, Vector
from unisono.understand.alike import FILE, Alike, Ordinary, Tail, ordinary_of
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding
from unisono.understand.house import HouseRules, Met
from unisono.understand.reading import Reading

REQUEST = Request(
    id="r",
    received=datetime(2026, 11, 26, tzinfo=UTC),
    body={},
    model="auto",
    mode=Mode.BALANCED,
    pin=None,
    messages=(),
)
REFUNDS = ("I want my money back", "How do I get a refund?", "You charged my card twice", "Please reverse the payment")
ASKED = "Can you refund what I paid for the broken kettle?"
ELSEWHERE = "Name three rivers that flow through Poland."


@cache
def understanding() -> Understanding:
    return Understanding(StaticEncoder())


@cache
def ordinary() -> Ordinary:
    return ordinary_of("static", understanding().vectors)


def rule(name: str = "refunds", like: Sequence[str] = REFUNDS, **more: Any) -> HouseRule:
    return HouseRule(name=name, models=("m",), like=tuple(like), **more)


def rules(*some: HouseRule) -> HouseRules:
    return HouseRules(some, Alike(some, encode=understanding().vectors, ordinary=ordinary()))


def features(text: str) -> Features:
    return understanding().text(text)


def met(text: str, *some: HouseRule) -> Met | None:
    return rules(*some).first(REQUEST, features(text))


@given(st.floats(-0.5, 0.5), st.floats(0.01, 0.2), st.sampled_from((0.1, 0.02, 0.01, 0.001)))
def test_where_closeness_falls_off_exponentially_a_share_of_ordinary_prompts_is_that_share(
    bulk: float, scale: float, share: float
) -> None:
    """In closed form: of an exponential tail beyond its fifth, ln(.2 / share) scales out lies `share`."""
    shares = (np.arange(5000) + 0.5) / 5000
    tail = Tail.of((bulk + scale * np.log(0.2 / shares)).astype(np.float32))
    assert tail.beyond(share) == pytest.approx(
        bulk + scale * log(0.2 / share), abs=0.02 * scale * log(0.2 / share) + 0.002
    )
    assert tail.share(tail.beyond(share)) == pytest.approx(share)


def test_a_few_ordinary_prompts_of_the_same_kind_make_its_rule_hardly_stricter() -> None:
    """A quantile of one in a hundred would be among them: here 0.9."""
    others = np.random.default_rng(0).exponential(0.05, 1000)
    own = np.full(20, 0.9)
    before, after = Tail.of(others), Tail.of(np.concatenate((others, own)))
    assert after.beyond(0.01) - before.beyond(0.01) < 0.05
    assert np.quantile(np.concatenate((others, own)), 0.99) == pytest.approx(0.9)


def test_an_encoder_that_sees_no_difference_finds_nothing_rare_in_the_usual() -> None:
    tail = Tail.of(np.zeros(100))
    assert tail.share(0.0) == pytest.approx(0.2)
    assert tail.share(1.0) == pytest.approx(0.0)


def test_a_request_like_the_examples_meets_the_rule_with_its_nearest_example_and_how_near() -> None:
    found = met(ASKED, rule())
    assert found is not None
    assert found.likeness is not None
    assert REFUNDS[found.likeness.example] == "How do I get a refund?"
    assert 0.0 < found.likeness.chance < 0.01
    assert met(ELSEWHERE, rule()) is None


@pytest.mark.parametrize("text", REFUNDS)
def test_every_example_meets_its_own_rule_in_whatever_capitals(text: str) -> None:
    assert met(text, rule()) is not None
    assert met(text.upper(), rule()) is not None


def test_no_more_ordinary_prompts_are_taken_than_about_the_share_that_may() -> None:
    for share in (0.05, 0.01):
        like = Alike([rule(false_alarms=share)], encode=understanding().vectors, ordinary=ordinary())
        for spoken, vectors in ordinary().vectors.items():
            taken = np.mean([like.meets("refunds", like.compare(vector, spoken)) for vector in vectors])
            assert taken <= 2.5 * share
            assert spoken == "zh" or taken >= share / 4, "no Chinese comes near these"


def test_less_false_alarms_means_a_stricter_rule() -> None:
    texts = FILE.read_text(encoding="utf-8").splitlines()[::7]
    loose, strict = (rules(rule(false_alarms=share)) for share in (0.2, 0.001))
    n_loose, n_strict = (sum(r.first(REQUEST, features(text)) is not None for text in texts) for r in (loose, strict))
    assert n_loose > n_strict


def test_a_sentence_under_unlike_never_counts_and_takes_what_is_nearer_to_it_along() -> None:
    cancel = "Cancel my order and refund me"
    assert met(cancel, rule()) is not None
    parted = rule(unlike=("Cancel my order and refund me",))
    assert met(cancel, parted) is None
    assert met("Please cancel my order, and refund me", parted) is None
    assert met(ASKED, parted) is not None


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_a_text_without_words_is_like_nothing(text: str) -> None:
    assert met(text, rule(false_alarms=0.2)) is None


def test_what_was_not_encoded_is_like_nothing_and_other_rules_still_count() -> None:
    late = replace(features(ASKED), embedding=None)
    some = (rule(), HouseRule(name="rest", models=("m",)))
    assert rules(*some).first(REQUEST, late) == Met("rest")
    assert HouseRules(some).first(REQUEST, features(ASKED)) == Met("rest"), "no examples were read"


def test_all_other_conditions_of_the_rule_must_hold_as_well() -> None:
    assert met(ASKED, rule(words=("kettle",))) is not None
    assert met(ASKED, rule(words=("shoes",))) is None
    assert met(ASKED, rule(keys=("other",))) is None


def test_the_first_rule_that_holds_counts_though_a_later_one_is_nearer() -> None:
    wide = rule("wide", ("Can you help me with something I bought?",), false_alarms=0.2)
    found = met(ASKED, wide, rule())
    assert found is not None
    assert found.rule == "wide"
    found = met(ASKED, rule("rivers", ("Which rivers are there in Poland?",)), rule())
    assert found is not None
    assert found.rule == "refunds"


def test_who_tries_rules_sees_each_ones_misses_and_how_near_it_came() -> None:
    parted = rule("parted", unlike=(ASKED,))
    near, far, other = rules(rule(), parted, rule("kettles", words=("shoes",))).each(REQUEST, features(ASKED))
    assert (near.misses, near.nearer) == ((), None)
    assert (far.misses, far.nearer) == (("like",), 0)
    assert far.likeness == near.likeness
    assert other.misses == ("words",)
    assert other.likeness == near.likeness


def test_ordinary_prompts_are_many_different_ones_in_several_languages() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    assert len(set(lines)) == len(lines) > 600
    assert sum(any("\u4e00" <= c <= "\u9fff" for c in line) for line in lines) > 100
    assert all(line.strip() for line in lines)


class Broken:
    name = "broken"
    dim = 4

    def encode(self, texts: Sequence[str]) -> Vector:
        raise ArtifactError("it cannot be reached")


def test_examples_that_cannot_be_encoded_are_a_fault_that_is_told_and_not_a_crash() -> None:
    reading = Reading(Broken(), EncoderConfig(), freshness=None, rules=[rule()])
    assert reading.fault is not None
    assert "it cannot be reached" in reading.fault
    assert Reading(Broken(), EncoderConfig(), freshness=None, rules=[]).fault is None, (
        "without examples nothing is read"
    )


class Counting(StaticEncoder):
    n = 0

    def encode(self, texts: Sequence[str]) -> Vector:
        self.n += len(texts)
        return super().encode(texts)


def test_ordinary_prompts_are_encoded_once_for_an_encoder_and_never_without_examples() -> None:
    encoder = Counting()
    plain = Reading(encoder, EncoderConfig(), freshness=None, rules=[HouseRule(name="all", models=("m",))])
    assert (encoder.n, plain.ordinary) == (0, None)
    first = Reading(encoder, EncoderConfig(), freshness=None, rules=[rule()])
    n_all = encoder.n
    Reading(encoder, EncoderConfig(), freshness=None, rules=[rule()], known=first.ordinary)
    assert encoder.n - n_all == len(REFUNDS)
