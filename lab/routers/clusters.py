"""k-means clusters, each with every model's mean score in it.

Source: Avengers (2505.19797): cluster the prompts' embeddings, rank the models within the cluster, take the best of the
nearest clusters. With the scores kept rather than the ranks alone the dial can weigh money against them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.cluster import KMeans

from routers import Array, embeddings
from unisono.types import Features

NAME = "k-means clusters (Avengers)"
DOC = "64 clusters, mean score per cluster and model, the four nearest clusters averaged"
N_CLUSTERS = 64
N_NEAREST = 4


def quality(seen: Sequence[Features], scores: Array, new: Sequence[Features], *, seed: int) -> Array:
    """See `routers`."""
    known, wanted = embeddings(seen, new)
    found = KMeans(N_CLUSTERS, n_init=3, random_state=seed).fit(known)
    overall = np.nanmean(scores, axis=0)
    table = np.tile(overall, (N_CLUSTERS, 1))
    for cluster in range(N_CLUSTERS):
        rows = scores[found.labels_ == cluster]
        counts = (~np.isnan(rows)).sum(axis=0)
        table[cluster] = np.where(counts > 0, np.nansum(rows, axis=0) / np.maximum(counts, 1), overall)
    nearest = np.argsort(found.transform(wanted), axis=1)[:, :N_NEAREST]
    return table[nearest].mean(axis=1)
