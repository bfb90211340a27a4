"""What a conversation has asserted so far: the claims of its earlier answers, from the messages of a request.

Nothing is stored for it: the record holds no words. What a caller cuts off from the history is therefore not in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from unisono.consistency.claim import Claim
from unisono.consistency.claims import claims_of
from unisono.consistency.compare import Conflict, Reading, between, read, reading_of
from unisono.types import Message

MAX_ANSWERS = 12
MAX_CLAIMS = 40
"""The latest answers that are read, and the latest of their claims that are kept."""
MAX_SHOWN = 12
MAX_SHOWN_CHARS = 160


def asserted(messages: Sequence[Message]) -> Reading:
    """Return the claims of the earlier answers that can be contradicted: with numbers, dates, names, or denials."""
    answers = [m.text for m in messages if m.role == "assistant" and m.text][-MAX_ANSWERS:]
    claims = [claim for text in answers for claim in claims_of(text) if _is_firm(claim)]
    return reading_of(claims[-MAX_CLAIMS:])


def taken_back(answer: str, earlier: Reading) -> tuple[Conflict, ...]:
    """Return where an answer contradicts what was asserted. Final answers do not count: each question has its own."""
    return between(read(answer), earlier, finals=False)


def shown(earlier: Reading, *, chinese: bool) -> str | None:
    """Return the note that a new model of the conversation is given; None when nothing firm was asserted."""
    if not earlier.claims:
        return None
    lines = "\n".join(f"- {claim.text[:MAX_SHOWN_CHARS]}" for claim in earlier.claims[-MAX_SHOWN:])
    if chinese:
        return f"本次对话此前已经说过：\n{lines}\n请与此保持一致；若其中有误，请明确指出并更正。"
    return (
        f"Earlier in this conversation the assistant has said:\n{lines}\n"
        "Stay consistent with it; where it is wrong, say so plainly and correct it."
    )


def _is_firm(claim: Claim) -> bool:
    return not claim.working and bool(claim.quantities or claim.days or claim.names or claim.denied)
