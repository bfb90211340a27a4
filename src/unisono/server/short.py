"""The short way: from the caller's bytes to the answer in callbacks of the event loop, without a task.

What it does is what `chat.py` does, with the same steps; a request that cannot go this way (a conversation to be looked
up, a slow encoder, several models, an upstream without a kept connection, a failure, a caller who reads slowly) goes on
by a task from where it stands. See docs/decisions/0013.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from unisono.compose import Live
from unisono.edge.failure import error_body
from unisono.errors import UnisonoError
from unisono.execute.committed import Committed
from unisono.execute.plain import Plain
from unisono.execute.streamed import Streamed
from unisono.router import is_plain_pin
from unisono.server.auth import identify
from unisono.server.chat import ChatEndpoint, asked, note_failed, while_there
from unisono.server.cycle import Cycle
from unisono.server.exchange import Exchange, the_end
from unisono.server.reply import headers_in
from unisono.server.stream import Stream, broken_off
from unisono.types import Request


class ShortWay:
    """Requests to `POST /v1/chat/completions` that are here whole."""

    def __init__(self, live: Live, chat: ChatEndpoint) -> None:
        """Serve for `live`; what needs a task goes on by `chat`."""
        self._live = live
        self._chat = chat

    def take(self, cycle: Cycle, *, by_task: Callable[[ASGIApp], None], over: Callable[[], None]) -> bool:
        """Take a request.

        Args:
            cycle: it, and the way to its caller.
            by_task: has the rest done by a task; called once at most.
            over: called, if `by_task` never was, when the request has ended.

        Returns:
            False when nothing was done.
        """
        live, raw = self._live, cycle.body
        if len(raw) > live.config.server.max_body_bytes:
            return False
        try:
            headers = headers_in(cycle.scope)  # type: ignore[arg-type]  # uvicorn's own type of it
            read = asked(live, raw, headers, identify(headers, live.keys))  # type: ignore[arg-type]  # bytes, as they came
            known = live.requests.known_now(read.request)
            if known is None or not self._is_read_at_once(request := read.known(known)):
                by_task(partial(self._chat.go_on, read))
                return True
        except UnisonoError:
            return False  # the ordinary way reads it again, and tells what is wrong
        except Exception as exc:  # noqa: BLE001  the server's edge: raised again where uvicorn's own log and answer are
            by_task(partial(_failed, live, exc))
            return True
        on_way = _OnWay(Exchange(live, request, known, cycle), live, cycle, by_task=by_task, over=over)
        on_way.begin()
        return True

    def _is_read_at_once(self, request: Request) -> bool:
        return self._live.reading.is_at_once or is_plain_pin(request)


class _OnWay:
    """One request whose answer is awaited. uvicorn, when it has to end, cancels it as it does a task."""

    __slots__ = ("_by_task", "_cycle", "_exchange", "_live", "_out", "_over", "_plain")

    def __init__(
        self,
        exchange: Exchange,
        live: Live,
        cycle: Cycle,
        *,
        by_task: Callable[[ASGIApp], None],
        over: Callable[[], None],
    ) -> None:
        self._exchange = exchange
        self._live = live
        self._cycle = cycle
        self._by_task = by_task
        self._over = over
        self._plain: Plain | None = None
        self._out: tuple[Committed, Stream] | None = None

    def begin(self) -> None:
        """Decide, and ask the model."""
        exchange, live = self._exchange, self._live
        try:
            try:
                exchange.decide()
            except UnisonoError as error:
                self._by_task(partial(_refused, exchange, error))
                return
            request, decision = exchange.request, exchange.decision
            plain = None
            if not live.requests.keeps_words(request):
                plain = live.executor_for(request).begin(
                    request, exchange.features, decision=decision, record=exchange.settle, news=self._news
                )
        except Exception as exc:  # noqa: BLE001  as above
            self._by_task(partial(_failed, live, exc))
            return
        if plain is None:
            self._by_task(partial(_carried_out, exchange))
        elif not plain.begun:
            self._by_task(partial(_walked, exchange, plain))
        else:
            self._plain = plain
            self._cycle.line.watches.add(self)
            self._cycle.line.tasks.add(self)
            live.metrics.begin()

    def gone(self) -> None:
        """Take in that the caller has left."""
        plain = self._ended()
        if plain is not None:
            plain.cancel()
            self._over()

    def cancel(self, msg: object = None) -> None:
        """End it in the next turn of the event loop, as a task is: the server ends."""
        asyncio.get_running_loop().call_soon(self._break_off)

    def _break_off(self) -> None:
        if self._plain is None:
            return
        self.gone()
        error = the_end()
        if self._out is not None:
            self._cycle.end(broken_off(orjson.dumps(error_body(error, decision=self._exchange.decision))))
            return
        self._cycle.answer(orjson.dumps(error_body(error)), [(b"connection", b"close")], status=error.status)

    def _news(self) -> None:
        plain = self._plain
        if plain is None:
            return
        try:
            if isinstance(plain, Streamed):
                self._begin_stream(plain)
                return
            found = plain.finished()
            if found is None:  # no answer, or not yet all of a long one
                self._ended()
                self._by_task(partial(_walked, self._exchange, plain))
                return
            self._ended()
            body, head = self._exchange.whole(*found)
            self._cycle.answer(body, head)
        except Exception as exc:  # noqa: BLE001  as above
            self._ended()
            self._by_task(partial(_failed, self._live, exc))
            return
        self._over()

    def _begin_stream(self, streamed: Streamed) -> None:
        try:
            found = streamed.first()
            if found is None:  # no stream, or one that begins badly
                self._ended()
                self._by_task(partial(_walked, self._exchange, streamed))
            elif found:
                committed, chunks = found
                head = self._exchange.head(committed)
                stream = self._exchange.streaming(committed)
                self._cycle.begin(head)
                self._out = committed, stream
                streamed.flow(stream, chunks, self._end_stream)
        except Exception as exc:
            if self._ended() is not None:  # else it was told, and is taken care of
                streamed.end(exc)
                raise

    def _end_stream(self, slow: Awaitable[None] | None, exc: BaseException | None) -> None:
        """Take in that a caller is slow, or how the stream has ended."""
        streamed, out, exchange = self._ended(), self._out, self._exchange
        assert isinstance(streamed, Streamed) and out is not None  # noqa: S101 - it flows
        committed, stream = out
        if slow is not None:
            self._by_task(partial(_slowed, exchange, committed, stream, streamed.going_on(slow)))
            return
        try:
            error = streamed.end(exc)
            if error is not None:
                self._cycle.end(broken_off(exchange.broken(committed, error)))
            elif exc is not None:
                raise exc
            else:
                self._cycle.end(stream.ending(exchange.last(committed)))
        except Exception as fault:  # noqa: BLE001  as above
            self._by_task(partial(_failed, self._live, fault))
            return
        self._over()

    def _ended(self) -> Plain | None:
        """Take it off the lists of what is under way."""
        plain, self._plain = self._plain, None
        if plain is not None:
            self._cycle.line.watches.discard(self)
            self._cycle.line.tasks.discard(self)
            self._live.metrics.end()
        return plain


async def _refused(exchange: Exchange, error: UnisonoError, scope: Scope, receive: Receive, send: Send) -> None:
    await exchange.refuse(error)


async def _carried_out(exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
    await while_there(scope, receive, exchange, exchange.carry_out(exchange.run()))


async def _walked(exchange: Exchange, plain: Plain, scope: Scope, receive: Receive, send: Send) -> None:
    await while_there(scope, receive, exchange, exchange.carry_out(plain.events(exchange.relay)))


async def _slowed(
    exchange: Exchange,
    committed: Committed,
    stream: Stream,
    rest: Coroutine[None, None, None],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    await while_there(scope, receive, exchange, exchange.go_on(committed, stream, rest))


async def _failed(live: Live, exc: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Fail as the ordinary way does: the caller gets an error, the log where, operators an incident."""
    note_failed(live, exc)
    raise exc
