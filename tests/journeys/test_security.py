"""Journeys of those who may not: keys and their scopes, other pages, other people's records."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import House, command, config_text, environment, model, process, serving
from tests.journeys.upstream import LIMIT_S, Upstream, fails, says, upstream

from unisono.catalog import MODES
from unisono.record.keys import create_key, revoke_key
from unisono.record.store import Store
from unisono.types import Limit, Mode, Scope

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def _key(house: House, name: str, *, limits: tuple[Limit, ...] = (), **scope: Any) -> dict[str, str]:
    """Make a key while the server runs; returns the header that shows it."""
    _, secret = create_key(house.folder / "record.db", name, scope=Scope(**scope), limits=limits, now=NOW)
    return {"authorization": f"Bearer {secret}"}


def _pool(up: Upstream) -> str:
    return config_text(model("small", up), model("big", up, role="deep"), default="small")


def test_a_key_counts_from_its_making_to_its_revocation_without_a_restart(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        assert house.chat().status == 200  # nobody has a key, and nobody else reaches this address
        alice = _key(house, "alice")
        assert house.chat().status == 401
        assert house.chat(headers=alice).status == 200
        for name in ("x-api-key", "api-key"):
            assert house.chat(headers={name: alice["authorization"].removeprefix("Bearer ")}).status == 200
        revoke_key(house.folder / "record.db", "alice", now=NOW)
        refused = house.chat(headers=alice)
        assert (refused.status, refused.json["error"]["code"]) == (401, "invalid_api_key")
        assert len(up.seen) == 4


def test_who_is_refused_is_counted_once_and_told_with_the_address_but_without_the_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        alice = _key(house, "alice")
        wrong = {"authorization": "Bearer a-guess-1234567"}
        asked = {"model": "small", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}
        places = ("/v1/chat/completions", "/v1/messages", "/v1/embeddings", "/v1/route", "/v1/messages/count_tokens")
        for path in places:
            assert house.call("POST", path, {**asked, "input": "hi"}, headers=wrong).status == 401, path
        assert house.call("GET", "/admin/keys", headers=wrong).status == 401
        assert "unisono_unauthorised_total 6.0" in house.call("GET", "/metrics", headers=alice).raw.decode()
        told = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
        assert len(told) == 6
        assert all("client=127.0.0.1" in line and path in line for line, path in zip(told, places, strict=False))
        assert "a-guess" not in caplog.text


def test_no_wish_lifts_the_models_and_modes_of_a_key(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        head = _key(house, "app", models=("small",), modes=(Mode.FAST,))
        assert house.chat(model="small", headers=head).json["model"] == "small"
        assert house.chat(model="auto:fast", headers=head).json["model"] == "small"
        wide = {"models": ["small", "big"], "allow_fallback": True}
        assert house.chat(model="auto:fast", headers=head, unisono=wide).json["model"] == "small"
        for name, wishes in (("big", {}), ("auto", {}), ("auto:deep", {}), ("auto:fast", {"models": ["big"]})):
            refused = house.chat(model=name, headers=head, unisono=wishes)
            assert (refused.status, refused.json["error"]["code"]) == (403, "not_allowed"), (name, wishes)
            assert "small" in refused.json["error"]["message"] or "auto:fast" in refused.json["error"]["message"]
        listed = house.call("GET", "/v1/models", headers=head).json["data"]
        assert [row["id"] for row in listed] == ["auto:fast", "small"]
        shown = {
            name: house.call("GET", f"/v1/models/{name}", headers=head).status for name in (*MODES, "small", "big")
        }
        assert [name for name, status in shown.items() if status == 200] == ["auto:fast", "small"]
        assert set(shown.values()) == {200, 403}


def test_a_key_carries_its_own_limit(tmp_path: Path) -> None:
    limit = Limit(name="app:messages/day", amount=1, keys=("app",))
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        app, other = _key(house, "app", limits=(limit,)), _key(house, "other")
        assert [house.chat(headers=app).status for _ in range(3)] == [200, 429, 429]
        assert house.chat(headers=other).status == 200
        (row,) = house.call("GET", "/v1/limits", headers=app).json["data"]
        assert (row["limit"], row["left"]) == ("app:messages/day", 0.0)


def test_the_record_of_others_and_admin_need_the_scope_admin(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        alice, bob, ops = _key(house, "alice"), _key(house, "bob"), _key(house, "ops", admin=True)
        hers = house.chat(headers=alice).json["unisono"]["decision"]
        house.chat(headers=bob)

        def get(path: str, head: dict[str, str]) -> Any:
            return house.call("GET", path, headers=head)

        assert [row["decision"] for row in get("/v1/decisions", alice).json["data"]] == [hers]
        assert len(get("/v1/decisions", ops).json["data"]) == 2
        assert get(f"/v1/decisions/{hers}", alice).status == 200
        assert get(f"/v1/decisions/{hers}", ops).status == 200
        assert get(f"/v1/decisions/{hers}", bob).status == 404
        assert get("/admin/incidents", alice).json["error"]["code"] == "not_allowed"
        assert get("/admin/incidents", ops).status == 200
        routes = ("/v1/models", "/v1/decisions", "/v1/limits", "/admin/incidents", "/readyz", "/metrics")
        for path in (*routes, f"/v1/decisions/{hers}", "/v1/sessions/s"):
            assert get(path, {}).status == 401, path


def test_a_page_of_another_origin_or_name_gets_nothing(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        own = f"127.0.0.1:{house.port}"
        for head in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": f"http://{own}.evil.example"},
            {"host": f"evil.example:{house.port}"},  # its name was bound to this address
            {"host": f"evil.example:{house.port}", "origin": f"http://evil.example:{house.port}"},
            {"host": f"evil.example:{house.port}", "origin": "http://evil.example", "sec-fetch-site": "same-origin"},
            {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
            {"origin": "http://127.0.0.1:1", "sec-fetch-site": "same-site"},
            {"x-forwarded-for": "203.0.113.7"},  # a proxy on this machine asks for somebody
            {"forwarded": "for=203.0.113.7"},
            {"host": "[::1"},
        ):
            for path in ("/v1/models", "/metrics"):
                assert house.call("GET", path, headers=head).status in (400, 401), head
            assert house.chat(headers=head).status in (400, 401), head
        assert house.chat(headers={"origin": f"http://{own}"}).status == 200
        behind = {"origin": "https://ai.example", "sec-fetch-site": "same-origin"}  # a proxy named this host by itself
        assert house.chat(headers=behind).status == 200
        asked = house.call("OPTIONS", "/v1/chat/completions", headers={"access-control-request-method": "POST"})
        assert asked.status == 405
        assert not [name for name in asked.headers if name.startswith("access-control")]
        assert len(up.seen) == 2


def test_a_page_that_is_let_in_calls_what_callers_may_and_nothing_of_an_operators(
    tmp_path: Path,
) -> None:
    page, told = {"origin": "https://chat.example"}, "access-control-allow-origin"
    with upstream(says("hi")) as up:
        text = _pool(up).replace("port = 0", 'port = 0\norigins = ["https://Chat.example", "app://notes"]')
        with serving(tmp_path, text) as house:
            asks = {
                **page,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization, x-unisono-session",
            }
            asked = house.call("OPTIONS", "/v1/chat/completions", headers=asks)
            assert (asked.status, asked.headers[told]) == (200, page["origin"])
            assert "authorization" in asked.headers["access-control-allow-headers"]
            for path in ("/v1/chat/completions", "/chat/completions"):
                body = {"model": "auto", "messages": [{"role": "user", "content": "hello"}]}
                answered = house.call("POST", path, body, headers=page)
                assert (answered.status, answered.headers[told]) == (200, page["origin"]), path
                assert answered.headers["access-control-expose-headers"] == "*"
                assert "access-control-allow-credentials" not in answered.headers
            assert house.call("GET", "/v1/models", headers={"origin": "app://notes"}).headers[told] == "app://notes"
            for path in ("/admin/keys", "/metrics", "/readyz"):
                refused = house.call("GET", path, headers=page)
                assert (refused.status, told in refused.headers) == (401, False), path
            assert house.chat(headers={"origin": "https://evil.example"}).status == 401
            alice = _key(house, "alice")
            keyless = house.chat(headers=page)
            assert (keyless.status, keyless.headers[told]) == (401, page["origin"])
            assert house.call("GET", "/v1/models", headers={**page, **alice}).status == 200


def test_a_secret_shows_in_no_answer_log_or_record(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with upstream(fails(401, "your key is wrong")) as up, serving(tmp_path, _pool(up)) as house:
        head = _key(house, "alice")
        secret = head["authorization"].removeprefix("Bearer ")
        replies = [house.chat("a private question", headers=head), house.call("GET", "/readyz", headers=head)]
        replies += [house.chat(headers={"authorization": f"Bearer {secret}x"})]
    for text in [caplog.text, *(reply.raw.decode() + repr(reply.headers) for reply in replies)]:
        assert secret not in text
    assert "a private question" not in caplog.text
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file
        assert b"a private question" not in file.read_bytes(), file


def test_a_key_that_its_upstream_repeats_in_a_refusal_does_not_reach_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-of-the-operators-account"
    monkeypatch.setenv("UPSTREAM_KEY", key)
    with upstream(fails(400, f"No such field. You sent: Bearer {key}", echo={"headers": [key]})) as up:
        text = config_text(model("small", up, api_key="env:UPSTREAM_KEY"), default="small")
        with serving(tmp_path, text) as house:
            for more in ({}, {"stream": True}):
                reply = house.chat(**more)
                assert reply.status == 400
                assert reply.json["error"]["message"] == "No such field. You sent: Bearer [key]"
                assert key.encode() not in reply.raw


@pytest.mark.parametrize("wait", ["inf", "1e308", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_to_be_left_alone_for_ever_is_believed_for_a_day(
    tmp_path: Path, wait: str, status: int
) -> None:
    with upstream(fails(status, headers={"retry-after": wait})) as up, serving(tmp_path, _pool(up)) as house:
        reply = house.chat(model="small")
        assert reply.status in (429, 502)
        assert reply.headers["retry-after"] == "86400"


def test_fields_behind_a_body_say_nothing_and_are_not_kept(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, _pool(up)) as house:
        alice = _key(house, "alice")
        body = json.dumps({"model": "small", "messages": [{"role": "user", "content": "hello"}]}).encode()
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n"
        named = f"authorization: {alice['authorization']}\r\n"
        for before, behind, status in (("", named, b"401"), (named, "host: evil.example\r\n" * 200, b"200")):
            with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as line:
                chunk = b"%x\r\n%b\r\n0\r\n" % (len(body), body)
                line.sendall(f"{head}{before}\r\n".encode() + chunk + f"{behind}\r\n".encode())
                assert line.recv(65536).startswith(b"HTTP/1.1 " + status)


def test_nothing_named_in_a_request_is_fetched(tmp_path: Path) -> None:
    with upstream(says("seen")) as up, upstream(says("never")) as named:
        text = config_text(model("small", up, capabilities=["vision", "files"]), default="small")
        with serving(tmp_path, text) as house:
            url = named.base_url + "/picture.png"
            parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "file", "file": {"file_data": url}}]
            reply = house.chat(parts, headers={"x-forwarded-host": "evil.example"})  # type: ignore[arg-type]
            assert reply.status == 200
        assert named.seen == []
        assert up.seen[0].body["messages"][0]["content"] == parts


def test_an_open_address_without_a_key_is_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    with upstream(says("hi")) as up:
        file.write_text(_pool(up))
        words = command("serve", "--config", str(file), "--host", "0.0.0.0", "--port", "0")  # noqa: S104
        told = subprocess.run(words, capture_output=True, text=True, timeout=LIMIT_S, env=environment(), cwd=tmp_path)
        assert told.returncode == 1
        assert "unisono keys create" in told.stderr
        assert len(told.stderr.splitlines()) == 1
        with closing(Store(tmp_path / "record.db")):
            _, secret = create_key(tmp_path / "record.db", "alice", scope=Scope(), now=NOW)
        with process(tmp_path, more=("--host", "0.0.0.0")) as house:  # noqa: S104
            assert house.chat().status == 401
            assert house.chat(headers={"authorization": f"Bearer {secret}"}).status == 200
            assert house.call("GET", "/console").status == 404  # shown on loopback only, unless configured
            revoke_key(tmp_path / "record.db", "alice", now=NOW)
            assert house.chat(headers={"authorization": f"Bearer {secret}"}).status == 401
            assert house.chat().status == 401


def test_a_key_of_the_configuration_has_the_scope_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPS", "key-of-the-operators-123456")
    monkeypatch.setenv("BARE", "key-without-a-name-1234567")
    more = '\n[[keys]]\nname = "ops"\nkey = "env:OPS"\nadmin = true\nban = ["big"]\nmodes = ["deep"]\n'
    with upstream(says("hi")) as up:
        text = _pool(up).replace("port = 0", 'port = 0\nkeys = ["env:BARE"]') + more
        with serving(tmp_path, text) as house:
            bare = {"authorization": "Bearer key-without-a-name-1234567"}
            ops = {"authorization": "Bearer key-of-the-operators-123456"}
            assert house.call("GET", "/admin/incidents", headers=bare).status == 403
            assert house.call("GET", "/admin/incidents", headers=ops).status == 200
            assert house.chat(model="big", headers=bare).status == 200
            assert house.chat(model="big", headers=ops).status == 403
            assert house.chat(model="auto:deep", headers=ops).json["model"] == "small"
            assert house.chat(model="auto", headers=ops).status == 403


def test_only_operators_list_the_decisions_of_another_key(tmp_path: Path) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        boss, guest = _key(house, "boss", admin=True), _key(house, "guest")
        house.chat(headers=guest)
        house.chat(headers=boss)

        def listed(query: str, headers: dict[str, str]) -> list[str]:
            return [row["key"] for row in house.call("GET", f"/v1/decisions{query}", headers=headers).json["data"]]

        assert listed("", boss) == ["boss", "guest"]
        assert listed("?key=guest", boss) == ["guest"] == listed("?key=guest", guest) == listed("", guest)
        assert house.call("GET", "/v1/decisions?key=boss", headers=guest).status == 403


def test_keys_are_listed_for_operators_only_and_never_shown(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        more = '\n[[limits]]\nname = "daily"\namount = 5\n'
        with serving(tmp_path, config_text(model("a", up), default="a", more=more)) as house:
            boss, guest = _key(house, "boss", admin=True), _key(house, "guest", models=("a",))
            assert house.call("GET", "/admin/keys", headers=guest).status == 403
            house.chat(headers=guest)
            reply = house.call("GET", "/admin/keys", headers=boss)
            rows = {row["name"]: row for row in reply.json["data"]}
            assert (rows["boss"]["admin"], rows["guest"]["models"]) == (True, ["a"])
            assert rows["guest"]["usage"][0]["used"] == 1.0
            for header in (boss, guest):
                assert header["authorization"].removeprefix("Bearer ").encode() not in reply.raw
