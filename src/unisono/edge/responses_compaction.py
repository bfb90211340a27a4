"""A conversation that its client wants shortened: a model sums it up, and the sum is an item that comes back.

OpenAI encrypts such an item. Here nothing is kept and nothing hidden from who said it all: it holds the words
themselves, written so that a client takes them for what they are to it, a thing to give back whole.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error

from unisono.types import Json, JsonValue

TRIGGER = "compaction_trigger"
KINDS = frozenset({"compaction", "compaction_summary"})
ASKED = (
    "This conversation is about to be shortened. Do not go on with the work now, and call no tool. Write the summary "
    "from which another model goes on: what the user wants, in his own words; what was done and found, with the names "
    "of files, commands and figures; what was decided, and why; what is left to do, and the next step."
)
_TOLD = "What was said and done so far, summed up:"
_SEAL = "unisono-summary:"


def compaction(text: str, *, item: str) -> Json:
    """Return the item that stands for a conversation."""
    return {"id": item, "type": "compaction", "encrypted_content": _SEAL + b64encode(text.encode()).decode()}


def summed_up(item: Json) -> str | None:
    """Return what an item of ours says, as the next model is told it; None for another provider's."""
    seal: JsonValue = item.get("encrypted_content")
    if not isinstance(seal, str) or not seal.startswith(_SEAL):
        return None
    try:
        return f"{_TOLD}\n\n{b64decode(seal.removeprefix(_SEAL), validate=True).decode()}"
    except (Error, UnicodeDecodeError):
        return None
