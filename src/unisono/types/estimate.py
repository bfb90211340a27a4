"""What is expected of one model on one request."""

from __future__ import annotations

from unisono.values import value


@value
class Quality:
    """Expected score in [0, 1] of a model's answer, one standard deviation of doubt, the evidence.

    Attributes:
        apart: the part of the spread that this model does not share with others and that no score near by rules out:
            it counts when two models are compared. None where the predictor does not tell, then it is all of it.
        familiar: share of the prompts behind the evidence that lie farther out than this one (.05: one in twenty is as
            unusual); None where the predictor does not tell.
        at_large: what is expected on prompts of this kind at large, as hard as this one: without what its own words say
            about single models. None where the predictor does not tell; the mean stands for it then.
        guessed: nothing was measured of the model anywhere, and nobody declared how good it is.
        figures: the guess rests on public benchmark figures, which say something of requests like this one.
    """

    mean: float
    spread: float
    evidence: str
    apart: float | None = None
    familiar: float | None = None
    at_large: float | None = None
    guessed: bool = False
    figures: bool = False


ASSUMED_PRICE = "no price is known: that of the dearest model here is assumed"
"""Evidence of a cost: the model's host takes money, and nobody has said how much."""


@value
class Cost:
    """Expected price of an answer, with an interval that holds four times in five.

    `evidence` says what the length of the answer is a guess from, while it is one, and `ASSUMED_PRICE`.
    """

    usd: float
    low_usd: float
    high_usd: float
    output_tokens: float
    evidence: str = ""


@value
class Latency:
    """Expected seconds to the first content and to the end of the answer."""

    first_token_s: float
    total_s: float


@value
class Estimate:
    """What is expected of one model on one request."""

    model: str
    quality: Quality
    cost: Cost
    latency: Latency
