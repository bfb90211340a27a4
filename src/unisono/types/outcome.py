"""How a request ended, over all its attempts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from unisono.terms import PartKind, Status
from unisono.types.call import Usage
from unisono.types.decision import Notice
from unisono.values import value


@value
class Attempt:
    """One upstream call and how it ended. Durations count from the attempt's start.

    Attributes:
        written_tokens: where an upstream that was asked told no usage, about how many tokens of an answer had come. It
            is not recorded.
    """

    model: str
    upstream_model: str
    started: datetime
    status: Status
    first_content_s: float | None
    total_s: float
    reported_model: str | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    http_status: int | None = None
    error_code: str | None = None
    error_text: str | None = None
    part: PartKind | None = None
    written_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one model did for an answer of several: shown with the answer, and kept without the words.

    Attributes:
        gave: the beginning of what it said.
        final: its final answer in normal form, where it marked one.
        chosen: its words are the answer.
    """

    model: str
    part: PartKind
    status: Status
    cost_usd: float | None
    gave: str = ""
    final: str | None = None
    chosen: bool = False


@value
class Outcome:
    """How a request ended, over all its attempts. `model` answered, or is None.

    Where it is known, the attempt whose words are the answer stands last.
    """

    decision: str
    request: str
    status: Status
    model: str | None
    attempts: tuple[Attempt, ...]
    notices: tuple[Notice, ...]
    cost_usd: float | None
    total_s: float
    parts: tuple[Part, ...] = ()
