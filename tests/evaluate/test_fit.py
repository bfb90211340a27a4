"""`unisono fit`: what a user's table teaches, and what is said of a table that teaches nothing."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.learn.two_kinds import POEM_MODEL, SUM_MODEL, specialists, two_kinds
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.config import EncoderConfig, load_config
from unisono.errors import ArtifactError, StartError
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.fit import Fit, Found, Served, fit_table
from unisono.evaluate.metrics import Interval
from unisono.plugins import load
from unisono.predict.artifact import assembled
from unisono.predict.artifact import load as load_artifact
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Model
from unisono.understand.embed import NAME, StaticEncoder
from unisono.understand.features import Understanding

ENCODER = StaticEncoder()


def fitted(table: Outcomes) -> Fit:
    return fit_table(table, encoder=ENCODER, parents=["0123"])


@pytest.fixture(scope="module")
def complementary() -> Fit:
    return fitted(two_kinds(160, seed=1))


def test_models_that_complement_each_other_are_routed_better_than_the_best_single_one(complementary: Fit) -> None:
    found = complementary.found
    assert found.quality is not None
    assert found.gain is not None
    assert found.gain.low > 0.1  # best single .55, best choice .90
    assert found.quality.value > 0.75
    assert found.log_loss < found.log_loss_means
    assert "wins quality" in found.verdict


def test_what_was_written_loads_and_knows_fresh_prompts(complementary: Fit, tmp_path: Path) -> None:
    folder = complementary.write(tmp_path)
    artifact = load_artifact(folder, encoder=NAME)
    assert artifact.id == folder.name
    assert {file.name for file in folder.iterdir()} == {"arrays.safetensors", "manifest.json"}
    fresh = two_kinds(60, seed=9)
    quality, read = QualityEnsemble(artifact), Understanding(ENCODER).text
    models = [Model(name=name, upstream="scripted", upstream_model=name) for name in (POEM_MODEL, SUM_MODEL)]
    expected = np.array([[q.mean for q in quality.predict_one(read(p), models)] for p in fresh.prompts])
    is_sum = np.array(fresh.categories) == "sums"
    assert (expected.argmax(axis=1) == is_sum).mean() >= 0.95


def test_eight_models_each_best_at_a_kind_of_its_own_are_told_apart_by_a_few_hundred_prompts() -> None:
    fit = fitted(specialists(320, seed=1))
    artifact = assembled(arrays=fit.trained.arrays, manifest=fit.manifest)
    fresh = specialists(160, seed=9)
    quality, read = QualityEnsemble(artifact), Understanding(ENCODER).text
    models = [Model(name=name, upstream="scripted", upstream_model=name) for name in fresh.models]
    expected = np.array([[q.mean for q in quality.predict_one(read(p), models)] for p in fresh.prompts])
    best = np.array([fresh.models.index(f"model-{kind.split()[1]}") for kind in fresh.categories])
    assert (expected.argmax(axis=1) == best).mean() > 0.8


def test_the_manifest_tells_where_it_comes_from(complementary: Fit) -> None:
    manifest = complementary.manifest
    assert manifest["parents"] == ["0123"]
    assert manifest["encoder"] == NAME
    assert manifest["training"]["data_sha256"] == {"two_kinds": "0" * 64}  # type: ignore[call-overload,index]
    assert set(manifest["metrics"]["gain"]) == {"value", "low", "high"}  # type: ignore[arg-type,call-overload,index]


def test_the_same_table_gives_the_same_artifact(complementary: Fit, tmp_path: Path) -> None:
    assert fitted(two_kinds(160, seed=1)).write(tmp_path).name == complementary.write(tmp_path).name


def test_an_artifact_of_another_encoder_is_refused_and_told(complementary: Fit, tmp_path: Path) -> None:
    folder = complementary.write(tmp_path)
    with pytest.raises(ArtifactError, match=r"trained with the encoder 'wordllama-l2-256', in use is 'use-"):
        load_artifact(folder, encoder="use-multilingual-3-1000")


def test_scores_without_structure_are_said_to_win_nothing() -> None:
    table = two_kinds(120, seed=4)
    noise = (np.random.default_rng(4).random(table.scores.shape) < 0.5).astype(np.float64)
    found = fitted(replace(table, scores=noise)).found
    assert "nothing is won" in found.verdict
    assert found.best_single in found.verdict


def test_a_log_with_one_answer_a_prompt_is_learnt_from_and_not_replayed() -> None:
    table = two_kinds(160, seed=5)
    scores = table.scores.copy()
    asked = np.random.default_rng(5).integers(0, 2, len(scores))
    scores[np.arange(len(scores)), 1 - asked] = np.nan
    found = fitted(replace(table, scores=scores, output_tokens=np.full_like(scores, np.nan))).found
    assert found.n_complete == 0
    assert found.gain is None
    assert found.log_loss < found.log_loss_means
    assert "shadow" in found.verdict


@pytest.mark.parametrize("n_poems", [1, 2])
def test_a_table_of_one_task_with_a_few_prompts_of_another_is_fitted(n_poems: int) -> None:
    table = two_kinds(160, seed=1)
    is_poem = np.array(table.categories) != "sums"
    found = fitted(table.rows(~is_poem | (is_poem.cumsum() <= n_poems))).found
    assert found.best_single == SUM_MODEL
    assert found.n_complete > 0


def few(table: Outcomes) -> Outcomes:
    return table.rows(np.arange(len(table.prompts)) < 30)


def lonely(table: Outcomes) -> Outcomes:
    return table.only((POEM_MODEL,))


def sparse(table: Outcomes) -> Outcomes:
    scores = table.scores.copy()
    scores[5:, 0] = np.nan
    return replace(table, scores=scores)


def flat(table: Outcomes) -> Outcomes:
    return replace(table, scores=np.ones_like(table.scores))


def twice(table: Outcomes) -> Outcomes:
    return replace(table, models=("maker/Sums-7B", "sums-7b"))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (few, "30 prompts with a score; 50 are needed"),
        (lonely, r"1 model with 20 scores or more; routing needs two.*poems-7b \(80\)"),
        (sparse, r"routing needs two.*poems-7b \(5\), sums-7b \(80\)"),
        (flat, "every score is 1"),
        (twice, "are one name to Unisono"),
    ],
)
def test_a_table_that_teaches_nothing_is_told_what_it_lacks(harm: object, told: str) -> None:
    assert callable(harm)
    with pytest.raises(StartError, match=told):
        fitted(harm(two_kinds(80, seed=6)))


def test_the_command_writes_an_artifact_that_a_configuration_loads(tmp_path: Path) -> None:
    table = two_kinds(80, seed=7)
    with (tmp_path / "outcomes.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["prompt", "model", "score", "cost"])
        for prompt, scores in zip(table.prompts, table.scores, strict=True):
            rows.writerows([prompt, model, score, 1e-4] for model, score in zip(table.models, scores, strict=True))
    words = ["fit", str(tmp_path / "outcomes.csv"), "--out", str(tmp_path / "made"), "--json"]
    told = CliRunner().invoke(app, [*words, "--config", str(tmp_path / "none.toml")])
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    (tmp_path / "unisono.toml").write_text(
        f"""default = "poems-7b"
[routing]
artifact = {json.dumps(report["artifact"])}
[[models]]
name = "poems-7b"
upstream = "scripted"
"""
    )
    from unisono.compose import read_trained

    trained = read_trained(load_config(tmp_path / "unisono.toml"), load())
    assert trained.fault is None
    assert trained.id == report["id"]


def test_fit_takes_another_encoder() -> None:
    found = fit_table(two_kinds(80, seed=8), encoder=load().encoder(EncoderConfig(name="use")))
    assert found.manifest["encoder"] == "use-multilingual-3-1000"
    assert found.found.gain is not None
    assert found.found.gain.low > 0.0


def test_what_the_default_dial_wins_is_not_called_nothing() -> None:
    won, none = Interval(value=0.11, low=0.03, high=0.19), Interval(value=0.0, low=-0.02, high=0.02)
    served = Served(gain=won, left=0.24, spent=1.0, elsewhere=0.0, caution=0.5)
    found = Found(
        n_held_out=24, n_complete=24, best_single="b", log_loss=0.6, log_loss_means=0.6, calibration_error=0.1,
        gain=none, served=served,
    )  # fmt: skip
    assert found.verdict.startswith("On held-out prompts it wins quality over single models.")
    assert "nothing is won" in replace(found, served=replace(served, gain=none)).verdict


def test_what_is_won_in_domain_alone_is_not_called_nothing() -> None:
    won, none = Interval(value=0.03, low=0.01, high=0.05), Interval(value=0.0, low=-0.02, high=0.02)
    served = Served(gain=none, left=0.02, spent=1.0, elsewhere=0.0, caution=1.0)
    found = Found(
        n_held_out=200, n_complete=200, best_single="b", log_loss=0.6, log_loss_means=0.6, calibration_error=0.1,
        gain=none, served=served, in_domain=replace(served, gain=won, left=0.5, caution=0.1),
    )  # fmt: skip
    assert found.verdict.startswith(
        "On held-out prompts it wins quality over single models only where requests are seen to be of this table's "
        "kinds: make b the default. With b as the default,"
    )


def test_a_gain_that_few_prompts_cannot_show_is_called_neither_nothing_nor_won() -> None:
    looks = Interval(value=0.25, low=0.0, high=0.5)
    found = Found(
        n_held_out=14, n_complete=12, best_single="b", log_loss=0.6, log_loss_means=0.6, calibration_error=0.1,
        gain=looks,
    )  # fmt: skip
    assert found.verdict == (
        "On held-out prompts nothing is shown to be won over single models: it looks +25.0 [+0.0, +50.0] points better "
        "than b, but on 12 prompts only. Keep b until more outcomes tell."
    )


def test_a_remainder_of_rounding_is_no_gain() -> None:
    none = Interval(value=2e-17, low=1e-17, high=1e-16)
    found = Found(
        n_held_out=12, n_complete=12, best_single="b", log_loss=0.6, log_loss_means=0.6, calibration_error=0.1,
        gain=none, aiq_gain=none,
    )  # fmt: skip
    assert "nothing is won" in found.verdict


def test_the_command_names_models_that_no_configuration_can_call_so(tmp_path: Path) -> None:
    table = two_kinds(80, seed=7)
    named = {POEM_MODEL: "Poems 7B", SUM_MODEL: "模型"}
    lines = [
        json.dumps({"prompt": prompt, "model": named[model], "score": score})
        for prompt, scores in zip(table.prompts, table.scores, strict=True)
        for model, score in zip(table.models, scores, strict=True)
    ]
    (tmp_path / "outcomes.jsonl").write_text("\n".join(lines), encoding="utf-8")
    words = ["fit", str(tmp_path / "outcomes.jsonl"), "--out", str(tmp_path / "made")]
    told = CliRunner().invoke(app, [*words, "--config", str(tmp_path / "none.toml")])
    assert told.exit_code == 0, told.output
    assert "no configuration can call a model 模型:" in told.stdout


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        (
            {POEM_MODEL: 0.001, SUM_MODEL: None},
            f"The table has no cost of {SUM_MODEL}, so money counts for nothing here",
        ),
        ({POEM_MODEL: None, SUM_MODEL: None}, f"The table has no cost of {POEM_MODEL}, {SUM_MODEL}, so money"),
        ({POEM_MODEL: 0.0, SUM_MODEL: 0.0}, ""),
    ],
)
def test_no_bill_is_told_where_costs_are_not_known_or_nothing(
    costs: dict[str, float | None], told: str, tmp_path: Path
) -> None:
    table = two_kinds(160, seed=1)
    lines = [
        json.dumps({"prompt": prompt, "model": model, "score": score, "cost": costs[model]})
        for prompt, scores in zip(table.prompts, table.scores, strict=True)
        for model, score in zip(table.models, scores, strict=True)
    ]
    (tmp_path / "outcomes.jsonl").write_text("\n".join(lines), encoding="utf-8")
    words = ["fit", str(tmp_path / "outcomes.jsonl"), "--out", str(tmp_path / "made")]
    said = CliRunner().invoke(app, [*words, "--config", str(tmp_path / "none.toml")])
    assert said.exit_code == 0, said.output
    assert "other models answer" in said.stdout
    assert "of the bill" not in said.stdout
    assert told in said.stdout
