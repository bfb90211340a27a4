"""Ids of tool calls that a host takes, made of those that another host gave.

A conversation that changes its model carries the ids of the one before. Mistral wants nine letters and digits,
Anthropic no other marks than `_` and `-`, OpenAI at most forty characters; whatever else comes is refused with a 400.
The same id always becomes the same one, so that a result stays with its call. Ids that fit pass as they came.
"""

from __future__ import annotations

import re
from hashlib import sha256

from unisono.types import JsonValue

ANTHROPIC = re.compile(r"[a-zA-Z0-9_-]+")
MISTRAL = re.compile(r"[a-zA-Z0-9]{9}")
OPENAI = re.compile(r".{1,40}", re.DOTALL)
_N_CHARS = 9


def fitting(given: JsonValue, allowed: re.Pattern[str]) -> JsonValue:
    """Return an id that the pattern allows: the given one, or nine characters of its hash."""
    if not isinstance(given, str) or allowed.fullmatch(given):
        return given
    return sha256(given.encode("utf-8", "surrogatepass")).hexdigest()[:_N_CHARS]
