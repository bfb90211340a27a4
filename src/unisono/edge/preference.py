"""Which wish counts: the request's, else the conversation's, else the key's.

Field by field. Lists of a more specific level replace those of a less specific one whole; they are not joined, so that
a caller can lift a ban that stands for the conversation.
"""

from __future__ import annotations

from dataclasses import fields, replace

from unisono.types import NO_WISHES, Wishes

_NOT_STORED = ("session", "explain", "retry_of", "how")
STORED: tuple[str, ...] = tuple(f.name for f in fields(Wishes) if f.name not in _NOT_STORED)
"""The fields that a conversation or a key may prefer."""


def merged(request: Wishes, *less_specific: Wishes) -> Wishes:
    """Return the wishes that count.

    Args:
        request: what this request says; its own session, explain and retry stay.
        less_specific: the conversation's, then the key's.
    """
    result = request
    for level in less_specific:
        if level is NO_WISHES or level == NO_WISHES:
            continue
        missing = {
            name: getattr(level, name)
            for name in STORED
            if getattr(result, name) in (None, ()) and getattr(level, name) not in (None, ())
        }
        if missing:
            result = replace(result, **missing)
    return result
