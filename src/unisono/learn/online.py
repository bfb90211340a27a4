"""What the cost and latency predictors learn from each attempt while requests run.

It is the learner's border: a predictor that cannot learn from an attempt is logged and costs nobody an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from unisono.protocols import CostPredictor, LatencyPredictor
from unisono.types import Attempt, Features

log = logging.getLogger("unisono")


class Online:
    """Hands every attempt to the predictors that learn from attempts."""

    def __init__(self, *predictors: CostPredictor | LatencyPredictor) -> None:
        """Teach these."""
        self._predictors: Sequence[CostPredictor | LatencyPredictor] = predictors

    def learn_one(self, features: Features, attempt: Attempt) -> None:
        """Take in one attempt."""
        for predictor in self._predictors:
            try:
                predictor.learn_one(features, attempt)
            except Exception:
                log.exception("predictor=%s cannot learn from model=%s", type(predictor).__name__, attempt.model)
