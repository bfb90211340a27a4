"""Train on one set and test on another: what the product knows of prompts from elsewhere."""

from __future__ import annotations

from board.context import MAIN, N_RESAMPLES, SEEDS, Context, say
from board.figures import bracket, percent
from board.product import ask, only_sets, pool_of, trained
from unisono.evaluate.compare import Contender, field_of, standings
from unisono.evaluate.own import baselines
from unisono.evaluate.replay import Policy, Replay, sweep
from unisono.evaluate.report import markdown, standing_as_json
from unisono.types import Json

TITLE = "Trained on one set, tested on another"
TRAINED_ON = ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default", "zeroeval_math_l5")


def run(context: Context) -> Json:
    """Measure every pair of sets, and all other sets together."""
    found: Json = {}
    for name in MAIN:
        others = [other for other in TRAINED_ON if other != name]
        found[name] = {
            " + ".join(sets): one(context, name, sets) for sets in ([name], *([other] for other in others), others)
        }
    return found


def one(context: Context, name: str, sets: list[str]) -> Json:
    """Return the figures of training on `sets` and testing on `name`; the default is its best single model on train."""
    say(f"{name} from {', '.join(sets)}")
    train, test = context.table(name, "train"), context.table(name, "test").complete()
    field = field_of(train.scores, train.costs_usd)
    artifact = trained(context, only_sets(context.corpus, sets))
    models = pool_of(train)
    belief = ask(artifact, context.features(test.prompts), models, default=field.best)
    mixing = next(c for c in baselines(test, field, seeds=SEEDS[:1]) if c.name.startswith("price mixing"))
    ours = Contender(name="unisono", policies=(sweep("", belief.expected),))
    decided = Contender(name="decided", policies=(Policy(name="", chosen=belief.chosen[None]),), at=0)
    first, _, mixed = standings(Replay(test), [ours, decided, mixing], field, n_resamples=N_RESAMPLES)
    point = standings(Replay(test), [decided], field, n_resamples=N_RESAMPLES)[0]
    return {
        "n_known_models": sum(artifact.ability.place(model) is not None for model in models),
        "n_models": len(models),
        "abstained": float((belief.chosen == field.best).mean()),
        "unisono": standing_as_json(first),
        "decided": standing_as_json(point),
        "mixing": standing_as_json(mixed),
    }


def text(found: Json) -> str:
    """Write it down."""
    header = [
        "trained on",
        "models known",
        "AIQ",
        "over mixing singles",
        "abstained",
        "against best single",
        "bill saved",
    ]
    parts = [
        "No prompt of the tested set was trained on, except in each first row. Models that the training sets do not "
        "know "
        "start from public benchmark figures. The default is the tested set's best single model on its train part."
    ]
    for name, rows in found.items():
        written = [
            [
                sets,
                f"{row['n_known_models']} of {row['n_models']}",
                bracket(row["unisono"]["aiq"]),
                bracket(row["mixing"]["unisono_minus_this"], signed=True),
                f"{row['abstained']:.0%}",
                bracket(row["decided"]["default_setting"]["gained"], signed=True),
                percent(row["decided"]["default_setting"]["saved"]),
            ]
            for sets, row in rows.items()
        ]
        parts += [f"### tested on `{name}.test`", markdown(header, written)]
    return "\n\n".join(parts)
