"""Whether a cheaper model's answer, checked, pays: the expected utility of a cascade, by the predictors' numbers.

Pure. It reads no answers: `execute/evidence` does, and takes the odds from here, so that the rule that plans and the
rule that acts are one.

Source: the break-even of FrugalGPT (2305.05176) and Cascade Routing (2410.10347), with Bayes' rule for the check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unisono.choose.utility import SECOND_PRICES, money_worth
from unisono.types import Estimate, Goal

TOGETHER = 0.35
"""Beyond its own quality, the share of the rest in which a model is right where another is: easy questions are easy
for both. Mean over thirty ordered pairs on the training part of MATH level 5: .37."""
SLIP = 0.15
"""The share of its wrong answers in which a model gives another maker's same wrong answer. The same pairs: .146."""
SLIP_KIN = 0.3
"""The same between two models of one maker. The one such pair: .29 and .31."""
TIED = 0.6
"""How much of what a check tells about the lead is true of the stronger model too: what the cheap ones agree on was
easy. Median over the same pairs .53; it is kept on the side of not cascading."""
JUDGED = (0.8, 0.5)
"""How often a judge lets a right and a wrong answer pass. Guesses, on the careful side."""
VALID = {"format": (0.995, 0.7), "code": (0.995, 0.9)}
"""How often a right and how often a wrong answer passes a check of its form alone. Guesses, on the careful side."""
MOST = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check of the lead's answer: how often a right and a wrong answer pass it, and what it costs and takes."""

    passes_right: float
    passes_wrong: float
    usd: float = 0.0
    total_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a cascade is worth: its utility, its quality, and how often the stronger model is asked."""

    utility: float
    quality: float
    escalates: float


def agreement(backer: Estimate, *, kin: bool) -> Check:
    """Return the check of asking another model too, and seeing whether it ends in the same answer."""
    quality = min(max(backer.quality.mean, 0.0), MOST)
    return Check(
        passes_right=quality + TOGETHER * (1 - quality),
        passes_wrong=(SLIP_KIN if kin else SLIP) * (1 - quality),
        usd=backer.cost.usd,
        total_s=backer.latency.total_s,
    )


def validity(checkable: str) -> Check:
    """Return the check of an answer's form."""
    right, wrong = VALID[checkable]
    return Check(passes_right=right, passes_wrong=wrong)


def judgement(judge: Estimate) -> Check:
    """Return the check of asking a judge model, which reads the answer and writes a word."""
    right, wrong = JUDGED
    return Check(passes_right=right, passes_wrong=wrong, usd=judge.cost.usd, total_s=judge.latency.first_token_s)


def after(right: float, check: Check, *, passed: bool) -> float:
    """Return the probability that an answer is right after a check, by Bayes' rule."""
    of_right = check.passes_right if passed else 1 - check.passes_right
    of_wrong = check.passes_wrong if passed else 1 - check.passes_wrong
    seen = right * of_right + (1 - right) * of_wrong
    return right if seen <= 0 else right * of_right / seen


def accepts_from(lead: Estimate, closer: Estimate, goal: Goal, *, default_usd: float) -> float:
    """Return the probability of being right from which the lead's answer is worth more than asking the closer too.

    The closer is better where the lead is, by `TIED`; so the threshold solves p = closer + TIED (p - lead) - price.
    """
    start = closer.quality.mean - TIED * lead.quality.mean - _price(closer, goal, default_usd)
    return min(max(start / (1 - TIED), 0.0), 1.0)


def worth(lead: Estimate, checks: Sequence[Check], closer: Estimate, goal: Goal, *, default_usd: float) -> Worth:
    """Return what it is worth to ask the lead, check its answer until one check passes, else ask the closer.

    The first check runs beside the lead; each later one only when those before it did not pass.

    Args:
        lead: the cheaper model.
        checks: in order; none means that the answer is taken as it is.
        closer: the stronger model.
        goal: prices of money and time.
        default_usd: what the default is expected to cost, by which money is measured.
    """
    terms = _Terms(lead=lead, closer=closer, goal=goal, default_usd=default_usd)
    first_s = max(lead.latency.total_s, checks[0].total_s if checks else 0.0)
    spent = lead.cost.usd + (checks[0].usd if checks else 0.0)
    return _node(lead.quality.mean, checks, terms, spent_usd=spent, waited_s=first_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What is the same at every node of a cascade."""

    lead: Estimate
    closer: Estimate
    goal: Goal
    default_usd: float


def _node(right: float, checks: Sequence[Check], terms: _Terms, *, spent_usd: float, waited_s: float) -> Worth:
    if not checks:
        return _best(right, terms, spent_usd=spent_usd, waited_s=waited_s)
    check, *rest = checks
    n_passes = right * check.passes_right + (1 - right) * check.passes_wrong
    passed = _best(after(right, check, passed=True), terms, spent_usd=spent_usd, waited_s=waited_s)
    failed = _node(
        after(right, check, passed=False),
        rest,
        terms,
        spent_usd=spent_usd + (rest[0].usd if rest else 0.0),
        waited_s=waited_s + (rest[0].total_s if rest else 0.0),
    )
    return _mixed(passed, failed, n_passes)


def _best(right: float, terms: _Terms, *, spent_usd: float, waited_s: float) -> Worth:
    """Return the better of taking the answer and asking the closer."""
    closer, goal = terms.closer, terms.goal
    first_price, total_price = SECOND_PRICES[goal.mode]
    before = money_worth(spent_usd, goal.dial, default_usd=terms.default_usd) + (first_price + total_price) * waited_s
    taken = Worth(utility=right - before, quality=right, escalates=0.0)
    strong = min(max(closer.quality.mean + TIED * (right - terms.lead.quality.mean), 0.0), MOST)
    asked = Worth(utility=strong - before - _price(closer, goal, terms.default_usd), quality=strong, escalates=1.0)
    return taken if taken.utility >= asked.utility else asked


def _mixed(a: Worth, b: Worth, share: float) -> Worth:
    return Worth(
        utility=share * a.utility + (1 - share) * b.utility,
        quality=share * a.quality + (1 - share) * b.quality,
        escalates=share * a.escalates + (1 - share) * b.escalates,
    )


def _price(estimate: Estimate, goal: Goal, default_usd: float) -> float:
    """Return the quality that a model's money and time are worth."""
    first_price, total_price = SECOND_PRICES[goal.mode]
    latency = estimate.latency
    money = money_worth(estimate.cost.usd, goal.dial, default_usd=default_usd)
    return money + first_price * latency.first_token_s + total_price * latency.total_s
