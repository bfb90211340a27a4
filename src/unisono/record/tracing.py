"""OpenTelemetry spans of requests, by the GenAI semantic conventions, from the decisions and outcomes themselves.

One span for a request, one for its decision, one for each attempt; made when the request has ended, so that the answer
waits for none. No prompt, answer or secret is in them. The libraries are the extra `otel`, imported here only.

Source: OpenTelemetry semantic conventions for generative AI, spans of inference.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from unisono import __version__
from unisono.errors import StartError
from unisono.types import Attempt, Decision, Model, Outcome, Request

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span

MAX_PARENTS = 10_000
"""Requests whose callers sent a `traceparent` and that have not ended; older ones are forgotten."""

CLOSE_S = 2.0
"""How long the end of the server waits for a collector: whoever stops it kills it soon."""

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_PROVIDERS = {"openai": "openai", "anthropic": "anthropic"}
Attributes = dict[str, "str | int | float | bool | tuple[str, ...]"]


class Tracing:
    """Makes spans and hands them to an exporter in a thread of its own."""

    def __init__(self, endpoint: str, *, sample: float, exporter: SpanExporter | None = None) -> None:
        """Send to an OTLP endpoint over HTTP.

        Args:
            endpoint: such as `http://127.0.0.1:4318/v1/traces`.
            sample: share in [0, 1] of the traces that begin here; a caller's own trace keeps its caller's choice.
            exporter: instead of that of `endpoint`.

        Raises:
            StartError: the extra `otel` is not installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        except ImportError as exc:
            raise StartError("Tracing needs the extra `otel`: pip install 'unisono[otel]'.") from exc
        resource = Resource.create({"service.name": "unisono", "service.version": __version__})
        sampler = ParentBased(TraceIdRatioBased(sample))
        self._provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("unisono", __version__)
        self._parents: OrderedDict[str, str] = OrderedDict()

    def note_parent(self, request: str, headers: Mapping[str, str]) -> None:
        """Remember the trace that a request belongs to, if its caller said so."""
        given = headers.get("traceparent", "")
        if _TRACEPARENT.fullmatch(given):
            self._parents[request] = given
            if len(self._parents) > MAX_PARENTS:
                self._parents.popitem(last=False)

    def request(self, request: Request, decision: Decision, outcome: Outcome, *, models: Mapping[str, Model]) -> None:
        """Make the spans of a request that has ended."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        span = self._tracer.start_span(
            f"chat {request.model}",
            context=self._parent(request.id),
            kind=SpanKind.SERVER,
            attributes=_of_request(request, decision, outcome),
            start_time=_ns(request.received),
        )
        context = set_span_in_context(span)
        # Two clocks: nothing of a request began before it came.
        began = max(request.received, decision.at - timedelta(seconds=decision.decide_s))
        decided: Attributes = {
            "unisono.decision": decision.id,
            "unisono.model": decision.model,
            "unisono.pattern": decision.pattern,
            "unisono.degraded": decision.degraded,
        }
        self._tracer.start_span("decide", context=context, attributes=decided, start_time=_ns(began)).end(
            _ns(decision.at)
        )
        last = decision.at
        for attempt in outcome.attempts:
            ended = attempt.started + timedelta(seconds=attempt.total_s)
            last = max(last, ended)
            child = self._tracer.start_span(
                f"chat {attempt.upstream_model}",
                context=context,
                kind=SpanKind.CLIENT,
                attributes=_of_attempt(attempt, models.get(attempt.model)),
                start_time=_ns(attempt.started),
            )
            _end(child, error=attempt.error_code, at=ended)
        error = None if outcome.status in ("ok", "cancelled") else _last_error(outcome)
        _end(span, error=error, at=last)

    def close(self) -> None:
        """Send what waits, and end the thread. It blocks, but not for long: a collector that is gone gets nothing."""
        ending = threading.Thread(target=self._provider.shutdown, name="unisono-tracing-end", daemon=True)
        ending.start()
        ending.join(CLOSE_S)

    def _parent(self, request: str) -> Context | None:
        given = self._parents.pop(request, None)
        if given is None:
            return None
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        return TraceContextTextMapPropagator().extract({"traceparent": given})


def _of_request(request: Request, decision: Decision, outcome: Outcome) -> Attributes:
    usages = [attempt.usage for attempt in outcome.attempts if attempt.usage is not None]
    found: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "unisono",
        "gen_ai.request.model": request.model,
        "gen_ai.request.stream": request.stream,
        "gen_ai.conversation.id": request.session,
        "gen_ai.usage.input_tokens": sum(usage.input_tokens for usage in usages),
        "gen_ai.usage.output_tokens": sum(usage.output_tokens for usage in usages),
        "unisono.decision": decision.id,
        "unisono.mode": "pin" if decision.mode is None else decision.mode.value,
        "unisono.key": request.key,
        "unisono.status": outcome.status,
        "unisono.notices": tuple(notice.code for notice in outcome.notices),
    }
    if outcome.model is not None:
        found["gen_ai.response.model"] = outcome.model
    if outcome.cost_usd is not None:
        found["unisono.cost_usd"] = outcome.cost_usd
    if request.max_output_tokens is not None:
        found["gen_ai.request.max_tokens"] = request.max_output_tokens
    return found


def _of_attempt(attempt: Attempt, model: Model | None) -> Attributes:
    upstream = "" if model is None else model.upstream
    found: Attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDERS.get(upstream, upstream or "unknown"),
        "gen_ai.request.model": attempt.upstream_model,
        "unisono.model": attempt.model,
        "unisono.status": attempt.status,
    }
    if attempt.reported_model is not None:
        found["gen_ai.response.model"] = attempt.reported_model
    if attempt.first_content_s is not None:
        found["gen_ai.response.time_to_first_chunk"] = attempt.first_content_s
    if attempt.http_status is not None:
        found["http.response.status_code"] = attempt.http_status
    if attempt.usage is not None:
        found["gen_ai.usage.input_tokens"] = attempt.usage.input_tokens
        found["gen_ai.usage.output_tokens"] = attempt.usage.output_tokens
        found["gen_ai.usage.cache_read.input_tokens"] = attempt.usage.cached_input_tokens
    if model is not None and model.base_url is not None:
        parts = urlsplit(model.base_url)
        found["server.address"] = parts.hostname or ""
        found["server.port"] = parts.port or (443 if parts.scheme == "https" else 80)
    return found


def _last_error(outcome: Outcome) -> str:
    codes = [attempt.error_code for attempt in outcome.attempts if attempt.error_code]
    return codes[-1] if codes else outcome.status


def _end(span: Span, *, error: str | None, at: datetime) -> None:
    if error is not None:
        from opentelemetry.trace import Status, StatusCode

        span.set_attribute("error.type", error)
        span.set_status(Status(StatusCode.ERROR))
    span.end(_ns(at))


def _ns(at: datetime) -> int:
    return int(at.timestamp() * 1e6) * 1000
