"""What differs when a configuration's file, or a file of a secret that it names, is another one than before.

It reads no keys and puts nothing in force: `watch` does.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from unisono.config.kinds import IN_FILE, secret_path
from unisono.config.source import MAX_FILE_BYTES
from unisono.config.tls import FILES

_SECRET = re.compile(rf"""["']{IN_FILE}([^"'\n]+)["']""")
_TLS = re.compile(rf"""\b(?:{"|".join(FILES)})["']?\s*=\s*["']([^"'\n]+)["']""")


def mark_of(file: Path) -> bytes | None:
    """Return a hash over the file's content and that of the secrets and certificates that it seems to name.

    None while this process has no file left to open: that passes, and says nothing of them.
    """
    found = blake2b()
    try:
        content = _content(file, most_bytes=MAX_FILE_BYTES)
        for part in (content, *(_content(named, most_bytes=MAX_FILE_BYTES) for named in _named(file, content))):
            found.update(b"-" if part is None else b"%d %b" % (len(part), part))
    except OSError:
        return None
    return found.digest()


class Stamps:
    """The stamps of a configuration's file and of the files of secrets that it names."""

    def __init__(self, file: Path) -> None:
        """Look at nothing yet."""
        self._file = file
        self._own: tuple[int, ...] | None = None
        self._secrets: tuple[Path, ...] = ()

    def now(self) -> tuple[int, ...]:
        """Return what differs when one of them was written or replaced; the content is read only where it must be."""
        own = _stamp(self._file)
        if own != self._own:
            with suppress(OSError):
                named = tuple(_named(self._file, _content(self._file, most_bytes=MAX_FILE_BYTES)))
                self._own, self._secrets = own, named
        return sum((_stamp(file) for file in self._secrets), own)


def _named(file: Path, content: bytes | None) -> Iterator[Path]:
    text = (content or b"").decode("utf-8", "replace")
    for written in (*_SECRET.findall(text), *_TLS.findall(text)):
        with suppress(ValueError, RuntimeError):
            yield secret_path(written, file.parent)


def _stamp(file: Path) -> tuple[int, ...]:
    """Return what differs when a file was written, replaced or given other rights; empty while there is none."""
    try:
        found = file.stat()
    except (OSError, ValueError):
        return ()
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _content(file: Path, *, most_bytes: int) -> bytes | None:
    """Return the file's bytes, the first of too many; None while there is none, as in the middle of a replacement.

    Raises:
        OSError: too many files are open.
    """
    try:
        with file.open("rb") as opened:
            return opened.read(most_bytes)
    except (OSError, ValueError) as exc:
        if isinstance(exc, OSError) and exc.errno in (errno.EMFILE, errno.ENFILE):
            raise
        return None
