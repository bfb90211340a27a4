"""Journeys of answers that several models work on: the same plain and streamed, previewed, recorded, recomputed."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, Upstream, is_shown, says, upstream

from unisono.evaluate.recompute import Recomputer
from unisono.plugins import load
from unisono.record.store import Reader


def scripted(name: str, reply: str, **keys: object) -> str:
    table = {
        "name": name,
        "upstream": "scripted",
        "reply": reply,
        "usd_per_mtok_in": 1.0,
        "usd_per_mtok_out": 2.0,
        **keys,
    }
    return "\n[[models]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())


ASK = {"messages": [{"role": "user", "content": "What is 6 times 7? Calculate."}]}
POOL = (
    scripted("gpt-a", "6 * 7 = 42. The answer is 42.", quality=0.85, role="deep"),
    scripted("claude-b", "#### 42", quality=0.8, role="deep"),
    scripted("gemini-c", "The answer is 41.", quality=0.8, role="deep", token_s=0.005),
)
BOUND_S = 3.0
N_KNOWN = 12
"""Answers after which a model is known to be quick enough for the bound."""
CASCADE = '\n[routing]\ncascade = ["deep"]\n'
LIMIT = '\n[[limits]]\nname = "day"\nper = "all"\ncounts = "usd"\namount = 1.0\n'


def pieces(events: list[str]) -> list[dict[str, Any]]:
    return [json.loads(e) for e in events if not e.endswith("[DONE]")]


@pytest.mark.parametrize("stream", [False, True])
def test_pro_votes_lists_its_parts_and_pays_each_of_them_once(tmp_path: Path, stream: bool) -> None:
    with serving(tmp_path, config_text(*POOL, default="gpt-a", more=LIMIT)) as house:
        reply = house.call("POST", "/v1/chat/completions", {"model": "auto:pro", **ASK, "stream": stream})
        if stream:
            chunks = pieces(reply.events)
            told = chunks[-1]["unisono"]
            first = chunks[0]["unisono"]
            text = "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])
        else:
            told = first = reply.json["unisono"]
            text = reply.json["choices"][0]["message"]["content"]
        assert (first["pattern"], first["model"]) == ("fusion", "gpt-a")
        assert text == "6 * 7 = 42. The answer is 42."
        assert "2 of" in first["reason"]
        parts = {p["model"]: p for p in told["parts"]}
        assert set(parts) == {"gpt-a", "claude-b", "gemini-c"}
        assert [p["model"] for p in told["parts"] if p["chosen"]] == ["gpt-a"]
        record = house.get(f"/v1/decisions/{first['decision']}")
        assert {a["part"] for a in record["attempts"]} == {"member"}
        assert record["cost_usd"] == pytest.approx(sum(a["cost_usd"] or 0 for a in record["attempts"]))
        assert record["plan"]["members"]
        used = house.get("/v1/limits")["data"][0]["used"]
        held = max(c["high_usd"] for c in record["plan"]["calls"])  # what a cancelled member is charged at most
        assert record["cost_usd"] - 1e-9 <= used <= record["cost_usd"] + held
    with closing(Reader(tmp_path / "record.db")) as reader:
        assert Recomputer(reader, registry=load()).replay(first["decision"]).verdict == "same"


def test_the_dry_run_previews_the_pattern_and_asks_nobody(tmp_path: Path) -> None:
    with serving(tmp_path, config_text(*POOL, default="gpt-a")) as house:
        preview = house.call("POST", "/v1/route", {"model": "auto:pro", **ASK}).json
        assert preview["pattern"] == "fusion"
        assert preview["plan"]["closer"] in preview["plan"]["members"]
        assert "side by side" in preview["reason"]


def test_a_pin_and_tools_stay_one_models(tmp_path: Path) -> None:
    with serving(tmp_path, config_text(*POOL, default="gpt-a")) as house:
        pinned = house.call("POST", "/v1/chat/completions", {"model": "claude-b", **ASK}).json
        assert (pinned["unisono"]["pattern"], pinned["model"]) == ("single", "claude-b")
        assert "parts" not in pinned["unisono"]
        several = {"model": "auto:pro", **ASK, "n": 2}
        told = house.call("POST", "/v1/chat/completions", several).json["unisono"]
        assert told["pattern"] == "single"
        assert "several models were asked for" in told["reason"].lower()


@pytest.mark.parametrize("stream", [False, True])
def test_a_cascade_is_told_and_recomputed(tmp_path: Path, stream: bool) -> None:
    pool = (
        scripted("mini-a", "The answer is 42.", quality=0.9, usd_per_mtok_out=0.1),
        scripted("flash-b", "#### 42", quality=0.9, usd_per_mtok_out=0.2),
        scripted("strong-c", "42", quality=0.95, role="deep", usd_per_mtok_in=10.0, usd_per_mtok_out=30.0),
    )
    with serving(tmp_path, config_text(*pool, default="strong-c", more=CASCADE)) as house:
        body = {"model": "auto:deep", **ASK, "stream": stream, "unisono": {"dial": 0.4}}
        preview = house.call("POST", "/v1/route", body).json
        reply = house.call("POST", "/v1/chat/completions", body)
        told = pieces(reply.events)[0]["unisono"] if stream else reply.json["unisono"]
        assert told["pattern"] == preview["pattern"]
        assert told["pattern"] == "cascade", preview["reason"]
        assert told["model"] in preview["plan"]["members"]
        assert "probability" in told["reason"]
        assert {p["part"] for p in told["parts"]} <= {"member", "closer"}
    with closing(Reader(tmp_path / "record.db")) as reader:
        assert Recomputer(reader, registry=load()).replay(told["decision"]).verdict == "same"


@pytest.mark.parametrize("stream", [False, True])
def test_a_new_model_that_takes_back_what_was_said_is_told(tmp_path: Path, stream: bool) -> None:
    pool = (
        scripted("first", "The bridge is 120 m long.", quality=0.6),
        scripted("second", "The bridge is 210 m long.", quality=0.8),
    )
    talk = [
        {"role": "user", "content": "How long is the bridge?"},
        {"role": "assistant", "content": "The bridge is 120 m long."},
        {"role": "user", "content": "And how many lanes has it?"},
    ]
    with serving(tmp_path, config_text(*pool, default="first")) as house:
        begin = {"messages": talk[:1], "unisono": {"session": "b", "models": ["first"]}}
        house.call("POST", "/v1/chat/completions", {"model": "auto", **begin})
        body = {"model": "auto", "messages": talk, "stream": stream, "unisono": {"session": "b", "ban": ["first"]}}
        reply = house.call("POST", "/v1/chat/completions", body)
        told = pieces(reply.events)[-1]["unisono"] if stream else reply.json["unisono"]
        assert [n["code"] for n in told["notices"]] == ["switch", "contradiction"]
        if not stream:
            assert "contradiction" in reply.headers["x-unisono-notices"]
        again = house.call("POST", "/v1/chat/completions", {**body, "stream": False}).json["unisono"]
        assert [n["code"] for n in again["notices"]] == []  # the same model goes on: nothing is compared
        kept = house.call("GET", f"/v1/decisions/{told['decision']}").json
        assert kept["notices"][-1]["text"] == "second and first contradict each other."
    files = [file.read_bytes() for file in tmp_path.iterdir() if file.name.startswith("record.db")]
    assert not any(b"210 m" in held or b"120 m" in held for held in files)


def of_a_kind(up: Upstream, pattern: str) -> tuple[str, dict[str, Any], int]:
    """Return a pool behind `up`, a request that several models of it answer so, and how many are asked at first."""
    if pattern == "fusion":
        tables = [model(name, up, upstream_model=name, quality=0.8) for name in ("gpt-a", "claude-b", "gemini-c")]
        return config_text(*tables, default="gpt-a"), {"model": "auto:pro", **ASK}, 3
    tables = [
        model("mini-a", up, upstream_model="mini-a", quality=0.9, usd_per_mtok_out=0.1),
        model("flash-b", up, upstream_model="flash-b", quality=0.9, usd_per_mtok_out=0.2),
        model("strong-c", up, upstream_model="strong-c", quality=0.95, usd_per_mtok_in=10.0, usd_per_mtok_out=30.0),
    ]
    text = config_text(*tables, default="strong-c", more=CASCADE)
    return text, {"model": "auto:deep", **ASK, "unisono": {"dial": 0.4}}, 2


@pytest.mark.parametrize("pattern", ["fusion", "cascade"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_who_leaves_cancels_every_member_within_100_ms(tmp_path: Path, stream: bool, pattern: str) -> None:
    gone: list[float | None] = []
    begun, noticed = threading.Semaphore(0), threading.Semaphore(0)

    def waits(exchange: Exchange) -> None:
        if exchange.stream:
            exchange.open_stream()
            exchange.delta({"role": "assistant", "content": "so "})
        begun.release()
        gone.append(exchange.gone_at_s())
        noticed.release()

    took_s: list[float] = []
    with upstream(waits) as up:
        pool, asked, n_asked = of_a_kind(up, pattern)
        with serving(tmp_path, pool) as house:
            assert house.call("POST", "/v1/route", asked).json["pattern"] == pattern
            while not is_shown(took_s, within_s=0.1, times=2):
                connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=LIMIT_S)
                body = json.dumps({**asked, "stream": stream})
                connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
                for _ in range(n_asked):
                    assert begun.acquire(timeout=LIMIT_S)
                left_s = time.perf_counter()
                connection.close()
                for _ in range(n_asked):
                    assert noticed.acquire(timeout=LIMIT_S)
                ends = [at_s for at_s in gone[-n_asked:] if at_s is not None]
                assert len(ends) == n_asked
                took_s.append(max(ends) - left_s)
            assert {(row["status"], row["n_attempts"]) for row in house.ended(len(took_s))} == {("cancelled", n_asked)}


@pytest.mark.parametrize("pattern", ["fusion", "cascade"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_member_that_stalls_does_not_break_the_bound_on_the_first_token(
    tmp_path: Path, stream: bool, pattern: str
) -> None:
    words = {"gpt-a": "The answer is 42.", "claude-b": "#### 41", "mini-a": "The answer is 42.", "strong-c": "#### 42"}

    def stalls(exchange: Exchange) -> None:
        text = words.get(exchange.body["model"])
        if text is None:
            exchange.gone_at_s()
        else:
            says(text)(exchange)

    with upstream(says("quick")) as up:
        pool, asked, _ = of_a_kind(up, pattern)
        asked = {**asked, "stream": stream, "unisono": {**asked.get("unisono", {}), "max_first_token_s": BOUND_S}}
        with serving(tmp_path, pool) as house:
            for name in (table["id"] for table in house.get("/v1/models")["data"]):
                for _ in range(N_KNOWN):
                    house.call("POST", "/v1/chat/completions", {"model": name, **ASK, "unisono": {"session": "else"}})
            up.behave = stalls
            assert house.call("POST", "/v1/route", asked).json["pattern"] == pattern
            took_s: list[float] = []
            while not is_shown(took_s, within_s=BOUND_S, times=1):
                began_s = time.perf_counter()
                reply = house.call("POST", "/v1/chat/completions", asked)
                took_s.append(time.perf_counter() - began_s)  # nothing is left to come after the first token here
            told = pieces(reply.events)[0]["unisono"] if stream else reply.json["unisono"]
            assert told["pattern"] == pattern
            record = house.get(f"/v1/decisions/{told['decision']}")
            stalled = {a["model"]: a["status"] for a in record["attempts"]}
            assert stalled["gemini-c" if pattern == "fusion" else "flash-b"] == "cancelled"
