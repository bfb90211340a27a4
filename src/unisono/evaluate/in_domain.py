"""Are requests of the kinds of the table that an artifact was fitted on? Told from the record, without a word of
anybody: the vectors of first questions to `auto`, beside those of the table's prompts.

Where they are, prompts held out of the table tell how much doubt is needed (`caution`), and a policy that decides so
may come in force by itself; where they are not, it goes by itself. It asks no model, and needs no feedback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import msgspec

from unisono.predict.artifact import Artifact
from unisono.predict.domain import FEWEST, Apart, told_apart
from unisono.record.packed import unpack_features
from unisono.record.policies import Known, Policies, Policy, Standing, made
from unisono.record.reader import Reader
from unisono.types import Features, Json, Vector

LATEST = 400
"""So many of the latest first questions are looked at: a change shows when a quarter of them are others."""
OPENS_AT = 200
"""First questions that are alike, before anything comes in force by itself."""
GUARD = "domain guard"
"""Who puts such a policy in force, and takes it back where requests are others."""
_LOOKED_AT = 2000
_LATEST = """
SELECT x.features FROM (
    SELECT id, at FROM decisions WHERE mode IS NOT NULL AND degraded = 0 ORDER BY at DESC, id DESC LIMIT ?
) d JOIN details x ON x.decision = d.id WHERE x.features IS NOT NULL ORDER BY d.at DESC, d.id DESC
"""


class _Gain(msgspec.Struct, frozen=True):
    value: float


class _Served(msgspec.Struct, frozen=True):
    """What a fit measured of a share of the doubt, as the manifest has it (`fit.Served`)."""

    gain: _Gain
    left: float
    spent: float
    caution: float


class _Metrics(msgspec.Struct, frozen=True):
    served: _Served | None = None
    in_domain: _Served | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The table behind an artifact, and the traffic.

    Attributes:
        apart: how many of the traffic's first questions can be told from it; None where they are too few.
        worth: what deciding as in domain does on prompts held out of it; None where that changes nothing.
    """

    apart: Apart | None
    worth: _Served | None

    @property
    def opens(self) -> bool:
        """Whether it is shown that requests are of the table's kinds, and that this is worth something."""
        apart = self.apart
        return apart is not None and apart.alike and apart.n >= OPENS_AT and self.worth is not None

    @property
    def sentence(self) -> str:
        """Say whether the traffic is like the table, and what that is worth."""
        if self.apart is None:
            return f"Whether requests are like the fitted table's prompts shows after {FEWEST} first questions to auto."
        said = f"{self.apart} first questions to auto can be told from the fitted table's prompts: "
        if self.apart.unlike:
            return f"{said}they are of other kinds."
        if not self.apart.alike:
            return f"{said}neither alike nor unlike is shown."
        if self.worth is None:
            return f"{said}they are alike."
        return (
            f"{said}they are alike. In domain other models answer {self.worth.left:.0%} of prompts held out of the "
            f"table: {100 * self.worth.gain.value:+.1f} points for {self.worth.spent:.0%} of the bill."
        )

    def as_json(self) -> Json:
        """Return it as JSON."""
        apart = self.apart
        return {
            "sentence": self.sentence,
            "told_apart": None if apart is None else {"n": apart.n, "share": apart.share, "error": apart.error},
            "alike": apart is not None and apart.alike,
            "unlike": apart is not None and apart.unlike,
            "worth": None if self.worth is None else msgspec.to_builtins(self.worth),
        }


def told(reader: Reader, artifact: Artifact) -> Domain | None:
    """Return what there is to say of an artifact's table and the traffic; None of one that keeps no table.

    Args:
        reader: of the record.
        artifact: the trained parts.

    Raises:
        StoreError: the record cannot be read.
    """
    if artifact.domain is None:
        return None
    found = msgspec.convert(artifact.manifest.get("metrics") or {}, _Metrics)
    more = found.served is not None and found.in_domain is not None and found.in_domain.caution < found.served.caution
    questions = _first_questions(reader, dim=artifact.dim)
    return Domain(apart=told_apart(artifact.domain, questions), worth=found.in_domain if more else None)


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


def _first_questions(reader: Reader, *, dim: int) -> list[Vector]:
    found = []
    for (blob,) in reader.rows(_LATEST, (_LOOKED_AT,)):
        features = unpack_features(blob) if isinstance(blob, bytes) else None
        if features is not None and features.n_turns == 1 and features.embedding is not None:
            if features.embedding.size == dim:
                found.append(features.embedding)
            if len(found) == LATEST:
                break
    return found


def enter_domain(policies: Policies, live: Standing, *, why: str, now: datetime) -> bool:
    """Put a policy in force that decides as in domain, and otherwise as the live one; says whether it did.

    It does not where somebody else has taken that policy back, or put another in its place: an operator knows why, and
    a guardrail has seen harm.

    Raises:
        PolicyRefused: another policy is in force by now.
        StoreError: the record cannot be written.
    """
    policy = live.policy
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
    policies.promote(other, live=live, verdict=None, why=why, by=GUARD, now=now)
    return True


def leave_domain(policies: Policies, live: Standing, *, why: str, now: datetime) -> bool:
    """Take back what `enter_domain` put in force; says whether the live policy was that.

    What decides then follows the scores, as it did before.

    Raises:
        PolicyRefused: another policy is in force by now.
        StoreError: the record cannot be written.
    """
    if not entered(policies.known(), live.policy):
        return False
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
