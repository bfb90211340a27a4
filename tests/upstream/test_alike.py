"""Events that differ by their text alone are told as if each had been parsed."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.types import Chunk
from unisono.upstream.alike import Alike, is_text
from unisono.upstream.openai import ChatReading, GeminiReading
from unisono.upstream.reading import BrokenEvent
from unisono.upstream.sse import EventParser

TEXTS = st.text(max_size=12) | st.sampled_from(['"', "\\", "\n", "", " ", "é", "词", '","finish_reason":"stop', "\x7f"])


def event(text: str, *, spaced: bool, more: dict[str, object]) -> bytes:
    document = {
        "id": "c",
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": None}],
    }
    return json.dumps(document, ensure_ascii=False, separators=(", ", ": ") if spaced else (",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def is_alike(sent: bytes, alike: Alike) -> bool:
    around = alike.begins and sent.startswith(alike.begins) and sent.endswith(alike.ends)
    return bool(around) and is_text(sent[len(alike.begins) : -len(alike.ends)])


def read(reading: ChatReading, data: bytes) -> tuple[Chunk, ...] | str:
    try:
        return reading.event(b"", data)
    except BrokenEvent as exc:
        return str(exc)


@given(
    texts=st.lists(TEXTS, min_size=2, max_size=6),
    spaced=st.booleans(),
    more=st.fixed_dictionaries({}, optional={"role": st.just("assistant"), "content_kind": TEXTS}),
)
def test_each_event_tells_what_a_reader_tells_that_never_saw_another(texts, spaced, more) -> None:
    used = ChatReading("m")
    for text in texts:
        data = event(text, spaced=spaced, more=more)
        assert read(used, data) == read(ChatReading("m"), data)


@given(cut=st.integers(0, 120), put=st.binary(max_size=6), spaced=st.booleans())
def test_a_broken_event_behind_a_sound_one_stays_broken(cut: int, put: bytes, spaced: bool) -> None:
    used = ChatReading("m")
    sound = event("word", spaced=spaced, more={})
    read(used, sound)
    broken = sound[:cut] + put + sound[cut:]
    assert read(used, broken) == read(ChatReading("m"), broken)


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b'"', b"\\", b"\x00", b"\n", b"\\q", b""])
def test_bytes_that_no_json_string_holds_are_seen_behind_a_sound_event(text: bytes) -> None:
    used = ChatReading("m")
    sound = event("word", spaced=False, more={})
    read(used, sound)
    strange = sound.replace(b"word", text)
    assert read(used, strange) == read(ChatReading("m"), strange)


@given(
    texts=st.lists(TEXTS, min_size=2, max_size=6),
    spaced=st.booleans(),
    cut=st.integers(0, 120),
    put=st.sampled_from([b"", b"", b"\n", b"\n\n", b"\r", b'"', b"\\", b"\xff", b"x"]),
)
def test_an_event_as_it_is_sent_tells_what_its_document_tells_or_must_be_read(texts, spaced, cut, put) -> None:
    used, parser = ChatReading("m"), EventParser()
    for text in texts:
        sent = b"data: " + event(text, spaced=spaced, more={}) + b"\n\n"
        sent = sent[:cut] + put + sent[cut:]
        if parser.between and used.alike is not None and is_alike(sent, used.alike):
            assert [(b"", sent[6:-2])] == parser.feed(sent)
            assert (Chunk(data=sent[6:-2], has_content=True, model=used.alike.model),) == read(
                ChatReading("m"), sent[6:-2]
            )
            continue
        for name, data in parser.feed(sent):
            with suppress(BrokenEvent):
                used.event(name, data)


def test_plain_events_of_a_usual_stream_need_not_be_parsed_and_geminis_do() -> None:
    used = ChatReading("m")
    assert used.alike is None
    used.event(b"", event("word", spaced=False, more={}))
    sent = b"data: " + event(" and another", spaced=False, more={}) + b"\n\n"
    assert used.alike is not None
    assert is_alike(sent, used.alike)
    assert GeminiReading("m").alike is None
