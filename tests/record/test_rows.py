"""Values survive the way into rows and back."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unisono.errors import StoreError
from unisono.record.packed import pack_features, packed_facts, unpack_features
from unisono.record.rows import from_us, to_us
from unisono.record.view import decision_to_json, decision_view
from unisono.types import Capability, Features, Notice

FLOATS = arrays(np.float32, st.integers(0, 64), elements=st.floats(width=32, allow_nan=False))


@given(
    surface=FLOATS,
    embedding=st.none() | FLOATS,
    needs=st.frozensets(st.sampled_from(list(Capability))),
    n_tokens=st.integers(0, 2**32 - 1),
    in_tool_loop=st.booleans(),
)
def test_features_survive_packing_bit_for_bit(surface, embedding, needs, n_tokens, in_tool_loop) -> None:
    features = Features(
        task="secret words",
        n_input_tokens=n_tokens,
        n_turns=2,
        needs=needs,
        surface=surface,
        embedding=embedding,
        in_tool_loop=in_tool_loop,
    )
    blob = pack_features(features)
    again = unpack_features(blob)
    assert b"secret" not in blob
    assert again.task == ""
    assert (again.n_input_tokens, again.n_turns, again.needs, again.in_tool_loop) == (n_tokens, 2, needs, in_tool_loop)
    assert again.surface.tobytes() == surface.tobytes()
    assert (again.embedding is None) == (embedding is None)
    if embedding is not None:
        assert again.embedding.tobytes() == embedding.tobytes()
    assert packed_facts(blob) == {"n_input_tokens": n_tokens, "n_turns": 2, "in_tool_loop": in_tool_loop}


@pytest.mark.parametrize("blob", [b"", b"\x01", b"\x07" * 40], ids=["empty", "cut", "another version"])
def test_a_strange_blob_is_a_store_error(blob: bytes) -> None:
    with pytest.raises(StoreError):
        unpack_features(blob)


def test_a_blob_that_was_cut_is_a_store_error(values) -> None:
    with pytest.raises(StoreError, match="damaged"):
        unpack_features(pack_features(values.features())[:-1])


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))
def test_stamps_survive_to_the_microsecond(at: datetime) -> None:
    aware = at.replace(tzinfo=UTC)
    assert from_us(to_us(aware)) == aware


def test_a_decision_is_valid_json_even_with_numbers_json_does_not_know(values) -> None:
    decision = values.decision()
    odd = replace(decision.ranking[0], utility=-math.inf, propensity=math.nan)
    view = decision_to_json(replace(decision, ranking=(odd,)))
    assert view["ranking"][0]["utility"] is None  # type: ignore[index, call-overload]
    assert orjson.loads(orjson.dumps(view)) == view


def test_a_decision_without_a_ranking_has_no_model(values) -> None:
    assert decision_to_json(replace(values.decision(), ranking=()))["model"] is None


def test_the_view_tells_each_notice_once_and_the_model_that_answered(values) -> None:
    fell_back = values.outcome(attempts=(values.attempt(status="failed"), values.attempt("big")))
    fell_back = replace(fell_back, notices=(*fell_back.notices, Notice(code="fallback", text="small failed")))
    view = decision_view(values.decision(), status="ok", outcome=fell_back)
    assert [notice["code"] for notice in view["notices"]] == ["sunset", "fallback"]  # type: ignore[union-attr, index, call-overload]
    assert (view["model"], view["answered"]) == ("big", "big")
    assert view["usage"] == {
        "input_tokens": 10,
        "output_tokens": 20,
        "cached_input_tokens": 4,
        "reasoning_tokens": 0,
    }
