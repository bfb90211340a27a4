"""One connection: which answers are whole, which spoil it, and when it may serve again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from unisono.upstream.pool import Address, Pool
from unisono.upstream.wire import MAX_HEAD_BYTES, Broken, NotHttp, Wire


class Transport(asyncio.Transport):
    """Takes what is written and remembers what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def writelines(self, parts: object) -> None:
        self.asked.append("write")

    def abort(self) -> None:
        self.asked.append("abort")

    def is_closing(self) -> bool:
        return "abort" in self.asked

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.asked.append("pause")

    def resume_reading(self) -> None:
        self.asked.append("resume")


def begun() -> tuple[Wire, Transport]:
    wire, transport = Wire(), Transport()
    wire.connection_made(transport)
    wire.begin(b"POST / HTTP/1.1\r\n\r\n", b"")
    return wire, transport


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize(
    ("came", "whole", "reusable"),
    [
        (HEAD + b"ab", b"ab", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HEAD + b"ab", b"ab", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\nx: y\r\n\r\n", b"ab", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab", b"ab", False),
        (HEAD + b"ab and more", b"ab", False),
    ],
    ids=["length", "informational", "chunks and trailers", "close", "bytes behind the end"],
)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_whole_answer_is_read_and_the_connection_kept_when_it_may_be(
    came: bytes, whole: bytes, reusable: bool, step: int
) -> None:
    wire, _ = begun()
    for at in range(0, len(came), step):
        wire.data_received(came[at : at + step])
    assert (wire.status, wire.take(), wire.complete, wire.error) == (200, whole, True, None)
    assert wire.reusable() == reusable


BITS = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b"0", b"1", b"2", b"3", b"a", b"\r\n\r\n", b"data: x\n\n"]), max_size=5
).map(b"".join)


@given(
    parts=st.lists(st.tuples(BITS, st.sampled_from([b"%x\r\n", b"%X\r\n", b"0%x\r\n", b"%x;y=1\r\n"])), max_size=6),
    framed=st.sampled_from(["chunked", "length", "close"]),
    cuts=st.lists(st.integers(0, 300), max_size=4),
    by_chunk=st.booleans(),
    spoil=st.sampled_from([b"", b"", b"", b"x", b"2\r\n"]),
)
@example(parts=[(b"\r\n", b""), (b"1\r\na\r\n", b"")], framed="close", cuts=[27], by_chunk=False, spoil=b"")
def test_a_body_that_is_taken_chunk_by_chunk_is_the_body_that_is_taken_at_its_end(
    parts: list[tuple[bytes, bytes]], framed: str, cuts: list[int], by_chunk: bool, spoil: bytes
) -> None:
    whole = b"".join(part for part, _ in parts)
    head = {
        "chunked": b"Transfer-Encoding: Chunked",
        "length": b"x: 1\r\nContent-Length: %d" % len(whole),
        "close": b"x: 2",
    }
    came = b"HTTP/1.1 200 OK\r\n" + head[framed] + b"\r\n\r\n"
    borders = [len(came)]
    for part, size in parts:
        came += size % len(part) + part + b"\r\n" if framed == "chunked" and part else b""
        borders.append(len(came))
    came += spoil + b"0\r\n\r\n" if framed == "chunked" else whole
    places = sorted({0, len(came), *(cut for cut in cuts if cut < len(came)), *(borders if by_chunk else ())})

    def fed(*, in_parts: bool) -> tuple[bytes, bool, str]:
        wire, _ = begun()
        taken: list[bytes] = []
        if in_parts:
            wire.on_news, wire.on_part = lambda: taken.append(wire.take()), taken.append
        for at, end in pairwise(places):
            wire.data_received(came[at:end])
        wire.connection_lost(None)
        return b"".join([*taken, wire.take()]), wire.complete, repr(wire.error)

    assert fed(in_parts=True) == fed(in_parts=False)


def test_a_chunk_that_comes_by_itself_is_handed_on_at_once() -> None:
    wire, _ = begun()
    parts: list[bytes] = []
    wire.on_news, wire.on_part = lambda: None if not (part := wire.take()) else parts.append(part + b"?"), parts.append
    wire.data_received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for came in (
        b"1\r\na\r\n",
        b"2\r\nbc\r\n",
        b"2\r\nd",
        b"e\r\n",
        b"B\r\n",
        b"0123456789a\r\n",
        b"1\r\nf\r\n1\r\ng\r\n",
        b"1\r\nh\r\n",
    ):
        wire.data_received(came)
    assert parts == [b"a?", b"bc", b"d?", b"e?", b"0123456789a?", b"fg?", b"h"]


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    wire, _ = begun()
    wire.data_received(b"HTTP/1.1 200 OK\r\n\r\nabc")
    assert not wire.complete
    wire.connection_lost(None)
    assert (wire.take(), wire.complete, wire.error) == (b"abc", True, None)


@pytest.mark.parametrize(
    "came", [b"", HEAD, HEAD + b"a", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na"]
)
def test_an_answer_that_stops_early_is_broken(came: bytes) -> None:
    wire, _ = begun()
    if came:
        wire.data_received(came)
    wire.connection_lost(None)
    assert type(wire.error) is Broken
    assert not wire.complete


@pytest.mark.parametrize(
    "came",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (MAX_HEAD_BYTES + 1),
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * MAX_HEAD_BYTES,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=["nonsense", "two lengths", "one long header", "many headers", "upgrade"],
)
def test_what_is_not_http_or_too_much_of_it_is_refused(came: bytes) -> None:
    wire, transport = begun()
    for at in range(0, len(came), 4096):
        wire.data_received(came[at : at + 4096])
    assert isinstance(wire.error, NotHttp)
    assert "abort" in transport.asked


def test_a_slow_reader_stops_the_wire_and_starts_it_again() -> None:
    wire, transport = begun()
    wire.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n")
    wire.data_received(b"x" * 300_000)
    assert transport.asked[-1] == "pause"
    assert len(wire.take()) == 300_000
    assert transport.asked[-1] == "resume"


def test_bytes_that_nobody_asked_for_end_an_idle_connection() -> None:
    wire, transport = begun()
    wire.data_received(HEAD + b"ab")
    wire.data_received(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert "abort" in transport.asked
    assert not wire.reusable()


def in_a_loop(test: Callable[[Pool], None]) -> None:
    async def play() -> None:
        pool = Pool(Address(host="127.0.0.1", port=1, tls=False))
        await pool.start()
        test(pool)
        pool.close()

    asyncio.run(play())


def test_the_freshest_idle_connection_is_taken_first_and_closed_ones_never() -> None:
    def test(pool: Pool) -> None:
        wires = [begun()[0] for _ in range(3)]
        for wire in wires:
            wire.data_received(HEAD + b"ab")
            wire.take()
            pool.give_back(wire)
        wires[1].close()
        assert [pool.kept() for _ in range(3)] == [wires[2], wires[0], None]

    in_a_loop(test)


def test_a_connection_in_mid_answer_is_not_kept() -> None:
    def test(pool: Pool) -> None:
        wire, transport = begun()
        wire.data_received(HEAD + b"a")
        pool.give_back(wire)
        assert pool.kept() is None
        assert "abort" in transport.asked

    in_a_loop(test)
