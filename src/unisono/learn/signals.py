"""Collects what callers say and do about answers: told by them, or seen by the gateway itself.

It records signals and learns nothing: what they are worth is `reward`'s matter, and `learner` takes them in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from unisono.edge.feedback import Said
from unisono.errors import NotFound, RequestError, StoreError
from unisono.record.store import Store
from unisono.types import Decision, Features, Outcome, Request
from unisono.understand.mood import thanked

HOWS = ("deeper", "faster", "other")


class Signals:
    """The signals of one server."""

    def __init__(self, store: Store, *, count: Callable[[str], None]) -> None:
        """Record in `store`; `count` is told each kind."""
        self._store = store
        self._count = count

    def seen(self, request: Request, features: Features, decision: Decision) -> None:
        """Take in what a request itself says about an earlier answer. It does not wait."""
        if (retry := decision.situation.retry) is not None:
            how = "same" if retry.how is None else retry.how if retry.how in HOWS else "model"
            self._note(retry.decision, f"retry_{how}", decision.model, by=request.key)
            return
        past = decision.situation.past
        if past is None or past.decision is None or decision.degraded or features.in_tool_loop:
            return  # inside a tool loop the user's last words are those of an earlier request
        if features.dissatisfied:
            self._note(past.decision, "rejected", None, by=request.key)
        elif thanked(request.messages):
            self._note(past.decision, "thanked", None, by=request.key)
        if request.pin is not None and past.model not in (None, request.pin):
            self._note(past.decision, "switched", request.pin, by=request.key)

    def ended(self, outcome: Outcome, *, by: str) -> None:
        """Take in how an answer ended: who leaves in the middle of one says something about it. It does not wait."""
        last = outcome.attempts[-1] if outcome.attempts else None
        if outcome.status == "cancelled" and last is not None and last.first_content_s is not None:
            self._note(outcome.decision, "abandoned", None, by=by)

    def take(self, decision: str, said: Said, *, by: str) -> Literal["new", "same", "changed"]:
        """Take in feedback. It blocks: call it in a thread.

        Args:
            decision: its id.
            said: the feedback.
            by: the caller's key.

        Returns:
            Whether the key had said nothing of the kind before, the same, or something else, which this replaces.

        Raises:
            NotFound: this key made no such decision.
            RequestError: nobody answered that decision.
            StoreError: the record cannot take it now.
        """
        found = self._store.stored(decision)
        if found is None or found.request.key != by:
            raise NotFound(f"No decision {decision!r} of this key is recorded; take the id from an answer's `unisono`.")
        if found.outcome is not None and found.outcome.model is None:
            raise RequestError(f"No model answered the decision {decision}: there is nothing to judge.")
        known = {signal.kind: signal.value for signal in self._store.signals(decision) if signal.by == by}
        if not self._store.record_signal(decision, said.kind, said.value, by=by):
            raise StoreError("The record cannot take feedback at this moment: its queue is full. Send it again later.")
        self._count(said.kind)
        if said.kind not in known:
            return "new"
        return "same" if known[said.kind] == said.value else "changed"

    def _note(self, decision: str, kind: str, value: str | None, *, by: str) -> None:
        self._store.record_signal(decision, kind, value, by=by)
        self._count(kind)
