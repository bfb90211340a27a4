"""Log lines that leave in batches, at most one in `GATHER_S`, written by a thread of its own.

A write for each line would stop the event loop for each line. What is at hand when the process is killed is lost: that
of the last `GATHER_S`. A line at WARNING or above is written at once.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

GATHER_S = 0.1
MAX_WAITING = 10_000
"""Lines that wait for a slow reader of standard error; further ones are dropped and counted."""


class Line(logging.LogRecord):
    """A record that looks up nothing which our lines do not say; the library's own takes twice as long for it."""

    def __init__(  # what the library calls it with
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        msg: object,
        args: Any,
        exc_info: Any,
        func: str | None = None,
        sinfo: str | None = None,
    ) -> None:
        """See `logging.LogRecord`."""
        now_s = time.time()
        one = args[0] if isinstance(args, tuple) and len(args) == 1 else None
        self.name = name
        self.msg = str(msg) if not isinstance(msg, str) else msg
        self.args = one if one and isinstance(one, Mapping) else args
        self.levelname = logging.getLevelName(level)
        self.levelno = level
        self.pathname = self.filename = self.module = pathname
        self.lineno = lineno
        self.funcName = func or ""
        self.exc_info = exc_info
        self.exc_text = None
        self.stack_info = sinfo
        self.created = now_s
        self.msecs = int((now_s - int(now_s)) * 1000) + 0.0


class Stamped(logging.Formatter):
    """The library's own lines; the time of a second is written once, and a line without a trace put together here."""

    _second = -1
    _written = ""

    def __init__(self) -> None:
        """Write time, level and message."""
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        if record.exc_info or record.exc_text or record.stack_info:
            return super().format(record)
        return f"{self.formatTime(record)} {record.levelname} {record.getMessage()}"

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """See `logging.Formatter`."""
        return self.at(record.created) if datefmt is None else super().formatTime(record, datefmt)

    def at(self, created_s: float) -> str:
        """Return the local time of day as the library writes it."""
        second = int(created_s)
        if second != self._second:
            self._second = second
            self._written = time.strftime(self.default_time_format, self.converter(second))
        return f"{self._written},{int((created_s - second) * 1000):03d}"


class Lines(logging.Handler):
    """Writes formatted lines to standard error."""

    def __init__(self) -> None:
        """Start nothing: the thread begins with the first line."""
        super().__init__()
        self._stamp = Stamped()
        self._waiting: deque[logging.LogRecord | tuple[float, str]] = deque()
        self._n_dropped = 0
        self._some = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        atexit.register(self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; called with the logger's lock held."""
        if self._take(record) and record.levelno >= logging.WARNING:
            self.flush()

    def tell(self, text: str) -> None:
        """Take the text of a line at INFO, past the library: the short way of the line that each request has."""
        self._take((time.time(), text))

    def _take(self, waiting: logging.LogRecord | tuple[float, str]) -> bool:
        """Have a line wait to be written; False where too many do, and it is dropped."""
        if len(self._waiting) >= MAX_WAITING:
            self._n_dropped += 1
            return False
        self._waiting.append(waiting)
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name="unisono-log", daemon=True)
            self._thread.start()
        if len(self._waiting) == 1:
            self._some.set()
        return True

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            waiting = self._waiting
            lines = [self._line(waiting.popleft()) for _ in range(len(waiting))]
            n_dropped, self._n_dropped = self._n_dropped, 0
            text = "".join(lines)
            if n_dropped:
                text += f"log lines dropped={n_dropped}\n"
            if text:
                try:
                    sys.stderr.write(text)
                    sys.stderr.flush()
                except (OSError, ValueError):  # nobody reads any more
                    return

    def _line(self, waiting: logging.LogRecord | tuple[float, str]) -> str:
        if isinstance(waiting, logging.LogRecord):
            return f"{self.format(waiting)}\n"
        at_s, text = waiting
        return f"{self._stamp.at(at_s)} INFO {text}\n"

    def _live(self) -> None:
        pause = threading.Event()
        written_at = time.monotonic()
        while True:
            self._some.wait()
            self._some.clear()
            gather_s = written_at + GATHER_S - time.monotonic()
            if gather_s > 0.0:
                pause.wait(gather_s)
            self.flush()
            written_at = time.monotonic()
