"""Log lines that leave in batches: one write for all that came within a moment, made by a thread of its own.

A write for each line would stop the event loop for each line. What is at hand when the process is killed is lost: that
of the last `GATHER_S`. A line at WARNING or above is written at once.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading

GATHER_S = 0.1
MAX_WAITING = 10_000
"""Lines that wait for a slow reader of standard error; further ones are dropped and counted."""


class Lines(logging.Handler):
    """Writes formatted lines to standard error."""

    def __init__(self) -> None:
        """Start nothing: the thread begins with the first line."""
        super().__init__()
        self._waiting: list[logging.LogRecord] = []
        self._n_dropped = 0
        self._some = threading.Event()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        atexit.register(self.flush)

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line; called with the logger's lock held."""
        if len(self._waiting) >= MAX_WAITING:
            self._n_dropped += 1
            return
        self._waiting.append(record)
        if record.levelno >= logging.WARNING:
            self.flush()
        elif self._thread is None:
            self._thread = threading.Thread(target=self._live, name="unisono-log", daemon=True)
            self._thread.start()
        if len(self._waiting) == 1:
            self._some.set()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            records, self._waiting = self._waiting, []
            n_dropped, self._n_dropped = self._n_dropped, 0
            text = "".join(f"{self.format(record)}\n" for record in records)
            if n_dropped:
                text += f"log lines dropped={n_dropped}\n"
            if text:
                try:
                    sys.stderr.write(text)
                    sys.stderr.flush()
                except (OSError, ValueError):  # nobody reads any more
                    return

    def _live(self) -> None:
        pause = threading.Event()
        while True:
            self._some.wait()
            self._some.clear()
            pause.wait(GATHER_S)
            self.flush()
