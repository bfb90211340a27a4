"""One policy: what decides besides the request. It never changes; a change is another policy."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from unisono.types import FIRST_POLICY, Json

_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy.

    Attributes:
        id: a hash of all that it decides by; `config` is the configuration alone.
        name: for people; no two have the same.
        at: when it was made.
        parent: the policy that its settings were changed from.
        settings: over `[routing]`, with the file's own names.
        artifact: id of the trained parts that `settings` names; None where it names none.
        scores: generation of the measured scores that it is frozen at; None where it follows what is learned.
    """

    id: str = FIRST_POLICY
    name: str = FIRST_POLICY
    at: datetime | None = None
    parent: str | None = None
    settings: Json
    artifact: str | None = None
    scores: int | None = None


CONFIG_ALONE = Policy(settings={})
"""What decides before any policy was made."""


def made(
    *, settings: Json, name: str, parent: str, artifact: str | None, scores: int | None, at: datetime | None = None
) -> Policy:
    """Return a policy under the id of its contents: the same contents are the same policy."""
    if not settings and artifact is None and scores is None:
        return CONFIG_ALONE
    content = json.dumps([settings, artifact, scores], sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGITS]
    return Policy(
        id=f"p-{digest}", name=name, at=at, parent=parent, settings=settings, artifact=artifact, scores=scores
    )
