"""What Prometheus reads: counts, seconds, tokens and money, from the decisions and outcomes themselves.

It measures nothing by itself and starts no server. Which metrics there are stands in `metric_table`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, suppress
from threading import Lock
from types import TracebackType

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest

from unisono.record.counts import Counts, Times
from unisono.record.metric_table import TABLE
from unisono.types import Attempt, Decision, Outcome, TaskType

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_MAX_OPEN = 100_000
_MAX_CODES = 40  # more different notice codes or error codes than exist; a plug-in's go to `other` beyond


class Metrics:
    """All metrics of one server, in a registry of their own. Safe to use from several threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        counters: dict[str, Counts] = {}
        gauges: dict[str, Gauge] = {}
        times: dict[str, Times] = {}
        for m in TABLE:
            if m.kind == "gauge":
                gauges[m.name] = Gauge(m.name, m.text, m.labels, registry=self._registry)
            elif m.kind == "counter":
                counters[m.name] = Counts(m.name, m.text, m.labels)
                self._registry.register(counters[m.name])
            else:
                times[m.name] = Times(m.name, m.text, m.labels, bounds=m.buckets)
                self._registry.register(times[m.name])
        self._counters, self._gauges = counters, gauges
        self._requests, self._notices = counters["unisono_requests_total"], counters["unisono_notices_total"]
        self._attempts, self._tokens = counters["unisono_attempts_total"], counters["unisono_tokens_total"]
        self._cost_usd, self._tasks = counters["unisono_cost_usd_total"], counters["unisono_tasks_total"]
        self._decide_s = times["unisono_decide_seconds"]
        self._answer_s, self._first_s = times["unisono_answer_seconds"], times["unisono_first_content_seconds"]
        self._in_flight = _InFlight()
        self._codes: set[str] = set()
        self._open: dict[str, tuple[str, str]] = {}  # decision -> first model and mode, until its outcome
        self._models: set[str] = set()
        self._config_hash = ""
        self._policies: tuple[str, str | None, str | None, float] | None = None
        self._n_lost = 0
        self._lock = Lock()

    def observe_decision(self, decision: Decision, task: TaskType | None = None) -> None:
        """Take in a decision that is about to be carried out (not a dry run), and the kind of task asked for."""
        first = decision.model if decision.ranking else "none"
        mode = decision.mode.value if decision.mode is not None else "pin"
        with self._lock:
            if len(self._open) >= _MAX_OPEN:  # outcomes that never came: forget the oldest
                self._open.pop(next(iter(self._open)))
            self._open[decision.id] = (first, mode)
            self._decide_s.add((), decision.decide_s)
            self._tasks.add(("unknown" if task is None else self._bounded(task.name),))
            if decision.degraded:
                self._counters["unisono_degraded_total"].add(("router",))

    def observe_outcome(self, outcome: Outcome) -> None:
        """Take in how a request ended."""
        with self._lock:
            first, mode = self._open.pop(outcome.decision, ("none", "unknown"))
            model = outcome.model or first
            self._requests.add((model, mode, outcome.status))
            self._answer_s.add((model,), outcome.total_s)
            for attempt in outcome.attempts:
                self._add_attempt(attempt)
            if len(outcome.attempts) > 1:
                self._add_repeats(outcome)
            for notice in outcome.notices:  # holds the decision's too
                self._notices.add((self._bounded(notice.code),))
                if notice.code == "model_mismatch":
                    self._counters["unisono_model_mismatch_total"].add((model,))

    def observe_shed(self) -> None:
        """Count a request that was turned away."""
        self._count("unisono_shed_total")

    def observe_unauthorised(self) -> None:
        """Count a request whose caller was not let in."""
        self._count("unisono_unauthorised_total")

    def observe_degraded(self, stage: str) -> None:
        """Count a stage that gave its fallback value while the rest of the router went on."""
        self._count("unisono_degraded_total", self._bounded(stage))

    def observe_incident(self, kind: str) -> None:
        """Count an incident by its kind."""
        self._count("unisono_incidents_total", self._bounded(kind))

    def observe_late_encoder(self) -> None:
        """Count a request that was decided before its encoder had read it."""
        self._count("unisono_encoder_late_total")

    def observe_embedding(self, model: str, status: str, *, n_tokens: int = 0, cost_usd: float | None = None) -> None:
        """Count a request for vectors."""
        self._count("unisono_embeddings_total", model, self._bounded(status))
        if n_tokens:
            self._count("unisono_tokens_total", model, "in", by=n_tokens)
        if cost_usd is not None:
            self._count("unisono_cost_usd_total", model, by=cost_usd)

    def observe_signal(self, kind: str) -> None:
        """Count a signal by its kind, without the source that a correctness names."""
        self._count("unisono_signals_total", self._bounded(kind.partition(":")[0]))

    def observe_canaries(self, model: str, *, same: int, flipped: int, failed: int, usd: float | None) -> None:
        """Take in how a model's canaries ended."""
        for result, n in (("same", same), ("flipped", flipped), ("failed", failed)):
            self._count("unisono_canaries_total", model, result, by=n)
        self._count("unisono_canary_cost_usd_total", model, by=usd or 0.0)

    def in_flight(self) -> AbstractContextManager[None]:
        """Count a request as being answered while the body runs."""
        return self._in_flight

    def begin(self) -> None:
        """Count a request as being answered until `end`."""
        self._in_flight.n += 1

    def end(self) -> None:
        """Take in that a request that `begin` counted is answered, or goes on otherwise."""
        self._in_flight.n -= 1

    def set_record(self, *, n_waiting: int, n_lost: int) -> None:
        """Say how the record stands; `n_lost` counts from the start of the process."""
        self._gauges["unisono_record_waiting"].set(n_waiting)
        with self._lock:
            more, self._n_lost = n_lost - self._n_lost, max(self._n_lost, n_lost)
            self._counters["unisono_record_lost_total"].add(by=max(0, more))

    def set_config(self, config_hash: str) -> None:
        """Say which configuration is in force."""
        gauge = self._gauges["unisono_config_info"]
        with self._lock:
            if config_hash != self._config_hash:
                gauge.clear()
                gauge.labels(config_hash).set(1)
                self._config_hash = config_hash

    def set_in_domain(self, n_callers: int) -> None:
        """Say for how many callers it is decided as in domain."""
        self._gauges["unisono_in_domain_callers"].set(n_callers)

    def set_policies(self, live: str, others: str | None, canary: str | None, share: float) -> None:
        """Say which policies decide."""
        gauge = self._gauges["unisono_policy_info"]
        with self._lock:
            if (live, others, canary, share) != self._policies:
                gauge.clear()
                gauge.labels(live, "live").set(1)
                if others is not None:
                    gauge.labels(others, "others").set(1)
                if canary is not None:
                    gauge.labels(canary, "canary").set(share)
                self._policies = (live, others, canary, share)

    def set_model_up(self, model: str, up: bool) -> None:  # noqa: FBT001  the value itself
        """Say whether a model's upstream may be asked."""
        self._models.add(model)
        self._gauges["unisono_model_up"].labels(model).set(float(up))

    def set_waiting(self, model: str, n_waiting: int) -> None:
        """Say how many calls wait for their turn at a model."""
        self._gauges["unisono_calls_waiting"].labels(model).set(n_waiting)

    def keep_models(self, models: Collection[str]) -> None:
        """Forget `unisono_model_up` of models that left the pool, so that no alarm stays on."""
        for gone in self._models.difference(models):
            self._gauges["unisono_model_up"].remove(gone)
            with suppress(KeyError):
                self._gauges["unisono_calls_waiting"].remove(gone)
        self._models.intersection_update(models)

    def render(self) -> bytes:
        """Return the text that Prometheus reads. Takes milliseconds: call it in a thread."""
        self._gauges["unisono_in_flight"].set(self._in_flight.n)
        return generate_latest(self._registry)

    def _add_attempt(self, attempt: Attempt) -> None:
        model, usage = attempt.model, attempt.usage
        error = self._bounded(attempt.error_code) if attempt.error_code else ""
        self._attempts.add((model, attempt.status, error))
        if attempt.first_content_s is not None:
            self._first_s.add((model,), attempt.first_content_s)
        if usage is not None:
            self._tokens.add((model, "in"), usage.input_tokens)
            self._tokens.add((model, "out"), usage.output_tokens)
        if attempt.cost_usd is not None:
            self._cost_usd.add((model,), attempt.cost_usd)

    def _add_repeats(self, outcome: Outcome) -> None:
        seen = set()
        for attempt in outcome.attempts:
            if attempt.model in seen:
                self._counters["unisono_retries_total"].add((attempt.model,))
            seen.add(attempt.model)
            if attempt.status == "cancelled" and outcome.status == "ok":
                self._counters["unisono_hedges_total"].add((attempt.model,))

    def _count(self, name: str, *labels: str, by: float = 1.0) -> None:
        with self._lock:
            self._counters[name].add(labels, by)

    def _bounded(self, code: str) -> str:
        if code in self._codes:
            return code
        if len(self._codes) >= _MAX_CODES:
            return "other"
        self._codes.add(code)
        return code


class _InFlight:
    """How many requests are being answered. Its body runs on the event loop only."""

    __slots__ = ("n",)

    def __init__(self) -> None:
        self.n = 0

    def __enter__(self) -> None:
        self.n += 1

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.n -= 1


def of_workers(pages: Sequence[tuple[int, bytes]]) -> bytes:
    """Return the pages of several workers as one, each sample with the label `worker`.

    Args:
        pages: a worker's number, and what `Metrics.render` returned there.
    """
    families: dict[str, tuple[list[str], list[str]]] = {}
    for worker, page in pages:
        head: list[str] = []
        samples: list[str] = []
        for line in page.decode().splitlines():
            if line.startswith("# HELP "):
                head, samples = families.setdefault(line.split(" ", 3)[2], ([], []))
            if line.startswith("#"):
                if line not in head:
                    head.append(line)
            elif line:
                name, _, value = line.rpartition(" ")
                name, _, labels = name.partition("{")
                samples.append(f'{name}{{worker="{worker}"{"," if labels else "}"}{labels} {value}')
    lines = [line for head, samples in families.values() for line in (*head, *samples)]
    return "\n".join((*lines, "")).encode()
