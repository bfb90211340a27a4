"""Who calls: keys where they are configured, and no pages of other origins.

It stores no keys; they come from the configuration by reference to the environment.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from urllib.parse import urlsplit

from unisono.errors import NotAuthorised
from unisono.types import Caller, Secret

ANONYMOUS = "anonymous"


def caller(headers: Mapping[str, str], keys: Sequence[Secret], named: Sequence[Caller] = ()) -> str:
    """Return a name for the caller: its key's, a short hash of a key without a name, `anonymous` where there are none.

    Raises:
        NotAuthorised: keys are configured and none of them was sent, or a web page of another origin calls.
    """
    _same_origin(headers)
    if not keys and not named:
        return ANONYMOUS
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise NotAuthorised("No API key. Send `Authorization: Bearer <key>` with a key that `server.keys` names.")
    raw = given.strip().encode()
    known = [hmac.compare_digest(raw, key.reveal().encode()) for key in keys]
    names = [one.name for one in named if hmac.compare_digest(raw, one.key.reveal().encode())]
    if names:
        return names[0]
    if not any(known):
        raise NotAuthorised("This API key is not known here. Ask the operator for one.")
    return f"k_{blake2b(raw, digest_size=6).hexdigest()}"


def _same_origin(headers: Mapping[str, str]) -> None:
    """Refuse browsers that act for a page of another origin: on loopback there is no key that would stop them."""
    origin = headers.get("origin")
    if origin is None:
        return
    if urlsplit(origin).netloc != headers.get("host", ""):
        raise NotAuthorised("A web page of another origin may not call this server.")
