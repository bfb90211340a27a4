"""Calibration: how far expected scores lie from what came out, per model and slice, on known and on unseen tasks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from board.context import MAIN, Context, say
from board.product import Array
from unisono.evaluate.datasets import Outcomes
from unisono.evaluate.metrics import calibration_error
from unisono.evaluate.report import markdown
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Json, Model

TITLE = "Calibration"
UNSEEN = ("zeroeval_gsm", "bfcl_v1_2024_08", "routellm_mmlu", "routellm_gsm8k")
KNOWN = (*MAIN, "llmrouter_default", "zeroeval_math_l5")
N_BINS = 10


def run(context: Context) -> Json:
    """Return the errors of the shipped artifact on every test part."""
    return {name: one(context, name) for name in (*KNOWN, *UNSEEN)}


def one(context: Context, name: str) -> Json:
    """Return the errors on one test part: over all, on tasks that training knows and on the others, per slice."""
    say(f"{name}: calibration")
    table = context.table(name, "test")
    predictor = QualityEnsemble(context.artifact)
    models = [Model(name=model, upstream="scripted", upstream_model=model) for model in table.models]
    expected = np.array(
        [[q.mean for q in predictor.predict_one(known, models)] for known in context.features(table.prompts)]
    )
    known = ~np.isnan(table.scores)
    trained = tasks_trained_on(context, name)
    in_domain = known & np.array([task in trained for task in table.categories])[:, None]
    return {
        "n_outcomes": int(known.sum()),
        "error": calibration_error(expected[known], table.scores[known], n_bins=N_BINS),
        "n_in_domain": int(in_domain.sum()),
        "in_domain": error_on(table, expected, in_domain),
        "out_of_domain": error_on(table, expected, known & ~in_domain),
        "models": {
            model: calibration_error(expected[known[:, i], i], table.scores[known[:, i], i], n_bins=N_BINS)
            for i, model in enumerate(table.models)
        },
        "categories": by_category(table, expected, known),
        "curve": curve(expected[known], table.scores[known]),
    }


def tasks_trained_on(context: Context, name: str) -> set[str]:
    """Return the tasks or subjects of a set that the artifact was trained on."""
    return {
        task
        for block in context.corpus.blocks
        if block.outcomes.name.partition(".")[0] == name
        for task in block.outcomes.categories
    }


def error_on(table: Outcomes, expected: Array, rows: NDArray[np.bool_]) -> float | None:
    """Return the error over some of the outcomes, None where there are none."""
    return calibration_error(expected[rows], table.scores[rows], n_bins=N_BINS) if rows.any() else None


def by_category(table: Outcomes, expected: Array, known: Array) -> Json:
    """Return the error within each category of at least 50 outcomes."""
    categories, found = np.array(table.categories), {}
    for category in sorted(set(categories)):
        rows = known & (categories == category)[:, None]
        if rows.sum() >= 50:
            found[str(category)] = calibration_error(expected[rows], table.scores[rows], n_bins=N_BINS)
    return found


def curve(expected: Array, scores: Array) -> list[list[float]]:
    """Return mean expectation and mean score of bins of equal count."""
    order = np.argsort(expected, kind="stable")
    return [
        [round(float(expected[part].mean()), 4), round(float(scores[part].mean()), 4)]
        for part in np.array_split(order, N_BINS)
    ]


def _error(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def text(found: Json) -> str:
    """Write down the errors; the single models of the main sets each."""
    header = [
        "test part",
        "outcomes",
        "ECE",
        "tasks trained on",
        "other tasks",
        "worst model",
        "median model",
        "worst category",
        "median category",
    ]
    rows = []
    for name, part in found.items():
        kind = "" if name in KNOWN else " (unseen task)"
        models, categories = part["models"], part["categories"]
        worst_model, worst = (max(found_.items(), key=lambda item: item[1]) for found_ in (models, categories))
        rows.append(
            [
                f"{name}{kind}",
                f"{part['n_outcomes']:,}",
                f"{part['error']:.3f}",
                _error(part["in_domain"]),
                _error(part["out_of_domain"]),
                f"{worst_model[1]:.3f} {worst_model[0]}",
                f"{float(np.median(list(models.values()))):.3f}",
                f"{worst[1]:.3f} {worst[0]}",
                f"{float(np.median(list(categories.values()))):.3f}",
            ]
        )
    each = "; ".join(
        f"`{name}`: " + ", ".join(f"{model} {error:.3f}" for model, error in found[name]["models"].items())
        for name in MAIN
    )
    return "\n\n".join(
        [
            "Expected calibration error over ten bins of equal count, of the artifact as shipped; a perfectly "
            "calibrated "
            "model with 1,000 outcomes would still show about .03. `mmlu_pro.test` holds law and engineering, of which "
            "nothing was trained.",
            markdown(header, rows),
            f"Per model: {each}.",
            "![Calibration](../docs/images/quality/calibration.png)",
        ]
    )
