"""Wishes about how an answer is drawn that a model refuses, where the router chose the model: they are left out.

Newer models of OpenAI's and Anthropic's take no `temperature`, Mistral no `seed`, and refuse the request. Who asks for
`auto`, or probes a pool, cannot know that. Which model refuses what, its own refusal says; it is believed only where it
is about the model and not about a value that is wrong everywhere. A pinned model gets what its caller wrote.
"""

from __future__ import annotations

import re

import orjson

from unisono.errors import UpstreamRefused
from unisono.types import Call, Json
from unisono.upstream.exchange import Instead
from unisono.upstream.refusals import TOO_LONG

SAMPLING = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
)
"""A model that refuses one of these takes none of them."""
_ALONE = (
    "seed",
    "reasoning_effort",
    "verbosity",
    "user",
    "metadata",
    "store",
    "service_tier",
    "prompt_cache_key",
    "safety_identifier",
)
LASTING = frozenset({*SAMPLING, "seed"})
"""What a model that has refused it once is asked without from then on; of the others it may take another value."""


def refused_wishes(body: Json, refused: UpstreamRefused) -> frozenset[str]:
    """Return the members of a refused body that the refusal is about and that the answer can do without."""
    if refused.http_status not in (400, 422) or not refused.retryable or refused.code == TOO_LONG:
        return frozenset()
    told = orjson.dumps(refused.body).decode()
    named = {name for name in (*SAMPLING, *_ALONE) if name in body and _names(told, name)}
    if not named.isdisjoint(SAMPLING):
        named |= body.keys() & {*SAMPLING}
    return frozenset(named)


def without(body: Json, names: frozenset[str]) -> Json:
    """Return a body without these members; the same object where it has none of them."""
    if names.isdisjoint(body):
        return body
    return {name: value for name, value in body.items() if name not in names}


class Refuses:
    """What one model has refused so far: the next request goes out without it at once."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        """Know nothing yet."""
        self._names: frozenset[str] = frozenset()

    def of(self, body: Json, call: Call) -> frozenset[str]:
        """Return the members of a body that this call should go out without."""
        return frozenset() if call.pinned or not self._names else self._names & body.keys()

    def learned(self, body: Json, refused: UpstreamRefused, call: Call) -> tuple[Json, Instead | None]:
        """Return the body to go on with, and what to send instead of a refused one; None where the refusal stands."""
        names = frozenset() if call.pinned else refused_wishes(body, refused)
        if not names:
            return body, None
        made = without(body, names)
        return made, Instead(orjson.dumps(made), left_out=tuple(sorted(names)), taken=lambda: self._keep(names))

    def _keep(self, names: frozenset[str]) -> None:
        self._names |= names & LASTING


def _names(told: str, name: str) -> bool:
    """Say whether a refusal names a member: in quotes, or as xAI writes it (`presencePenalty`)."""
    first, *others = name.split("_")
    camel = first + "".join(other.title() for other in others)
    return re.search(rf"[`'\"]{name}\\?[`'\"]", told) is not None or (
        bool(others) and re.search(rf"\b{camel}\b", told) is not None
    )
