"""The models of a pool as candidates, each with the health that it has at the moment.

What their health is, `upstream.health` knows; whether they may serve, the rules say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from unisono.types import Candidate, Health, Model


class Candidates:
    """The candidates of one pool."""

    def __init__(self, models: Iterable[Model]) -> None:
        """Make them of these models."""
        self._models = tuple(models)
        self._known: tuple[object, Mapping[str, Candidate]] | None = None

    def at(
        self, health: tuple[tuple[str, Health], ...], limited: tuple[tuple[str, datetime], ...] = ()
    ) -> Mapping[str, Candidate]:
        """Return them by name. They are made again only when something has changed, which is seldom.

        Args:
            health: of the models; one that is not named is up.
            limited: until when hosts limit some of those that are down.
        """
        seen, known = (health, limited), self._known
        if known is None or known[0] != seen:
            states, until = dict(health), dict(limited)
            found = {
                m.name: Candidate(model=m, health=states.get(m.name, Health.UP), limited_until=until.get(m.name))
                for m in self._models
            }
            known = self._known = seen, found
        return known[1]
