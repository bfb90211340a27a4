"""What the edge accepts, refuses and keeps."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.catalog import Catalog
from unisono.edge.parse import parse, wants_usage
from unisono.errors import ModelNotFound, RequestError, UnisonoError
from unisono.types import Capability, Lifecycle, Mode, Model, Request, Wishes

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = Catalog(
    (
        Model(name="small", upstream="scripted", upstream_model="s", aliases=("tiny",)),
        Model(name="large", upstream="scripted", upstream_model="l"),
        Model(
            name="old", upstream="scripted", upstream_model="o", lifecycle=Lifecycle(state="retired", successor="large")
        ),
    )
)


def read(body: object, headers: dict[str, str] | None = None) -> Request:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(raw, headers or {}, catalog=CATALOG, request_id="r", now=NOW)


def chat(**fields: object) -> dict[str, object]:
    return {"model": "auto", "messages": [{"role": "user", "content": "hello"}], **fields}


def test_auto_and_its_modes_are_modes() -> None:
    assert (read(chat()).mode, read(chat(model="auto:deep")).mode) == (Mode.BALANCED, Mode.DEEP)


def test_a_name_or_an_alias_is_a_pin() -> None:
    assert read(chat(model="small")).pin == read(chat(model="tiny")).pin == "small"


def test_a_retired_name_means_its_successor() -> None:
    assert read(chat(model="old")).pin == "large"


@pytest.mark.parametrize("name", ["smal", "auto:dep", "AUTO:x", "gpt-4o"])
def test_another_name_is_never_routed_silently(name: str) -> None:
    with pytest.raises(ModelNotFound) as refusal:
        read(chat(model=name))
    assert refusal.value.status == 404
    assert refusal.value.param == "model"


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(ModelNotFound) as refusal:
        read(chat(model="smal"))
    assert refusal.value.nearest[0] == "small"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{not json", None),
        (b"[]", None),
        ({"messages": [{"role": "user", "content": "x"}]}, "model"),
        ({"model": "auto"}, "messages"),
        ({"model": "auto", "messages": []}, "messages"),
        ({"model": "auto", "messages": [{"content": "x"}]}, "messages[0]"),
        ({"model": "auto", "messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"model": "auto", "messages": "hi"}, "messages"),
        (chat(stream="yes"), "stream"),
        (chat(max_tokens=0), "max_tokens"),
        (chat(unisono=5), "unisono"),
        (chat(unisono={"dial": 2}), "unisono.dial"),
        (chat(unisono={"dail": 1}), "unisono.dail"),
        (chat(unisono={"ban": ["nobody"]}), "unisono.ban"),
    ],
)
def test_a_wrong_body_is_refused_and_the_field_named(body: object, param: str | None) -> None:
    with pytest.raises(RequestError) as refusal:
        read(body)
    assert refusal.value.param == param
    assert refusal.value.status in (400, 404)


def test_a_body_nested_too_deeply_is_refused() -> None:
    raw = b'{"model": "auto", "messages": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    with pytest.raises(RequestError, match="deep"):
        read(raw)


def test_unknown_fields_are_kept_and_the_unisono_object_is_not() -> None:
    body = read(chat(future_field={"a": [1.0, None]}, unisono={"dial": 0.2})).body
    assert body["future_field"] == {"a": [1.0, None]}
    assert "unisono" not in body


def test_wishes_come_from_headers_and_the_body_wins() -> None:
    headers = {"x-unisono-dial": "0.9", "x-unisono-ban": "large, tiny", "x-unisono-allow-fallback": "true"}
    wishes = read(chat(unisono={"dial": 0.1}), headers).wishes
    assert wishes.dial == 0.1
    assert wishes.ban == ("large", "small")
    assert wishes.allow_fallback is True


def test_a_header_that_is_no_wish_is_refused_and_those_of_an_answer_are_none() -> None:
    with pytest.raises(RequestError, match="dail") as caught:
        read(chat(), {"x-unisono-dail": "0.9"})
    assert caught.value.param == "unisono.dail"
    of_an_answer = {f"x-unisono-{name}": "x" for name in ("decision", "model", "reason", "notices", "degraded")}
    assert read(chat(), of_an_answer).wishes == Wishes()


@pytest.mark.parametrize(
    ("said", "betas"),
    [
        ("a-2025-01-01, b_1.x", ("a-2025-01-01", "b_1.x")),
        ("", ()),
        ("a b,\u00e9,a\r\nx: 1,,c", ("c",)),
        ("a" * 200, ()),
    ],
)
def test_only_names_of_betas_are_read_from_their_header(said: str, betas: tuple[str, ...]) -> None:
    assert read(chat(), {"anthropic-beta": said}).betas == betas


def test_needs_are_read_from_what_the_request_holds() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "what is it?"}, picture]}]
    request = read(chat(messages=messages, tools=[{}], response_format={"type": "json_object"}))
    assert request.needs == {Capability.VISION, Capability.TOOLS, Capability.JSON}
    assert request.messages[0].text == "what is it?"


def test_an_answer_in_sound_and_a_search_are_needs_too() -> None:
    assert read(chat(modalities=["text", "audio"], audio={"voice": "a", "format": "wav"})).needs == {Capability.AUDIO}
    assert read(chat(modalities=["text"])).needs == frozenset()
    assert read(chat(web_search_options={})).needs == {Capability.SEARCH}


@pytest.mark.parametrize(
    ("n", "n_choices"),
    [
        (3, 3),
        (1, 1),
        (None, 1),
        (0, 1),
        (-2, 1),
        (True, 1),
        ("x", 1),
        ([3], 1),
        ("3", 3),
        (3.0, 3),
        ("9" * 4000, 10**6),
    ],
)
def test_how_many_answers_are_wanted_is_read_and_what_makes_no_sense_is_left_to_the_upstream(
    n: object, n_choices: int
) -> None:
    assert read(chat(n=n)).n_choices == n_choices


def test_a_conversation_keeps_its_session_as_it_grows_and_others_differ() -> None:
    first = {"role": "user", "content": "hello"}
    grown = [first, {"role": "assistant", "content": "hi"}, {"role": "user", "content": "more"}]
    other = [{"role": "user", "content": "bye"}]
    sessions = [read(chat(messages=m)).session for m in ([first], grown, other)]
    assert sessions[0] == sessions[1] != sessions[2]
    assert read(chat(unisono={"session": "mine"})).session == "mine"


def test_stream_usage_is_known_to_be_asked_for() -> None:
    assert wants_usage(read(chat(stream=True, stream_options={"include_usage": True})))
    assert not wants_usage(read(chat(stream=True)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "model": json_values,
            "messages": st.lists(
                st.fixed_dictionaries({}, optional={"role": json_values, "content": json_values}), max_size=3
            ),
            "stream": json_values,
            "tools": json_values,
            "unisono": json_values,
            "user": json_values,
        },
    )
)
def test_any_json_is_read_or_refused_in_our_own_words(body: object) -> None:
    try:
        read(body)
    except UnisonoError as refusal:
        assert refusal.status in (400, 404)


def test_a_sunset_that_has_ended_means_the_successor() -> None:
    sunset = Lifecycle(state="sunset", until=date(2026, 1, 1), successor="b")
    catalog = Catalog(
        (
            Model(name="a", upstream="scripted", upstream_model="a", lifecycle=sunset),
            Model(name="b", upstream="scripted", upstream_model="b"),
        )
    )
    raw = json.dumps(chat(model="a")).encode()
    assert parse(raw, {}, catalog=catalog, request_id="r", now=NOW).pin == "b"


def test_no_user_is_taken_for_the_beginning_of_anothers_conversation() -> None:
    said = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
    assert read(chat(messages=said, user="ann")).session != read(chat(messages=said, user="bob")).session
    with pytest.raises(RequestError, match="zero character"):
        read(chat(messages=said[1:], user="ann\0system\0S"))


def test_who_does_not_know_the_seed_cannot_foretell_a_conversations_hash() -> None:
    raw = json.dumps(chat()).encode()
    ids = {parse(raw, {}, catalog=CATALOG, request_id="r", now=NOW, seed=seed).session for seed in (0, 1, 2)}
    assert len(ids) == 3


@pytest.mark.parametrize("names", [["small"] * 1001, ["x" * 257]])
def test_a_list_of_models_is_no_longer_than_a_pool(names: list[str]) -> None:
    with pytest.raises(RequestError):
        read(chat(unisono={"models": names}))
    assert read(chat(unisono={"ban": ["small"] * 1000})).wishes.ban == ("small",)


@pytest.mark.parametrize("node", ["[]", '{"a":1}', "[[0]]"])
def test_a_body_of_nothing_but_arrays_and_objects_is_refused(node: str) -> None:
    crowd = ",".join([node] * 250_000)
    with pytest.raises(RequestError, match="too many arrays and objects"):
        read(f'{{"model": "auto", "messages": [{{"role": "user", "content": "x"}}], "x": [{crowd}]}}'.encode())
    quoted = [{"role": "user", "content": part} for part in ["x"] * 30 + [crowd]]  # the same as text
    assert read(chat(messages=quoted)).messages[-1].text == crowd
