"""How familiar a prompt is, as a tail probability: the share of the training prompts that lie farther out than it.

.05 says that one training prompt in twenty is as far from the rest. It does not say what follows: `trust` does.

Source: distance to the nearest topic, relative to how far that topic's own prompts lie from its centre, and how its
surface facts deviate from the topic's. Calibrated on held-out prompts, so that a familiar prompt's value is uniform.
Not for: telling apart prompts that look the same and differ in what they ask of a model.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np

from unisono.predict.design import Design
from unisono.types import Features, Vector

FACT_WEIGHT = 0.5
"""Weight of the mean squared deviation of the surface facts beside the relative distance of the embedding."""
FACT_FLOOR = 0.05
"""Added to the variance of every fact: a topic whose prompts all have one table is not certain of tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Familiarity:
    """What prompts of each topic look like, and how far out training prompts lie.

    Attributes:
        radius: shape (n_clusters,), mean distance of a topic's prompts from its centre, positive.
        fact_mean: shape (n_clusters, n_surface), mean standardised surface facts of each topic.
        fact_variance: shape (n_clusters, n_surface).
        quantiles: shape (n,), rising: equally spaced quantiles of the distance of prompts that were held out.
    """

    radius: Vector
    fact_mean: Vector
    fact_variance: Vector
    quantiles: Vector
    _rising: list[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the quantiles as plain numbers too: one is looked up in them for each prompt."""
        object.__setattr__(self, "_rising", self.quantiles.tolist())

    def of(self, features: Features, design: Design) -> float:
        """Return the share, in [0, 1], of training prompts that lie farther out; 0 without an embedding."""
        standing = design.of(features)
        if standing.closeness is None or standing.facts is None:
            return 0.0
        distance = self.distance(standing.closeness, standing.facts)
        return 1.0 - bisect_left(self._rising, distance) / len(self._rising)

    def distance(self, closeness: Vector, facts: Vector) -> float:
        """Return how far out a prompt lies: about 1.5 for a typical one.

        Args:
            closeness: to the centres of topics, shape (n_clusters,).
            facts: shape (n_surface,), standardised and clipped.
        """
        topic = int(closeness.argmax())
        off = facts - self.fact_mean[topic]
        off *= off
        off /= self.fact_variance[topic] + FACT_FLOOR
        odd = float(np.add.reduce(off) / off.size)
        return (1.0 - float(closeness[topic])) / float(self.radius[topic]) + FACT_WEIGHT * odd
