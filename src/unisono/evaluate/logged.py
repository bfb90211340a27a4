"""What the log knows of two models: what each answered, and what is expected of both on the same logged requests.

It reads the record and asks no model. Features are kept of every request, words only where the operator keeps them:
nothing here needs words.
"""

from __future__ import annotations

from statistics import fmean

from unisono.evaluate.judged import whose
from unisono.evaluate.succession import Answered, OnLog, Served, gap_of, served
from unisono.predict.cost import TokenCost
from unisono.protocols import QualityPredictor
from unisono.record.reader import Reader
from unisono.types import Features, Model, Request

N_REQUESTS = 300
N_ANSWERS = 1000
_ANSWERS = (
    "SELECT cost_usd, first_content_s, total_s, status FROM attempts WHERE model = ? AND status <> 'cancelled'"
    " ORDER BY decision DESC, n DESC LIMIT ?"
)


def on_log(reader: Reader, old: Model, new: Model, quality: QualityPredictor | None, cost: TokenCost) -> OnLog:
    """Return both models on the log.

    Args:
        reader: of the record.
        old: the model that is to go.
        new: the one that is to follow.
        quality: with every score taken in, as a server has it; None when the trained parts are broken.
        cost: what answers are expected to cost.

    Raises:
        StoreError: the record cannot be read.
    """
    asked = requests(reader) if quality is not None else []
    apart, usd = [], []
    for request, features in asked:
        assert quality is not None  # noqa: S101 - else nothing was asked
        before, after = quality.predict_one(features, (old, new))
        apart.append(after.mean - before.mean)
        usd.append([expected.usd for expected in cost.predict_one(request, features, (old, new))])
    return OnLog(
        quality=gap_of(apart, [whose(request) for request, _ in asked]) if apart else None,
        usd=(1000 * fmean(u[0] for u in usd), 1000 * fmean(u[1] for u in usd)) if usd else None,
        old=_served(reader, old.name),
        new=_served(reader, new.name),
    )


def requests(reader: Reader, *, limit: int = N_REQUESTS) -> list[tuple[Request, Features]]:
    """Return the latest logged requests whose features were kept."""
    found = []
    for row in reader.decisions(limit=limit):
        stored = reader.stored(str(row["decision"]))
        if stored is not None and stored.features is not None:
            found.append((stored.request, stored.features))
    return found


def _served(reader: Reader, model: str) -> Served:
    rows = reader.rows(_ANSWERS, (model, N_ANSWERS))
    return served(
        model,
        [Answered(usd=_number(u), first_content_s=_number(f), total_s=_number(t), ok=s == "ok") for u, f, t, s in rows],
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
