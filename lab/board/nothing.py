"""Verdicts; also on sets where prompt-only routing has nothing to win: `route nothing` must be said, nothing lost."""

from __future__ import annotations

import numpy as np

from board.context import MAIN, SEEDS, Context, say
from board.figures import bracket, percent
from board.product import ask, pool_of
from unisono.choose.utility import UtilityChooser
from unisono.evaluate.compare import Contender, field_of, standings
from unisono.evaluate.own import Settled, baselines, evaluate
from unisono.evaluate.replay import Policy, Replay, sweep
from unisono.evaluate.report import markdown, standing_as_json
from unisono.predict.ensemble import QualityEnsemble
from unisono.types import Json

TITLE = "Where routing pays, and where it does not"
SETS = ("zeroeval_gsm", "zeroeval_math_l5", "bfcl_v1_2024_08", "llmrouter_default")


def run(context: Context) -> Json:
    """Measure each set as shipped, and as `unisono evaluate` would see it."""
    return {name: one(context, name) for name in (*MAIN, *SETS)}


def one(context: Context, name: str) -> Json:
    """Return the default dial's figures on the test part, and the verdict on it."""
    say(f"{name}: verdict")
    test = context.table(name, "test").complete()
    known = test if name == "zeroeval_gsm" else context.table(name, "train")
    field, models = field_of(known.scores, known.costs_usd), pool_of(known)
    features = context.features(test.prompts)
    belief = ask(context.artifact, features, models, default=field.best)
    contenders = [
        Contender(name="unisono", policies=(sweep("", belief.expected),)),
        Contender(name="unisono at the default dial", policies=(Policy(name="", chosen=belief.chosen[None]),), at=0),
        *(c for c in baselines(test, field, seeds=SEEDS[:1]) if c.name.startswith(("price", "best", "oracle"))),
    ]
    found = {s.name: standing_as_json(s) for s in standings(Replay(test), contenders, field)}
    said = evaluate(
        test,
        features,
        lambda: QualityEnsemble(context.artifact),
        UtilityChooser(),
        Settled(seeds=SEEDS[:2] if len(test.prompts) > 2000 else SEEDS),
    ).verdict
    return {
        "n_prompts": len(test.prompts),
        "n_models": len(test.models),
        "best": test.models[field.best],
        "abstained": float((belief.chosen == field.best).mean()),
        "n_used": len(np.unique(belief.chosen)),
        "standings": found,
        "verdict": {"kind": said.kind, "sentence": said.sentence},
    }


def text(found: Json) -> str:
    """Write the default dial's figures and the verdicts down."""
    header = [
        "set (test part)",
        "prompts",
        "best single",
        "abstained",
        "against best single",
        "bill saved",
        "over mixing, AIQ",
    ]
    rows, verdicts = [], []
    for name, part in found.items():
        point = part["standings"]["unisono at the default dial"]["default_setting"]
        mixing = next(s for label, s in part["standings"].items() if label.startswith("price mixing"))
        rows.append(
            [
                name,
                f"{part['n_prompts']:,}",
                part["best"],
                f"{part['abstained']:.1%}",
                bracket(point["gained"], signed=True),
                percent(point["saved"]),
                bracket(mixing["unisono_minus_this"], signed=True),
            ]
        )
        verdicts.append(f"- `{name}`: {part['verdict']['sentence']}")
    return "\n\n".join(
        [
            "As shipped, at the default dial; the default is the best single model on the train part (`zeroeval_gsm` "
            "has "
            "none: there it is the best of the test part, which favours doing nothing). *Abstained*: the default "
            "answers.",
            markdown(header, rows),
            "What `unisono evaluate` says of each test part as a user's own table, learning by cross-fitting:",
            "\n".join(verdicts),
        ]
    )
