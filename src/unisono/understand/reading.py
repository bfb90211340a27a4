"""The reading side of a running router: at once with the static encoder, ahead of the decision with any slower one.

It chooses no encoder; the configuration does.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from unisono.config.values import EncoderConfig
from unisono.errors import ArtifactError, StartError
from unisono.protocols import Encoder
from unisono.types import Features, HouseRule, Request
from unisono.understand.ahead import Ahead
from unisono.understand.alike import Alike, Ordinary, ordinary_of
from unisono.understand.conversation import task_text
from unisono.understand.features import Understanding
from unisono.understand.freshness import FreshnessReader
from unisono.understand.house import HouseRules
from unisono.understand.task_type import TaskTypes, load

AT_ONCE = "static"
"""The only encoder that is fast enough for the event loop."""


log = logging.getLogger("unisono")


def _task_types(encoder: str) -> TaskTypes | None:
    """Return the reader of task types; a broken one moves no decision, so it is only logged."""
    try:
        return load(encoder)
    except ArtifactError as error:
        log.warning("task types are not told: %s", error)
        return None


class Reading:
    """Requests and bare texts to features, with one encoder."""

    def __init__(
        self,
        encoder: Encoder | None,
        settings: EncoderConfig,
        *,
        freshness: FreshnessReader | None,
        rules: Sequence[HouseRule] = (),
        known: Ordinary | None = None,
    ) -> None:
        """Read with `encoder`, which `settings` describe; without one only surface facts are read.

        Args:
            encoder: texts to vectors.
            settings: which one it is.
            freshness: whether an answer changes with time.
            rules: of the house. Where some have examples these are encoded now, and ordinary prompts with them.
            known: ordinary prompts as an encoder saw them, for this one if it is the same.

        Raises:
            StartError: a rule asks for the kind of a task, which nothing tells with this encoder.
        """
        slow = encoder is not None and settings.name != AT_ONCE
        types = None if encoder is None else _task_types(encoder.name)
        asking = next((rule.name for rule in rules if rule.tasks), None)
        if asking is not None and encoder is not None and types is None:
            raise StartError(
                f"The rule {asking!r} asks for `tasks`, and with the encoder {settings.name!r} nothing tells kinds of "
                "task: `static` and `use` do. Choose another condition, or encoder."
            )
        self._encoder = encoder
        self.ordinary: Ordinary | None = known
        self.fault: str | None = None
        """Why nothing can be like the examples of rules, if so."""
        alike = self._alike(encoder, rules) if any(rule.like for rule in rules) else None
        self.rules = HouseRules(rules, alike)
        house = self.rules if rules else None
        self.now = Understanding(encoder, freshness=freshness, inline=not slow, task_types=types, house=house)
        self._texts = Understanding(encoder) if slow else self.now
        self._ahead = Ahead(self.now, budget_s=settings.budget_s) if slow else None

    def _alike(self, encoder: Encoder | None, rules: Sequence[HouseRule]) -> Alike | None:
        if encoder is None:
            return None  # the router is degraded and says so
        encode = Understanding(encoder).vectors
        try:
            if self.ordinary is None or self.ordinary.encoder != encoder.name:
                self.ordinary = ordinary_of(encoder.name, encode)
            return Alike(rules, encode=encode, ordinary=self.ordinary)
        except ArtifactError as error:
            self.fault = f"No request is like the examples of rules, since these cannot be encoded: {error}"
            return None

    @property
    def dim(self) -> int:
        """Length of a vector, 0 without an encoder; an endpoint may have to be asked for it."""
        return 0 if self._encoder is None else self._encoder.dim

    def text(self, text: str) -> Features:
        """Return the features of a bare text, however long that takes: for scores, in a thread."""
        return self._texts.text(text)

    async def ahead(self, request: Request) -> bool:
        """Have a request's task encoded before it is decided; say whether it was in time.

        Raises:
            ArtifactError: the encoder failed.
        """
        return self._ahead is None or await self._ahead.read(task_text(request.messages))

    @property
    def is_at_once(self) -> bool:
        """Has no request to be read ahead of its decision?"""
        return self._ahead is None

    @property
    def n_waiting(self) -> int:
        """How many prompts wait for a slow encoder."""
        return 0 if self._ahead is None else self._ahead.n_waiting

    def at_once(self, request: Request) -> None:
        """Have a request's task encoded now, in this thread."""
        if self._ahead is not None and (task := task_text(request.messages)):
            self.now.keep(task, self.now.vectors([task])[0])

    async def close(self) -> None:
        """End the thread of a slow encoder."""
        if self._ahead is not None:
            await self._ahead.close()
