"""One call over HTTP, plain or streamed, read by a dialect: the loop that every wire provider shares.

It does not know what an event means (a `Reading` does) nor how bytes travel (`http.py` does).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import orjson

from unisono.collector import calmly
from unisono.errors import UpstreamError, UpstreamMalformed, UpstreamRefused
from unisono.types import Chunk, Sink, Told
from unisono.upstream.arriving import Answer
from unisono.upstream.failing import error_in
from unisono.upstream.http import Transport
from unisono.upstream.inflow import Inflow, Onward, pour
from unisono.upstream.reading import BrokenEvent, Reading

MAX_MENDED = 2
"""So often a refused body may be sent in another form."""


@dataclass(frozen=True, slots=True)
class Instead:
    """What to send in place of a body that was refused.

    Attributes:
        body: the other body.
        left_out: members of the first one that it is without, of which the caller is told.
        taken: called when the upstream has taken it.
    """

    body: bytes
    left_out: tuple[str, ...] = ()
    taken: Callable[[], None] | None = None


class Exchange:
    """POSTs a body; an iterator of the answer's chunks. Closing it closes the connection at once.

    From the second chunk on they can be poured instead: handed on as they come, without a task that waits for each.

    Raises:
        UpstreamError: the attempt failed, before or after the first chunk.
    """

    __slots__ = (
        "_begun",
        "_body",
        "_chunks",
        "_fields",
        "_held",
        "_inflow",
        "_left_out",
        "_model",
        "_otherwise",
        "_reading",
        "_sink",
        "_transport",
    )

    def __init__(
        self,
        transport: Transport,
        reading: Reading,
        *,
        model: str,
        body: bytes,
        stream: bool,
        fields: bytes = b"",
        otherwise: Callable[[UpstreamRefused], Instead | None] | None = None,
        left_out: tuple[str, ...] = (),
    ) -> None:
        """Do nothing before the first step.

        Args:
            transport: where to send it.
            reading: reads the answer.
            model: catalogue name, for messages.
            body: what to send.
            stream: whether a stream is asked for.
            fields: header fields of this call alone, which `begin` knows not.
            otherwise: what to send instead of a body that was refused; None where the refusal stands.
            left_out: members of the caller's that `body` is without, of which the caller is told.
        """
        self._left_out = left_out
        self._fields = fields
        self._otherwise = otherwise
        self._transport = transport
        self._reading = reading
        self._model = model
        self._body: bytes | None = body
        self._begun: Answer | None = None
        self._sink: Sink | None = None
        self._inflow: Inflow | None = None
        self._held: list[Chunk] = []
        self._chunks = self._stream(body) if stream else None

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self

    def __anext__(self) -> Awaitable[Chunk]:
        return self._plain() if self._chunks is None else self._chunks.__anext__()

    async def aclose(self) -> None:
        """End the call."""
        if self._chunks is not None:
            await self._chunks.aclose()
        self.close()

    @property
    def n_poured_bytes(self) -> int:
        """How many bytes of text went on by a lane, of which no chunk was made."""
        return 0 if self._inflow is None else self._inflow.n_poured_bytes

    async def pour(self, sink: Sink) -> None:
        """Hand all further chunks to `sink`; return at the end of the answer."""
        self._sink = sink
        async for _ in self:
            raise AssertionError("a chunk came beside the sink")

    # ------------------------------------------------------- an answer without a task that waits for it

    def begin(self, news: Callable[[], None]) -> bool:
        """Send the call at once if a connection is kept for it.

        `news` is called when `whole`, or `first` of a stream, may have changed.
        """
        if self._body is None or self._fields:
            return False
        self._begun = self._transport.begin(self._body, news, stream=self._chunks is not None)
        return self._begun is not None

    def whole(self) -> Chunk | None:
        """Return the answer to what `begin` has sent, if it is here, has status 200 and can be read.

        Else nothing is changed, and the next step says what is wrong.
        """
        data = None if self._begun is None else self._transport.whole(self._begun)
        try:
            return None if data is None else self._told(calmly(self._reading.whole, data))
        except (BrokenEvent, UpstreamError):
            return None

    def first(self) -> Sequence[Chunk] | None:
        """Return what has come of the stream that `begin` has sent, once some of it has content; nothing before.

        None where the next step must go on: it gives the chunks that were read, or says what is wrong.
        """
        begun, inflow = self._begun, self._inflow
        if begun is None:
            return None
        if inflow is None:
            streams = self._transport.streams(begun)
            if not streams:
                return None if streams is False else ()
            inflow = self._inflow = Inflow(begun, self._reading, self._model)
        self._held += self._taken(inflow, data) if (data := begun.taken()) else ()
        if begun.content_seen:
            chunks, self._held = self._held, []
            return chunks
        return None if inflow.over or begun.over else ()

    def flow(self, sink: Sink, told: Told) -> None:
        """Hand on the chunks that come behind those that `first` gave, in the callbacks that bring them.

        `told` is called once: with what must be awaited before `pour` may go on; at the end of the answer; or with what
        was raised. `close` ends the call then.
        """
        begun, inflow = self._begun, self._inflow
        assert begun is not None and inflow is not None  # noqa: S101 - `first` gave chunks
        onward = Onward(inflow, sink)

        def ended(slow: Awaitable[None] | None, exc: BaseException | None) -> None:
            if exc is None and slow is None:
                rest = () if inflow.over else inflow.take(b"")
                slow = sink.take(rest) if rest else None
            if exc is None and slow is None:
                try:
                    inflow.check_end()
                except UpstreamError as error:
                    exc = error
            told(slow, exc)

        if inflow.over:
            ended(None, None)
        else:
            begun.flow(onward.into, ended)

    def close(self) -> None:
        """End what `begin` has sent: its connection is kept if all of the answer is here, else closed."""
        begun, self._begun, self._body = self._begun, None, None
        if begun is None:
            return
        if self._inflow is not None and self._reading.ended:
            begun.close_behind_end()
        else:
            begun.close()

    async def _plain(self) -> Chunk:
        body, self._body = self._body, None
        if body is None:
            raise StopAsyncIteration
        begun, self._begun = self._begun, None
        with await self._post(body, begun) as answer:
            return self._told(_whole(self._reading, await answer.read_all(), self._model))

    async def _post(self, body: bytes, begun: Answer | None = None) -> Answer:
        instead: Instead | None = None
        for _ in range(MAX_MENDED):
            try:
                answer = await self._transport.post(body, begun, fields=self._fields)
            except UpstreamRefused as refused:
                made = None if self._otherwise is None else self._otherwise(refused)
                if made is None:
                    raise
                instead, body, begun = made, made.body, None
                self._left_out += made.left_out
                continue
            break
        else:
            answer = await self._transport.post(body, fields=self._fields)
        if instead is not None and instead.taken is not None:
            instead.taken()
        return answer

    def _told(self, chunk: Chunk) -> Chunk:
        """Return the first chunk with what the model was asked without."""
        if not self._left_out:
            return chunk
        left_out, self._left_out = self._left_out, ()
        return replace(chunk, left_out=left_out)

    def _taken(self, inflow: Inflow, data: bytes) -> list[Chunk]:
        chunks = inflow.take(data)
        if self._left_out and chunks:
            chunks[0] = self._told(chunks[0])
        return chunks

    async def _stream(self, body: bytes) -> AsyncGenerator[Chunk, None]:
        reading, model, inflow = self._reading, self._model, self._inflow
        begun, self._begun = self._begun, None
        if inflow is None or begun is None:
            begun = await self._post(body, begun)
        else:
            begun.wait_by_task()
        with begun as answer:
            if inflow is None:
                if answer.content_type != "text/event-stream":
                    raise await _not_a_stream(answer, model)
                inflow = self._inflow = Inflow(answer, reading, model)
            chunks: Sequence[Chunk] = self._held
            if self._sink is not None:
                await pour(inflow, self._sink, chunks)
            data = b"-"
            while self._sink is None:
                for place, chunk in enumerate(chunks, start=1):
                    yield chunk
                    if self._sink is not None:
                        await pour(inflow, self._sink, chunks[place:])
                        break
                if not data or inflow.over or self._sink is not None:
                    break
                data = await answer.read()
                chunks = self._taken(inflow, data)
            inflow.check_end()
            if reading.ended:
                answer.close_behind_end()


def _whole(reading: Reading, data: bytes, model: str) -> Chunk:
    try:
        return calmly(reading.whole, data)
    except BrokenEvent as exc:
        raise UpstreamMalformed(f"{model}: its answer is not a completion ({exc}).") from exc


async def _not_a_stream(answer: Answer, model: str) -> UpstreamError:
    """Say what came instead of a stream: perhaps an error in plain JSON."""
    kind = answer.content_type or "no content type"
    wrong = UpstreamMalformed(f"{model}: asked for a stream, it answered with {kind}; is `base_url` right?")
    if not kind.endswith("json"):
        return wrong
    try:
        body = orjson.loads(await answer.read_all())
    except orjson.JSONDecodeError:
        return wrong
    error = error_in(body, model) if isinstance(body, dict) else None
    return error or wrong
