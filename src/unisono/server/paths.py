"""What clients make of a base address that is given with or without `/v1`, with a slash at its end or as Azure's is.

It knows the routes of foreign APIs only; ours are asked for as they are written.
"""

from __future__ import annotations

import re

_VERSION = "/v1"
_TWICE = re.compile(r"\A(?:/v1(?=/))+")
_OF_AZURE = re.compile(r"\A/openai(?=/)")
_THEIRS = ("/chat/completions", "/embeddings", "/messages", "/models", "/responses")


def usual(path: str) -> str | None:
    """Return the path that a client means by one that is not served; None where it means what it says."""
    if path.startswith(_VERSION) and not path.endswith("/") and "//" not in path and not path.startswith("/v1/v1/"):
        return None
    theirs = _TWICE.sub("", _OF_AZURE.sub("", "/" + "/".join(part for part in path.split("/") if part)))
    if not theirs.startswith(_THEIRS) or path == _VERSION + theirs:
        return None
    return _VERSION + theirs


_INSTEAD = {
    "/completions": "Text completions are not: send the prompt as a message to POST /v1/chat/completions.",
    "/responses/input_tokens": "Tokens are counted at POST /v1/messages/count_tokens.",
    "/responses/compact": "A `compaction_trigger` in the input of POST /v1/responses sums a conversation up.",
    "/responses": "Responses are not stored: send the conversation whole to POST /v1/responses.",
    "/conversations": "Conversations are not stored: send them whole to POST /v1/responses.",
    "/assistants": "Assistants and threads are not: send the conversation to POST /v1/chat/completions.",
    "/threads": "Assistants and threads are not: send the conversation to POST /v1/chat/completions.",
    "/messages/batches": "Batches are not: send each request by itself to POST /v1/messages.",
    "/batches": "Batches are not: send each request by itself.",
}
_ELSEWHERE = (
    "/audio",
    "/files",
    "/fine_tuning",
    "/images",
    "/moderations",
    "/realtime",
    "/uploads",
    "/vector_stores",
    "/videos",
)


def instead(path: str) -> str:
    """Return what to do where nothing is served at a path: in one sentence, for routes of OpenAI's and Anthropic's."""
    theirs = _TWICE.sub("", _OF_AZURE.sub("", path))
    for begin, todo in _INSTEAD.items():
        if theirs == begin or theirs.startswith(f"{begin}/"):
            return todo
    if theirs.startswith(_ELSEWHERE):
        return "Unisono answers chats and makes vectors; for this give your client its provider's own address."
    return "See docs/reference/http.md for the routes."
