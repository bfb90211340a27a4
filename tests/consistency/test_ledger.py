"""What a conversation asserted is shown to a new model, and what that model takes back is told."""

from __future__ import annotations

from unisono.consistency.ledger import MAX_CLAIMS, asserted, shown, taken_back
from unisono.types import Message

TALK = (
    Message(role="user", text="Tell me about the bridge."),
    Message(role="assistant", text="The bridge is 120 m long. It was opened in 1897. It is nice. 3 * 4 = 12."),
    Message(role="user", text="And who built it?"),
)


def test_only_firm_claims_of_answers_are_kept() -> None:
    texts = [claim.text for claim in asserted(TALK).claims]
    assert texts == ["The bridge is 120 m long.", "It was opened in 1897."]


def test_what_a_later_answer_takes_back_is_found_and_what_it_adds_is_not() -> None:
    earlier = asserted(TALK)
    assert [c.kind for c in taken_back("The bridge is 210 m long. Ann Berg built it.", earlier)] == ["number"]
    assert taken_back("Ann Berg built the bridge, which is 120 metres long. The answer is 7.", earlier) == ()


def test_a_new_model_is_shown_what_was_said_in_the_language_of_the_request() -> None:
    note = shown(asserted(TALK), chinese=False)
    assert note is not None
    assert "The bridge is 120 m long." in note
    assert "此前" in str(shown(asserted(TALK), chinese=True))
    assert shown(asserted(TALK[:1]), chinese=False) is None


def test_the_ledger_is_bounded() -> None:
    long = Message(role="assistant", text=" ".join(f"House {n} has {n + 3} rooms." for n in range(200)))
    assert len(asserted((long,)).claims) <= MAX_CLAIMS
