"""Journeys at the end of a usage limit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import says, upstream

LIMIT = """
[[limits]]
name = "deep-messages"
amount = 2
window = "day"
roles = ["deep"]
"""
HELLO = [{"role": "user", "content": "hello"}]


def test_past_a_limit_the_mini_answers_with_a_notice_and_a_pin_is_refused(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        pool = config_text(
            model("big", up, role="deep"), model("mini", up, role="deep-mini"), default="big", more=LIMIT
        )
        with serving(tmp_path, pool) as house:

            def ask(name: str, **more: object):  # type: ignore[no-untyped-def]
                return house.call("POST", "/v1/chat/completions", {"model": name, "messages": HELLO, **more})

            assert ask("big").json["model"] == "big"
            second = ask("big").json
            assert second["model"] == "big"
            refused = ask("big")
            assert refused.status == 429
            assert refused.json["error"]["code"] == "limit_reached"
            assert int(refused.headers["retry-after"]) > 0
            allowed = ask("big", unisono={"on_limit": "downgrade"}).json
            assert allowed["model"] == "mini"
            assert [n["code"] for n in allowed["unisono"]["notices"]] == ["limit_downgrade"]
            auto = ask("auto").json
            assert auto["model"] == "mini"
            assert "limit_downgrade" in [n["code"] for n in auto["unisono"]["notices"]]
            (row,) = house.get("/v1/limits")["data"]
            assert (row["used"], row["left"]) == (2.0, 0.0)
            assert row["returns"].endswith("00:00:00Z")
        with serving(tmp_path, pool) as house:
            (row,) = house.get("/v1/limits")["data"]
            assert row["used"] == 2.0


def test_a_switch_to_a_model_at_its_limit_is_told_of_the_one_that_stands_in_for_it(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        pool = config_text(
            model("big", up, role="deep"),
            model("mini", up, role="deep-mini"),
            model("small", up),
            default="big",
            more=LIMIT.replace("amount = 2", "amount = 1"),
        )
        with serving(tmp_path, pool) as house:

            def ask(*models: str) -> list[str]:
                wishes = {"session": "s", "models": models}
                body = {"model": "auto", "messages": HELLO, "unisono": wishes}
                told = house.call("POST", "/v1/chat/completions", body).json["unisono"]
                return [told["model"], *(n["text"] for n in told["notices"] if n["code"] == "switch")]

            assert ask("small") == ["small"]
            assert house.call("POST", "/v1/chat/completions", {"model": "big", "messages": HELLO}).status == 200
            model_, text = ask("big", "mini")  # big would take over, and is at its limit
            assert model_ == "mini"
            assert text.startswith("mini answers from here; small answered before.")


def test_parallel_callers_of_one_key_never_get_more_than_the_limit(tmp_path: Path) -> None:
    more = '\n[[limits]]\nname = "all"\namount = 20\nwindow_s = 3600\n'
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a", more=more)) as house:
        with ThreadPoolExecutor(40) as pool:
            body = {"model": "auto", "messages": HELLO}
            replies = list(pool.map(lambda _: house.call("POST", "/v1/chat/completions", body).status, range(80)))
        assert sorted(replies) == [200] * 20 + [429] * 60
        assert len(up.seen) == 20


def test_a_named_key_has_its_wishes_and_its_name_in_the_limits(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("TEAM_A", "secret-a")
    more = '\n[[keys]]\nname = "team-a"\nkey = "env:TEAM_A"\nmodels = ["b"]\n' + LIMIT
    with (
        upstream(says("hi")) as up,
        serving(tmp_path, config_text(model("a", up), model("b", up), default="a", more=more)) as house,
    ):
        head = {"authorization": "Bearer secret-a"}
        body = {"model": "auto", "messages": HELLO}
        assert house.call("POST", "/v1/chat/completions", body).status == 401
        assert house.call("POST", "/v1/chat/completions", body, headers=head).json["model"] == "b"
        assert house.call("GET", "/v1/limits", headers=head).json["key"] == "team-a"
