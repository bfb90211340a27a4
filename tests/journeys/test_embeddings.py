"""Journeys of vectors: passed to the model that is named, within the limits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import openai
import pytest
from tests.journeys.edges import VECTORS, vectors
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, fails, upstream

from unisono.record.keys import create_key
from unisono.types import Scope

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_vectors_come_from_the_configured_model_within_the_limits(tmp_path: Path) -> None:
    with upstream(vectors) as up:
        more = VECTORS.replace("{url}", up.base_url)
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            client = house.client()
            found = client.embeddings.create(model="vectors", input=["a", "b"], dimensions=2, encoding_format="float")
            assert [row.embedding for row in found.data] == [[0.5, 0], [0.5, 1]]
            assert (found.model, found.usage.prompt_tokens) == ("vectors", 1000)
            assert found.unisono == {"model": "vectors", "cost_usd": 0.002}  # type: ignore[attr-defined]
            assert (up.seen[0].path, up.seen[0].body["dimensions"]) == ("/v1/embeddings", 2)
            client.embeddings.create(model="auto", input="a")
            with pytest.raises(openai.RateLimitError, match="money"):
                client.embeddings.create(model="vectors", input="a")
            with pytest.raises(openai.NotFoundError, match="vectors"):
                client.embeddings.create(model="vector", input="a")
            with pytest.raises(openai.BadRequestError):
                client.embeddings.create(model="vectors", input=3)  # type: ignore[arg-type]
            assert "vectors" in [row.id for row in client.models.list()]
            assert client.models.retrieve("vectors").id == "vectors"
            text = house.call("GET", "/metrics").raw.decode()
            assert 'unisono_embeddings_total{model="vectors",status="ok"} 2.0' in text
            assert len(up.seen) == 2


def test_calls_for_vectors_in_flight_hold_what_they_will_take(tmp_path: Path) -> None:
    over = threading.Event()

    def waits(exchange: Exchange) -> None:
        over.wait(LIMIT_S)
        vectors(exchange)

    with upstream(waits) as up:
        more = VECTORS.replace("{url}", up.base_url).replace("0.003", "0.011")
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            body = {"model": "vectors", "input": ["word " * 400, "word " * 400]}  # 1,000 tokens for $0.002
            statuses: list[int] = []
            asking = [
                threading.Thread(target=lambda: statuses.append(house.call("POST", "/v1/embeddings", body).status))
                for _ in range(12)
            ]
            for thread in asking:
                thread.start()
            house.until(lambda: statuses == [429] * 7, "five in flight and no more")
            over.set()
            for thread in asking:
                thread.join(LIMIT_S)
            assert sorted(statuses) == [200] * 5 + [429] * 7
            (row,) = house.get("/v1/limits")["data"]
            assert row["used"] == pytest.approx(0.01)
            too_much = house.call("POST", "/v1/embeddings", {"model": "vectors", "input": "word " * 800})
            assert "no room for so much input" in too_much.json["error"]["message"]
            assert house.call("POST", "/v1/embeddings", {"model": "vectors", "input": "little"}).status == 200


def test_a_call_for_vectors_is_one_of_the_concurrent_requests_of_its_key(tmp_path: Path) -> None:
    over = threading.Event()

    def waits(exchange: Exchange) -> None:
        over.wait(LIMIT_S)
        vectors(exchange)

    with upstream(waits) as up:
        more = VECTORS.replace("{url}", up.base_url)
        more += '\n[[limits]]\nname = "at-once"\ncounts = "concurrent_requests"\namount = 1\n'
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            body = {"model": "vectors", "input": "a word"}
            with ThreadPoolExecutor(1) as callers:
                first = callers.submit(house.call, "POST", "/v1/embeddings", body)
                up.wait_for(1)
                refused = house.call("POST", "/v1/embeddings", body)
                over.set()
                assert first.result().status == 200
            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
            assert "'at-once' is taken by requests in flight" in refused.json["error"]["message"]
            assert house.call("POST", "/v1/embeddings", body).status == 200


@pytest.mark.parametrize("told", [None, {}, {"prompt_tokens": -5}, {"prompt_tokens": 2**63}, {"prompt_tokens": "7"}])
def test_vectors_whose_upstream_tells_no_usage_that_can_be_true_are_charged_by_their_length(
    tmp_path: Path, told: object
) -> None:
    def lies(exchange: Exchange) -> None:
        exchange.json({"object": "list", "data": [], "model": "x", "usage": told})

    with upstream(lies) as up:
        more = VECTORS.replace("{url}", up.base_url)
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            reply = house.call("POST", "/v1/embeddings", {"model": "vectors", "input": "word " * 800})
            assert reply.json["unisono"]["cost_usd"] == pytest.approx(0.002, rel=0.01)
            (row,) = house.get("/v1/limits")["data"]
            assert row["used"] == pytest.approx(0.002, rel=0.01)


def test_a_failing_embedding_model_is_an_error_and_no_other_model_stands_in(tmp_path: Path) -> None:
    with upstream(fails(500)) as up, upstream(vectors) as other:
        more = VECTORS.replace("{url}", up.base_url)
        more += f'\n[[embeddings]]\nname = "second"\nbase_url = "{other.base_url}"\n'
        with serving(tmp_path, config_text(model("small", up), default="small", more=more)) as house:
            reply = house.call("POST", "/v1/embeddings", {"model": "vectors", "input": "a"})
            assert (reply.status, reply.json["error"]["code"]) == (502, "upstream_refused")
            chat = house.chat(model="vectors")
            assert (chat.status, chat.json["error"]["param"]) == (400, "model")
            assert "'vectors' makes vectors and does not chat" in chat.json["error"]["message"]
            assert other.seen == []
            _, secret = create_key(tmp_path / "record.db", "app", scope=Scope(models=("second",)), now=NOW)
            head = {"authorization": f"Bearer {secret}"}
            for name, status in (("vectors", 403), ("second", 200)):
                body = {"model": name, "input": "a"}
                assert house.call("POST", "/v1/embeddings", body, headers=head).status == status
