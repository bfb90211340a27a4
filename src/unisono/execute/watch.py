"""An answer by another model than before in a conversation, compared with what the conversation had asserted.

The words are read as they pass; none is held back. What is contradicted is a notice on the outcome, and so on the last
event of a stream and in a plain answer. Answers by the same model as before are not read at all.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from unisono import notices as say
from unisono.consistency.ledger import asserted, taken_back
from unisono.execute.committed import Committed
from unisono.execute.relay import Relay
from unisono.execute.said import said_in
from unisono.types import Chunk, Language, Message, Outcome


class Watch:
    """Goes with one answer."""

    def __init__(
        self,
        messages: Sequence[Message],
        *,
        before: str,
        record: Callable[[Outcome], None],
        language: Language,
    ) -> None:
        """Compare with what `messages` assert, if another model than `before` answers; then `record`."""
        self._messages = messages
        self._before = before
        self._record = record
        self._language: Language = language
        self._model: str | None = None
        self._chunks: list[Chunk] = []

    async def through(
        self, events: AsyncGenerator[Committed | Chunk, None], relay: Relay | None
    ) -> AsyncGenerator[Committed | Chunk, None]:
        """Yield the events as they are; where they are read, none may go another way."""
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Committed):
                    self._model = event.model if event.model != self._before else None
                    if self._model is not None and relay is not None:
                        relay.shut()
                elif self._model is not None:
                    self._chunks.append(event)
                yield event

    def record(self, outcome: Outcome) -> None:
        """Take in how it ended, with a notice where the answer takes something back."""
        if self._model is not None and outcome.status == "ok":
            found = taken_back(said_in(self._chunks).text, asserted(self._messages))
            if found:
                notice = say.contradiction(
                    (self._model, self._before),
                    (found[0].left, found[0].right),
                    n_more=len(found) - 1,
                    follows=None,
                    language=self._language,
                )
                outcome = replace(outcome, notices=(*outcome.notices, notice))
        self._record(outcome)
