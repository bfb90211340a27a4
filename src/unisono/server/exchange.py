"""One request from its decision to its last byte. A plain answer is a stream of one chunk.

How it was read, and by which way it goes, `chat` and `short` know.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from contextlib import aclosing
from dataclasses import replace

import orjson
from starlette.types import Send

from unisono.compose import Live
from unisono.edge.answer import headers_of, notices_to_json, reason_for, stamp, unisono_object
from unisono.edge.failure import error_body
from unisono.edge.parse import wants_usage
from unisono.errors import UnisonoError, UpstreamError
from unisono.execute.committed import Committed
from unisono.execute.relay import Relay
from unisono.execute.voice import with_voice
from unisono.record.limits import Reservation
from unisono.record.view import decision_to_json, parts_to_json
from unisono.server.deciding import decide
from unisono.server.gone import Watch
from unisono.server.reply import send_error, send_json
from unisono.server.stream import Stream
from unisono.types import Chunk, Decision, Features, Json, Notice, Outcome, Request, Situation

_EVENT_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


def the_end() -> UnisonoError:
    """Return what a caller is told whose answer is not done when the server ends."""
    return UnisonoError("The server ends, and this request with it. Send it again.")


class Exchange:
    """One request from its decision to its last byte."""

    features: Features
    decision: Decision
    _reservation: Reservation

    def __init__(self, live: Live, request: Request, known: Situation, send: Send) -> None:
        """Decide nothing yet."""
        self.request = request
        self._live = live
        self._known = known
        self._send = send
        self._outcome: Outcome | None = None
        self._baseline_usd: float | None = None
        self._names: dict[str | None, str] = {}
        self._stream_out: Stream | None = None
        self._has_left = False
        self.relay = Relay()
        self.watch: Watch | None = None

    async def serve(self) -> None:
        """Decide, call, answer; errors go out in OpenAI's form."""
        try:
            self.decide()
        except UnisonoError as error:
            await self.refuse(error)
            return
        await self.carry_out(self.run())

    def run(self) -> AsyncGenerator[Committed | Chunk, None]:
        """Begin to carry out the decision."""
        live, request, decision = self._live, self.request, self.decision
        note = live.config.routing.style_note
        if note is not None and any(notice.code == "switch" for notice in decision.notices):
            request = replace(request, body=with_voice(request.body, note=note))
        executor = live.executor_for(request)
        return executor.run(request, self.features, decision=decision, record=self.settle, relay=self.relay)

    def decide(self) -> None:
        """Decide, reserve what it will take of limits, and record the decision.

        Raises:
            UnisonoError: no model may serve it; `refuse` says so.
        """
        live, request = self._live, self.request
        features, decision = decide(live, request, self._known)
        self.features, self.decision = features, decision
        self._reservation = live.requests.reserve(request, features, decision)
        live.requests.note_decision(request, features, decision)

    async def refuse(self, error: UnisonoError) -> None:
        """Answer a request that no model may serve."""
        self._live.requests.note_refusal(self.request, error)
        await send_error(self._send, error)

    def settle(self, outcome: Outcome) -> None:
        """Take in how it ended: record, limits, conversation."""
        live, request, decision = self._live, self.request, self.decision
        self._outcome, self._baseline_usd = outcome, live.requests.baseline_usd(decision, outcome)
        by_caller = self.watch is None or self.watch.caller_left
        live.requests.note_outcome(outcome, baseline_usd=self._baseline_usd, by=request.key, by_caller=by_caller)
        live.requests.note_turn(request, self.features, self._reservation, outcome)
        if live.tracing is not None:
            live.requests.trace(request, decision, outcome)

    async def break_off(self) -> None:
        """Tell a caller who still waits that the server ends; what has left whole is left alone."""
        error, decision = the_end(), self.decision
        if self._stream_out is not None:
            await self._stream_out.break_off(orjson.dumps(error_body(error, decision=decision)))
        elif not self._has_left:
            await send_error(self._send, error, decision=decision)

    async def carry_out(self, events: AsyncGenerator[Committed | Chunk, None]) -> None:
        """Answer with what comes of the decision."""
        live, decision = self._live, self.decision
        if live.requests.keeps_words(self.request):
            self.relay.shut()
            events = live.requests.keeping(self.request, decision, events)
        with live.metrics.in_flight():
            async with aclosing(events):
                try:
                    await self._answer(events)
                except UnisonoError as error:  # nothing has left yet
                    notices = self._told(decision.notices)
                    headers = headers_of(decision, model=decision.model, notices=notices)
                    await send_error(self._send, error, decision=decision, notices=notices, headers=headers)

    async def _answer(self, events: AsyncIterator[Committed | Chunk]) -> None:
        committed = await anext(events)
        assert isinstance(committed, Committed)  # noqa: S101 - the contract of `execute`
        if self.request.stream:
            await self._send({"type": "http.response.start", "status": 200, "headers": self.head(committed)})
            stream = self.streaming(committed)
            self.relay.lead_to(stream)
            await self._ended(committed, stream, self._passed(events, stream))
        else:
            chunks = [event async for event in events if isinstance(event, Chunk)]
            body, head = self.whole(committed, chunks[-1])
            self._has_left = True
            await send_json(self._send, body, headers=head)

    def _reason(self, committed: Committed, name: str) -> str:
        return committed.reason or reason_for(self.decision, name)

    def _facts(self, committed: Committed, *, name: str, notices: Sequence[Notice], reason: str) -> Json:
        """Return the object `unisono` without what only the end tells."""
        facts = unisono_object(self.decision, model=name, notices=notices, reason=reason)
        if committed.parts:
            facts["parts"] = parts_to_json(committed.parts)
        if self.request.wishes.explain:
            facts["explain"] = decision_to_json(self.decision)
        return facts

    def whole(self, committed: Committed, chunk: Chunk) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """Return a whole answer's body and headers, with all that was noticed until its end."""
        name, notices = self._shown_name(committed), self._told(committed.notices)
        reason = self._reason(committed, name)
        facts = self._facts(committed, name=name, notices=notices, reason=reason)
        body = stamp(chunk.data, model=name, reported=chunk.model, extra={**facts, **self._end()})
        life = self._live.router.models[committed.model].lifecycle
        return body, headers_of(self.decision, model=name, notices=notices, life=life, reason=reason)

    def _shown_name(self, committed: Committed) -> str:
        """Return the catalogue's name of who answered, or what the upstream said when that is another model."""
        return self._true_name(committed.model, committed.reported_model)

    def _true_name(self, name: str, reported: str | None) -> str:
        known = self._names.get(reported)  # each chunk of a stream reports the same
        if known is None:
            catalog = self._live.router.catalog
            model = catalog.get(name)
            accepted = reported is None or model is None or catalog.accepts_report(model, reported)
            known = self._names[reported] = name if accepted or reported is None else reported
        return known

    def _told(self, notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
        """Return every notice of this request until now, those after the answer began included."""
        return notices if self._outcome is None else self._outcome.notices

    def head(self, committed: Committed) -> list[tuple[bytes, bytes]]:
        """Return the headers of a stream."""
        name, notices = self._shown_name(committed), committed.notices
        life = self._live.router.models[committed.model].lifecycle
        reason = self._reason(committed, name)
        return [*_EVENT_HEADERS, *headers_of(self.decision, model=name, notices=notices, life=life, reason=reason)]

    def streaming(self, committed: Committed) -> Stream:
        """Begin a stream behind its head."""
        name, notices = self._shown_name(committed), committed.notices
        facts = self._facts(committed, name=name, notices=notices, reason=self._reason(committed, name))

        def named(reported: str | None) -> str:
            return self._true_name(committed.model, committed.reported_model if reported is None else reported)

        stream = Stream(self._send, facts=facts, named=named, show_usage=wants_usage(self.request))
        self._stream_out = stream
        return stream

    async def _passed(self, events: AsyncIterator[Committed | Chunk], stream: Stream) -> None:
        async for event in events:
            if not isinstance(event, Committed) and (slow := stream.take((event,))) is not None:
                await slow

    async def go_on(self, committed: Committed, stream: Stream, rest: Awaitable[None]) -> None:
        """Have the rest of a stream that was begun without a task be sent, and its end."""
        with self._live.metrics.in_flight():
            await self._ended(committed, stream, rest)

    async def _ended(self, committed: Committed, stream: Stream, rest: Awaitable[None]) -> None:
        """Wait until all chunks are sent; the last one carries the cost."""
        try:
            await rest
        except UpstreamError as error:
            broken = self.broken(committed, error)
            self._stream_out, self._has_left = None, True
            await stream.break_off(broken)
            return
        last = self.last(committed)
        self._stream_out, self._has_left = None, True
        await stream.end(last)

    def broken(self, committed: Committed, error: UnisonoError) -> bytes:
        """Return what the last event of a stream that broke off tells."""
        return orjson.dumps(error_body(error, decision=self.decision, notices=self._told(committed.notices)))

    def last(self, committed: Committed) -> Json:
        """Return what only the end of a stream tells."""
        last = {"decision": self.decision.id, **self._end()}
        if (notices := self._told(committed.notices)) != committed.notices:
            last["notices"] = notices_to_json(notices)
        return last

    def _end(self) -> Json:
        """Return what it cost, and what each of several models did, as it stands at the end."""
        outcome = self._outcome
        end: Json = {"cost_usd": None if outcome is None else outcome.cost_usd, "baseline_usd": self._baseline_usd}
        if outcome is not None and outcome.parts:
            end = {"parts": parts_to_json(outcome.parts), **end}
        return end
