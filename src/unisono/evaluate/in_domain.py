"""Are a caller's requests of the kinds of the table that an artifact was fitted on? Told from the record, without a
word of anybody: the vectors of first questions to `auto`, beside those of the table's prompts.

Where they are, prompts held out of the table tell how much doubt is needed (`caution`), and a policy that decides so
may come in force by itself for that caller; where they are not, it goes by itself. A caller is a key; all who have none
are one. It asks no model, and needs no feedback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from unisono.predict.artifact import Artifact
from unisono.predict.domain import FEWEST, Apart, told_apart
from unisono.record.packed import unpack_features
from unisono.record.policies import MAX_CALLERS, Known, Policies, Policy, Standing, made
from unisono.record.reader import Reader
from unisono.types import Features, Json, Vector

if TYPE_CHECKING:
    from unisono.record.rows import Value

LATEST = 400
"""So many of a caller's latest first questions are looked at: a change shows when a quarter of them are others."""
OPENS_AT = 200
"""First questions that are alike, before anything comes in force by itself."""
GUARD = "domain guard"
"""Who puts such a policy in force, and takes it back where requests are others."""
_ASKED_LATELY = 20_000
"""Whoever made none of the latest decisions on `auto`, of all callers, has nothing new to look at."""
_OF_CALLER = 2_000
"""Decisions of a caller among which first questions are looked for."""
_ASKED = """
SELECT key, count(*), max(id) FROM (
    SELECT id, key FROM decisions WHERE mode IS NOT NULL AND degraded = 0 ORDER BY at DESC, id DESC LIMIT ?
) GROUP BY key ORDER BY count(*) DESC, key
"""
_LATEST = """
SELECT x.features FROM (
    SELECT id, at FROM decisions WHERE key = ? AND mode IS NOT NULL AND degraded = 0 ORDER BY at DESC, id DESC LIMIT ?
) d JOIN details x ON x.decision = d.id WHERE x.features IS NOT NULL ORDER BY d.at DESC, d.id DESC
"""


class _Gain(msgspec.Struct, frozen=True):
    value: float


class _Served(msgspec.Struct, frozen=True):
    """What a fit measured of a share of the doubt, as the manifest has it (`fit.Served`)."""

    gain: _Gain
    left: float
    spent: float | None
    caution: float


class _Metrics(msgspec.Struct, frozen=True):
    served: _Served | None = None
    in_domain: _Served | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The table behind an artifact, and a caller's traffic.

    Attributes:
        caller: the name of the key.
        apart: how many of the caller's first questions can be told from it; None where they are too few.
        worth: what deciding as in domain does on prompts held out of it; None where that changes nothing.
    """

    caller: str
    apart: Apart | None
    worth: _Served | None

    @property
    def opens(self) -> bool:
        """Whether it is shown that requests are of the table's kinds, and that this is worth something."""
        apart = self.apart
        return apart is not None and apart.alike and apart.n >= OPENS_AT and self.worth is not None

    @property
    def sentence(self) -> str:
        """Say whether the caller's traffic is like the table, and what that is worth."""
        if self.apart is None:
            text = f"whether requests are like the fitted table's prompts shows after {FEWEST} first questions to auto."
            return f"{self.caller}: {text}"
        said = f"{self.caller}: {self.apart} first questions to auto can be told from the fitted table's prompts: "
        if self.apart.unlike:
            return f"{said}they are of other kinds."
        if not self.apart.alike:
            return f"{said}neither alike nor unlike is shown."
        if self.worth is None:
            return f"{said}they are alike."
        bill = "" if self.worth.spent is None else f" for {self.worth.spent:.0%} of the bill"
        return (
            f"{said}they are alike. In domain other models answer {self.worth.left:.0%} of prompts held out of the "
            f"table: {100 * self.worth.gain.value:+.1f} points{bill}."
        )

    def as_json(self) -> Json:
        """Return it as JSON."""
        apart = self.apart
        return {
            "caller": self.caller,
            "sentence": self.sentence,
            "told_apart": None if apart is None else {"n": apart.n, "share": apart.share, "error": apart.error},
            "alike": apart is not None and apart.alike,
            "unlike": apart is not None and apart.unlike,
            "worth": None if self.worth is None else msgspec.to_builtins(self.worth),
        }


def told(reader: Reader, artifact: Artifact, caller: str) -> Domain | None:
    """Return what there is to say of an artifact's table and a caller's traffic; None of one that keeps no table.

    Args:
        reader: of the record.
        artifact: the trained parts.
        caller: the name of the key.

    Raises:
        StoreError: the record cannot be read.
    """
    if artifact.domain is None:
        return None
    found = msgspec.convert(artifact.manifest.get("metrics") or {}, _Metrics)
    more = found.served is not None and found.in_domain is not None and found.in_domain.caution < found.served.caution
    questions = _first_questions(reader, caller, dim=artifact.dim)
    apart = told_apart(artifact.domain, questions)
    return Domain(caller=caller, apart=apart, worth=found.in_domain if more else None)


def asked(reader: Reader) -> dict[str, tuple[Value, Value]]:
    """Return who asked lately, who asked most first, each with what changes when there is more of them.

    Raises:
        StoreError: the record cannot be read.
    """
    return {str(key): (n, last) for key, n, last in reader.rows(_ASKED, (_ASKED_LATELY,))[:MAX_CALLERS]}


class Looks:
    """Looks at callers in turn: those with something new, and at so many at a time. Not thread-safe."""

    def __init__(self, reader: Reader) -> None:
        """Look at nothing yet.

        Args:
            reader: of the record.
        """
        self._reader = reader
        self._artifact: str | None = None
        self._seen: dict[str, tuple[Value, Value]] = {}

    def due(self, artifact: Artifact, *, n: int = 16) -> list[Domain]:
        """Return what there is to say of callers who asked anew, those first that were not looked at for longest.

        Raises:
            StoreError: the record cannot be read.
        """
        if artifact.id != self._artifact:
            self._artifact, self._seen = artifact.id, {}
        now = asked(self._reader)
        place = {caller: at for at, caller in enumerate(self._seen, start=1)}
        new = sorted((c for c, mark in now.items() if self._seen.get(c) != mark), key=lambda c: place.get(c, 0))
        found = []
        for caller in new[:n]:
            domain = told(self._reader, artifact, caller)
            self._seen.pop(caller, None)
            self._seen[caller] = now[caller]
            found += [] if domain is None else [domain]
        self._seen = {caller: mark for caller, mark in self._seen.items() if caller in now}
        return found

    def forget(self) -> None:
        """Look at everybody anew: what was said was not heard."""
        self._seen.clear()


def as_served(artifact: Artifact, features: Sequence[Features]) -> Artifact:
    """Return an artifact as it decides once a server has seen such requests: in domain where they are alike.

    Args:
        artifact: the trained parts.
        features: of the requests.
    """
    vectors = [known.embedding for known in features if known.embedding is not None]
    if artifact.domain is None or len(vectors) < OPENS_AT:
        return artifact
    apart = told_apart(artifact.domain, vectors)
    return artifact.for_domain() if apart is not None and apart.alike else artifact


def _first_questions(reader: Reader, caller: str, *, dim: int) -> list[Vector]:
    found = []
    for (blob,) in reader.rows(_LATEST, (caller, _OF_CALLER)):
        features = unpack_features(blob) if isinstance(blob, bytes) else None
        if features is not None and features.n_turns == 1 and features.embedding is not None:
            if features.embedding.size == dim:
                found.append(features.embedding)
            if len(found) == LATEST:
                break
    return found


def enter_domain(policies: Policies, live: Standing, caller: str, *, why: str, now: datetime) -> bool:
    """Decide as in domain for a caller, by a policy that otherwise is the live one; says whether it does so now.

    It does not where somebody else has taken that policy back, or put another in its place: an operator knows why, and
    a guardrail has seen harm. Nor while scores are held: then nothing moves by itself.

    Raises:
        PolicyRefused: another policy is in force by now.
        StoreError: the record cannot be written.
    """
    policy = live.policy
    if live.within is not None:
        if caller not in live.within.callers:
            policies.enter(caller, live=live, why=why, by=GUARD, now=now)
        return caller not in live.within.callers
    if live.held is not None:
        return False
    other = made(
        settings={**policy.settings, "in_domain": "always"},
        name=f"{policy.name} in domain",
        parent=policy.id,
        artifact=policy.artifact,
        scores=policy.scores,
    )
    moves = [event for event in policies.known().events if event.kind in ("promoted", "rolled_back")]
    left_by = [after.by for before, after in pairwise(moves) if before.live == other.id != after.live]
    if left_by and left_by[-1] != GUARD:
        return False
    other = policies.create(other, by=GUARD, now=now)
    policies.promote(other, live=live, verdict=None, why=why, by=GUARD, now=now, caller=caller)
    return True


def leave_domain(policies: Policies, live: Standing, caller: str, *, why: str, now: datetime) -> bool:
    """Decide for a caller as before `enter_domain`; says whether that is new. With the last caller the policy goes.

    What decides then follows the scores, as it did before.

    Raises:
        PolicyRefused: another policy is in force by now.
        StoreError: the record cannot be written.
    """
    if live.within is None or caller not in live.within.callers:
        return False
    if live.within.callers != {caller} or policies.known().state().canary is not None:
        policies.leave(caller, live=live, why=why, by=GUARD, now=now)
        return True
    policies.roll_back(why=why, by=GUARD, now=now, of=live.policy.id)
    follow_again(policies, now=now)
    return True


def entered(known: Known, policy: Policy) -> bool:
    """Say whether a policy came in force by itself."""
    moves = [event for event in known.events if event.kind == "promoted"]
    return bool(moves) and (moves[-1].policy, moves[-1].by) == (policy.id, GUARD)


def follow_again(policies: Policies, *, now: datetime) -> None:
    """Let the policy that decides since a rollback follow the scores: nobody had stopped it.

    Raises:
        PolicyRefused: another policy is in force by now.
        StoreError: the record cannot be written.
    """
    live = policies.known().state().live
    if live.held is not None:
        policies.promote(live.policy, live=live, verdict=None, why="", by=GUARD, now=now)
