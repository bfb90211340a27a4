"""Expected quality per candidate: ability, corrected by local evidence, with a spread that says how much is known.

It does not know money or time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from unisono.predict.ability import Ability, Belief, Demand, expected, updated
from unisono.predict.neighbors import Local, Ring, local
from unisono.types import Features, Model, Quality, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unisono.predict.artifact import Artifact

FLOOR = 0.005
"""No answer is expected to be right or wrong for certain."""
MAX_MODELS = 1024
"""Models whose scores are kept; the one that was scored least recently is forgotten first."""


@dataclass(frozen=True, slots=True)
class _Stand:
    """A belief as of `n_seen` scores, with the residuals of the ring under it: a memo, rebuilt when either changes."""

    model: Model
    n_seen: int
    belief: Belief
    residuals: NDArray[np.float64]


class QualityEnsemble:
    """Implements `protocols.QualityPredictor`.

    Scores are kept by the model's catalogue name, at most `neighbors.CAPACITY` each. Their order does not matter until
    the ring is full; then the oldest are forgotten.
    """

    def __init__(self, artifact: Artifact) -> None:
        """Start from a trained artifact, with nothing measured here."""
        self._ability: Ability = artifact.ability
        self._dim = artifact.dim
        self._rings: dict[str, Ring] = {}
        self._stands: dict[str, _Stand] = {}
        self._averages: dict[str, tuple[_Stand, Quality]] = {}

    def predict_one(self, features: Features, models: Sequence[Model]) -> tuple[Quality, ...]:
        """See `protocols.QualityPredictor`. Each model's figures do not depend on the others in the list."""
        if features.surface.size == 0 and features.embedding is None:
            return tuple(self._on_average(features, model) for model in models)
        demand = self._ability.demand(features)
        return tuple(self._predict(features, demand, model) for model in models)

    def learn_one(self, features: Features, score: Score) -> None:
        """See `protocols.QualityPredictor`. A score counts as `weight` measured answers; at 0 it is ignored."""
        if score.weight <= 0:
            return
        demand = self._ability.demand(features)
        ring = self._rings.pop(score.model, None)
        if ring is None:
            ring = Ring(dim=self._dim, k=demand.profile.size)
        ring.add(
            features.embedding,
            demand.profile,
            difficulty=demand.difficulty,
            score=min(max(score.score, 0.0), 1.0),
            weight=score.weight,
        )
        self._rings[score.model] = ring  # last in the dict is latest in time
        if len(self._rings) > MAX_MODELS:
            oldest = next(iter(self._rings))
            del self._rings[oldest]
            self._stands.pop(oldest, None)

    def _on_average(self, features: Features, model: Model) -> Quality:
        """Return what to expect on a prompt that nobody has measured: always the same, as long as nothing is learnt."""
        stand = self._stand(model, self._rings.get(model.name))
        known = self._averages.get(model.name)
        if known is None or known[0] is not stand:
            if len(self._averages) >= MAX_MODELS:
                self._averages.clear()
            known = stand, self._predict(features, self._ability.demand(features), model)
            self._averages[model.name] = known
        return known[1]

    def _predict(self, features: Features, demand: Demand, model: Model) -> Quality:
        ring = self._rings.get(model.name)
        stand = self._stand(model, ring)
        near = Local(correction=0.0, n_near=0.0) if ring is None else local(features.embedding, ring, stand.residuals)
        mean, spread, apart = expected(stand.belief, demand, unmeasured=near.unmeasured)
        return Quality(
            mean=min(max(mean + near.correction, FLOOR), 1.0 - FLOOR),
            spread=spread,
            evidence=_evidence(stand.belief, 0 if ring is None else len(ring), near.n_near),
            apart=apart,
            familiar=max(demand.familiar, 1.0 - near.unmeasured),
        )

    def _stand(self, model: Model, ring: Ring | None) -> _Stand:
        n_seen = 0 if ring is None else ring.n_seen
        known = self._stands.get(model.name)
        if known is not None and known.n_seen == n_seen and (known.model is model or known.model == model):
            return known
        belief = self._ability.prior(model)
        residuals = np.zeros(0)
        if ring is not None:
            belief = updated(belief, ring.profiles, ring.difficulties, ring.scores, weights=ring.weights)
            logits = ring.profiles @ belief.mean - ring.difficulties
            residuals = ring.scores - 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
        stand = _Stand(model, n_seen, belief, residuals)
        if len(self._stands) >= MAX_MODELS:
            self._stands.clear()
        self._stands[model.name] = stand
        return stand


def _evidence(belief: Belief, n_scores: int, n_near: float) -> str:
    if n_scores == 0:
        return belief.ground if belief.n_outcomes else f"never measured; {belief.ground}"
    scores = "score" if n_scores == 1 else "scores"
    return f"{belief.ground}; {n_scores} {scores} measured here, about {n_near:.0f} of them near by"
