"""A learned scorer of question and answer: logistic regression on seven facts of their shape, no words of theirs.

Trained on 1,374 answers of six models to the training part of MATH level 5 (`lab/cascade.py --fit-scorer`), so it is
about worked answers to mathematical questions; elsewhere its odds mean less, and they are bounded. AUC there, ten folds
by question: .64 to .81 for the six models. It is off unless a plan names it.
"""

from __future__ import annotations

import re
from math import exp, log

from unisono.consistency.comparers import Ask
from unisono.consistency.final import final_answer, is_number
from unisono.types import Seen, Verdict

NAMES = ("log_words", "log_question_chars", "n_equals", "has_final", "final_is_number", "final_chars", "final_is_whole")
MEANS = (5.408, 5.279, 1.191, 0.945, 0.876, 0.289, 0.853)
SCALES = (0.754, 0.611, 1.179, 0.229, 0.33, 0.45, 0.354)
WEIGHTS = (-0.956, -0.254, 0.35, 0.494, -0.442, -0.362, 0.782)
LOW, HIGH = 0.4, 2.5
"""Bounds of the odds."""


class Scorer:
    """Scores the shape of an answer."""

    name = "scorer"

    async def weigh(self, seen: Seen, ask: Ask | None) -> Verdict | None:
        """See `protocols.Evidence.weigh`."""
        if not seen.answer.text.strip():
            return None
        facts = facts_of(seen.task, seen.answer.text)
        total = sum(w * (f - m) / s for w, f, m, s in zip(WEIGHTS, facts, MEANS, SCALES, strict=True))
        odds = min(max(exp(total), LOW), HIGH)
        return Verdict(evidence=self.name, odds=odds, text=f"the scorer gives odds of {odds:.2f}")


def facts_of(question: str, answer: str) -> tuple[float, ...]:
    """Return the facts in the order of `NAMES`."""
    final = final_answer(answer)
    return (
        log(1 + len(answer.split())),
        log(1 + len(question)),
        min(answer.count("="), 40) / 10,
        float(final is not None),
        float(final is not None and is_number(final)),
        min(len(final or ""), 40) / 10,
        float(final is not None and re.fullmatch(r"-?\d+", final) is not None),
    )
