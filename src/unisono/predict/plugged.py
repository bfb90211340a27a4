"""A quality predictor that a plug-in made, held to its contract: a fault of it is a fault of the router, and no crash.

It expects nothing itself, and it does not know how plug-ins are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite

from unisono.protocols import QualityPredictor
from unisono.types import Features, Model, Quality, Score, Vector


class BrokenPredictor(Exception):
    """A predictor did not keep its contract; the text says which, and how."""


class PluggedPredictor:
    """Implements `protocols.QualityPredictor` by another one that is not trusted to.

    What nothing was read of (a plain pin) is answered by Unisono's own predictor: it moves no choice. The other one is
    shown what the record keeps of a request and no more, so that its decisions can be made again: not the words.
    """

    def __init__(self, name: str, theirs: QualityPredictor, *, ours: QualityPredictor) -> None:
        """Hold the predictor `theirs` of this name to its contract; `ours` answers where nothing was read."""
        self._name = name
        self._theirs = theirs
        self._ours = ours

    def predict_one(self, features: Features, models: Sequence[Model]) -> tuple[Quality, ...]:
        """See `protocols.QualityPredictor`.

        Raises:
            BrokenPredictor: there is not one expectation for each model, or one is no finite number in [0, 1].
        """
        if features.surface.size == 0 and features.embedding is None:
            return self._ours.predict_one(features, models)
        found = tuple(self._theirs.predict_one(_as_kept(features), tuple(models)))
        if len(found) != len(models):
            raise BrokenPredictor(f"{self._name!r} gave {len(found)} expectations for {len(models)} models.")
        return tuple(self._sound(quality, model) for quality, model in zip(found, models, strict=True))

    def learn_one(self, features: Features, score: Score) -> None:
        """See `protocols.QualityPredictor`."""
        self._theirs.learn_one(_as_kept(features), score)

    def _sound(self, quality: Quality, model: Model) -> Quality:
        """Return an expectation in plain numbers: those of numpy would change what is recorded."""
        if not isinstance(quality, Quality):
            raise BrokenPredictor(f"{self._name!r} gave a {type(quality).__name__} for {model.name}, not a Quality.")
        mean, spread = float(quality.mean), float(quality.spread)
        apart, familiar, at_large = map(_plain, (quality.apart, quality.familiar, quality.at_large))
        shares = [part for part in (mean, familiar, at_large) if part is not None]
        doubts = [part for part in (spread, apart) if part is not None]
        if not all(0.0 <= share <= 1.0 for share in shares) or not all(isfinite(d) and d >= 0.0 for d in doubts):
            raise BrokenPredictor(
                f"{self._name!r} expects of {model.name}: {quality}. Quality, what is familiar and what is expected at "
                "large lie in 0 to 1, and doubt is finite and not negative."
            )
        told = str(quality.evidence)
        return replace(
            quality, mean=mean, spread=spread, apart=apart, familiar=familiar, at_large=at_large, evidence=told
        )


def _as_kept(features: Features) -> Features:
    """Return features as the record gives them back, with vectors that cannot be written to: others read them too."""
    embedding = None if features.embedding is None else _locked(features.embedding)
    return replace(features, task="", task_type=None, surface=_locked(features.surface), embedding=embedding)


def _locked(vector: Vector) -> Vector:
    found = vector.view()
    found.flags.writeable = False
    return found


def _plain(number: float | None) -> float | None:
    return None if number is None else float(number)
