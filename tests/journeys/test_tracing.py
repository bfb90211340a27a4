"""Spans of requests at a real collector on loopback, by the GenAI conventions; nothing of the words is in them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from tests.journeys.house import config_text, model, serving
from tests.journeys.upstream import LIMIT_S, fails, says, upstream
from tests.record.conftest import Values

from unisono.config import parse_config
from unisono.config.describe import as_tables, as_toml
from unisono.config.load import parse_tables
from unisono.errors import StartError
from unisono.record import tracing
from unisono.record.tracing import Tracing

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
KNOWN = {getattr(gen_ai_attributes, name) for name in dir(gen_ai_attributes) if name.startswith("GEN_AI_")}


@contextmanager
def collector() -> Iterator[tuple[str, list[Any]]]:
    """Run a collector; the list holds every span that came."""
    spans: list[Any] = []

    class Http(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                import gzip

                raw = gzip.decompress(raw)
            asked = ExportTraceServiceRequest.FromString(raw)
            spans.extend(s for r in asked.resource_spans for scope in r.scope_spans for s in scope.spans)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Http)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tracing, "CLOSE_S", LIMIT_S)  # however slow the machine is, the end of the server sends all
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", spans
    finally:
        server.shutdown()
        server.server_close()


def _attributes(span: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes}


def test_a_request_is_a_trace_with_its_decision_and_each_attempt(tmp_path: Path) -> None:
    with collector() as (endpoint, spans), upstream(fails(500)) as broken, upstream(says("a secret word")) as up:
        more = f'\n[tracing]\nendpoint = "{endpoint}"\n'
        text = config_text(model("a", broken), model("b", up), default="a", more=more)
        with serving(tmp_path, text) as house:
            reply = house.chat("a private question", headers={"traceparent": PARENT})
            assert reply.json["model"] == "b"
        by_name = {span.name: span for span in spans}  # the end of the server has sent what waited
        assert set(by_name) == {"chat auto", "decide", "chat real-a", "chat real-b"}
        root = by_name["chat auto"]
        assert {span.trace_id.hex() for span in spans} == {TRACE}
        assert root.parent_span_id.hex() == "b7ad6b7169203331"
        assert {by_name[name].parent_span_id for name in by_name if name != "chat auto"} == {root.span_id}
        told = _attributes(root)
        assert told["gen_ai.operation.name"] == "chat"
        assert (told["gen_ai.request.model"], told["gen_ai.response.model"]) == ("auto", "b")
        assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (1000, 500)
        assert told["unisono.decision"] == reply.json["unisono"]["decision"]
        failed, answered = _attributes(by_name["chat real-a"]), _attributes(by_name["chat real-b"])
        assert (failed["error.type"], failed["http.response.status_code"]) == ("upstream_refused", 500)
        assert by_name["chat real-a"].status.code == 2
        assert answered["server.address"] == "127.0.0.1"
        assert root.start_time_unix_nano <= by_name["decide"].start_time_unix_nano
        assert by_name["chat real-b"].end_time_unix_nano <= root.end_time_unix_nano
        for span in spans:
            assert {name for name in _attributes(span) if name.startswith("gen_ai.")} <= KNOWN
            assert b"secret" not in span.SerializeToString()
            assert b"private" not in span.SerializeToString()


def test_a_share_of_nothing_sends_nothing_and_a_callers_own_trace_all_the_same(tmp_path: Path) -> None:
    with collector() as (endpoint, spans), upstream(says("hi")) as up:
        more = f'\n[tracing]\nendpoint = "{endpoint}"\nsample = 0\n'
        with serving(tmp_path, config_text(model("a", up), default="a", more=more)) as house:
            assert house.chat().status == 200
            assert house.chat(headers={"traceparent": "nonsense"}).status == 200
            assert house.chat(headers={"traceparent": PARENT}).status == 200
        assert {span.trace_id.hex() for span in spans} == {TRACE}


def test_a_collector_that_is_gone_costs_nobody_an_answer(tmp_path: Path) -> None:
    with upstream(says("hi")) as up:
        more = '\n[tracing]\nendpoint = "http://127.0.0.1:9/v1/traces"\n'
        with serving(tmp_path, config_text(model("a", up), default="a", more=more)) as house:
            assert [house.chat().status for _ in range(5)] == [200] * 5


class _Stuck(SpanExporter):
    """Sends nothing until it is let go."""

    def __init__(self) -> None:
        self.let_go, self.began = threading.Event(), threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.began.set()
        self.let_go.wait()
        return SpanExportResult.SUCCESS


def test_the_end_of_the_server_does_not_wait_for_a_collector_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "CLOSE_S", 0.01)
    exporter, values = _Stuck(), Values()
    spans = Tracing("http://127.0.0.1:9", sample=1.0, exporter=exporter)
    spans.request(values.request(1), values.decision(1), values.outcome(1), models={})
    spans.close()
    assert exporter.began.wait(LIMIT_S)
    assert not exporter.let_go.is_set()
    exporter.let_go.set()


def test_the_section_survives_being_written_and_read_again() -> None:
    text = 'default = "a"\n[tracing]\nendpoint = "http://127.0.0.1:4318/v1/traces"\nsample = 0.1\n'
    config = parse_config(text + '[[models]]\nname = "a"\nupstream = "scripted"\n', {})
    assert config.tracing.sample == 0.1
    for again in (parse_tables(as_tables(config), {}), parse_config(as_toml(config), {})):
        assert again.tracing == config.tracing


def test_without_the_extra_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(StartError, match=r"unisono\[otel\]"):
        Tracing("http://127.0.0.1:9", sample=1.0)


def test_remembered_parents_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "MAX_PARENTS", 3)
    spans = Tracing("http://127.0.0.1:9", sample=1.0, exporter=InMemorySpanExporter())
    for n in range(10):
        spans.note_parent(f"r{n}", {"traceparent": PARENT})
    assert len(spans._parents) == 3
    spans.close()
