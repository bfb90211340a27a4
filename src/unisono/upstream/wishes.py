"""Wishes about how an answer is drawn that a model refuses, where the router chose the model: they are left out.

Newer models of OpenAI's and Anthropic's take no `temperature`, some hosts no `seed`, and refuse. Who asks for
`auto`, or probes a pool, cannot know that. Which model refuses what, its own refusal says; it is believed only where it
is about the model and not about a value that is wrong everywhere. A pinned model gets what its caller wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

import orjson

from unisono.errors import UpstreamRefused
from unisono.types import Call, Json
from unisono.upstream.exchange import Instead
from unisono.upstream.refusals import TOO_LONG, told_by

Mend: TypeAlias = "Callable[[Json, UpstreamRefused], Json | None]"
"""What to send instead of a refused body, on one ground; None where the refusal is about something else."""

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
    told = told_by(refused)
    if not told or not refused.retryable or refused.code == TOO_LONG:
        return frozenset()
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

    def keep(self, names: frozenset[str]) -> None:
        """Take in what the model has refused, and taken a request without."""
        self._names |= names & LASTING


class Asked:
    """One body that a model is asked, and what goes out in its place as often as it is refused."""

    __slots__ = ("_body", "_left_out", "_mends", "_pinned", "_refuses")

    def __init__(self, body: Json, call: Call, *, refuses: Refuses, mends: Sequence[Mend]) -> None:
        """Leave out of a body what the model is known to refuse.

        Args:
            body: in the upstream's dialect.
            call: what it was made of.
            refuses: what the model has refused until now.
            mends: tried in this order before a wish is left out.
        """
        self._left_out = refuses.of(body, call)
        self._body = without(body, self._left_out)
        self._pinned = call.pinned
        self._refuses = refuses
        self._mends = mends

    @property
    def body(self) -> bytes:
        """What to send now."""
        return orjson.dumps(self._body)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The members that `body` is without, sorted."""
        return tuple(sorted(self._left_out)) if self._left_out else ()

    def otherwise(self, refused: UpstreamRefused) -> Instead | None:
        """Return what to send instead of the refused body; None where the refusal stands."""
        for mend in self._mends:
            if (made := mend(self._body, refused)) is not None:
                self._body = without(made, self._left_out)
                return Instead(self.body)
        names = frozenset() if self._pinned else refused_wishes(self._body, refused)
        if not names:
            return None
        self._left_out |= names
        self._body = without(self._body, names)
        return Instead(self.body, left_out=tuple(sorted(names)), taken=lambda: self._refuses.keep(names))


def _names(told: str, name: str) -> bool:
    """Say whether a refusal names a member: in quotes, or as xAI writes it (`presencePenalty`)."""
    first, *others = name.split("_")
    camel = first + "".join(other.title() for other in others)
    return re.search(rf"[`'\"]{name}\\?[`'\"]", told) is not None or (
        bool(others) and re.search(rf"\b{camel}\b", told) is not None
    )
