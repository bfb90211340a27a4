"""Whether this process has as many files open as it may: then callers are turned away before they are heard.

It opens and raises nothing.
"""

from __future__ import annotations

import errno
import os

from unisono.config.files import files_allowed

_FOLDERS = ("/proc/self/fd", "/dev/fd")
_FULL, _HEALED = 0.95, 0.9
"""Shares of the limit at which it is told, and told no more."""


class OpenFiles:
    """What is known of the open files; a look takes some microseconds for each, beside the event loop."""

    def __init__(self) -> None:
        """Suppose that there is room."""
        self.fault: str | None = None

    def turned(self) -> bool:
        """Look; say whether it is another way round than at the last look."""
        limit = files_allowed()
        if limit is None:
            return False
        n = _n_open(limit)
        full = n >= limit * (_FULL if self.fault is None else _HEALED)
        if full is (self.fault is not None):
            return False
        self.fault = (
            f"{n} of {limit} files are open: new connections are closed unheard, and calls to models fail. Raise the "
            "limit (LimitNOFILE= of systemd, ulimit -Hn), or lower `server.max_requests`."
            if full
            else None
        )
        return True


def _n_open(limit: int) -> int:
    for folder in _FOLDERS:
        try:
            return len(os.listdir(folder))  # noqa: PTH208  (a path object for each would cost more than the look)
        except OSError as exc:
            if exc.errno == errno.EMFILE:
                return limit
    return 0
