"""Journeys of a conversation: it keeps its model, a switch is announced, preferences hold and belong to their key."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import says, upstream

from unisono.catalog import Catalog
from unisono.edge.parse import parse, session_before

TALK = [
    {"role": "user", "content": "What is the capital of Peru?"},
    {"role": "assistant", "content": "Lima."},
    {"role": "user", "content": "And how many people live there?"},
]


def pool(up: object, **keys: object) -> str:
    return config_text(
        model("small", up, quality=0.3),
        model("big", up, quality=0.9, role="deep"),
        default="small",
        more=str(keys.get("more", "")),  # type: ignore[arg-type]
    )


def ask(house, body: dict) -> dict:  # type: ignore[no-untyped-def]
    return house.call("POST", "/v1/chat/completions", {"model": "auto", **body}).json["unisono"]


def test_a_conversation_is_remembered_and_survives_a_restart(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        with serving(tmp_path, pool(up)) as house:
            first = ask(house, {"messages": TALK[:1], "unisono": {"session": "t1", "dial": 1.0}})
            shown = house.get("/v1/sessions/t1")
            assert shown["model"] == first["model"]
            assert shown["n_turns"] == 1
        with serving(tmp_path, pool(up)) as house:
            assert house.get("/v1/sessions/t1")["n_turns"] == 1


def test_a_conversation_without_a_name_goes_on_where_an_earlier_version_left_it(tmp_path: Path) -> None:
    begun = {"messages": TALK[:1], "unisono": {"dial": 1.0}}
    with upstream(says("hi")) as up:
        with serving(tmp_path, pool(up)) as house:
            ask(house, begun)
        with closing(sqlite3.connect(tmp_path / "record.db")) as record:
            request = parse(
                json.dumps({"model": "auto", **begun}).encode(),
                {},
                catalog=Catalog(()),
                request_id="r",
                now=datetime.now(UTC),
            )
            found = record.execute("UPDATE sessions SET session = ?", (session_before(request),))
            assert found.rowcount == 1
            record.commit()
        with serving(tmp_path, pool(up)) as house:
            second = ask(house, {"messages": TALK})
            past = house.get(f"/v1/decisions/{second['decision']}")["situation"]["past"]
            assert past["n_turns"] == 1
            third = ask(house, {"messages": [*TALK, {"role": "assistant", "content": "hi"}, TALK[0]]})
            assert house.get(f"/v1/decisions/{third['decision']}")["situation"]["past"]["n_turns"] == 2


def test_a_switch_that_the_router_makes_is_announced_in_body_header_and_stream(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:
        ask(house, {"messages": TALK[:1], "unisono": {"session": "t2", "models": ["small"]}})
        body = {"model": "auto", "messages": TALK, "unisono": {"session": "t2", "ban": ["small"]}}
        plain = house.call("POST", "/v1/chat/completions", body)
        assert [n["code"] for n in plain.json["unisono"]["notices"]] == ["switch"]
        assert plain.headers["x-unisono-notices"].startswith("switch:")
        ask(house, {"messages": TALK, "unisono": {"session": "t2", "models": ["small"]}})
        stream = house.call("POST", "/v1/chat/completions", {**body, "stream": True})
        assert '"code":"switch"' in stream.events[0]


def test_a_stored_preference_counts_until_a_request_says_otherwise(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:
        put = house.call("PUT", "/v1/sessions/t3", {"models": ["small"], "dial": 0.2})
        assert put.json["prefers"] == {"models": ["small"], "dial": 0.2}
        assert ask(house, {"messages": TALK[:1], "unisono": {"session": "t3"}})["model"] == "small"
        assert ask(house, {"messages": TALK[:1], "unisono": {"session": "t3", "models": ["big"]}})["model"] == "big"
        house.call("DELETE", "/v1/sessions/t3")
        assert house.get("/v1/sessions/t3")["prefers"] == {}


def test_a_conversation_that_is_deleted_leaves_figures_and_no_words(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up).replace("[store]", '[store]\ntext = "text"')) as house:
        assert house.get("/readyz")["record"]["text"] == "text"
        told = ask(house, {"messages": TALK[:1], "unisono": {"session": "t6"}})
        place = f"/v1/decisions/{told['decision']}"
        assert "Peru" in house.get(place)["request"]["prompt"]
        house.call("DELETE", "/v1/sessions/t6")
        after = house.get(place)
        assert "prompt" not in after["request"]
        assert after["status"] == "ok"
        assert house.get("/v1/sessions/t6")["n_turns"] == 0


def test_an_odd_preference_is_refused_with_the_known_fields(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:
        refused = house.call("PUT", "/v1/sessions/t4", {"dail": 0.2})
        assert refused.status == 400
        assert "dial" in refused.json["error"]["message"]
        assert house.call("PUT", "/v1/sessions/t4", {"models": ["nobody"]}).status == 404


def test_the_new_model_gets_the_note_on_the_voice(tmp_path: Path) -> None:
    more = '[routing]\nstyle_note = "Speak plainly."\n'
    with upstream(says("hi")) as up, serving(tmp_path, pool(up, more=more)) as house:
        ask(house, {"messages": TALK[:1], "unisono": {"session": "t5", "models": ["small"]}})
        assert up.seen[-1].body["messages"] == TALK[:1]
        ask(house, {"messages": TALK, "unisono": {"session": "t5", "models": ["big"]}})
        system, *talk = up.seen[-1].body["messages"]
        assert system["role"] == "system"
        assert system["content"].startswith("Speak plainly.")
        assert "Lima." in system["content"]  # and what was asserted until here
        assert talk == TALK


def test_the_users_own_words_move_plain_auto_and_no_explicit_mode(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:

        def goal(model_name: str, words: str) -> str:
            body = {"model": model_name, "messages": [{"role": "user", "content": words}]}
            return house.call("POST", "/v1/route", body).json["goal"]["mode"]

        assert goal("auto", "Think hard: is 91 a prime?") == "deep"
        assert goal("auto", "Just a quick answer: is 91 a prime?") == "fast"
        assert goal("auto", "Is 91 a prime?") == "balanced"
        assert goal("auto:fast", "Think hard: is 91 a prime?") == "fast"


def test_after_a_switch_by_hand_the_next_turn_is_taken_more_seriously(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, pool(up)) as house:
        talk = {"messages": TALK, "unisono": {"session": "by-hand"}}

        def dial() -> float:
            return float(house.call("POST", "/v1/route", {"model": "auto", **talk}).json["goal"]["dial"])

        assert house.call("POST", "/v1/chat/completions", {"model": "auto", **talk}).status == 200
        before = dial()
        other = "big" if house.get("/v1/sessions/by-hand")["model"] == "small" else "small"
        assert house.call("POST", "/v1/chat/completions", {"model": other, **talk}).status == 200
        assert dial() > before


def test_a_measured_handoff_keeps_a_conversation_that_would_have_changed_its_model(tmp_path: Path) -> None:
    for folder, drift, model_after in (("general", 0.02, "big"), ("measured", 0.2, "small")):
        (tmp_path / folder).mkdir()
        with upstream(says("hi")) as up:
            text = config_text(
                model("small", up, quality=0.4),
                model("big", up, quality=0.75, role="deep"),
                default="small",
                more=f"[routing]\nhandoff = {{ small = {{ big = {drift} }} }}\n",
            )
            with serving(tmp_path / folder, text) as house:
                ask(house, {"messages": TALK[:1], "unisono": {"session": "t5", "models": ["small"]}})
                assert ask(house, {"messages": TALK, "unisono": {"session": "t5"}})["model"] == model_after
