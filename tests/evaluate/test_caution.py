"""How much doubt a fitted artifact keeps: what prompts and tasks held out say, and nothing more than that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.learn.two_kinds import cheap_as_good_at_sums, two_kinds

from unisono.choose.utility import UtilityChooser
from unisono.evaluate.caution import Fold, Held, chosen, chosen_in_domain, spread_over, tried
from unisono.evaluate.crossfit import best_single, decided
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.fit import Fit, Served, fit_table
from unisono.evaluate.in_domain import as_served
from unisono.evaluate.metrics import Interval
from unisono.evaluate.replay import models_of
from unisono.predict.artifact import Artifact, assembled
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Goal, Mode, Model
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ENCODER = StaticEncoder()
AT_DEFAULT = Goal(mode=Mode.BALANCED, dial=0.5)


def fitted(table: Outcomes) -> Fit:
    return fit_table(table, encoder=ENCODER)


def predictor(fit: Fit) -> QualityEnsemble:
    return QualityEnsemble(assembled(arrays=fit.trained.arrays, manifest=fit.manifest))


def served(fit: Fit, prompts: Sequence[str], models: Sequence[Model], *, default: int) -> np.ndarray:
    quality, read = predictor(fit), Understanding(ENCODER).text
    even = np.ones(len(models))
    return np.array(
        [
            decided(
                UtilityChooser(), models, quality.predict_one(read(p), models), even, goal=AT_DEFAULT, default=default
            )
            for p in prompts
        ]
    )


@pytest.fixture(scope="module")
def complementary() -> Fit:
    return fitted(two_kinds(160, seed=1))


def test_models_that_complement_each_other_are_routed_at_the_default_dial(complementary: Fit) -> None:
    fresh = two_kinds(100, seed=9)
    best = int(fresh.scores.mean(axis=0).argmax())
    chosen = served(complementary, fresh.prompts, models_of(fresh), default=best)
    won = fresh.scores[np.arange(len(chosen)), chosen].mean() - fresh.scores[:, best].mean()
    possible = fresh.scores.max(axis=1).mean() - fresh.scores[:, best].mean()
    assert won > 0.6 * possible


def test_a_fit_says_what_the_default_dial_does(complementary: Fit) -> None:
    found = complementary.found.served
    assert found is not None
    assert found.left > 0.3
    assert found.gain.low > 0.1
    assert "at the default dial" in complementary.found.verdict


@pytest.mark.parametrize(
    ("spent", "low", "warned"), [(1.4, -0.01, True), (1.4, 0.001, False), (1.0, -0.01, False), (0.5, -0.01, False)]
)
def test_a_fit_warns_where_more_is_paid_and_nothing_is_shown_to_be_won(spent: float, low: float, warned: bool) -> None:
    gain = Interval(value=0.01, low=low, high=0.03)
    found = Served(gain=gain, left=0.3, spent=spent, elsewhere=0.0, caution=1.0)
    assert ("a lower `dial` asks dear models less" in str(found)) == warned


def test_scores_without_structure_leave_the_doubt_as_it_is() -> None:
    table = two_kinds(160, seed=1)
    rng = np.random.default_rng(0)
    shuffled = replace(table, scores=table.scores[rng.permutation(len(table.prompts))])
    fit = fitted(shuffled)
    assert fit.manifest["scalars"]["caution"] == 1.0  # type: ignore[call-overload,index]
    assert "the default answers everything" in fit.found.verdict


def test_a_prompt_unlike_the_table_keeps_all_of_the_doubt(complementary: Fit) -> None:
    models = models_of(two_kinds(20, seed=1))
    quality, read = predictor(complementary), Understanding(ENCODER).text
    strange = "Ψ " * 40 + "0x7f" * 50
    wary = replace(complementary, manifest={**complementary.manifest, "scalars": {**scalars(complementary)}})
    assert quality.predict_one(read(strange), models) == predictor(wary).predict_one(read(strange), models)


def test_a_model_that_was_not_in_the_table_keeps_all_of_the_doubt(complementary: Fit) -> None:
    stranger = [Model(name="stranger", upstream="scripted", upstream_model="stranger")]
    prompt = Understanding(ENCODER).text(two_kinds(20, seed=3).prompts[0])
    wary = replace(complementary, manifest={**complementary.manifest, "scalars": scalars(complementary)})
    assert predictor(complementary).predict_one(prompt, stranger) == predictor(wary).predict_one(prompt, stranger)


def scalars(fit: Fit) -> dict[str, object]:
    """Return a fit's numbers with all of the doubt."""
    found = fit.manifest["scalars"]
    assert isinstance(found, dict)
    return {**found, "caution": 1.0}


def held(gained: float, n: int = 400, *, saved: float = 0.0, seed: int = 0) -> Held:
    """Return what one setting gained on held-out prompts, with noise."""
    rng = np.random.default_rng(seed)
    drawn = gained + 0.2 * rng.standard_normal(n)
    return Held(gained=drawn, worth=drawn + 0.06 * saved, left=np.full(n, 0.5), spent=np.full(n, 1.0 - saved))


def test_what_loses_on_tasks_held_out_is_not_chosen_however_much_it_wins_on_known_ones() -> None:
    near = {1.0: held(0.0), 0.5: held(0.06), 0.0: held(0.07)}
    assert chosen(near, {1.0: held(0.0), 0.5: held(0.02), 0.0: held(-0.3)}) == 0.5
    assert chosen(near, {1.0: held(0.0), 0.5: held(-0.25), 0.0: held(-0.3)}) == 1.0


def test_a_long_table_is_looked_at_from_end_to_end() -> None:
    taken = spread_over(np.arange(5000), 400)
    assert len(set(taken.tolist())) == 400
    assert (taken[0], taken[-1]) == (0, 4999)
    assert np.bincount(taken // 500).tolist() == [40] * 10


def test_a_large_gain_may_cost_a_little_on_tasks_held_out() -> None:
    assert chosen({1.0: held(0.0), 0.0: held(0.15)}, {1.0: held(0.0), 0.0: held(-0.05)}) == 0.0


def test_little_that_is_won_changes_nothing() -> None:
    assert chosen({1.0: held(0.0, n=2000), 0.0: held(0.02, n=2000)}, {1.0: held(0.0), 0.0: held(0.01)}) == 1.0


def test_what_is_not_shown_to_win_changes_nothing() -> None:
    assert chosen({1.0: held(0.0), 0.0: held(0.005)}, {1.0: held(0.0), 0.0: held(0.005)}) == 1.0


def test_a_saving_that_costs_quality_on_known_prompts_is_not_chosen() -> None:
    assert chosen({1.0: held(0.0), 0.0: held(-0.03, saved=0.9)}, {1.0: held(0.0), 0.0: held(0.0)}) == 1.0


def test_in_domain_prompts_held_out_decide_alone() -> None:
    assert chosen_in_domain({1.0: held(0.0), 0.5: held(0.06), 0.0: held(0.05)}) == 0.5
    assert chosen_in_domain({1.0: held(0.0), 0.5: held(0.02, saved=0.4)}) == 0.5


def test_in_domain_a_loss_or_what_is_not_shown_is_not_chosen_either() -> None:
    assert chosen_in_domain({1.0: held(0.0), 0.5: held(-0.02, saved=0.9)}) == 1.0
    assert chosen_in_domain({1.0: held(0.0), 0.5: held(0.0, seed=3, saved=0.05)}) == 1.0


@pytest.fixture(scope="module")
def cheap_at_sums() -> Fit:
    return fitted(cheap_as_good_at_sums(400, seed=1))


def test_an_evaluation_decides_in_domain_where_a_server_would(cheap_at_sums: Fit) -> None:
    artifact = assembled(arrays=cheap_at_sums.trained.arrays, manifest=cheap_at_sums.manifest)
    read = Understanding(ENCODER, cache_size=1).text
    alike = [read(prompt) for prompt in cheap_as_good_at_sums(300, seed=7).prompts]
    assert as_served(artifact, alike).ability.caution == artifact.in_domain < artifact.ability.caution
    assert as_served(artifact, alike[:150]) is artifact  # too few to tell
    others = [read(f"Translate into Danish: the {n}th letter to my landlord about the heating.") for n in range(300)]
    assert as_served(artifact, others) is artifact


def test_what_is_told_of_a_default_is_told_of_that_one_alone(cheap_at_sums: Fit) -> None:
    artifact = assembled(arrays=cheap_at_sums.trained.arrays, manifest=cheap_at_sums.manifest).for_domain()
    rest, held = cheap_as_good_at_sums(400, seed=1), cheap_as_good_at_sums(60, seed=7)
    read = Understanding(ENCODER, cache_size=1).text
    fold = Fold(artifact=artifact, rest=rest, held=held, features=[read(prompt) for prompt in held.prompts])
    dear, cheap = (tried([fold], default=place, shares=(0.0,))[0.0] for place in (0, 1))
    assert best_single(rest.scores) == 0
    assert tried([fold])[0.0].spent.mean() == dear.spent.mean() < 0.75
    assert cheap.spent.min() == 1.0  # no model is cheaper


def test_a_table_that_stands_for_the_requests_is_routed_more_and_says_what_other_kinds_may_lose(
    cheap_at_sums: Fit,
) -> None:
    table, fit = cheap_as_good_at_sums(400, seed=1), cheap_at_sums
    assert (
        "Once requests are seen to be of this table's kinds (`routing.in_domain`) it routes more" in fit.found.verdict
    )
    assert "on tasks held out of the table" in fit.found.verdict
    assert fit.found.in_domain is not None
    assert fit.found.in_domain.spent < 0.75
    assert fit.found.in_domain.gain.value > -0.005
    models, fresh = models_of(table), cheap_as_good_at_sums(120, seed=7)
    cost, read = np.array([1e-3, 2e-5]), Understanding(ENCODER).text
    careful = assembled(arrays=fit.trained.arrays, manifest=fit.manifest)

    def bill(artifact: Artifact) -> float:
        quality = QualityEnsemble(artifact)
        expected = [quality.predict_one(read(prompt), models) for prompt in fresh.prompts]
        return float(
            np.mean([cost[decided(UtilityChooser(), models, e, cost, goal=AT_DEFAULT, default=0)] for e in expected])
        )

    assert bill(careful.for_domain()) < 0.8 * bill(careful)


@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
def test_a_model_without_any_score_is_never_the_best_single_one() -> None:
    assert best_single(np.array([[np.nan, 0.5, 0.2], [np.nan, 0.4, 0.3]])) == 1
