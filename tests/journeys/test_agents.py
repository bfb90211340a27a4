"""Journeys of coding agents: what Claude Code, opencode and Qwen Code send, shortened, and what becomes of it.

The requests were written by hand after what these clients sent in November 2026 to a recording upstream.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import Exchange, completion, fails, says, upstream

SESSION = "0b9f6a52-5f4e-4f7e-9c0f-3f1f9d0f2a11"
PERSON = {"device_id": "d" * 64, "account_uuid": "", "session_id": SESSION}
BETAS = "claude-code-20250219,context-management-2025-06-27,mid-conversation-system-2026-04-07"
HEADERS = {"x-claude-code-session-id": SESSION, "x-app": "cli", "anthropic-beta": BETAS}
CACHED = {"cache_control": {"type": "ephemeral"}}
BILLING = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.197.8f6; cc_entrypoint=cli;"}
RULES = "<system-reminder>\n# claudeMd\nThink hard about race conditions, step by step.\n</system-reminder>\n\n"
READ = {"name": "Read", "description": "Reads.", "input_schema": {"type": "object"}, "eager_input_streaming": True}
FIND = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}
LATER = {"name": "Fetch", "description": "Fetches.", "input_schema": {"type": "object"}, "defer_loading": True}


def _said(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **more}


def _call(name: str, identity: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": name, "input": given}


def _result(identity: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identity, "content": content, **more}


FOUND = [{"type": "tool_reference", "tool_name": "Fetch"}]
TURNS: list[Any] = [
    {"role": "user", "content": [_said(RULES), _said("Fix the bug in calc.py")]},
    {"role": "system", "content": [_said("These agents can be asked: Explore.", **CACHED)]},
    {"role": "assistant", "content": [_said("I will look."), _call("Read", "toolu_1", path="calc.py")]},
    {
        "role": "user",
        "content": [_result("toolu_1", "return a - b"), _said("<system-reminder>calc.py is open.</system-reminder>")],
    },
    {"role": "assistant", "content": [_call("Search", "toolu_2", query="fetch"), _call("Read", "toolu_3", path="x")]},
    {"role": "user", "content": [_result("toolu_2", FOUND), _result("toolu_3", "no such file", is_error=True)]},
]


def _request(*turns: Any, **more: Any) -> dict[str, Any]:
    """Return the body of one call of Claude Code."""
    long = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    return {
        "model": "auto",
        "max_tokens": 32000,
        "system": [BILLING, _said("You are an agent.", **CACHED), _said("Help with code.", **long)],
        "messages": list(turns or TURNS),
        "tools": [READ, LATER, FIND],
        "metadata": {"user_id": json.dumps(PERSON)},
        "thinking": {"type": "adaptive"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        "stream": False,
        **more,
    }


def _ask(house: House, body: dict[str, Any], **headers: str) -> Any:
    reply = house.call("POST", "/v1/messages?beta=true", body, headers={**HEADERS, **headers})
    assert reply.status == 200, reply.raw
    return reply.json


def _message(exchange: Exchange, *content: Any, **more: Any) -> dict[str, Any]:
    frame = {"id": "msg_1", "type": "message", "role": "assistant", "model": exchange.body["model"]}
    ended = {"stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 6}}
    return {**frame, "content": list(content), **ended, **more}


def _answers(exchange: Exchange) -> None:
    exchange.json(_message(exchange, _said("Done.")))


def _dialects(up: Any, **keys: Any) -> str:
    can = ["tools", "json"]
    pool = [
        model("small", up, capabilities=can, **keys),
        model("claude", up, upstream="anthropic", capabilities=can, **keys),
    ]
    return config_text(*pool, default="small")


def test_what_claude_code_sends_reaches_an_anthropic_upstream_as_it_was_sent(tmp_path: Path) -> None:
    with upstream(_answers) as up, serving(tmp_path, _dialects(up)) as house:
        body = _request(model="claude", top_p=0.9, speed="fast", a_field_of_tomorrow={"on": True})
        _ask(house, body)
    (seen,) = up.seen
    assert seen.body == {**body, "model": "real-claude"}
    assert seen.headers["anthropic-beta"] == BETAS


def test_an_upstream_that_takes_no_system_in_mid_conversation_gets_it_in_the_users_turn(tmp_path: Path) -> None:
    def behave(exchange: Exchange) -> None:
        if any(turn["role"] == "system" for turn in exchange.body["messages"]):
            told = {"type": "invalid_request_error", "message": 'messages: Unexpected role "system".'}
            return exchange.json({"type": "error", "error": told}, status=400)
        return _answers(exchange)

    with upstream(behave) as up, serving(tmp_path, _dialects(up)) as house:
        assert _ask(house, _request(model="claude"))["content"][0]["text"] == "Done."
    refused, taken = (seen.body for seen in up.seen)
    assert taken["system"] == refused["system"]
    reminder = "<system-reminder>\nThese agents can be asked: Explore.\n</system-reminder>"
    assert taken["messages"][0]["content"] == [*TURNS[0]["content"], _said(reminder, **CACHED)]
    assert taken["messages"][1:] == TURNS[2:]


def test_a_chat_upstream_gets_claude_codes_session_in_words_that_every_host_takes(tmp_path: Path) -> None:
    with upstream(says("Done.")) as up, serving(tmp_path, _dialects(up)) as house:
        answer = _ask(house, _request(model="small"))
    (seen,) = up.seen
    assert (answer["content"][0]["text"].strip(), answer["stop_reason"]) == ("Done.", "end_turn")
    assert set(seen.body) == {"model", "max_tokens", "messages", "tools", "user"}
    assert [turn["role"] for turn in seen.body["messages"]] == [
        *("system", "user", "assistant", "tool", "user", "assistant", "tool", "tool"),
    ]
    system, first, _, _, reminded, _, found, wrong = seen.body["messages"]
    assert system["content"] == "You are an agent.\n\nHelp with code."  # no line for accounts that change by the call
    told = [part["text"] for part in first["content"]]
    reminder = "<system-reminder>\nThese agents can be asked: Explore.\n</system-reminder>"
    assert told == [RULES, "Fix the bug in calc.py", reminder]
    assert reminded["content"] == [_said("<system-reminder>calc.py is open.</system-reminder>")]
    assert (found["content"], wrong["content"]) == ("The tool Fetch can be called now.", "no such file")
    assert [tool["function"]["name"] for tool in seen.body["tools"]] == ["Read", "Fetch"]
    assert all(tool.keys() == {"type", "function"} for tool in seen.body["tools"])
    assert seen.body["user"] == "d" * 64  # the person, whatever his session


def test_a_sessions_titles_and_subagents_are_conversations_of_their_own(tmp_path: Path) -> None:
    hello: Any = {"role": "user", "content": [_said(RULES), _said("hello")]}
    old = {"user_id": f"user_{'a' * 64}_account__session_{SESSION}"}
    with upstream(says("Done.")) as up, serving(tmp_path, _dialects(up)) as house:

        def session_of(body: dict[str, Any], **headers: str) -> str:
            made = _ask(house, {**body, "model": "small"}, **headers)["unisono"]["decision"]
            return str(house.end_of(made)["session"])

        one = session_of(_request(hello))
        later = {**BILLING, "text": f"{BILLING['text']} cch=9;"}
        grown = _request(hello, {"role": "assistant", "content": "Hi."}, {"role": "user", "content": "more"})
        assert session_of({**grown, "system": [later, *grown["system"][1:]]}) == one
        others = [
            session_of(_request(hello, system=[BILLING, _said("Write a title.")], tools=[])),
            session_of(_request({"role": "user", "content": "Explore the code."})),
            session_of(_request(hello), **{"x-claude-code-session-id": "another"}),
            session_of(_request(hello), **{"x-claude-code-agent-id": "a83b2e81"}),
            session_of(_request(hello, metadata=old), **{"x-claude-code-session-id": ""}),
        ]
    assert len({one, *others}) == 6


def _decision(house: House, text: str) -> Any:
    turn = {"role": "user", "content": [_said(RULES), _said(text)]}
    return house.end_of(_ask(house, _request(turn))["unisono"]["decision"])


def test_the_router_reads_the_users_words_and_not_his_agents(tmp_path: Path) -> None:
    with upstream(_answers) as up:
        up.behave = lambda exchange: _answers(exchange) if exchange.path == "/v1/messages" else says("Done.")(exchange)
        with serving(tmp_path, _dialects(up)) as house:
            plain, wished = _decision(house, "rename x"), _decision(house, "Think hard. Where is the race condition?")
    assert (plain["goal"]["mode"], wished["goal"]["mode"]) == ("balanced", "deep")


def test_who_is_told_that_he_is_wrong_hears_it_once_however_many_tools_he_calls(tmp_path: Path) -> None:
    turns: list[Any] = [{"role": "user", "content": "Fix it."}, {"role": "assistant", "content": "Done."}]
    turns.append({"role": "user", "content": [_said(RULES), _said("That is wrong, it still fails.")]})
    with upstream(says("Done.")) as up, serving(tmp_path, _dialects(up)) as house:
        first = _ask(house, _request(turns[0], model="small"))["unisono"]["decision"]
        made = []
        for n in range(3):
            made.append(_ask(house, _request(*turns, model="small"))["unisono"]["decision"])
            turns += [
                {"role": "assistant", "content": [_call("Read", f"toolu_{n}")]},
                {"role": "user", "content": [_result(f"toolu_{n}", "x"), _said(RULES)]},
            ]

        def signals(decision: str) -> list[str]:
            return [signal["kind"] for signal in house.get(f"/v1/decisions/{decision}")["signals"]]

        house.until(lambda: signals(first), "the rejection is recorded")
        house.ended(4)
        assert (signals(first), [signals(decision) for decision in made]) == (["rejected"], [[], [], []])


QUERY = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "rain"}}
PAGE = {"type": "web_search_result", "url": "https://x.example", "title": "Rain", "encrypted_content": "c2Vj"}
PAGES = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [PAGE]}
CITED = {"type": "web_search_result_location", "url": "https://x.example", "cited_text": "It rains."}
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
SEARCHED = [_said("Let me see."), QUERY, PAGES, _said("So: "), _said("it rains.", citations=[CITED])]


def _searches(exchange: Exchange) -> None:
    if not exchange.stream:
        exchange.json(_message(exchange, *SEARCHED, stop_reason="pause_turn", container=None))
        return
    exchange.open_stream()
    exchange.event({"type": "message_start", "message": {**_message(exchange), "stop_reason": None}})
    deltas: list[list[Any]] = [
        [{"type": "text_delta", "text": "Let me see."}],
        [{"type": "input_json_delta", "partial_json": text} for text in ('{"query": ', '"rain"}')],
        [],
        [{"type": "text_delta", "text": "So: "}],
        [{"type": "citations_delta", "citation": CITED}, {"type": "text_delta", "text": "it rains."}],
    ]  # fmt: skip
    starts = [_said(""), {**QUERY, "input": {}}, PAGES, _said(""), _said("", citations=[])]
    for index, (start, pieces) in enumerate(zip(starts, deltas, strict=True)):
        exchange.event({"type": "content_block_start", "index": index, "content_block": start})
        for piece in pieces:
            exchange.event({"type": "content_block_delta", "index": index, "delta": piece})
        exchange.event({"type": "content_block_stop", "index": index})
    ended = {"type": "message_delta", "delta": {"stop_reason": "pause_turn", "stop_sequence": None}}
    exchange.event({**ended, "usage": {"output_tokens": 6}, "context_management": {"applied_edits": []}})
    exchange.event({"type": "message_stop"})
    exchange.cut()


def _claude(house: House, **options: Any) -> anthropic.Anthropic:
    base = house.base_url.removesuffix("/v1")
    return anthropic.Anthropic(**{"base_url": base, "api_key": "none", "max_retries": 0, **options})


def test_what_anthropics_own_tools_found_comes_whole_and_goes_back_whole(tmp_path: Path) -> None:
    ask: Any = {"model": "auto", "max_tokens": 99, "tools": [SEARCH]}
    first: Any = {"role": "user", "content": "Does it rain?"}
    with upstream(_searches) as up, serving(tmp_path, _dialects(up)) as house:
        whole = _claude(house).messages.create(**ask, messages=[first])
        with _claude(house).messages.stream(**ask, messages=[first]) as stream:
            streamed = stream.get_final_message()
        for answer in (whole, streamed):
            assert (answer.model, answer.stop_reason) == ("claude", "pause_turn")
            blocks = [block.to_dict(exclude_none=True) for block in answer.content]
            assert [{k: v for k, v in block.items() if v != []} for block in blocks] == SEARCHED
        back: Any = {"role": "assistant", "content": SEARCHED}
        _claude(house).messages.create(**ask, messages=[first, back])
        assert up.seen[-1].body["messages"] == [{"role": "user", "content": [_said("Does it rain?")]}, back]
        up.behave = says("Yes.")
        plain: Any = {**ask, "model": "small", "tools": []}
        _claude(house).messages.create(**plain, messages=[first, back, {"role": "user", "content": "Sure?"}])
        told = up.seen[-1].body["messages"][1]
    assert told == {"role": "assistant", "content": "Let me see.\n\nSo: \n\nit rains."}


@pytest.mark.parametrize(
    "more", [{"tools": [SEARCH]}, {"mcp_servers": [{"type": "url", "url": "https://m", "name": "m"}]}]
)
def test_what_only_anthropic_runs_goes_straight_to_who_has_it_and_nobody_else_is_asked(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    body = {"model": "auto", "max_tokens": 9, "messages": [{"role": "user", "content": "Does it rain?"}], **more}
    with upstream(_answers) as up:
        with serving(tmp_path, _dialects(up)) as house:
            facts = _ask(house, body)["unisono"]
            assert (facts["model"], facts["notices"], len(up.seen)) == ("claude", [], 1)
            (lost,) = house.get(f"/v1/decisions/{facts['decision']}")["excluded"]
            assert (lost["model"], lost["rule"]) == ("small", "dialect")
        pool = config_text(model("small", up, capabilities=["tools"]), default="small")
        (folder := tmp_path / "alone").mkdir()
        with serving(folder, pool) as house:
            refused = house.call("POST", "/v1/messages", body)
    assert (refused.status, len(up.seen)) == (400, 1)
    assert ("web_search_20250305" if "tools" in more else "mcp_servers") in refused.json["error"]["message"]


@pytest.mark.parametrize("name", ["small", "claude"])
def test_a_prompt_that_is_too_long_says_so_in_the_words_by_which_each_client_begins_to_compact(
    tmp_path: Path, name: str
) -> None:
    told: dict[str, Any] = {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}
    if name == "small":
        told = {"message": "Please reduce the length of the messages.", "code": "context_length_exceeded"}
    ask: Any = {"model": name, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    with (
        upstream(lambda exchange: exchange.json({"error": told}, status=400)) as up,
        serving(tmp_path, _dialects(up)) as house,
    ):
        with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
            _claude(house).messages.create(**ask)
        with pytest.raises(openai.BadRequestError) as refused:
            house.client().chat.completions.create(**ask)
    assert refused.value.code == "context_length_exceeded"


def test_clients_do_not_ask_again_where_the_upstreams_key_is_wrong(tmp_path: Path) -> None:
    ask: Any = {"model": "small", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    with upstream(fails(401)) as up, serving(tmp_path, _dialects(up)) as house:
        with pytest.raises(openai.InternalServerError, match="check `api_key`"):
            house.client(max_retries=2).chat.completions.create(**ask)
        with pytest.raises(anthropic.InternalServerError, match="check `api_key`"):
            _claude(house, max_retries=2).messages.create(**ask)
    assert len(up.seen) == 2


def test_an_address_may_be_given_with_or_without_version_and_slash(tmp_path: Path) -> None:
    ask: Any = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
    with upstream(says("hello")) as up, serving(tmp_path, _dialects(up)) as house:
        base = f"http://127.0.0.1:{house.port}"
        for address in (base, f"{base}/", f"{base}/v1/", f"{base}//v1"):
            assert house.client(base_url=address).chat.completions.create(**ask).model == "small"
            assert house.client(base_url=address).models.list().data[0].id == "auto"
        for address in (base, f"{base}/", f"{base}/v1"):
            assert _claude(house, base_url=address).messages.create(**ask, max_tokens=9).model == "small"
        assert house.call("POST", "/v1/chat/completions/", ask).status == 200
        assert house.call("HEAD", "/").status == 200
        assert house.get("/")["name"] == "unisono"


def test_anthropics_client_lists_the_models_in_its_own_form(tmp_path: Path) -> None:
    with upstream(says("hello")) as up, serving(tmp_path, _dialects(up)) as house:
        page = _claude(house).models.list(limit=1000)
        assert {"auto", "auto:fast", "small", "claude"} <= {row.id for row in page.data}
        assert (page.has_more, page.data[0].type, page.data[0].display_name) == (False, "model", "auto")
        assert _claude(house).models.retrieve("claude").created_at.year == 1970


def test_qwen_codes_setting_up_is_no_task_and_opencodes_title_no_part_of_its_conversation(tmp_path: Path) -> None:
    setup = "This is the Qwen Code. We are setting up the context for our chat.\nToday's date is Monday. Think hard."
    turns = [
        {"role": "system", "content": "You are Qwen Code."},
        {"role": "user", "content": setup},
        {"role": "assistant", "content": "Got it. Thanks for the context!"},
        {"role": "user", "content": "Fix calc.py"},
    ]
    title = [{"role": "system", "content": "You write titles."}, {"role": "user", "content": "Fix calc.py"}]
    named = {"x-session-affinity": "ses_1", "x-session-id": "ses_1"}
    with upstream(says("Done.")) as up, serving(tmp_path, config_text(model("small", up), default="small")) as house:
        other = [*turns[:3], {"role": "user", "content": "Write a test"}]
        asked = [(turns, named), (title, named), (turns, {}), (other, {}), ([*turns, *other[2:]], {})]
        made = [
            house.call("POST", "/v1/chat/completions", {"model": "auto", "messages": said}, headers=headers).json
            for said, headers in asked
        ]
        ids = [one["unisono"]["decision"] for one in made]
        found = [house.end_of(decision) for decision in ids]
    assert found[0]["goal"]["mode"] == "balanced"
    sessions = [one["session"] for one in found]
    assert len(set(sessions)) == 4
    assert sessions[2] == sessions[4]  # the same task goes on, in a session that nobody named


def test_parallel_calls_and_an_error_in_mid_session_end_as_agents_expect(tmp_path: Path) -> None:
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "Bash", "arguments": json.dumps({"n": n})}}
        for n in range(2)
    ]

    def behave(exchange: Exchange) -> None:
        if exchange.body["messages"][-1]["role"] == "tool":
            exchange.open_stream()
            exchange.delta({"content": "Two results"})
            exchange.cut()
        else:
            exchange.json(completion(exchange, {"content": None, "tool_calls": calls}, finish="tool_calls"))

    tools: Any = [{"name": "Bash", "input_schema": {"type": "object"}}]
    turns: list[Any] = [{"role": "user", "content": "go"}]
    with upstream(behave) as up, serving(tmp_path, _dialects(up)) as house:
        client = _claude(house)
        first = client.messages.create(model="small", max_tokens=9, tools=tools, messages=turns)
        assert [(block.type, block.input["n"]) for block in first.content if block.type == "tool_use"] == [
            ("tool_use", 0),
            ("tool_use", 1),
        ]
        turns.append({"role": "assistant", "content": [block.to_dict() for block in first.content]})
        turns.append({"role": "user", "content": [_result("call_1", "b"), _result("call_0", "a", **CACHED)]})
        with (
            pytest.raises(anthropic.APIStatusError, match="broke off in mid-answer"),
            client.messages.stream(model="small", max_tokens=9, tools=tools, messages=turns) as stream,
        ):
            list(stream)
    results = [(turn["tool_call_id"], turn["content"]) for turn in up.seen[-1].body["messages"][-2:]]
    assert results == [("call_1", "b"), ("call_0", "a")]
