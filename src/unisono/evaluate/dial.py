"""What the dial means for a pool: which share goes to which model, and what it costs, at each setting.

It decides again and calls nothing. What comes out is what is expected, not what was measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from unisono.errors import ArtifactError, NoCandidate, RequestError
from unisono.record.reader import Reader
from unisono.router import Router
from unisono.types import Decision, Features, Health, Json, Message, Mode, Request, Situation

SETTINGS: tuple[float, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with all that its decision depends on but the dial."""

    request: Request
    features: Features
    situation: Situation


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting of the dial over many requests.

    Attributes:
        dial: in [0, 1].
        shares: of the requests by model, those with any share at all, largest first; they sum to one.
        usd_per_1000: expected cost of a thousand such requests.
        quality: mean expected score of the chosen model.
        n_refused: requests whose own bounds no model meets; they count nowhere else.
    """

    dial: float
    shares: Mapping[str, float]
    usd_per_1000: float
    quality: float
    n_refused: int


def from_text(router: Router, text: str, *, blank: Request) -> Asked:
    """Return a first request of nobody in particular.

    Args:
        router: that understands it.
        text: the user's words.
        blank: a request for `auto` without messages.
    """
    body: Json = {**blank.body, "messages": [{"role": "user", "content": text}]}
    request = replace(blank, body=body, messages=(Message(role="user", text=text),), mode=Mode.BALANCED)
    return Asked(request=request, features=router.understand(request), situation=_healthy(router))


def from_record(router: Router, reader: Reader, *, limit: int) -> list[Asked]:
    """Return the latest requests that `auto` decided, as first turns of callers without limits, all models healthy.

    Raises:
        StoreError: the record cannot be read.
    """
    asked: list[Asked] = []
    for row in reader.decisions(limit=limit):
        stored = reader.stored(str(row["decision"]))
        if stored is None or stored.features is None or stored.request.mode is None or stored.decision.degraded:
            continue
        situation = replace(_healthy(router), estimates=stored.decision.situation.estimates)
        asked.append(Asked(request=stored.request, features=stored.features, situation=situation))
    return asked


def sweep(router: Router, asked: Sequence[Asked], *, settings: Sequence[float] = SETTINGS) -> tuple[Row, ...]:
    """Return one row per setting.

    Raises:
        ArtifactError: the trained parts cannot be read, so that nothing is decided by a dial.
        RequestError: nothing was asked.
    """
    if not asked:
        raise RequestError("There are no requests to show the dial on.")
    return tuple(_row(router, asked, dial) for dial in settings)


def _row(router: Router, asked: Sequence[Asked], dial: float) -> Row:
    made = [_decided(router, one, dial) for one in asked]
    kept = [decision.ranking[0] for decision in made if decision is not None]
    n = max(len(kept), 1)
    counts = Counter(ranked.model for ranked in kept)
    return Row(
        dial=dial,
        shares={model: count / n for model, count in counts.most_common()},
        usd_per_1000=1000.0 * sum(ranked.estimate.cost.usd for ranked in kept) / n,
        quality=sum(ranked.estimate.quality.mean for ranked in kept) / n,
        n_refused=len(made) - len(kept),
    )


def _decided(router: Router, one: Asked, dial: float) -> Decision | None:
    if router.quality is None:
        raise ArtifactError("The trained parts cannot be read, so the declared default serves at every dial.")
    request = replace(one.request, wishes=replace(one.request.wishes, dial=dial))
    try:
        return router.decide_in(
            request, one.features, situation=one.situation, quality=router.quality, started_s=0.0, seed=0
        )
    except NoCandidate:
        return None


def _healthy(router: Router) -> Situation:
    return Situation(health=tuple((name, Health.UP) for name in router.models))
