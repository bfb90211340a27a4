"""A slow encoder never holds up the house: prompts are read off the event loop, and who waited is decided without."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors.numpy import load_file
from tests.journeys.house import House, Reply, config_text, model, serving
from tests.journeys.upstream import LIMIT_S, Exchange, Upstream, fails, says, upstream

from unisono.predict.artifact import ARRAYS, MANIFEST, default_artifact_path, save
from unisono.understand.embed import StaticEncoder

STATIC = StaticEncoder()


def embeds(exchange: Exchange) -> None:
    """Answer as an embeddings endpoint, last text first: the order is in `index`."""
    assert exchange.path == "/v1/embeddings"
    vectors = STATIC.encode(exchange.body["input"])
    rows = [{"index": place, "embedding": vector.tolist()} for place, vector in enumerate(3.0 * vectors)]
    exchange.json({"object": "list", "data": rows[::-1]})


def artifact_for(folder: Path, *, encoder: str) -> Path:
    """Write the shipped artifact as one for another encoder that gives the same vectors."""
    manifest = json.loads((default_artifact_path() / MANIFEST).read_text())
    save(folder, arrays=load_file(default_artifact_path() / ARRAYS), manifest={**manifest, "encoder": encoder})
    return folder


@contextmanager
def house_with(tmp_path: Path, embedder: Upstream, *, budget_s: float) -> Iterator[House]:
    artifact = artifact_for(tmp_path / "artifact", encoder="endpoint-mini")
    more = f"""
[routing]
encoder = "endpoint"
artifact = {json.dumps(str(artifact))}

[encoder]
base_url = "{embedder.base_url}"
model = "mini"
budget_s = {budget_s}
"""
    with upstream(says("hi")) as up:
        models = (model("small", up, quality=0.5), model("large", up, quality=0.6, role="deep"))
        with serving(tmp_path, config_text(*models, default="small", more=more)) as house:
            yield house


def notices(reply: Reply) -> set[str]:
    assert reply.status == 200, reply.raw
    return {notice["code"] for notice in reply.json["unisono"]["notices"]}


def test_an_endpoint_gives_the_decision_that_the_same_vectors_give_here(tmp_path: Path) -> None:
    plain = config_text(model("small", "http://127.0.0.1:9/v1", quality=0.5), default="small")
    body = {"model": "auto", "messages": [{"role": "user", "content": "What is the integral of x squared?"}]}
    with upstream(embeds) as embedder, house_with(tmp_path, embedder, budget_s=20.0) as house:
        asked = house.call("POST", "/v1/route", body).json
        again = house.chat("What is the integral of x squared?")
        assert len(embedder.seen) == 1  # the second came from memory
        assert "unread" not in notices(again)
    (tmp_path / "static").mkdir()
    with serving(tmp_path / "static", plain) as house:
        here = house.call("POST", "/v1/route", body).json
    expected = {row["model"]: row["quality"] for row in here["ranking"]}
    found = {row["model"]: row["quality"] for row in asked["ranking"]}
    assert abs(found["small"]["mean"] - expected["small"]["mean"]) < 1e-4


def test_a_late_encoder_delays_no_answer_and_is_told(tmp_path: Path) -> None:
    go = threading.Event()

    def waits(exchange: Exchange) -> None:
        assert go.wait(LIMIT_S)
        embeds(exchange)

    with upstream(waits) as embedder, house_with(tmp_path, embedder, budget_s=0.05) as house:
        try:
            assert "unread" in notices(house.chat("Prove Fermat's little theorem."))
            assert house.get("/healthz")  # the event loop is free
            metrics = house.call("GET", "/metrics").raw.decode()
            assert "unisono_encoder_late_total 1.0" in metrics
        finally:
            go.set()
        house.until(lambda: "unread" not in notices(house.chat("Prove Fermat's little theorem.")), "it is known now")


def test_a_caller_who_leaves_while_the_prompt_is_read_is_not_answered(tmp_path: Path) -> None:
    go = threading.Event()

    def waits(exchange: Exchange) -> None:
        assert go.wait(LIMIT_S)
        embeds(exchange)

    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "Prove it."}]}).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    with upstream(waits) as embedder, house_with(tmp_path, embedder, budget_s=LIMIT_S) as house:
        try:
            with socket.create_connection(("127.0.0.1", house.port), timeout=LIMIT_S) as caller:
                caller.sendall(head + b"content-length: %d\r\n\r\n%b" % (len(body), body))
                embedder.wait_for(1)
            house.get("/healthz")  # by now it is seen that he has left
        finally:
            go.set()
        (row,) = house.ended(1)
    assert row["status"] == "cancelled"


def test_what_waits_for_the_encoder_goes_to_it_in_one_call(tmp_path: Path) -> None:
    first = threading.Event()

    def waits(exchange: Exchange) -> None:
        assert first.wait(LIMIT_S)
        embeds(exchange)

    with upstream(waits) as embedder, house_with(tmp_path, embedder, budget_s=LIMIT_S) as house:
        live = house.live
        assert live is not None
        replies: list[set[str]] = []
        asks = [
            threading.Thread(target=lambda n=n: replies.append(notices(house.chat(f"Question number {n}?"))))
            for n in range(5)
        ]
        try:
            asks[0].start()
            embedder.wait_for(1)
            for ask in asks[1:]:
                ask.start()
            house.until(lambda: live.reading.n_waiting == 5, "all five wait")
        finally:
            first.set()
        for ask in asks:
            ask.join(LIMIT_S)
        assert [len(exchange.body["input"]) for exchange in embedder.seen] == [1, 4]
        assert all("unread" not in told for told in replies)
        assert len(replies) == 5


def test_a_broken_encoder_breaks_no_answer_and_readiness_tells(tmp_path: Path) -> None:
    with upstream(fails(500)) as embedder, house_with(tmp_path, embedder, budget_s=20.0) as house:
        assert "unread" in notices(house.chat("What is a group?"))
        assert "status 500" in house.get("/readyz")["degraded"]["encoder"]
        embedder.behave = embeds
        assert "unread" not in notices(house.chat("What is a ring?"))
        assert "encoder" not in house.get("/readyz")["degraded"]


def test_the_multilingual_encoder_works_as_it_is_installed(tmp_path: Path) -> None:
    models = (
        model("small", None, upstream="scripted", quality=0.5),
        model("large", None, upstream="scripted", quality=0.8),
    )
    more = '\n[routing]\nencoder = "use"\n\n[encoder]\nbudget_s = 20\n'
    with serving(tmp_path, config_text(*models, default="small", more=more)) as house:
        told = house.call(
            "POST", "/v1/route", {"model": "auto", "messages": [{"role": "user", "content": "谁写了《边城》？"}]}
        )
        assert told.json["degraded"] is False
        assert told.json["notices"] == []
        assert house.get("/readyz")["degraded"] == {}
