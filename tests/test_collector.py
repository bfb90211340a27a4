"""The collector of cycles while large documents are read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest

from unisono.collector import LARGE_BYTES, calmly
from unisono.edge.parse import load_body
from unisono.errors import RequestError
from unisono.upstream.openai import ChatReading

CROWD = b",".join([b'{"a":[1]}'] * (LARGE_BYTES // 9))


@contextmanager
def looks() -> Iterator[list[int]]:
    """Yield the generations that the collector looks through, which it does often."""
    found: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            found.append(info["generation"])

    before = gc.get_threshold()
    gc.set_threshold(100, 10, 10)
    gc.callbacks.append(note)
    try:
        yield found
    finally:
        gc.callbacks.remove(note)
        gc.set_threshold(*before)


def test_the_collector_rests_while_a_large_answer_is_read() -> None:
    answer = b'{"choices":[{"message":{"content":"x"},"logprobs":[' + CROWD + b"]}]}"
    with looks() as found:
        chunk = calmly(ChatReading("m").whole, answer)
        n_looks = len(found)
    assert chunk.data == answer
    assert n_looks < 10  # before and behind it; else thousands


def test_the_collector_rests_while_a_crowded_body_is_refused() -> None:
    with looks() as found:
        with pytest.raises(RequestError, match="too many arrays and objects"):
            load_body(b'{"messages":[' + CROWD + b"]}")
        n_looks = len(found)
    assert n_looks < 10  # pytest's own work among them
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        assert calmly(orjson.loads, b"[" + CROWD + b"]")
        assert not gc.isenabled()
    finally:
        gc.enable()
