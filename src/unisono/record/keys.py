"""The table of API keys: made, listed, replaced, revoked. A key itself is never kept, only a keyed hash of it.

A key holds 256 random bits, so a fast keyed hash (BLAKE2b) is as safe as a slow one: nobody can try them out. It does
not say who calls: `ring.py` does, in memory.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex, token_urlsafe

import msgspec

from unisono.errors import NotFound, RequestError, StoreError
from unisono.record.database import transaction, writing
from unisono.record.rows import from_us, to_us
from unisono.types import Json, Limit, Scope

PREFIX = "uni-"
"""How a key that Unisono made begins, so that scanners of leaked secrets can know it."""

_INSERT = "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, NULL)"
_COLUMNS = "id, name, digest, scope, created, expires, revoked"
_ALL = f"SELECT {_COLUMNS} FROM keys ORDER BY created, id"  # noqa: S608  (our own words)
_LIVING = "SELECT id FROM keys WHERE name = :name AND revoked IS NULL AND (expires IS NULL OR expires > :now)"
_REVOKE = "UPDATE keys SET revoked = ? WHERE id = ?"
_END_AT = "UPDATE keys SET expires = ? WHERE id = ? AND (expires IS NULL OR expires > ?)"
_PEPPER = "SELECT value FROM settings WHERE name = 'pepper'"


class _Body(msgspec.Struct, frozen=True):
    """What a row's `scope` holds."""

    scope: Scope
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """One row: what is known of a key."""

    id: str
    name: str
    digest: bytes
    scope: Scope
    limits: tuple[Limit, ...]
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    def state(self, now: datetime) -> str:
        """Return `active`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "active"


MINUTE_S = 60.0
"""The sliding window of a limit by the minute."""


def written(limit: Limit) -> str:
    """Return a key's limit as `unisono keys create --limit` takes it."""
    amount = f"{Decimal(repr(limit.amount)):f}".removesuffix(".0")  # all its digits: 1234567 is not 1.23457e+06
    if limit.window is None:
        return f"{limit.counts}={amount}"
    return f"{limit.counts}={amount}/{'minute' if limit.window == MINUTE_S else limit.window}"


def key_to_json(key: StoredKey, *, now: datetime) -> Json:
    """Return what may be shown of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "state": key.state(now),
        "admin": key.scope.admin,
        "models": list(key.scope.models),
        "modes": [mode.value for mode in key.scope.modes],
        "limits": [written(limit) for limit in key.limits],
        "created": key.created.isoformat(),
        "expires": None if key.expires is None else key.expires.isoformat(),
        "revoked": None if key.revoked is None else key.revoked.isoformat(),
    }


def digest_of(secret: str, *, pepper: bytes) -> bytes:
    """Return the keyed hash under which a key is known."""
    keyed = _keyed(pepper).copy()
    keyed.update(secret.encode("utf-8", "surrogatepass"))
    return keyed.digest()


@lru_cache(maxsize=8)  # every request asks for the same
def _keyed(pepper: bytes) -> blake2b:
    return blake2b(digest_size=32, key=pepper)


def signal_path(path: Path) -> Path:
    """Return the empty file beside the record whose stamp moves with every change of the keys."""
    return path.with_name(f"{path.name}-keys")


def read_keys(connection: sqlite3.Connection) -> tuple[bytes, list[StoredKey]]:
    """Return the pepper of the hashes, and every key that there is or was."""
    pepper = bytes.fromhex(connection.execute(_PEPPER).fetchone()[0])
    return pepper, [_key(row) for row in connection.execute(_ALL)]


def list_keys(path: Path) -> list[StoredKey]:
    """Return every key that there is or was, oldest first.

    Raises:
        StoreError: the record cannot be opened.
    """
    with writing(path) as connection:
        return read_keys(connection)[1]


def create_key(
    path: Path,
    name: str,
    *,
    scope: Scope,
    limits: Sequence[Limit] = (),
    expires: datetime | None = None,
    now: datetime,
) -> tuple[StoredKey, str]:
    """Make a key; the second value is the key itself, which is kept nowhere.

    Raises:
        RequestError: a key of this name is in force.
        StoreError: the record cannot be written.
    """
    with writing(path) as connection, transaction(connection):
        if connection.execute(_LIVING, {"name": name, "now": to_us(now)}).fetchone():
            raise RequestError(f"A key named {name!r} is in force. Choose another name, or use `unisono keys rotate`.")
        made = _insert(connection, name, _Body(scope=scope, limits=tuple(limits)), expires=expires, now=now)
    _signal(path)
    return made


def rotate_key(
    path: Path, name: str, *, expires: datetime | None = None, old_ends: datetime | None = None, now: datetime
) -> tuple[StoredKey, str]:
    """Make a new key of the same name, scope and limits; the old ones end at once, or at `old_ends`.

    Raises:
        NotFound: no key of this name is in force.
        StoreError: the record cannot be written.
    """
    with writing(path) as connection, transaction(connection):
        old = [key for key in read_keys(connection)[1] if key.name == name and key.state(now) == "active"]
        if not old:
            raise NotFound(f"No key named {name!r} is in force. `unisono keys list` shows them.")
        last = old[-1]
        if expires is None and last.expires is not None:
            expires = now + (last.expires - last.created)
        made = _insert(connection, name, _Body(scope=last.scope, limits=last.limits), expires=expires, now=now)
        for key in old:
            if old_ends is None:
                connection.execute(_REVOKE, (to_us(now), key.id))
            else:
                connection.execute(_END_AT, (to_us(old_ends), key.id, to_us(old_ends)))
    _signal(path)
    return made


def revoke_key(path: Path, name_or_id: str, *, now: datetime) -> list[StoredKey]:
    """Revoke every key of a name, or the one with an id; returns those that were in force until now.

    Raises:
        NotFound: there is none.
        StoreError: the record cannot be written.
    """
    with writing(path) as connection, transaction(connection):
        ended = [
            key for key in read_keys(connection)[1] if name_or_id in (key.name, key.id) and key.state(now) == "active"
        ]
        if not ended:
            raise NotFound(f"No key {name_or_id!r} is in force. `unisono keys list` shows them.")
        connection.executemany(_REVOKE, [(to_us(now), key.id) for key in ended])
    _signal(path)
    return ended


def _insert(
    connection: sqlite3.Connection, name: str, body: _Body, *, expires: datetime | None, now: datetime
) -> tuple[StoredKey, str]:
    secret = PREFIX + token_urlsafe(32)
    pepper = bytes.fromhex(connection.execute(_PEPPER).fetchone()[0])
    made = StoredKey(
        id=f"key_{token_hex(4)}",
        name=name,
        digest=digest_of(secret, pepper=pepper),
        scope=body.scope,
        limits=body.limits,
        created=now,
        expires=expires,
        revoked=None,
    )
    ends = None if expires is None else to_us(expires)
    connection.execute(_INSERT, (made.id, name, made.digest, msgspec.json.encode(body), to_us(now), ends))
    return made, secret


def _key(row: tuple[object, ...]) -> StoredKey:
    key, name, digest, scope, created, expires, revoked = row
    if not (isinstance(digest, bytes) and isinstance(scope, bytes)):
        raise StoreError(f"the row of key {key} is damaged. Take it out of the table `keys`.")
    body = msgspec.json.decode(scope, type=_Body)
    return StoredKey(
        id=str(key),
        name=str(name),
        digest=digest,
        scope=body.scope,
        limits=body.limits,
        created=from_us(int(str(created))),
        expires=None if expires is None else from_us(int(str(expires))),
        revoked=None if revoked is None else from_us(int(str(revoked))),
    )


def _signal(path: Path) -> None:
    """Move the stamp that every worker looks at before each request; the change itself is committed by now."""
    opened = os.open(signal_path(path), os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        later_ns = max(time.time_ns(), os.fstat(opened).st_mtime_ns + 1)  # file systems stamp in steps of milliseconds
        os.utime(opened, ns=(later_ns, later_ns))
    finally:
        os.close(opened)
