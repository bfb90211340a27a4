"""A quality predictor that a plug-in made, held to its contract: foreign code, whose failure is a fault that is told.

It expects nothing itself, and it does not know how plug-ins are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isfinite

from unisono.errors import ArtifactError
from unisono.protocols import PredictorPlugin, QualityPredictor
from unisono.types import Features, Model, Quality, Score, Vector


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
            ArtifactError: it failed, there is not one expectation for each model, or one is no finite number in [0, 1].
        """
        if features.surface.size == 0 and features.embedding is None:
            return self._ours.predict_one(features, models)
        try:
            found = tuple(self._theirs.predict_one(_as_kept(features), tuple(models)))
            if len(found) != len(models):
                raise ArtifactError(
                    f"the predictor {self._name!r} gave {len(found)} expectations for {len(models)} models"
                )
            return tuple(self._sound(quality, model) for quality, model in zip(found, models, strict=True))
        except ArtifactError:
            raise
        except Exception as exc:  # the learner's border: whatever a plug-in raises, the declared default serves
            raise ArtifactError(f"the predictor {self._name!r} failed with {type(exc).__name__}") from exc

    def learn_one(self, features: Features, score: Score) -> None:
        """See `protocols.QualityPredictor`."""
        self._theirs.learn_one(_as_kept(features), score)

    def _sound(self, quality: Quality, model: Model) -> Quality:
        """Return an expectation in plain numbers: those of numpy would change what is recorded."""
        if not isinstance(quality, Quality):
            kind = type(quality).__name__
            raise ArtifactError(f"the predictor {self._name!r} gave a {kind} for {model.name}, not a Quality")
        mean, spread = float(quality.mean), float(quality.spread)
        apart, familiar, at_large = map(_plain, (quality.apart, quality.familiar, quality.at_large))
        shares = [part for part in (mean, familiar, at_large) if part is not None]
        doubts = [part for part in (spread, apart) if part is not None]
        if not all(0.0 <= share <= 1.0 for share in shares) or not all(isfinite(d) and d >= 0.0 for d in doubts):
            raise ArtifactError(
                f"the predictor {self._name!r} expects of {model.name}: mean {mean}, familiar {familiar}, at large "
                f"{at_large}, of which each lies in 0 to 1; spread {spread}, apart {apart}, finite and not negative"
            )
        told = str(quality.evidence)
        return replace(
            quality, mean=mean, spread=spread, apart=apart, familiar=familiar, at_large=at_large, evidence=told
        )


def plugged(
    plugin: PredictorPlugin, *, ours: QualityPredictor, rows: Iterable[tuple[Features, Score]]
) -> PluggedPredictor:
    """Return a plug-in's predictor with every score taken in.

    Args:
        plugin: makes it.
        ours: Unisono's own, with the scores taken in.
        rows: features and scores, in order.

    Raises:
        ArtifactError: the plug-in's code failed; says with what.
    """
    try:
        found = PluggedPredictor(plugin.name, plugin.make(ours), ours=ours)
        for features, score in rows:
            found.learn_one(features, score)
    except Exception as exc:  # the learner's border: whatever a plug-in raises, the server goes on
        text = f"The predictor {plugin.name!r} failed before its first request with {type(exc).__name__}: {exc}."
        raise ArtifactError(f"{text} Mend its plug-in, or take `predictor` out of [routing].") from exc
    return found


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
