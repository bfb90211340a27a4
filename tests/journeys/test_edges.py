"""What holds on every edge, whichever API a client speaks."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import anthropic
import openai
import pydantic_ai
import pytest
from tests.journeys.edges import CLAUDE, VECTORS, claude, pool, thinks, tools, vectors
from tests.journeys.house import House, config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, completion, says, upstream

from unisono.record.reader import Reader


def test_what_a_model_thinks_is_shown_in_each_form(tmp_path: Path) -> None:
    with upstream(thinks) as up, serving(tmp_path, pool(up)) as house:
        plain = claude(house).messages.create(**CLAUDE)
        with claude(house).messages.stream(**CLAUDE) as stream:
            streamed = stream.get_final_message()
        for message in (plain, streamed):
            assert [block.type for block in message.content] == ["thinking", "text"]
            assert message.content[0].thinking == "2 and 2."  # type: ignore[union-attr]
        response = house.client().responses.create(model="auto", input="2 + 2?")
        assert [item.type for item in response.output] == ["reasoning", "message"]
        events = list(house.client().responses.create(model="auto", input="2 + 2?", stream=True))
        assert "".join(e.delta for e in events if e.type == "response.reasoning_text.delta") == "2 and 2."
        last: Any = events[-1]
        assert [item.type for item in last.response.output] == ["reasoning", "message"]


def test_a_window_or_a_setting_that_one_model_refuses_sends_auto_to_the_next_and_a_pin_its_own_words(
    tmp_path: Path,
) -> None:
    told = {"message": "'temperature' does not support 0 with this model.", "code": "unsupported_value"}

    def behave(exchange: Exchange) -> None:
        if exchange.body["model"] == "real-small":
            return exchange.json({"error": told}, status=400)
        return says("hello")(exchange)

    with upstream(behave) as up, serving(tmp_path, pool(up)) as house:
        ask: Any = {"messages": [{"role": "user", "content": "hello"}], "temperature": 0}
        answer = house.client().chat.completions.create(model="auto", **ask)
        assert answer.model == "big"
        assert [notice["code"] for notice in answer.unisono["notices"]] == ["fallback"]  # type: ignore[attr-defined]
        with pytest.raises(openai.BadRequestError, match="does not support 0"):
            house.client().chat.completions.create(model="small", **ask)
        health = {row["id"]: row["unisono"]["health"] for row in house.get("/v1/models")["data"] if "unisono" in row}
        assert health["small"] == "up"
        with pytest.raises(openai.NotFoundError, match="embedding model 'small'"):
            house.client().embeddings.create(model="small", input="x")
        assert house.call("GET", "/v1/decisions?status=done").json["error"]["param"] == "status"


def test_an_answer_in_parts_says_its_text_in_each_form(tmp_path: Path) -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "2 and 2."}]}]
    parts = [*thinking, {"type": "text", "text": "Four."}]

    def behave(exchange: Exchange) -> None:
        if not exchange.stream:
            exchange.json(completion(exchange, {"content": parts}))
            return
        exchange.open_stream()
        exchange.delta({"content": thinking})
        exchange.delta({"content": "Four."})
        exchange.delta({}, finish="stop")
        exchange.end_stream()

    with upstream(behave) as up, serving(tmp_path, pool(up)) as house:
        plain = claude(house).messages.create(**CLAUDE)
        with claude(house).messages.stream(**CLAUDE) as stream:
            streamed = stream.get_final_message()
        for message in (plain, streamed):
            assert [block.type for block in message.content] == ["thinking", "text"]
        responses = house.client().responses
        assert responses.create(model="auto", input="2 + 2?").output_text == "Four."
        last: Any = list(responses.create(model="auto", input="2 + 2?", stream=True))[-1]
        assert [item.type for item in last.response.output] == ["reasoning", "message"]


def test_who_leaves_in_mid_answer_cancels_the_upstream_on_every_edge(tmp_path: Path) -> None:
    gone: list[float | None] = []

    def stalls(exchange: Exchange) -> None:
        exchange.open_stream()
        exchange.delta({"content": "one"})
        gone.append(exchange.gone_at_s())

    with upstream(stalls) as up, serving(tmp_path, pool(up)) as house:
        stream = house.client().responses.create(model="small", input="hello", stream=True)
        next(iter(stream))
        stream.close()
        house.until(lambda: len(gone) == 1, "the upstream call of the response ends")
        with claude(house).messages.stream(**{**CLAUDE, "model": "small"}) as messages:
            next(iter(messages))
        house.until(lambda: len(gone) == 2, "the upstream call of the message ends")
        assert None not in gone
        assert len(up.seen) == 2


def test_azures_clients_name_the_model_in_the_address(tmp_path: Path) -> None:
    ask: Any = {"messages": [{"role": "user", "content": "hi"}]}
    with upstream(lambda exchange: (vectors if "input" in exchange.body else says("hello"))(exchange)) as up:
        more = VECTORS.replace("{url}", up.base_url).partition("[[limits]]")[0]
        with serving(tmp_path, config_text(model("a", up), model("b", up), default="a", more=more)) as house:
            base = house.base_url.removesuffix("/v1")
            azure = openai.AzureOpenAI(azure_endpoint=base, api_key="none", api_version="2024-10-21", max_retries=0)
            with closing(azure):
                assert azure.chat.completions.create(model="b", **ask).model == "b"
                assert azure.chat.completions.create(model="auto:fast", **ask).choices[0].message.content == "hello"
                with azure.chat.completions.create(model="b", stream=True, **ask) as chunks:
                    assert {chunk.model for chunk in chunks} == {"b"}
                assert azure.embeddings.create(model="vectors", input="a").model == "vectors"
                assert azure.responses.create(model="b", input="hi").model == "b"
                assert azure.models.list().data[0].id == "auto"
                with pytest.raises(openai.NotFoundError, match="'c' does not exist"):
                    azure.chat.completions.create(model="c", **ask)
            fixed = "/openai/deployments/b/chat/completions?api-version=2024-10-21"
            assert house.call("POST", fixed, {**ask, "model": "gpt-4o"}).json["model"] == "b"
            assert house.call("POST", fixed, b"{").status == 400
            assert house.call("POST", "/openai/v1/chat/completions", {**ask, "model": "b"}).json["model"] == "b"


@pytest.mark.parametrize(
    ("path", "todo"),
    [
        ("/v1/completions", "POST /v1/chat/completions"),
        ("/completions", "POST /v1/chat/completions"),
        ("/v1/responses/resp_1", "send the conversation whole"),
        ("/v1/responses/input_tokens", "POST /v1/messages/count_tokens"),
        ("/v1/responses/compact", "`compaction_trigger`"),
        ("/v1/threads/t/messages", "POST /v1/chat/completions"),
        ("/v1/moderations", "provider's own address"),
        ("/v1/audio/speech", "provider's own address"),
        ("/v1/messages/batches", "each request by itself"),
        ("/v1/elsewhere", "docs/reference/http.md"),
    ],
)
def test_a_route_that_is_not_served_says_what_to_ask_instead(tmp_path: Path, path: str, todo: str) -> None:
    with upstream(says("hi")) as up, serving(tmp_path, config_text(model("a", up), default="a")) as house:
        refused = house.call("POST", path, {"model": "a", "prompt": "x"})
        assert (refused.status, refused.json["error"]["code"]) == (404, "not_found")
        assert todo in refused.json["error"]["message"]


def test_answers_have_ids_of_their_own_where_the_upstream_repeats_its(tmp_path: Path) -> None:
    """Ollama draws from 999 ids, and agents keep one message of those that have the same."""
    with (
        upstream(thinks) as up,
        serving(tmp_path, config_text(model("a", up), default="a")) as house,
        closing(house.client()) as client,
        closing(anthropic.Anthropic(base_url=house.base_url.removesuffix("/v1"), api_key="none", max_retries=0)) as own,
    ):
        found: list[str] = []
        for _ in range(2):
            response = client.responses.create(model="auto", input="hello")
            found += [response.id, *(item.id or "" for item in response.output)]
            with client.responses.stream(model="auto", input="hello") as events:
                streamed = events.get_final_response()
            found += [streamed.id, *(item.id or "" for item in streamed.output)]
            message = own.messages.create(model="auto", max_tokens=9, messages=[{"role": "user", "content": "hello"}])
            with own.messages.stream(
                model="auto", max_tokens=9, messages=[{"role": "user", "content": "hello"}]
            ) as pieces:
                found += [message.id, pieces.get_final_message().id]
        assert len(found) == len(set(found)) == 16
        assert response.id == f"resp_{response.unisono['decision']}"  # type: ignore[attr-defined]
        assert message.id == f"msg_{message.unisono['decision']}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("edge", ["chat", "responses", "messages"])
def test_an_agent_of_pydantic_ai_works_over_every_edge(tmp_path: Path, edge: str) -> None:
    with upstream(tools) as up, serving(tmp_path, pool(up)) as house:
        agent = pydantic_ai.Agent(_agent_model(house, edge), instructions="Be brief.")

        @agent.tool_plain
        def weather(city: str) -> str:
            return f"rainy in {city}"

        result = agent.run_sync("the weather in Oslo?")
        assert result.output == "It is rainy in Oslo."
        assert result.usage.requests == 2
        assert [m["role"] for m in up.seen[-1].body["messages"]] == ["system", "user", "assistant", "tool"]

        async def streamed() -> str:
            async with agent.run_stream("and now?", message_history=result.new_messages()) as stream:
                return str(await stream.get_output())

        assert asyncio.run(streamed()).strip() == "It is rainy in Oslo."


def _agent_model(house: House, edge: str) -> Any:
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    if edge == "messages":
        base = house.base_url.removesuffix("/v1")
        return AnthropicModel("auto", provider=AnthropicProvider(api_key="none", base_url=base))
    kind = OpenAIChatModel if edge == "chat" else OpenAIResponsesModel
    return kind("auto", provider=OpenAIProvider(api_key="none", base_url=house.base_url))


def _stream(house: House, begun: threading.Event) -> bytes:
    """Ask for a stream; return all that comes of it, and tell when it has begun to come."""
    with closing(http.client.HTTPConnection("127.0.0.1", house.port, timeout=LIMIT_S)) as line:
        body = {"model": "auto", "messages": [{"role": "user", "content": "s"}], "stream": True}
        line.request("POST", "/v1/chat/completions", json.dumps(body))
        answer = line.getresponse()
        first = answer.readline()
        begun.set()
        return first + answer.read()


def test_who_is_being_answered_when_the_server_ends_is_told_and_has_not_abandoned_the_answer(tmp_path: Path) -> None:
    """A stream that has begun ends with an error and without its end; what has not begun gets an error's body."""
    let_go, begun = threading.Event(), threading.Event()
    held = threading.Semaphore(0)

    def slowly(exchange: Exchange) -> None:
        if exchange.stream:
            exchange.open_stream()
            exchange.delta({"role": "assistant", "content": "one "})
        held.release()
        let_go.wait(60)

    with upstream(slowly) as up, ThreadPoolExecutor(3) as pool:
        try:
            with serving(tmp_path, config_text(model("a", up), default="a")) as house:
                streamed = pool.submit(_stream, house, begun)
                routed = pool.submit(house.chat, "r")
                pinned = pool.submit(house.chat, "p", model="a")
                for _ in range(3):
                    assert held.acquire(timeout=60)
                assert begun.wait(60)
            raw = streamed.result()
            assert b"one " in raw
            assert b"The server ends" in raw
            assert b"[DONE]" not in raw
            for answer in (routed.result(), pinned.result()):
                assert answer.status == 500
                assert "The server ends" in answer.json["error"]["message"]
        finally:
            let_go.set()
    with closing(Reader(tmp_path / "record.db")) as reader:
        assert [row["status"] for row in reader.decisions(limit=9)] == ["cancelled"] * 3
        assert reader.rows("SELECT * FROM signals") == []
