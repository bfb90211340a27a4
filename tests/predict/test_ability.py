"""Item response: closed forms of the update, priors of unknown models, names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.predict.ability import Belief, Demand, expected, logits, moderated, updated
from unisono.predict.artifact import Artifact, default_artifact_path, load
from unisono.predict.names import lookup, normal, size_b
from unisono.types import Features, Model, Prices, Role
from unisono.understand.embed import NAME
from unisono.understand.surface import surface

ARTIFACT: Artifact = load(default_artifact_path(), encoder=NAME)
FLAT = Belief(mean=np.zeros(1), covariance=np.array([[1e6]]), n_outcomes=0, ground="")


def prompt(text: str = "What is the capital of France?") -> Features:
    return Features(task=text, n_input_tokens=8, n_turns=1, needs=frozenset(), surface=surface(text))


def unknown(name: str, *, quality: float | None = None, role: Role = Role.FAST, price: float | None = None) -> Model:
    prices = None if price is None else Prices(usd_per_mtok_in=price, usd_per_mtok_out=price)
    return Model(name=name, upstream="openai", upstream_model=name, quality=quality, role=role, prices=prices)


def guess(model: Model) -> tuple[float, float]:
    return expected(ARTIFACT.ability.prior(model), ARTIFACT.ability.demand(prompt()))[:2]


def test_a_flat_prior_finds_the_logit_of_the_share_of_right_answers() -> None:
    found = updated(FLAT, np.ones((40, 1)), np.zeros(40), np.array([1.0] * 30 + [0.0] * 10))
    assert found.mean[0] == pytest.approx(np.log(3.0), abs=1e-3)
    assert found.covariance[0, 0] == pytest.approx(1 / (40 * 0.75 * 0.25), rel=1e-3)


def test_difficulty_shifts_the_logit() -> None:
    found = updated(FLAT, np.ones((40, 1)), np.full(40, 2.0), np.array([1.0] * 30 + [0.0] * 10))
    assert found.mean[0] == pytest.approx(2.0 + np.log(3.0), abs=1e-3)


def test_graded_scores_count_as_shares() -> None:
    graded = updated(FLAT, np.ones((8, 1)), np.zeros(8), np.full(8, 0.75))
    assert graded.mean[0] == pytest.approx(np.log(3.0), abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(0, 1)), min_size=1, max_size=30), st.randoms())
def test_the_order_of_scores_does_not_matter(rows: list[tuple[float, float]], random) -> None:  # type: ignore[no-untyped-def]
    prior = Belief(mean=np.zeros(2), covariance=np.eye(2), n_outcomes=0, ground="")
    mixed = list(rows)
    random.shuffle(mixed)
    one, other = (
        updated(prior, np.array([[1.0, skill] for skill, _ in r]), np.zeros(len(r)), np.array([y for _, y in r]))
        for r in (rows, mixed)
    )
    assert one.mean == pytest.approx(other.mean, abs=1e-8)
    assert one.covariance == pytest.approx(other.covariance, abs=1e-8)


def test_extreme_scores_stay_finite_under_a_wide_prior() -> None:
    prior = Belief(mean=np.full(2, -8.0), covariance=100 * np.eye(2), n_outcomes=0, ground="")
    found = updated(prior, np.ones((64, 2)), np.zeros(64), np.ones(64))
    mean, spread, _ = expected(found, Demand(profile=np.ones(2), at_large=np.ones(2), difficulty=0.0, own=0.3))
    assert 0.85 < mean < 1.0
    assert 0.0 < spread < 0.5


def test_scores_narrow_the_doubt() -> None:
    model = unknown("nobody-knows-me")
    demand = ARTIFACT.ability.demand(prompt())
    prior = ARTIFACT.ability.prior(model)
    later = updated(prior, np.tile(demand.profile, (40, 1)), np.full(40, demand.difficulty), np.array([1.0, 0.0] * 20))
    before, after = (float(demand.profile @ b.covariance @ demand.profile) for b in (prior, later))
    assert after < 0.3 * before


def test_endless_doubt_is_that_of_a_coin() -> None:
    lost = Belief(mean=np.zeros(1), covariance=np.array([[0.0]]), n_outcomes=0, ground="")
    mean, spread, apart = expected(lost, Demand(profile=np.ones(1), at_large=np.ones(1), difficulty=0.0, shared=1e6))
    assert (mean, spread, apart) == pytest.approx((0.5, 0.5, 0.0))
    _, spread, apart = expected(lost, Demand(profile=np.ones(1), at_large=np.ones(1), difficulty=0.0, own=0.1))
    assert (spread, apart) == pytest.approx((0.025, 0.025), rel=0.01)


def test_a_declared_quality_orders_unknown_models() -> None:
    low, high = guess(unknown("a", quality=0.3))[0], guess(unknown("b", quality=0.9))[0]
    assert low < guess(unknown("c"))[0] < high


def test_size_in_the_name_and_price_are_hints() -> None:
    assert guess(unknown("new-0.5b"))[0] < guess(unknown("new-8b"))[0] < guess(unknown("new-70b"))[0]
    assert guess(unknown("cheap", price=0.05))[0] < guess(unknown("dear", price=20.0))[0]
    assert guess(unknown("small", role=Role.FAST_MINI))[0] < guess(unknown("big", role=Role.PRO))[0]


def test_an_unknown_model_is_doubted_more_than_a_trained_one() -> None:
    trained = unknown("gpt-4-1106-preview")
    assert ARTIFACT.ability.prior(trained).n_outcomes > 1000
    assert np.linalg.det(ARTIFACT.ability.prior(unknown("nobody")).covariance) > np.linalg.det(
        ARTIFACT.ability.prior(trained).covariance
    )


@pytest.mark.parametrize(
    "written",
    [
        "Meta-Llama-3_1-8B-Instruct",
        "meta-llama/Llama-3.1-8B-Instruct",
        "llama-3.1-8b-instruct.Q4_K_M.gguf",
        "llama3.1:8b",
    ],
)
def test_one_model_is_found_under_its_many_names(written: str) -> None:
    place = ARTIFACT.ability.place(unknown(written))
    assert place is not None
    assert list(ARTIFACT.ability.known)[place] == "llama-3.1-8b-instruct"


def test_other_sizes_and_versions_are_not_taken_for_it() -> None:
    for other in ("llama-3.1-8b-instruct-turbo", "llama-3.2-8b-instruct", "llama-3.1-9b-instruct", "my-llama"):
        assert ARTIFACT.ability.place(unknown(other)) is None


def test_a_model_is_not_taken_for_the_one_whose_name_callers_know_it_by() -> None:
    assert ARTIFACT.ability.place(unknown("gpt-4o-mini")) is not None
    assert ARTIFACT.ability.place(replace(unknown("my-llama"), aliases=("gpt-4o-mini",))) is None


def test_names() -> None:
    assert normal("Org/Model-7B.Q4_K_M.gguf") == "model-7b"
    assert lookup(("gpt-9-2031-01-01",), {"gpt-9": 4}, {}) == 4
    assert [size_b(n) for n in ("smollm2-135m", "mixtral-8x7b", "qwen2.5-0.5b", "gpt-4")] == [0.135, 56.0, 0.5, None]


@given(st.lists(st.integers(0, len(ARTIFACT.ability.means) - 1), min_size=1, max_size=30), st.text(max_size=200))
@settings(max_examples=50, deadline=None)
def test_a_pool_looked_at_together_has_the_bits_of_each_model_alone(places: list[int], text: str) -> None:
    ability, demand = ARTIFACT.ability, ARTIFACT.ability.demand(prompt(text))
    found = zip(*logits(ability.means[places], ability.covariances[places], demand.profile), strict=True)
    alone = [Belief(mean=ability.means[p], covariance=ability.covariances[p], n_outcomes=0, ground="") for p in places]
    assert [moderated(*logit, demand) for logit in found] == [expected(belief, demand) for belief in alone]
