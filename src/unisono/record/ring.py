"""Who calls: the keys in force in memory, those of the configuration and those of the record, looked up by hash.

The work of a look-up does not depend on how much of a guess is right: what is compared is a keyed hash, never the key.
Before a look-up the stamp of a file beside the record is read, so that a key that `unisono keys` made or revoked counts
from the next request on, in every process. It does not say what a scope means for a request.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes

from unisono.errors import NotAuthorised
from unisono.record.database import connect_to_read, told_plainly
from unisono.record.keys import StoredKey, digest_of, read_keys, signal_path
from unisono.types import Caller, Grant, Limit, Scope, Secret

ANONYMOUS = Grant(name="anonymous", scope=Scope(admin=True))
"""Who calls where nobody has a key: the only user of this machine."""

MAX_KEY_CHARS = 512
LOOK_EVERY_S = 0.001
"""A server reads that stamp no more often, for it takes a system call: a command that changes keys lasts longer behind
the change than this, and who waits for its end finds it in force."""
_Stamp = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Held:
    grant: Grant
    until_s: float


class KeyRing:
    """The keys in force. Not thread-safe: it belongs to the event loop.

    Attributes:
        open: callers without a key may come in where no key exists; only for a server that listens on loopback.
        seed: of the hashes by which conversations are told apart, 64 bits: callers do not know it, and it stays.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock_s: Callable[[], float] = time.time,
        look_every_s: float = 0.0,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Read the keys of the record at `path`.

        Args:
            path: the record's file.
            clock_s: seconds since 1970, for what expires.
            look_every_s: for so long a look at the stamp holds.
            changed: called after the keys of the record were read again.

        Raises:
            StoreError: the record cannot be read.
        """
        self.open = True
        self._path = path
        self._clock_s = clock_s
        self._look_every_s = look_every_s
        self._looked_s = 0.0
        self._changed = changed
        self._signal = os.fspath(signal_path(path))
        self._own_pepper = token_bytes(32)
        self._configured: dict[bytes, Grant] = {}
        self._stamp: _Stamp = None
        self._stamp = self._look()
        self._pepper, self._stored = self._read()
        self._held = _held(self._stored)
        self.seed = int.from_bytes(blake2b(b"conversations", digest_size=8, key=self._pepper).digest(), "little")
        self._had_some = bool(self._stored)

    def follow(self, keys: Sequence[Secret], callers: Sequence[Caller]) -> None:
        """Put the keys of a configuration in force."""
        named = {self._own(c.key.reveal()): Grant(name=c.name, scope=c.scope, wishes=c.wishes) for c in callers}
        bare = {self._own(key.reveal()): Grant(name=_short_name(key.reveal())) for key in keys}
        self._configured = {**bare, **named}

    @property
    def is_empty(self) -> bool:
        """Say whether no key is configured and none was ever made, as far as this process knows.

        A record that is lost while the process runs takes its keys with it, and opens no door.
        """
        return not self._configured and not self._had_some

    @property
    def exporting(self) -> frozenset[str]:
        """The names of the keys in force whose holders agree that their words are kept and exported."""
        now_s = self._clock_s()
        stored = {key.name for key in self._stored if key.scope.export and _lives(key, now_s)}
        return frozenset(stored | {grant.name for grant in self._configured.values() if grant.scope.export})

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits that keys of the record carry."""
        now_s = self._clock_s()
        found = {limit.name: limit for key in self._stored if _lives(key, now_s) for limit in key.limits}
        return tuple(found.values())

    def grant(self, given: str | None) -> Grant:
        """Return who holds a key.

        Args:
            given: the key as it was sent; None when none was.

        Raises:
            NotAuthorised: it is missing, unknown, expired or revoked.
        """
        now_s = self._clock_s()
        if not 0.0 <= now_s - self._looked_s < self._look_every_s:
            if (stamp := self._look()) != self._stamp:
                self.refresh(stamp)
            self._looked_s = now_s
        if self.open and self.is_empty:
            return ANONYMOUS
        if not given:
            raise NotAuthorised("No API key. Send `Authorization: Bearer <key>`; `unisono keys create` makes one.")
        if len(given) <= MAX_KEY_CHARS:
            held = self._held.get(digest_of(given, pepper=self._pepper)) if self._held else None
            if held is not None and now_s < held.until_s:
                return held.grant
            configured = self._configured.get(self._own(given))
            if configured is not None:
                return configured
        raise NotAuthorised("This API key is not known here, has expired or was revoked. Ask the operator for one.")

    def refresh(self, stamp: _Stamp = None) -> None:
        """Read the keys of the record again.

        Raises:
            StoreError: the record cannot be read. Then nobody is let in by an old copy; the next call tries again.
        """
        pepper, stored = self._read()
        self._pepper, self._stored, self._held = pepper, stored, _held(stored)
        self._had_some = self._had_some or bool(stored)
        self._stamp = stamp if stamp is not None else self._look()
        self._changed()

    def _look(self) -> _Stamp:
        if self._stamp is None and not os.access(self._signal, os.F_OK):
            return None  # as long as no key was ever made: an exception costs thrice as much
        try:
            found = os.stat(self._signal)  # noqa: PTH116  (a Path costs another microsecond)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _own(self, secret: str) -> bytes:
        return digest_of(secret, pepper=self._own_pepper)

    def _read(self) -> tuple[bytes, tuple[StoredKey, ...]]:
        with told_plainly(self._path), closing(connect_to_read(self._path)) as connection:
            pepper, keys = read_keys(connection)
        return pepper, tuple(keys)


def _lives(key: StoredKey, now_s: float) -> bool:
    return key.revoked is None and (key.expires is None or key.expires.timestamp() > now_s)


def _held(keys: Sequence[StoredKey]) -> dict[bytes, _Held]:
    return {
        key.digest: _Held(
            Grant(name=key.name, scope=key.scope),
            float("inf") if key.expires is None else key.expires.timestamp(),
        )
        for key in keys
        if key.revoked is None
    }


def _short_name(secret: str) -> str:
    """Return the name of a configured key that has none."""
    return f"k_{blake2b(secret.encode(), digest_size=6).hexdigest()}"
