"""What clients make of a base address that is given with or without `/v1`, or with a slash at its end.

It knows the routes of foreign APIs only; ours are asked for as they are written.
"""

from __future__ import annotations

import re

_VERSION = "/v1"
_TWICE = re.compile(r"\A(?:/v1(?=/))+")
_THEIRS = ("/chat/completions", "/embeddings", "/messages", "/models", "/responses")


def usual(path: str) -> str | None:
    """Return the path that a client means by one that is not served; None where it means what it says."""
    if path.startswith(_VERSION) and not path.endswith("/") and "//" not in path and not path.startswith("/v1/v1/"):
        return None
    theirs = _TWICE.sub("", "/" + "/".join(part for part in path.split("/") if part))
    if not theirs.startswith(_THEIRS) or path == _VERSION + theirs:
        return None
    return _VERSION + theirs
