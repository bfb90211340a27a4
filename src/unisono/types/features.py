"""What is known about a request before any model is considered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from unisono.terms import Capability, Effort, Language, ReasoningEffort
from unisono.values import value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Vector: TypeAlias = "NDArray[np.float32]"
"""A float32 array; the shape stands where it is used."""


@value
class Freshness:
    """Whether the right answer changes with time.

    Attributes:
        changing: probability in [0, 1] that the answer of today is not that of some years ago.
        pace: how fast it changes, if it does.
        asks_about: the latest day that the question names ("in May 2026"), if any.
    """

    changing: float
    pace: Literal["evergreen", "slow", "fast"]
    asks_about: date | None = None


class Thinking(NamedTuple):
    """How much a request asks a model to think.

    Attributes:
        effort: None where only the budget is said.
        budget_tokens: of thoughts, at most.
    """

    effort: ReasoningEffort | None = None
    budget_tokens: int | None = None


class Asked(NamedTuple):
    """How much a request asks models to think: those of Anthropic's API, and the others. They read other members."""

    anthropic: Thinking | None
    others: Thinking | None


@value
class TaskType:
    """What kind of task a text most probably is, such as `code` or `translation`, and how probably."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How near a request comes to the examples of a rule of the house.

    Attributes:
        example: place of the nearest one in the rule's `like`, from 0.
        chance: the share of ordinary prompts that come as near to the examples as a whole.
    """

    example: int
    chance: float


@value
class Features:
    """What is known about a request before any model is considered.

    Attributes:
        task: the user's words that say what is to be done (held in memory only, never logged).
        n_input_tokens: estimate of the whole prompt, tools included.
        surface: shape (n_surface,), see `understand.surface.NAMES`.
        embedding: shape (dim,), unit length; None when the encoder could not run.
        in_tool_loop: the last message is a tool's result.
        effort: what the user's own words ask for.
        freshness: whether the answer changes with time; None when nobody looked.
        language: of the request, as far as it matters for what we say: `zh` or `en`.
        dissatisfied: the user's last words reject the answer before them, or repeat the question.
        bound: the messages carry state that only the provider which answered before can read.
        task_type: what kind of task it most probably is; None where the encoder has no reader of types. Moves nothing
            and is not recorded.
        checkable: what of an answer can be checked: a `final` answer that others must give too, its `format`, its
            `code`; empty where there is nothing of the kind.
        n_parts: how many questions it asks, as far as its form tells.
        joint: its form lets several models work on it: one answer, in words.
        rule: name of the first rule of the house that is about it.
        likeness: how near it comes to that rule's examples; None where the rule has none.
        thinking: how much it asks models to think; None where it says nothing.
    """

    task: str
    n_input_tokens: int
    n_turns: int
    needs: frozenset[Capability]
    surface: Vector
    embedding: Vector | None = None
    in_tool_loop: bool = False
    effort: Effort | None = None
    freshness: Freshness | None = None
    language: Language = "en"
    dissatisfied: bool = False
    bound: bool = False
    task_type: TaskType | None = None
    checkable: Literal["", "final", "format", "code"] = ""
    n_parts: int = 1
    joint: bool = True
    rule: str | None = None
    likeness: Likeness | None = None
    thinking: Asked | None = None
