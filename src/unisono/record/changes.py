"""Whether a record may have changed, by the stamps of its files: what an idle server asks instead of the record itself.

It does not say what has changed, and it reads nothing.
"""

from __future__ import annotations

from pathlib import Path

from unisono.record.database import SETTLED_NS, settled_stamp


class Changes:
    """One for each who asks. Not thread-safe."""

    def __init__(self, path: Path, *, still_s: float = SETTLED_NS / 1e9) -> None:
        """Look at the record at `path`, which counts as changing until it has been still for `still_s`."""
        self._path = path
        self._still_ns = round(still_s * 1e9)
        self._seen: tuple[int, ...] | None = None

    def any(self) -> bool:
        """Say whether the record may have changed since the last time; True at first. Takes some ten microseconds."""
        before, self._seen = self._seen, settled_stamp(self._path, still_ns=self._still_ns)
        return self._seen is None or self._seen != before

    def forget(self) -> None:
        """Have the next answer be True: what was to be done about a change could not be done."""
        self._seen = None
