"""Turns the signals of the record into scores, off the road of requests: what the quality predictor learns from.

All that it knows is in the record, so that a restart forgets nothing, and two processes on one record do the same work
once. It does not rebuild a predictor: who serves notices the new generation of scores.

Turns of one conversation are alike in what their prompts do not show, so each further one that is judged counts less:
1, 1/1.3, 1/1.6 and so on of what it would by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from unisono.learn.reward import rewards
from unisono.record.limits import user_of
from unisono.record.reader import Stored
from unisono.record.store import Store
from unisono.types import Score, Signal

BATCH = 200
"""Decisions that one step takes in."""

ALIKE = 0.3
"""How alike judgements of one conversation are beyond what their prompts tell: a guess that nothing has measured."""

log = logging.getLogger("unisono")


@dataclass(frozen=True, slots=True)
class _Learned:
    score: Score
    fingerprint: str


class Learner:
    """Works through pending signals, step by step. It blocks: call it in a thread."""

    def __init__(self, store: Store) -> None:
        """Learn from `store` into `store`."""
        self._store = store

    def step(self) -> int:
        """Join up to `BATCH` decisions' signals; returns how many scores changed.

        Raises:
            StoreError: the record cannot be read or written; the signals stay pending.
        """
        signals: list[Signal] = []
        learned: list[_Learned] = []
        shares: dict[tuple[str, str], float] = {}
        for decision in sorted(self._store.reader.pending(limit=BATCH)):  # as they were made
            said = self._store.reader.signals(decision)
            signals += said
            learned += self._learn(decision, said, shares)
        if not signals:
            return 0
        return self._store.join(signals, [one.score for one in learned], [one.fingerprint for one in learned])

    def _learn(self, decision: str, said: tuple[Signal, ...], shares: dict[tuple[str, str], float]) -> list[_Learned]:
        try:
            stored = self._store.reader.stored(decision)
            return [] if stored is None else self._scores(stored, said, shares)
        except Exception:  # the learner's border: one strange signal must not stop the others
            log.exception("decision=%s signals cannot be learned from", decision)
            return []

    def _scores(self, stored: Stored, said: tuple[Signal, ...], shares: dict[tuple[str, str], float]) -> list[_Learned]:
        made, outcome, features = stored.decision, stored.outcome, stored.features
        if outcome is None or outcome.model is None or features is None or made.degraded or made.pattern != "single":
            return []  # nothing was answered, or by nobody in particular, or nothing was understood
        config = self._store.reader.config(made.config_hash)
        if config is None:
            return []
        expected = {e.model: e.quality.mean for e in made.situation.estimates}
        voter = user_of(stored.request.key, stored.request.user)
        found = []
        for reward in rewards(said, answered=outcome.model, expected=expected):
            if reward.model not in config.fingerprints:
                continue  # the name of a model that was not in the pool then
            fingerprint = config.fingerprints[reward.model]
            share = shares[fingerprint, made.id] = self._share(stored, reward.model, fingerprint, shares)
            score = Score(
                model=reward.model,
                item=made.id,
                kind=reward.source,
                prompt="",
                score=reward.reward,
                weight=share * reward.weight,
                features=features,
                by=voter,
            )
            found.append(_Learned(score, fingerprint))
        return found

    def _share(self, stored: Stored, model: str, fingerprint: str, shares: Mapping[tuple[str, str], float]) -> float:
        """Return how much of its weight an answer keeps, by how much the one before in the conversation has kept.

        Args:
            stored: the answer.
            model: of which something was said.
            fingerprint: of its definition.
            shares: of the answers that this step has taken in, by fingerprint and decision.
        """
        past = stored.decision.situation.past
        if past is None or past.decision is None:
            return 1.0
        before = shares.get((fingerprint, past.decision))
        if before is None:
            weight = self._store.reader.weight(fingerprint, past.decision)
            if weight is None:
                return 1.0
            said = rewards(self._store.reader.signals(past.decision), answered=model, expected={})
            whole = next((reward.weight for reward in said if reward.model == model), weight)
            before = min(weight / whole, 1.0)
        return 1.0 / (1.0 / before + ALIKE)
