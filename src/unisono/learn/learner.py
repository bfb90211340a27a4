"""Turns the signals of the record into scores, off the road of requests: what the quality predictor learns from.

All that it knows is in the record, so that a restart forgets nothing, and two processes on one record do the same work
once. It does not rebuild a predictor: who serves notices the new generation of scores.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from unisono.learn.reward import rewards
from unisono.record.limits import user_of
from unisono.record.reader import Stored
from unisono.record.store import Store
from unisono.types import Score, Signal

BATCH = 200
"""Decisions that one step takes in."""

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
        for decision in self._store.reader.pending(limit=BATCH):
            said = self._store.reader.signals(decision)
            signals += said
            learned += self._learn(decision, said)
        if not signals:
            return 0
        return self._store.join(signals, [one.score for one in learned], [one.fingerprint for one in learned])

    def _learn(self, decision: str, said: tuple[Signal, ...]) -> list[_Learned]:
        try:
            stored = self._store.reader.stored(decision)
            return [] if stored is None else self._scores(stored, said)
        except Exception:  # the learner's border: one strange signal must not stop the others
            log.exception("decision=%s signals cannot be learned from", decision)
            return []

    def _scores(self, stored: Stored, said: tuple[Signal, ...]) -> list[_Learned]:
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
            score = Score(
                model=reward.model,
                item=made.id,
                kind=reward.source,
                prompt="",
                score=reward.reward,
                weight=reward.weight,
                features=features,
                by=voter,
            )
            found.append(_Learned(score, config.fingerprints[reward.model]))
        return found
