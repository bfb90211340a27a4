"""Watches every model of the pool for a change behind its name: how long its answers are, and what they are worth.

Off the road of requests, from the record alone: two processes over one record come to one result, and a restart goes
on where the last look ended. It tells of changes and changes nothing itself. What is expected of a model before any
score was measured here does not move, so that the router's own learning cannot hide a change.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp, sqrt
from math import log as ln
from pathlib import Path
from statistics import fmean, stdev
from typing import TypeAlias

import msgspec

from unisono.config.kept import KeptConfig
from unisono.learn.drift import Chart, Shift, packed, unpacked
from unisono.predict.ability import expected
from unisono.predict.artifact import Artifact
from unisono.record.drift import Fresh, Judgement, charts, fresh, judged_among, keep_charts
from unisono.record.rows import Answer, Value, answer_from_row
from unisono.record.store import Store
from unisono.types import Features, Model

LIMIT = 200
"""Answers, and judgements, that one look takes in: some hundredth of a second of work. Of more the latest count."""
LENGTH_REACH = 2.0
"""An answer that is seven times as long as expected counts as that; one very long answer is no change."""
LENGTH_LEAST = 0.15
"""Answers a seventh longer or shorter are no news."""
QUALITY_LEAST = 0.04
OUTLIER = 2.5
"""Deviations by which a model must have moved otherwise than the others for the change to be its own."""

_Read: TypeAlias = "tuple[Answer, Features, KeptConfig]"

log = logging.getLogger("unisono")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A model that answers unlike before: what moved, how far, and whether the others (so many) moved with it.

    Where they did, it is the traffic that has changed, or what judges it.
    """

    model: str
    stream: str
    shift: Shift
    with_others: bool = False
    others: int = 0

    @property
    def sentence(self) -> str:
        """For operators."""
        s = self.shift
        since = f"over its last {s.n_after} of {s.n_before + s.n_after} answers"
        if self.stream.startswith("length"):
            factor = exp(s.after - s.before)
            what = f"Its answers are {factor:.2f} times as long as before"
        elif self.stream == "canary":
            what = f"{s.after:.0%} of its probe questions end otherwise than they did, {s.before:.0%} before"
            since = f"over the last {s.n_after} asked"
        else:
            what = f"What its answers are worth ({self.stream}) moved by {100 * (s.after - s.before):+.0f} points"
        if self.with_others:
            moved = f"The {self.others} other models in use moved alike"
            return f"{what}, {since}. {moved}, so it is probably your traffic that has changed, and not the model."
        return (
            f"{what}, {since}. Its provider may have changed it; `unisono models probe {self.model} --again` measures "
            "it anew."
        )


class Watch:
    """The charts of one pool. It blocks: call it in a thread."""

    def __init__(self, store: Store, path: Path) -> None:
        """Look into `store`; `path` is its file."""
        self._store, self._path = store, path

    def step(self, models: Mapping[str, str], artifact: Artifact | None, *, now: datetime) -> tuple[Changed, ...]:
        """Take in what came since the last look; return what has changed. Another process may have done so: nothing.

        Args:
            models: name of today by fingerprint; answers of other definitions are left out.
            artifact: says what is expected; None expects the same of every prompt.
            now: UTC.

        Raises:
            StoreError: the record cannot be read or written; the next look sees the same again.
        """
        seen = fresh(self._store, now=now, limit=LIMIT)
        if seen.since_us >= seen.until_us:  # the first look: from here on
            keep_charts(self._path, {}, seen, now=now)
            return ()
        if not (seen.answered or seen.judged):
            return ()  # an idle house writes nothing
        known = {place: body for place, body in charts(self._store).items() if place[0] in models}
        changed: dict[tuple[str, str], Chart] = {}
        found: list[Changed] = []
        for fingerprint, stream, value in self._values(seen, artifact):
            if fingerprint not in models:
                continue
            chart = changed.get((fingerprint, stream)) or _chart(known.get((fingerprint, stream)), stream)
            changed[fingerprint, stream] = chart
            shift = chart.add(value)
            if shift is not None:
                everybody = {place: _chart(body, stream) for place, body in known.items()} | changed
                others = [c for (who, which), c in everybody.items() if who != fingerprint and which == stream]
                found.append(_changed(models[fingerprint], stream, shift, others))
        kept = keep_charts(self._path, {place: packed(chart) for place, chart in changed.items()}, seen, now=now)
        return tuple(found) if kept else ()

    def canary(self, fingerprint: str, name: str, flips: Sequence[bool], *, now: datetime) -> Changed | None:
        """Take in which probe questions a model ended otherwise than before.

        Raises:
            StoreError: the record cannot be read or written.
        """
        place = (fingerprint, "canary")
        if not flips:
            return None
        chart = _chart(charts(self._store).get(place), "canary")
        shifts = [
            shift for flip in flips if (shift := chart.add(float(flip))) is not None and shift.after > shift.before
        ]
        keep_charts(self._path, {place: packed(chart)}, None, now=now)
        return Changed(model=name, stream="canary", shift=shifts[-1]) if shifts else None

    def _values(self, seen: Fresh, artifact: Artifact | None) -> list[tuple[str, str, float]]:
        """Return observations: the definition, the stream, the value."""
        found = []
        baseline, configs = _Baseline(artifact), dict[str, KeptConfig | None]()
        reader = self._store.reader
        rows = reader.answers([*seen.answered, *(judged.decision for judged in seen.judged)])
        for decision in seen.answered:
            if (one := self._read(decision, rows, configs)) is not None and _follows(one[0]) is None:
                found += baseline.lengths(*one)
        worth = [(of, one) for of in seen.judged if (one := self._read(of.decision, rows, configs)) is not None]
        told = judged_among(self._store, {before for _, (answer, *_) in worth if (before := _follows(answer))})
        for judged, one in worth:
            if _follows(one[0]) not in told:
                found += baseline.worth(judged, *one[1:])
        return found

    def _read(
        self, decision: str, rows: Mapping[str, Mapping[str, Value]], configs: dict[str, KeptConfig | None]
    ) -> _Read | None:
        """Return an answer that one model gave, and the configuration that it was decided by."""
        row = rows.get(decision)
        if row is None:
            return None
        try:
            answer = answer_from_row(row)
            if answer.config_hash not in configs:
                configs[answer.config_hash] = self._store.reader.config(answer.config_hash)
        except Exception:  # the learner's border: one strange row must not stop the others
            log.exception("decision=%s cannot be watched", decision)
            return None
        config = configs[answer.config_hash]
        if config is None or answer.features is None or not answer.single:
            return None
        return answer, answer.features, config


class _Baseline:
    """What was expected of models before anything was measured here."""

    def __init__(self, artifact: Artifact | None) -> None:
        self._artifact = artifact
        self._length = None if artifact is None else artifact.length.apart()
        self._id = "none" if artifact is None else artifact.id

    def lengths(self, answer: Answer, features: Features, config: KeptConfig) -> list[tuple[str, str, float]]:
        """Return how much longer than expected an answer was, in logarithms; what nobody counted has none."""
        attempt = answer.attempt
        model = None if attempt is None else _named(attempt.model, config)
        if attempt is None or model is None or attempt.status != "ok" or attempt.usage is None:
            return []
        if attempt.usage.output_tokens < 1:
            return []
        read = self._reads(features)
        said = 0.0 if self._length is None or not read else self._length.expected(features, model)[0]
        # Of a pin nothing is read, so its answers are compared with its other pinned answers.
        stream = f"{'length' if read else 'length-pinned'} {self._id}"
        return [(config.fingerprints[model.name], stream, ln(attempt.usage.output_tokens) - said)]

    def worth(self, judged: Judgement, features: Features, config: KeptConfig) -> list[tuple[str, str, float]]:
        """Return how much more than expected an answer was worth."""
        name = next((name for name, known in config.fingerprints.items() if known == judged.fingerprint), "")
        model = _named(name, config)
        if model is None or self._artifact is None or not self._reads(features):
            return [(judged.fingerprint, f"{judged.kind} none", judged.score - 0.5)]
        ability = self._artifact.ability
        quality, _, _ = expected(ability.prior(model), ability.demand(features))
        return [(judged.fingerprint, f"{judged.kind} {self._id}", judged.score - quality)]

    def _reads(self, features: Features) -> bool:
        """Say whether these features were made for this artifact, and of words at all."""
        if self._artifact is None or features.embedding is None:
            return False
        same = features.embedding.size == self._artifact.dim
        return same and features.surface.size == self._artifact.ability.design.surface_mean.size


def _follows(answer: Answer) -> str | None:
    """Return the decision before in the conversation where it is of the same hour, so that this answer is like its own.

    A conversation of fifty turns is no fifty witnesses of a change.
    """
    if answer.after is None or answer.attempt is None:
        return None
    before, at = answer.after
    return before if _hour(at) == _hour(answer.attempt.started) else None


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _changed(model: str, stream: str, shift: Shift, others: Sequence[Chart]) -> Changed:
    gaps = [gap for other in others if (gap := other.moved(shift.n_after)) is not None]
    return Changed(
        model=model,
        stream=stream.partition(" ")[0],
        shift=shift,
        with_others=_with_others(shift, gaps),
        others=len(gaps),
    )


def _with_others(shift: Shift, gaps: Sequence[float]) -> bool:
    """Say whether a model moved as the others did in the meantime: its gap is no outlier among theirs."""
    if not gaps:
        return False
    own, usual = shift.after - shift.before, fmean(gaps)
    between = stdev(gaps) if len(gaps) > 1 else abs(usual)
    return abs(own - usual) < OUTLIER * sqrt(between**2 * (1.0 + 1.0 / len(gaps)) + shift.error**2)


def _chart(body: bytes | None, stream: str) -> Chart:
    if body is not None:
        try:
            return unpacked(body)
        except msgspec.DecodeError:
            pass  # of another version: the chart begins anew
    if stream == "canary":
        return Chart.seeded(mean=0.03, variance=0.03, n=60, least=0.1)
    if stream.startswith("length"):
        return Chart(reach=LENGTH_REACH, least_reach=LENGTH_REACH / 4, least=LENGTH_LEAST)
    return Chart(least=QUALITY_LEAST)


def _named(name: str, config: KeptConfig) -> Model | None:
    return next((model for model in config.models if model.name == name), None)
