"""What is looked at in an answer, and what that says about its being right."""

from __future__ import annotations

from dataclasses import dataclass

from unisono.types.json import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer as checks and comparisons see it.

    Attributes:
        text: of the first choice.
        tool_calls: name and arguments (JSON text) of each.
        refusal: what the upstream marked as one.
        finish: the finish reason.
        logprobs: natural logarithms of the tokens' probabilities, where the answer carries them.
    """

    text: str
    tool_calls: tuple[tuple[str, str], ...] = ()
    refusal: str = ""
    finish: str | None = None
    logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a check may look at: the question, the answer, and what others answered.

    Attributes:
        task: the user's words that say what is to be done.
        body: the whole request, for its schema and its tools.
        answer: the one that is checked.
        others: those of the models that were asked beside it.
    """

    task: str
    body: Json
    answer: Said
    others: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one check says: how much likelier what it saw is under a right answer than under a wrong one.

    Attributes:
        evidence: the check's name.
        odds: above 1 speaks for the answer, below 1 against it.
        text: what it saw, in a few words.
    """

    evidence: str
    odds: float
    text: str
