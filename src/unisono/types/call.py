"""One call of an upstream: what is asked, and what comes back."""

from __future__ import annotations

from unisono.types.json import Json
from unisono.types.model import Model
from unisono.values import value


@value
class Call:
    """One thing to ask of one upstream: the caller's body, to be put into the upstream's dialect.

    `betas` are those of the request, for an upstream that knows them. A model that is `pinned` gets what its caller
    wrote; of another, wishes that it refuses may be left out.
    """

    model: Model
    body: Json
    stream: bool
    decision: str
    caller: str = ""
    betas: tuple[str, ...] = ()
    pinned: bool = False


@value
class Usage:
    """Tokens as the upstream counted them. `cached_input_tokens` is part of `input_tokens`.

    `charged_usd` is what the upstream says that it charges for them; None: it does not say. `surcharge_tokens` is how
    many more tokens of the prompt they cost as much as, for what was written to a cache.
    """

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    charged_usd: float | None = None
    surcharge_tokens: float = 0.0


@value
class Chunk:
    """One JSON document in OpenAI's form: a stream event's data, or a whole plain answer.

    Attributes:
        data: the document's bytes as the upstream sent them (or as its dialect was translated).
        has_content: something of the answer itself: text, a tool call, a refusal, reasoning.
        model: the name that the upstream reports, if it does.
        finish: the finish reason, if this chunk carries one.
        usage: token counts, if this chunk carries them.
        usage_only: the chunk exists only because usage was asked for (its `choices` are empty).
        left_out: on the first chunk: members of the body that the model refused, and answered without.
    """

    data: bytes
    has_content: bool
    model: str | None = None
    finish: str | None = None
    usage: Usage | None = None
    usage_only: bool = False
    left_out: tuple[str, ...] = ()
