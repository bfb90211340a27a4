"""What an answer carries, byte for byte."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from unisono.edge.answer import stamp

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def test_only_the_model_and_our_object_are_touched() -> None:
    data = b'{"id":"x",  "model":"up-1","n":1.0,"big":12345678901234567890,"choices":[]}'
    stamped = stamp(data, model="ours", reported="up-1", extra={"reason": "r"})
    expected = b'{"id":"x",  "model":"ours","n":1.0,"big":12345678901234567890,"choices":[],"unisono":{"reason":"r"}}'
    assert stamped == expected


def test_the_same_words_inside_the_answer_are_left_alone() -> None:
    data = json.dumps({"model": "m", "choices": [{"message": {"content": 'say "model":"m" twice'}}]}).encode()
    told = json.loads(stamp(data, model="ours", reported="m"))
    assert told["model"] == "ours"
    assert told["choices"][0]["message"]["content"] == 'say "model":"m" twice'


def test_a_nested_model_field_is_left_alone() -> None:
    data = b'{"provider":{"model":"m"},"model":"m"}'
    assert json.loads(stamp(data, model="ours", reported="m")) == {"provider": {"model": "m"}, "model": "ours"}


def test_an_upstream_that_names_no_model_gets_one_on_the_chunk_that_tells() -> None:
    assert json.loads(stamp(b"{}", model="ours", reported=None, extra={})) == {"model": "ours", "unisono": {}}


def test_the_object_of_a_unisono_upstream_is_replaced() -> None:
    told = json.loads(stamp(b'{"model":"m","unisono":{"a":1}}', model="m", reported="m", extra={"b": 2}))
    assert told["unisono"] == {"b": 2}


@given(names, names, st.dictionaries(names, names | st.integers(-100, 100), max_size=3))
def test_stamped_json_is_the_same_but_for_two_members(model: str, reported: str, rest: dict[str, object]) -> None:
    document = {**rest, "model": reported, "choices": [{"delta": {"content": reported}}]}
    told = json.loads(stamp(json.dumps(document).encode(), model=model, reported=reported, extra={"x": 1}))
    assert told == {**document, "model": model, "unisono": {"x": 1}}
