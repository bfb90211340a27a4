"""Reads what a table says of TLS with its host: whose certificates are trusted, and which one is ours.

It makes the context that connections are opened with, and opens none.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from unisono.config.section import Section
from unisono.types import Tls

FILES = ("ca_file", "client_cert", "client_key")
"""The keys, which `[[models]]`, `[[embeddings]]` and `[encoder]` have."""
_MAX_BYTES = 4 * 1024 * 1024


def tls_of(section: Section) -> Tls | None:
    """Return what a table without mistakes says; None where it says nothing."""
    files = {name: section.get(name) for name in FILES}
    if not any(files.values()):
        return None
    held = blake2b(digest_size=16)
    for path in files.values():
        held.update(b"-" if path is None else _content(path))
    return Tls(**{name: None if path is None else str(path) for name, path in files.items()}, mark=held.hexdigest())


def amiss(section: Section, *, base_url: str | None) -> Iterator[tuple[str, str]]:
    """Yield which of the keys is wrong, and why: as a whole, and what the files hold."""
    given = [name for name in FILES if section.get(name) is not None]
    if given and base_url is not None and not base_url.startswith("https://"):
        yield given[0], f"is for TLS, and {base_url} is asked without: write https:// in `base_url`, or take it out"
    if "client_key" in given and "client_cert" not in given:
        yield "client_key", "belongs to a certificate: name its file as `client_cert`"
        return
    unread = []
    for name in given:
        try:
            _content(section.get(name))
        except OSError as exc:
            unread.append(name)
            yield name, f"names {section.get(name)}, which cannot be read ({exc.strerror or exc})"
    if not unread and given:
        yield from _refused(section)


def context_of(tls: Tls | None) -> ssl.SSLContext:
    """Return how connections are secured. It reads files, which takes some milliseconds.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: it does not hold what it should.
    """
    context = ssl.create_default_context(cafile=None if tls is None else tls.ca_file)
    if tls is not None and tls.client_cert is not None:
        context.load_cert_chain(tls.client_cert, tls.client_key, password="")  # or OpenSSL asks the terminal for one
    return context


def _refused(section: Section) -> Iterator[tuple[str, str]]:
    if (ca_file := section.get("ca_file")) is not None:
        try:
            context_of(Tls(ca_file=str(ca_file)))
        except (OSError, ssl.SSLError):
            yield "ca_file", f"names {ca_file}, which holds no certificates in PEM form (-----BEGIN CERTIFICATE-----)"
    if (cert := section.get("client_cert")) is None:
        return
    key = section.get("client_key")
    try:
        context_of(Tls(client_cert=str(cert), client_key=None if key is None else str(key)))
    except (OSError, ssl.SSLError) as exc:
        if getattr(exc, "reason", None) == "KEY_VALUES_MISMATCH":
            yield "client_key" if key else "client_cert", f"the key in {key or cert} is not that of the certificate"
        elif b"ENCRYPTED" in _content(key or cert):
            yield "client_key" if key else "client_cert", f"the key in {key or cert} has a passphrase; store it without"
        else:
            where = f"{cert}, and its key in {key}" if key else f"{cert}, with its key (or name that as `client_key`)"
            yield "client_cert", f"must be a certificate in PEM form in {where}"


def _content(path: Path) -> bytes:
    with path.open("rb") as opened:
        return opened.read(_MAX_BYTES)
