"""Fits what prompts of each topic look like, and the distances by which familiarity is told.

It sees no scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from unisono.learn.irt import Array
from unisono.predict.design import Design
from unisono.predict.familiar import Familiarity
from unisono.types import Features

N_QUANTILES = 400
PRIOR_PROMPTS = 10.0
"""A topic's radius and variances start from those of all prompts, with the weight of so many."""


def fit_familiarity(features: Sequence[Features], design: Design) -> Familiarity:
    """Fit the topics' own spread; `quantiles` is still empty."""
    embeddings = np.array([f.embedding for f in features], dtype=np.float64)
    facts = np.array([design.facts(f.surface) for f in features], dtype=np.float64)
    closeness = embeddings @ design.centroids.T.astype(np.float64)
    topic, far = closeness.argmax(axis=1), 1.0 - closeness.max(axis=1)
    n_topics = len(design.centroids)
    count = np.bincount(topic, minlength=n_topics).astype(np.float64)
    radius = (np.bincount(topic, weights=far, minlength=n_topics) + PRIOR_PROMPTS * far.mean()) / (
        count + PRIOR_PROMPTS
    )
    mean, variance = np.zeros((n_topics, facts.shape[1])), np.ones((n_topics, facts.shape[1]))
    for place in np.flatnonzero(count):
        own = facts[topic == place]
        mean[place] = own.mean(axis=0)
        off = own - mean[place]
        variance[place] = ((off * off).sum(axis=0) + PRIOR_PROMPTS) / (count[place] + PRIOR_PROMPTS)
    return Familiarity(
        radius=np.maximum(radius, 1e-6).astype(np.float32),
        fact_mean=mean.astype(np.float32),
        fact_variance=variance.astype(np.float32),
        quantiles=np.zeros(0, dtype=np.float32),
    )


def distances(features: Sequence[Features], familiarity: Familiarity, design: Design) -> Array:
    """Return how far out each prompt lies, shape (n,), as the product computes it."""
    return np.array(
        [
            np.inf
            if f.embedding is None
            else familiarity.distance(design.centroids @ f.embedding, design.facts(f.surface))
            for f in features
        ]
    )


def calibrated(familiarity: Familiarity, held_out: Array) -> Familiarity:
    """Return the familiarity with the quantiles of distances, shape (n,), of prompts that were held out."""
    levels = (np.arange(N_QUANTILES) + 0.5) / N_QUANTILES
    return replace(familiarity, quantiles=np.quantile(held_out, levels).astype(np.float32))
