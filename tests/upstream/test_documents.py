"""Documents that a strict reader refuses and programs write all the same are read for what they mean."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.upstream.documents import Documents, NoDocument
from unisono.upstream.openai import ChatReading


def event(text: str) -> bytes:
    """Return an event as a host in JavaScript writes it: half a character is an escape."""
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}).encode()


def test_an_emoji_that_is_cut_between_two_events_is_whole_again() -> None:
    reading = ChatReading("m")
    texts = ["so ", "\ud83d", "\ude00 and\\ud83d \ud83c", "\udf89!", "plain"]
    said = [chunk for text in texts for chunk in reading.event(b"", event(text))]
    found = [orjson.loads(chunk.data)["choices"][0]["delta"]["content"] for chunk in said]
    assert "".join(found) == "so \U0001f600 and\\ud83d \U0001f389!plain"
    assert [chunk.has_content for chunk in said] == [True, False, True, True, True]


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (b'{"a": "x\\ud83d"}', {"a": "x\ufffd"}),
        (b'{"a": "\\ude00x", "b": "\\ud83d\\ude00"}', {"a": "\ufffdx", "b": "\U0001f600"}),
        (
            b'{"a": [NaN, -Infinity, Infinity, 1], "NaN": "say NaN, \\"NaN\\""}',
            {"a": [None] * 3 + [1], "NaN": 'say NaN, "NaN"'},
        ),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\xf0\x9f"}', {"a": "\ufffd"}),
    ],
)
def test_what_is_no_sound_json_is_read_for_what_it_means(raw: bytes, read: object) -> None:
    document, data = Documents().read(raw, goes_on=False)
    assert document == read
    assert orjson.loads(data) == read


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"NaN", b'{"a": "\\ud83d}', b'{"a": NaNny}', b'{"a" NaN}'])
def test_what_means_nothing_is_no_document(raw: bytes) -> None:
    with pytest.raises(NoDocument):
        Documents().read(raw, goes_on=False)


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_crash_the_reading(raw: bytes, goes_on: bool) -> None:
    documents = Documents()
    for data in (raw, b'{"a": "' + raw + b'"}'):
        try:
            document, sound = documents.read(data, goes_on=goes_on)
        except NoDocument:
            continue
        assert orjson.loads(sound) == document


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers(-9, 9), max_size=4))
def test_a_sound_document_passes_byte_for_byte(document: dict[str, object]) -> None:
    raw = json.dumps(document).encode("utf-8")
    if any("\ud800" <= c <= "\udfff" for c in raw.decode()):
        return
    assert Documents().read(raw, goes_on=True) == (document, raw)
