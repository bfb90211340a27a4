"""`unisono evaluate` tells the truth: routing pays where it does, and else nothing is routed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from unisono.choose.utility import UtilityChooser
from unisono.config import EncoderConfig
from unisono.errors import StartError
from unisono.evaluate.crossfit import CrossFit, best_single, cross_fit
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import Interval, saved_share
from unisono.evaluate.own import Settled, comparable, evaluate, priced, served
from unisono.evaluate.replay import Expected, Policy, Replay
from unisono.evaluate.tables import read_table
from unisono.evaluate.verdict import cheapest_equal, held_choices
from unisono.plugins import load
from unisono.predict.artifact import default_artifact_path
from unisono.predict.artifact import load as load_artifact
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Goal, Mode
from unisono.understand.features import Understanding

SUMS = "What is {} plus {}? Answer with a number."
WORDS = "Write a short poem about the colour of {} and {}."
SETTLED = Settled(seeds=(1, 2), n_resamples=200)


def rows(n: int, *, kinds_differ: bool) -> list[dict[str, object]]:
    """Return outcomes of two models: the cheap one is right on sums, and on poems only unless `kinds_differ`."""
    found: list[dict[str, object]] = []
    rng = np.random.default_rng(7)
    for place in range(n):
        kind = place % 2
        prompt = (SUMS, WORDS)[kind].format(place + 10, 3 * place + 1)
        cheap = 0.99 if kind == 0 else 0.2
        if not kinds_differ:
            cheap = 0.5
        for model, rate, cost in (("local-a", cheap, 0.001), ("hosted-b", 0.92, 0.01)):
            score = int(rng.random() < rate)
            found.append({"prompt": prompt, "model": model, "score": score, "cost": cost, "category": str(kind)})
    return found


def table(folder: Path, n: int, *, kinds_differ: bool) -> Path:
    file = folder / "own.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows(n, kinds_differ=kinds_differ)))
    return file


@pytest.fixture(scope="module")
def parts() -> tuple:  # type: ignore[type-arg]
    encoder = load().encoder(EncoderConfig())
    return Understanding(encoder, cache_size=1), load_artifact(default_artifact_path(), encoder=encoder.name)


def judge(file: Path, parts: tuple):  # type: ignore[no-untyped-def,type-arg]
    understand, artifact = parts
    outcomes = read_table(file)
    features = [understand.text(prompt) for prompt in outcomes.prompts]
    outcomes = priced(outcomes)
    return evaluate(outcomes, features, lambda: QualityEnsemble(artifact), UtilityChooser(), SETTLED)


def test_routing_pays_where_kinds_of_prompts_need_different_models(tmp_path: Path, parts: tuple) -> None:  # type: ignore[type-arg]
    found = judge(table(tmp_path, 400, kinds_differ=True), parts)
    assert found.verdict.kind == "pays"
    assert found.verdict.model == "hosted-b"
    assert found.verdict.saved.value == pytest.approx(0.45, abs=0.1)  # half of the prompts at a tenth of the price
    assert found.standings[0].name == "unisono"
    lead = next(s.behind for s in found.standings if s.name.startswith("price mixing"))
    control = next(s.behind for s in found.standings if s.name == "shuffled-label control")
    assert lead is not None
    assert control is not None
    assert min(lead.low, control.low) > 0.05


def test_nothing_is_routed_where_prompts_tell_nothing(tmp_path: Path, parts: tuple) -> None:  # type: ignore[type-arg]
    found = judge(table(tmp_path, 600, kinds_differ=False), parts)
    assert found.verdict.kind == "nothing"
    assert found.verdict.sentence.startswith("Route nothing: use hosted-b always.")


def test_the_figures_of_constants_are_the_tables_means(tmp_path: Path, parts: tuple) -> None:  # type: ignore[type-arg]
    found = judge(table(tmp_path, 60, kinds_differ=True), parts)
    point = next(s.point for s in found.standings if s.name == "best single: hosted-b")
    assert point is not None
    assert point.usd_per_1k == pytest.approx(10.0)
    assert point.quality == pytest.approx(found.table.scores[:, found.table.models.index("hosted-b")].mean())
    assert point.gained == Interval(value=0.0, low=0.0, high=0.0)
    oracle = next(s for s in found.standings if s.name == "oracle")
    assert oracle.top == pytest.approx(found.table.scores.max(axis=1).mean())
    assert oracle.gap_at_oracle == pytest.approx(0.0)


def complementary(folder: Path, n: int, *, costs: tuple[float, float] | None) -> Path:
    """Write outcomes of two models that are each good at one kind of prompt; the first is a little better over all."""
    rng, found = np.random.default_rng(3), []
    for place in range(n):
        kind = place % 2
        prompt = (SUMS, WORDS)[kind].format(place + 10, 3 * place + 1)
        for own, model in enumerate(("new/a", "new/b")):
            score = int(rng.random() < ((0.97, 0.93)[own] if kind == own else 0.1))
            row = {"prompt": prompt, "model": model, "score": score, "category": str(kind)}
            found.append(row if costs is None else {**row, "cost": costs[own] * (0.9 + 0.2 * rng.random())})
    file = folder / "complementary.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in found))
    return file


@pytest.mark.parametrize("costs", [(0.001, 0.001), (0.001, 0.002), (0.002, 0.001)])
def test_models_that_complement_each_other_pay_at_whatever_price(
    tmp_path: Path,
    parts: tuple,
    costs: tuple[float, float],  # type: ignore[type-arg]
) -> None:
    found = judge(complementary(tmp_path, 400, costs=costs), parts).verdict
    assert found.kind == "pays", found.sentence
    assert found.gained.low > 0.2
    assert found.routed > 0.3
    if costs[1] > costs[0]:
        assert "more money" in found.sentence


@pytest.mark.parametrize("costs", [(0.0, 0.0), None])
def test_models_without_a_price_are_judged_by_quality(
    tmp_path: Path,
    parts: tuple,
    costs: tuple[float, float] | None,  # type: ignore[type-arg]
) -> None:
    found = judge(complementary(tmp_path, 300, costs=costs), parts)
    assert found.verdict.kind == "pays", found.verdict.sentence
    assert found.verdict.saved == Interval(value=0.0, low=0.0, high=0.0)
    ours = found.standings[0].aiq
    assert ours is not None
    assert ours.value == pytest.approx(found.standings[0].top, abs=0.02)


def test_a_model_that_costs_nothing_is_not_said_to_be_saved_on() -> None:
    assert saved_share(np.array([0.0, 0.0, 1.0]), np.array([0.0, 2.0, 2.0])).tolist() == [0.0, 1.0, 0.5]
    assert saved_share(np.array([1.0]), np.array([0.0])).tolist() == [-1.0]


def test_where_one_model_dominates_a_mix_is_worth_what_that_model_is(tmp_path: Path, parts: tuple) -> None:  # type: ignore[type-arg]
    rng, lines = np.random.default_rng(5), []
    for place in range(200):
        prompt = (SUMS, WORDS)[place % 2].format(place, place)
        for model, score, cost in (("new/a", 1.0, 0.001), ("new/b", float(rng.random() < 0.4), 0.001)):
            lines.append({"prompt": prompt, "model": model, "score": score, "cost": cost * (0.9 + 0.2 * rng.random())})
    file = tmp_path / "dominated.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    found = judge(file, parts).verdict
    assert found.kind == "nothing"
    assert found.model == "new/a"
    assert found.lead.high <= 0.01  # a mix for less money than the cheapest model is not to be had


def made(scores: list[list[float]], costs: list[list[float]]) -> Outcomes:
    n, m = len(scores), len(scores[0])
    return Outcomes(
        name="made",
        prompts=tuple(str(i) for i in range(n)),
        categories=("",) * n,
        models=tuple(f"m{i}" for i in range(m)),
        scores=np.array(scores),
        costs_usd=np.array(costs),
        input_tokens=np.full((n, m), np.nan),
        output_tokens=np.full((n, m), np.nan),
        n_options=np.full(n, np.nan),
        hashes={},
    )


def test_the_rule_never_reads_the_fold_that_it_is_judged_on() -> None:
    # In fold 0 the router is perfect, in fold 1 it is always wrong: each must be judged by the other's choice.
    scores = np.array([[0.0, 1.0]] * 4)
    costs = np.array([[1.0, 10.0]] * 4)
    folds = np.array([0, 0, 1, 1])
    policy = Policy(name="p", chosen=np.array([[0, 0, 1, 1]]))
    chosen, single = held_choices(Replay(made(scores.tolist(), costs.tolist())), policy, folds, tolerance=0.01)
    assert single.tolist() == [1, 1, 1, 1]
    assert chosen.tolist() == [0, 0, 1, 1]  # fold 0 trusts what fold 1 showed; fold 1 falls back to the single model


def test_of_equal_single_models_the_cheaper_is_named() -> None:
    scores, costs = np.array([[1.0, 1.0], [0.998, 1.0]]), np.array([[1.0, 2.0], [1.0, 2.0]])
    assert cheapest_equal(scores, costs, tolerance=0.01) == 0
    assert cheapest_equal(scores, costs, tolerance=0.001) == 1


def test_cross_fitting_holds_every_prompt_out_once(tmp_path: Path, parts: tuple) -> None:  # type: ignore[type-arg]
    understand, artifact = parts
    outcomes = read_table(table(tmp_path, 50, kinds_differ=True))
    features = [understand.text(prompt) for prompt in outcomes.prompts]
    goal = Goal(mode=Mode.DEEP, dial=0.5)
    fit = cross_fit(outcomes, features, lambda: QualityEnsemble(artifact), UtilityChooser(), goal=goal, seed=1)
    assert isinstance(fit, CrossFit)
    assert isinstance(fit.expected, Expected)
    assert sorted(np.bincount(fit.folds).tolist()) == [10] * 5
    assert fit.expected.quality.shape == (50, 2)
    assert (fit.expected.cost_usd > 0).all()
    again = cross_fit(outcomes, features, lambda: QualityEnsemble(artifact), UtilityChooser(), goal=goal, seed=1)
    assert np.array_equal(fit.expected.quality, again.expected.quality)


def test_of_models_that_are_as_good_the_dear_one_is_no_baseline(tmp_path: Path, parts: tuple) -> None:  # type: ignore[type-arg]
    file = tmp_path / "right.jsonl"
    prompts = [row["prompt"] for row in rows(120, kinds_differ=True)[::2]]
    told = [
        {"prompt": prompt, "model": model, "score": 1, "cost": usd}
        for prompt in prompts
        for model, usd in (("dear", 0.01), ("even", 0.001))
    ]
    file.write_text("\n".join(json.dumps(row) for row in told))
    found = judge(file, parts)
    assert (found.verdict.kind, found.verdict.model) == ("nothing", "even")
    assert found.table.models[found.field.best] == "even"
    assert (found.served.gained.value, found.served.saved.value) == pytest.approx((0.0, 0.0))


@pytest.mark.parametrize("right", [(), ("plain",)])
def test_a_table_in_which_models_are_never_right_is_judged(right: tuple, tmp_path: Path, parts: tuple) -> None:  # type: ignore[type-arg]
    file = tmp_path / "wrong.jsonl"
    told = [
        {"prompt": row["prompt"], "model": model, "score": int(model in right), "cost": usd}
        for row in rows(120, kinds_differ=True)[::2]
        for model, usd in (("plain", 0.001), ("broken", 0.01))
    ]
    file.write_text("\n".join(json.dumps(row) for row in told))
    found = judge(file, parts)
    assert (found.verdict.kind, found.verdict.model) == ("nothing", "plain")


def test_too_little_to_compare_says_which_model_lacks_most() -> None:
    with pytest.raises(StartError, match="one model only"):
        comparable(made([[1.0]], [[1.0]]))
    with pytest.raises(StartError, match=r"only 0 of 2 prompts.*m1 lacks 2.*No two models"):
        comparable(made([[1.0, np.nan], [1.0, np.nan]], [[1.0, 1.0], [1.0, 1.0]]))


def test_the_command_prints_the_verdict_first_and_the_same_as_json(tmp_path: Path) -> None:
    file = table(tmp_path, 60, kinds_differ=True)
    command = [sys.executable, "-m", "unisono.cli", "evaluate", str(file), "--seeds", "1"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert told.returncode == 0, told.stderr
    found = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=300).stdout)
    assert told.stdout.splitlines()[0] == found["sentence"]
    assert found["verdict"] in ("pays", "unclear")
    assert {"aiq", "gain_at_best", "gap_at_oracle", "perf_gain", "cost_save"} <= set(found["policies"][0])
    assert found["n_prompts"] == 60
    gained = 100 * found["at_dial"]["quality_gained"]["value"]
    assert told.stdout.splitlines()[1].startswith("At dial 0.5 a server that learns online, with the best single model")
    assert f"would change quality by {gained:+.1f} [" in told.stdout
    assert not found["artifact_was_fitted_on_this_table"]
    assert "was fitted on this table" not in told.stdout


def test_the_command_reads_prompts_with_the_encoder_of_the_configuration(tmp_path: Path) -> None:
    file = table(tmp_path, 60, kinds_differ=True)
    (tmp_path / "unisono.toml").write_text(
        'default = "m"\n[routing]\nencoder = "onnx"\n[encoder]\npath = "here/model.onnx"\n'
        '[[models]]\nname = "m"\nupstream = "scripted"\n'
    )
    for more in (("--encoder", "onnx"), ("--artifact", "fitted")):
        command = [sys.executable, "-m", "unisono.cli", "evaluate", str(file), *more]
        told = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)
        assert told.returncode == 1
        assert "here" in told.stderr and "needs `path`" not in told.stderr
    command = [sys.executable, "-m", "unisono.cli", "evaluate", str(file), "--seeds", "1"]
    assert subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path).returncode == 0


def test_the_command_asks_about_scores_that_are_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text("\n".join(json.dumps(row | {"score": 0}) for row in rows(40, kinds_differ=True)))
    command = [sys.executable, "-m", "unisono.cli", "evaluate", str(file), "--seeds", "1"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert told.returncode == 0, told.stderr
    assert "Every score is 0: nothing but the price tells these models apart." in told.stdout


def test_the_command_counts_the_prompts_that_it_leaves_out(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    half = [
        row for row in rows(80, kinds_differ=True) if not (row["model"] == "local-a" and " 1" in str(row["prompt"]))
    ]
    file.write_text("\n".join(json.dumps(row) for row in half))
    n_left_out = 160 - len(half)
    command = [sys.executable, "-m", "unisono.cli", "evaluate", str(file), "--seeds", "1"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
    assert 0 < n_left_out < 60
    assert f"{80 - n_left_out} prompts, 2 models; {n_left_out} others lack a score or a cost." in told


def test_an_artifact_that_was_fitted_on_the_table_is_said_to_flatter_it(tmp_path: Path) -> None:
    file = table(tmp_path, 60, kinds_differ=True)
    run = [sys.executable, "-m", "unisono.cli"]
    fit = [*run, "fit", str(file), "--out", str(tmp_path), "--json", "--config", str(tmp_path / "none.toml")]
    made = json.loads(subprocess.run(fit, capture_output=True, text=True, timeout=300).stdout)["artifact"]
    again = tmp_path / "again.jsonl"  # the same in another order, and one answer more
    rows_of = file.read_text().splitlines()
    again.write_text("\n".join([*reversed(rows_of), rows_of[0]]))
    for shown in (file, again):
        command = [*run, "evaluate", str(shown), "--seeds", "1", "--artifact", made]
        told = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
        assert "was fitted on this table: all of this is too good" in told


def test_few_prompts_cannot_tell_that_nothing_is_to_be_won(tmp_path: Path, parts: tuple) -> None:  # type: ignore[type-arg]
    found = judge(table(tmp_path, 40, kinds_differ=False), parts).verdict
    assert found.kind == "unclear"
    assert found.sentence.startswith(
        f"Not shown: route nothing for now, use {found.model} always. 40 prompts are too few"
    )


def test_the_command_refuses_an_unknown_model_by_name(tmp_path: Path) -> None:
    file = table(tmp_path, 40, kinds_differ=True)
    command = [sys.executable, "-m", "unisono.cli", "evaluate", str(file), "--models", "local-a,gone"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert told.returncode == 1
    assert "has no model gone. It has: hosted-b, local-a" in told.stderr


def test_a_server_that_keeps_its_default_is_said_to_change_nothing() -> None:
    # Two equal models: which one is the default differs by fold, and the best one in hindsight is above both.
    rng = np.random.default_rng(2)
    outcomes = made((rng.random((60, 2)) < 0.5).astype(float).tolist(), [[1.0, 1.0]] * 60)
    folds = np.arange(60) % 5
    chosen = np.array([best_single(outcomes.scores[folds != fold]) for fold in folds.tolist()])
    expected = Expected(quality=outcomes.scores, cost_usd=outcomes.costs_usd)
    found = served(outcomes, [CrossFit(expected=expected, folds=folds, chosen=chosen)], n_resamples=100)
    assert found.gained == found.saved == Interval(value=0.0, low=0.0, high=0.0)


def said(file: Path) -> str:
    command = [sys.executable, "-m", "unisono.cli", "evaluate", str(file), "--seeds", "1"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout


@pytest.mark.parametrize("costs", [(0.0, 0.0), None])
def test_no_money_is_spoken_of_where_none_is_known_or_nothing_costs_any(
    tmp_path: Path, costs: tuple[float, float] | None
) -> None:
    told = said(complementary(tmp_path, 120, costs=costs))
    for word in ("money", "bill by", "USD", "never reached", "cheapest", "strongest by price"):
        assert word not in told, word


def test_of_equal_models_the_cheap_one_is_compared_with_too(tmp_path: Path) -> None:
    rng, lines = np.random.default_rng(3), []
    for place in range(120):
        prompt = (SUMS, WORDS)[place % 2].format(place, place)
        for model, cost in (("new/dear", 0.02), ("new/cheap", 0.001)):
            lines.append({"prompt": prompt, "model": model, "score": float(rng.random() < 0.7), "cost": cost})
    file = tmp_path / "equal.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines))
    told = said(file)
    assert "use new/cheap always" in told
    beside = told.partition("Beside new/cheap always it is ")[2]
    assert beside, told
    assert "the bill by -" not in beside.partition("\n")[0]  # nothing is cheaper than the cheapest
    assert "A lower dial uses that" not in told


def test_a_best_model_that_is_free_is_reached_and_nothing_is_saved_on_it(tmp_path: Path) -> None:
    rows_of = (("new/local", 0.9, 0.0), ("new/hosted", 0.4, 0.01))
    rng = np.random.default_rng(4)
    lines = [
        {"prompt": SUMS.format(n, n), "model": model, "score": float(rng.random() < right), "cost": cost}
        for n in range(60)
        for model, right, cost in rows_of
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    row = next(line for line in said(tmp_path / "t.jsonl").splitlines() if line.startswith("| best single: new/local"))
    assert "never reached" not in row


def test_too_little_to_compare_names_models_that_can_be() -> None:
    table = made([[1.0, 0.0, 1.0, np.nan]] * 40 + [[np.nan, 0.0, np.nan, 1.0]] * 3, [[1.0] * 4] * 43)
    with pytest.raises(StartError, match=r"such as `--models m0,m1,m2` \(40 prompts\), or fill the columns"):
        comparable(table)
    with pytest.raises(StartError, match="No two models have more than 3 prompts in common; fill the columns"):
        comparable(table.only(("m3", "m1")))
    with pytest.raises(StartError, match="Without any costs quality alone is judged"):
        comparable(made([[1.0, 0.0]] * 40, [[1.0, np.nan]] * 40))
