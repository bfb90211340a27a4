"""Who calls: the key that was sent, and no pages of other origins.

It keeps no keys (`record.ring` does) and does not say what a key may do with a request (`edge.scope` does).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.types import Scope

from unisono.config.kinds import is_loopback
from unisono.errors import NotAllowed, NotAuthorised
from unisono.record.ring import ANONYMOUS, KeyRing
from unisono.types import Grant

if TYPE_CHECKING:
    from unisono.compose.live import Live

log = logging.getLogger("unisono")

_OF_PROXIES = ("x-forwarded-for", "forwarded", "x-real-ip")


def admit(live: Live, scope: Scope, headers: Mapping[str, str]) -> Grant:
    """Return who calls, as `identify`. Who is refused is counted, and told in the log with the address it came from.

    Raises:
        NotAuthorised: as `identify`.
    """
    try:
        return identify(headers, live.keys)
    except NotAuthorised:
        live.metrics.observe_unauthorised()
        address, _ = scope.get("client") or ("unknown", 0)
        log.warning("status=refused code=%s client=%s path=%.200r", NotAuthorised.code, address, scope["path"])
        raise


def identify(headers: Mapping[str, str], ring: KeyRing) -> Grant:
    """Return who calls.

    Args:
        headers: lower-case names to values.
        ring: the keys in force.

    Raises:
        NotAuthorised: no key in force was sent although some exist, or a web page of another origin calls.
    """
    if "origin" in headers:
        _same_origin(headers)
    grant = ring.grant(_sent(headers))
    if grant is ANONYMOUS:
        _local_name(headers.get("host", ""))
        _not_passed_on(headers)
    return grant


def admin_only(grant: Grant) -> None:
    """Let nobody pass whose key is not an operator's.

    Raises:
        NotAllowed: it is not.
    """
    if not grant.scope.admin:
        raise NotAllowed("This needs a key with the scope `admin`: `unisono keys create NAME --admin` makes one.")


def _sent(headers: Mapping[str, str]) -> str | None:
    if (said := headers.get("authorization")) is not None:
        scheme, _, given = said.partition(" ")
        if scheme.lower() == "bearer" and given:
            return given.strip()
    return headers.get("x-api-key") or headers.get("api-key")  # as Anthropic's clients and Azure's send it


def _same_origin(headers: Mapping[str, str]) -> None:
    """Refuse browsers that act for a page of another origin: on loopback there is no key that would stop them.

    A browser says itself whether the page has the origin of the address that it calls, and lets no page say so; a
    proxy between them may have put another name into `host`.
    """
    if headers.get("sec-fetch-site") != "same-origin" and urlsplit(headers["origin"]).netloc != headers.get("host", ""):
        raise NotAuthorised(
            "A web page of another origin may not call this server. Its operator can let it in: `server.origins`."
        )


def _local_name(host: str) -> None:
    """Refuse names of other machines: a page whose name was bound to this machine's address looks like one of ours."""
    if not _is_local(host):
        raise NotAuthorised(
            f"Without keys this server answers to the names of this machine only, not to {host[:100]!r}."
            " Make a key: `unisono keys create NAME`."
        )


def _not_passed_on(headers: Mapping[str, str]) -> None:
    """Refuse what a proxy on this machine passes on: who asked may be anybody."""
    for name in _OF_PROXIES:
        if name in headers:
            raise NotAuthorised(
                f"Without keys this server answers callers on this machine only, and `{name}` says that a proxy passed"
                " this request on. Make a key: `unisono keys create NAME`."
            )


@lru_cache(maxsize=64)  # the same few names all day
def _is_local(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return is_loopback(name)
