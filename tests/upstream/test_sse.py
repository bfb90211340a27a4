"""Server-sent events survive any split of their bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.errors import UpstreamMalformed
from unisono.upstream.sse import EventParser

LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
TEXTS = st.text(alphabet=st.characters(exclude_characters="\r\n\0", codec="utf-8"), max_size=12).map(str.encode)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Bytes of a stream: events, comments and odd lines, with line ends mixed as they like."""
    out = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    for _ in range(draw(st.integers(0, 6))):
        for _ in range(draw(st.integers(0, 4))):
            field = draw(
                st.sampled_from([b"data: ", b"data:", b"data", b": ", b"event: ", b"id: ", b"retry:", b"other: "])
            )
            out += field + draw(TEXTS) + draw(LINE_ENDS)
        out += draw(LINE_ENDS)
    return out + draw(st.sampled_from([b"", b"data: tail", b"data: tail\n"]))


def parsed(pieces: list[bytes]) -> list[tuple[bytes, bytes]]:
    parser = EventParser()
    events = [event for piece in pieces for event in parser.feed(piece)]
    return events + parser.end()


def by_the_lines(stream: bytes) -> list[tuple[bytes, bytes]]:
    """The description of the format, line by line, on the whole text."""
    lines = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    events, name, data = [], b"", []
    for line in [*lines, b""]:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                events.append((name, b"\n".join(data)))
            name, data = b"", []
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return events


@settings(deadline=None)
@given(stream=streams(), data=st.data())
def test_any_split_gives_the_same_events(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert parsed(pieces) == parsed([stream]) == parsed([stream[i : i + 1] for i in range(len(stream))])


@settings(deadline=None)
@given(stream=streams())
def test_events_are_those_of_the_description(stream: bytes) -> None:
    assert parsed([stream]) == by_the_lines(stream)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_crash_it(stream: bytes) -> None:
    parsed([stream])


def test_data_keeps_its_bytes() -> None:
    data = '{"a": "é\\n☃", "b":1.50}'.encode()
    assert parsed([b"data: " + data + b"\n\n"]) == [(b"", data)]


def test_several_data_lines_are_one_event() -> None:
    assert parsed([b"event: x\ndata: a\ndata: b\n\n"]) == [(b"x", b"a\nb")]


def test_comments_are_no_events() -> None:
    assert parsed([b": ping\n\n: ping\ndata: a\n\n"]) == [(b"", b"a")]


def test_an_event_without_its_blank_line_still_counts_at_the_end() -> None:
    assert parsed([b"data: [DONE]"]) == [(b"", b"[DONE]")]


@pytest.mark.parametrize("piece", [50, 1, 1000])
def test_an_event_longer_than_the_limit_is_malformed(piece: int) -> None:
    stream = b"data: " + b"x" * 200 + b"\n\n"
    parser = EventParser(max_event_bytes=100)
    with pytest.raises(UpstreamMalformed):
        for i in range(0, len(stream), piece):
            parser.feed(stream[i : i + piece])


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_an_event_as_long_as_the_limit_is_sound(piece: int) -> None:
    stream = b"data: " + b"x" * 94 + b"\n\n"
    parser = EventParser(max_event_bytes=100)
    events = [e for i in range(0, len(stream), piece) for e in parser.feed(stream[i : i + piece])]
    assert events == [(b"", b"x" * 94)]
