"""What operators are told: which parts of a server are broken now, and what has happened to it.

It notices nothing by itself. `/readyz`, the incidents of the record, the metrics and the log show what it is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from unisono.errors import UnisonoError
from unisono.record.incidents import Incidents, Kind
from unisono.record.metrics import Metrics

log = logging.getLogger("unisono")


class Alerts:
    """The faults and incidents of one server.

    Attributes:
        broken: each part that is broken at this moment, and why.
        incidents: what has happened, in the record.
    """

    def __init__(self, incidents: Incidents, *, metrics: Metrics, policy: Callable[[], str]) -> None:
        """Record in `incidents`, count in `metrics`; `policy` says what decides at a moment."""
        self.broken: dict[str, str] = {}
        self.incidents = incidents
        self._metrics = metrics
        self._policy = policy

    def incident(self, kind: Kind, subject: str, text: str, *, policy: str | None = None) -> None:
        """Record what an operator must know of; the first of an hour goes to the log.

        Args:
            kind: what happened.
            subject: to whom: a model, a role, a part.
            text: one sentence.
            policy: what decided then; default: what decides now.
        """
        incident = self.incidents.note(kind, subject, text, policy=policy or self._policy(), now=datetime.now(UTC))
        self._metrics.observe_incident(kind)
        if incident.n == 1:
            log.error("incident=%s subject=%s policy=%s text=%r", kind, subject, incident.policy, text)

    def fault(self, part: str, text: str) -> None:
        """Remember that a part of the router broke, which is an incident too."""
        if part not in self.broken:
            self.incident("router_failed", part, text)
        self.broken[part] = text

    def healed(self, part: str) -> None:
        """Forget a fault that is over."""
        self.broken.pop(part, None)

    def config_refused(self, error: UnisonoError) -> None:
        """Remember that a new configuration was refused and the old one stays."""
        self.broken["config"] = f"the changed file was refused, the old configuration stays: {error}"
        log.error("config refused, the old one stays: %s", error)
