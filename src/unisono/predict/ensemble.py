"""Expected quality per candidate: ability, corrected by local evidence, with a spread that says how much is known.

It does not know money or time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import is_not
from typing import TYPE_CHECKING

import numpy as np

from unisono.predict.ability import Ability, Belief, Demand, expected, generals, logits, mean_score, moderated, updated
from unisono.predict.caution import FULL, eased
from unisono.predict.neighbors import Local, Ring, borne_out, local
from unisono.predict.paired import UNTOLD, Told, as_told
from unisono.predict.votes import Heard, heard
from unisono.types import Capability, Features, Model, Quality, Score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unisono.predict.artifact import Artifact

FLOOR = 0.005
"""No answer is expected to be right or wrong for certain."""
MAX_MODELS = 1024
"""Models whose scores are kept; the one that was scored least recently is forgotten first."""


SILENT_FIGURES = frozenset((Capability.TOOLS, Capability.VISION, Capability.AUDIO))
"""Of requests that need one of these public figures say nothing: they were measured on words."""


@dataclass(frozen=True, slots=True)
class _Stand:
    """A belief as of `n_seen` scores, with the residuals of the ring under it: a memo, rebuilt when either changes.

    `heard` is what votes add to it, where they are held apart; `borne_out` the share of local corrections to believe;
    `evidence` what is said where no score was measured; `guessed`: nothing was measured or declared anywhere.
    """

    model: Model
    n_seen: int
    belief: Belief
    residuals: NDArray[np.float64]
    borne_out: float
    heard: Heard | None
    evidence: str
    guessed: bool


@dataclass(frozen=True, slots=True)
class _Pool:
    """The beliefs of several models as arrays of shape (n, k) and (n, k, k): a memo, rebuilt when one changes."""

    stands: tuple[_Stand, ...]
    means: NDArray[np.float64]
    covariances: NDArray[np.float64]


_NOTHING_NEAR = Local(correction=0.0, n_near=0.0)


class QualityEnsemble:
    """Implements `protocols.QualityPredictor`.

    Scores are kept by the model's catalogue name, at most `neighbors.CAPACITY` each. Their order does not matter until
    the ring is full; then the oldest are forgotten.
    """

    def __init__(
        self,
        artifact: Artifact,
        *,
        swayed: Mapping[str, float] | None = None,
        told: Mapping[tuple[str, str], Told] | None = None,
    ) -> None:
        """Start from a trained artifact, with nothing measured here.

        Args:
            artifact: the trained parts.
            swayed: by model, the share of its votes that a twentieth of its voters hold (`votes`). Votes on these
                models are held apart from what was measured; of the others they count as measured.
            told: by model and item, what other models' answers said about the question (`paired`).
        """
        self._ability: Ability = artifact.ability
        self._dim = artifact.dim
        self._swayed = swayed or {}
        self._told = told or {}
        self._rings: dict[str, Ring] = {}
        self._votes: dict[str, Ring] = {}
        self._stands: dict[str, _Stand] = {}
        self._averages: dict[str, tuple[_Stand, Quality]] = {}
        self._pool: _Pool | None = None

    def predict_one(self, features: Features, models: Sequence[Model]) -> tuple[Quality, ...]:
        """See `protocols.QualityPredictor`. Each model's figures do not depend on the others in the list."""
        if features.surface.size == 0 and features.embedding is None:
            return tuple(self._on_average(features, model) for model in models)
        if not models:
            return ()
        demand = self._ability.demand(features)
        rings = [self._rings.get(model.name) for model in models]
        stands = tuple([self._stand(model, ring) for model, ring in zip(models, rings, strict=True)])
        pool = self._pooled(stands)
        means, variances = logits(pool.means, pool.covariances, demand.profile)
        kinds = generals(pool.means, demand.at_large)
        rows = zip(stands, rings, means, variances, kinds, strict=True)
        return tuple([_told(features, demand, stand, ring, (mean, var), kind) for stand, ring, mean, var, kind in rows])

    def learn_one(self, features: Features, score: Score) -> None:
        """See `protocols.QualityPredictor`. A score counts as `weight` measured answers; at 0 it is ignored."""
        if score.weight <= 0:
            return
        demand = self._ability.demand(features)
        apart = bool(score.by) and score.model in self._swayed
        rings = self._votes if apart else self._rings
        ring = rings.pop(score.model, None)
        if ring is None:
            ring = Ring(dim=0 if apart else self._dim, k=demand.profile.size)
        ring.add(
            None if apart else features.embedding,
            demand.profile,
            difficulty=demand.difficulty,
            score=min(max(score.score, 0.0), 1.0),
            weight=score.weight,
            told=self._told.get((score.model, score.item), UNTOLD),
        )
        rings[score.model] = ring  # last in the dict is latest in time
        if len(rings) > MAX_MODELS:
            oldest = next(iter(rings))
            del rings[oldest]
            self._stands.pop(oldest, None)

    def _on_average(self, features: Features, model: Model) -> Quality:
        """Return what to expect on a prompt that nobody has measured: always the same, as long as nothing is learnt."""
        stand = self._stand(model, self._rings.get(model.name))
        known = self._averages.get(model.name)
        if known is None or known[0] is not stand:
            if len(self._averages) >= MAX_MODELS:
                self._averages.clear()
            demand = self._ability.demand(features)
            mean, variance = logits(stand.belief.mean[None], stand.belief.covariance[None], demand.profile)
            known = stand, _told(features, demand, stand, self._rings.get(model.name), (mean[0], variance[0]), mean[0])
            self._averages[model.name] = known
        return known[1]

    def _pooled(self, stands: tuple[_Stand, ...]) -> _Pool:
        pool = self._pool
        if pool is None or len(pool.stands) != len(stands) or any(map(is_not, pool.stands, stands)):
            beliefs = [stand.belief for stand in stands]
            pool = _Pool(stands, np.stack([b.mean for b in beliefs]), np.stack([b.covariance for b in beliefs]))
            self._pool = pool
        return pool

    def _stand(self, model: Model, ring: Ring | None) -> _Stand:
        votes = self._votes.get(model.name) if self._votes else None
        n_seen = (0 if ring is None else ring.n_seen) + (0 if votes is None else votes.n_seen)
        known = self._stands.get(model.name)
        if known is not None and known.n_seen == n_seen and (known.model is model or known.model == model):
            return known
        belief = self._ability.prior(model)
        residuals, share = np.zeros(0), 0.0
        if ring is not None:
            prior, profiles, difficulties = belief, ring.profiles, ring.difficulties
            belief = updated(prior, profiles, difficulties, ring.scores, weights=ring.weights)
            logits = profiles @ belief.mean - difficulties
            residuals = ring.scores - 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0)))
            share = borne_out(ring, residuals)
            if (told := ring.told) is not None:
                seen = as_told(profiles, difficulties, told)
                belief = updated(prior, *seen, ring.scores, weights=ring.weights)
        said = None if votes is None else heard(belief, votes, self._swayed[model.name])
        guessed = ring is None and not belief.n_outcomes and model.quality is None
        stand = _Stand(model, n_seen, belief, residuals, share, said, _unmeasured(belief), guessed)
        if len(self._stands) >= MAX_MODELS:
            self._stands.clear()
        self._stands[model.name] = stand
        return stand


def _told(
    features: Features, demand: Demand, stand: _Stand, ring: Ring | None, logit: tuple[float, float], kind: float
) -> Quality:
    """Return a model's quality; `logit`: its mean, difficulty left out, and its variance; `kind`: its mean at large.

    As far as scores near by measured what is expected here, it is not the prompt's words alone that speak for it.
    """
    near = _NOTHING_NEAR if ring is None else local(features.embedding, ring, stand.residuals)
    unsteady, unmeasured = stand.belief.unsteady, near.unmeasured
    mean, spread, apart = moderated(*logit, demand, unsteady=unsteady, unmeasured=unmeasured)
    votes = stand.heard
    if votes is not None:
        _, spread, apart = expected(votes.belief, demand, unmeasured=unmeasured)
        mean += votes.shift(demand, mean)
    mean = min(max(mean + stand.borne_out * near.correction, FLOOR), 1.0 - FLOOR)
    at_large = unmeasured * mean_score(kind, logit[1], demand.difficulty) + (1.0 - unmeasured) * mean
    if demand.caution < FULL and stand.belief.n_outcomes:
        apart, at_large = eased(mean, apart, at_large, demand.caution)
    return Quality(
        mean=mean,
        spread=spread,
        evidence=_evidence(stand, 0 if ring is None else len(ring), near.n_near),
        apart=apart,
        familiar=max(demand.familiar, 1.0 - unmeasured),
        at_large=at_large,
        guessed=stand.guessed,
        figures=stand.guessed and stand.belief.figures and not SILENT_FIGURES & features.needs,
    )


def _evidence(stand: _Stand, n_scores: int, n_near: float) -> str:
    belief, n_votes = stand.belief, 0 if stand.heard is None else stand.heard.n_votes
    told = f"; {n_votes} {'vote' if n_votes == 1 else 'votes'}" if n_votes else ""
    if n_scores == 0:
        return stand.evidence + told
    scores = "score" if n_scores == 1 else "scores"
    return f"{belief.ground}; {n_scores} {scores} measured here, about {n_near:.0f} of them near by{told}"


def _unmeasured(belief: Belief) -> str:
    return belief.ground if belief.n_outcomes else f"never measured; {belief.ground}"
