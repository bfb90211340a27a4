"""Makes a plug-in's quality predictor and teaches it: foreign code, whose failure is a fault that is told and no crash.

It does not hold it to its contract; `predict.plugged` does.
"""

from __future__ import annotations

from collections.abc import Iterable

from unisono.errors import ArtifactError
from unisono.predict.plugged import PluggedPredictor
from unisono.protocols import PredictorFactory, QualityPredictor
from unisono.types import Features, Score


def plugged(
    name: str, make: PredictorFactory, *, ours: QualityPredictor, rows: Iterable[tuple[Features, Score]]
) -> PluggedPredictor:
    """Return a plug-in's predictor with every score taken in.

    Args:
        name: what `routing.predictor` calls it.
        make: the plug-in's.
        ours: Unisono's own, with the scores taken in.
        rows: features and scores, in order.

    Raises:
        ArtifactError: the plug-in's code failed; says with what.
    """
    try:
        found = PluggedPredictor(name, make(ours), ours=ours)
        for features, score in rows:
            found.learn_one(features, score)
    except Exception as exc:  # the learner's border: whatever a plug-in raises, the server goes on
        text = f"The predictor {name!r} failed before its first request with {type(exc).__name__}: {exc}."
        raise ArtifactError(f"{text} Mend its plug-in, or take `predictor` out of [routing].") from exc
    return found
