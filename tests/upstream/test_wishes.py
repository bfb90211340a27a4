"""Which wishes a refusal is about, in the words of each host, and which refusals are about something else."""

from __future__ import annotations

import orjson
import pytest

from unisono.errors import UpstreamRefused
from unisono.types import Call, Json, Model
from unisono.upstream.refusals import refusal
from unisono.upstream.wishes import Asked, Refuses, refused_wishes, without

BODY: Json = {
    "model": "m",
    "messages": [],
    "temperature": 0,
    "top_p": 0.9,
    "seed": 0,
    "presence_penalty": 1,
    "user": "u",
}
SAMPLING = {"temperature", "top_p", "presence_penalty"}


def refused(message: object, *, status: int = 400, **more: str) -> UpstreamRefused:
    return refusal("m", http_status=status, body={"error": {"message": message, **more}})  # type: ignore[dict-item]


SAID: list[tuple[UpstreamRefused, set[str]]] = [
    (
        refused("Unsupported value: 'temperature' does not support 0 with this model.", code="unsupported_value"),
        SAMPLING,
    ),
    (refused("Unsupported parameter: 'top_p' is not supported with this model.", param="top_p"), SAMPLING),
    (refused("`temperature` is deprecated for this model."), SAMPLING),
    (refused("Model grok-4 does not support parameter presencePenalty."), SAMPLING),
    (refused("property 'seed' is unsupported"), {"seed"}),
    (refused('Invalid JSON payload received. Unknown name "seed": Cannot find field.'), {"seed"}),
    (refused({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, status=422), {"seed"}),
    (refused("Unknown parameter: 'user'.", code="unknown_parameter"), {"user"}),
    (refused("Unknown parameter: 'top_k'.", code="unknown_parameter"), set()),  # not in the body
    (refused("Invalid 'temperature': decimal above maximum value.", code="decimal_above_max_value"), set()),
    (refused("temperature: range: 0..1"), set()),
    (refused("This model's maximum context length is 8 tokens; 'seed' is set.", code="context_length_exceeded"), set()),
    (refused("'temperature' is not supported with this model", status=500), set()),
    (refused("The user said this model is great"), set()),
]


@pytest.mark.parametrize(("refusal", "names"), SAID, ids=[str(n) for n in range(len(SAID))])
def test_a_refusal_names_the_wishes_it_is_about(refusal: UpstreamRefused, names: set[str]) -> None:
    assert refused_wishes(BODY, refusal) == names


def call(*, pinned: bool = False) -> Call:
    model = Model(name="m", upstream="openai", upstream_model="m")
    return Call(model=model, body=BODY, stream=False, decision="d", pinned=pinned)


def test_what_a_model_has_taken_a_request_without_it_is_asked_without_from_then_on() -> None:
    refuses = Refuses()
    asked = Asked(BODY, call(), refuses=refuses, mends=())
    instead = asked.otherwise(SAID[0][0])
    assert instead is not None
    assert orjson.loads(instead.body) == without(BODY, frozenset(SAMPLING))
    assert instead.left_out == ("presence_penalty", "temperature", "top_p")
    assert refuses.of(BODY, call()) == set()  # whether it helps is not known yet
    assert instead.taken is not None
    instead.taken()
    again = Asked(BODY, call(), refuses=refuses, mends=())
    assert (again.left_out, orjson.loads(again.body)) == (instead.left_out, orjson.loads(instead.body))
    assert refuses.of({"temperature": 1}, call()) == {"temperature"}
    other = Asked({"user": "u"}, call(), refuses=refuses, mends=()).otherwise(SAID[7][0])
    assert other is not None
    assert other.taken is not None
    other.taken()
    assert "user" not in refuses.of(BODY, call())  # another value may be taken


def test_a_pinned_model_gets_what_its_caller_wrote() -> None:
    refuses = Refuses()
    refuses.keep(frozenset(SAMPLING))
    asked = Asked(BODY, call(pinned=True), refuses=refuses, mends=())
    assert orjson.loads(asked.body) == BODY
    assert asked.otherwise(SAID[0][0]) is None


def test_a_body_that_is_mended_after_a_wish_was_left_out_goes_without_it_still() -> None:
    told = refused("Unsupported value: 'custom'.")

    def bare(body: Json, refusal: UpstreamRefused) -> Json | None:
        return {**BODY, "tools": []} if refusal is told else None  # made anew of the call

    asked = Asked(BODY, call(), refuses=Refuses(), mends=(bare,))
    assert asked.otherwise(SAID[0][0]) is not None
    mended = asked.otherwise(told)
    assert mended is not None
    assert orjson.loads(mended.body) == {**without(BODY, frozenset(SAMPLING)), "tools": []}
