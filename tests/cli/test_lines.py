"""Log lines leave in batches, none is lost at an orderly end, and a warning does not wait."""

from __future__ import annotations

import logging
import re

import pytest

from unisono.cli import lines as module
from unisono.cli.lines import Lines


def record(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("unisono", level, __file__, 1, text, None, None)


def test_lines_wait_for_each_other_and_keep_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines._thread = object()  # type: ignore[assignment]  # no thread: this test is its own
    for text in ("one", "two"):
        lines.emit(record(text))
    assert capsys.readouterr().err == ""
    lines.flush()
    assert capsys.readouterr().err == "one\ntwo\n"


def test_a_warning_takes_what_waits_with_it_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines._thread = object()  # type: ignore[assignment]
    lines.emit(record("one"))
    lines.emit(record("look", logging.WARNING))
    assert capsys.readouterr().err == "one\nlook\n"


def test_what_nobody_takes_is_dropped_and_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    lines = Lines()
    lines._thread = object()  # type: ignore[assignment]
    for text in ("one", "two", "three", "four"):
        lines.emit(record(text))
    lines.flush()
    assert capsys.readouterr().err == "one\ntwo\nlog lines dropped=2\n"


def test_the_line_of_a_request_goes_past_the_library_and_looks_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    lines._thread = object()  # type: ignore[assignment]
    lines.setFormatter(module.Stamped())
    lines.emit(record("decision=1"))
    lines.tell("decision=2 100 %s")
    lines.flush()
    first, second = capsys.readouterr().err.splitlines()
    form = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO "
    assert re.fullmatch(form + "decision=1", first)
    assert re.fullmatch(form + "decision=2 100 %s", second)
