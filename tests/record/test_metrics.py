"""The metrics count what happened, with few label values, and the reference page lists each of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from unisono.record.metric_table import TABLE
from unisono.record.metrics import Metrics
from unisono.types import Notice


def _samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Return each value by its name and its labels in the table's order."""
    order = [label for m in TABLE for label in m.labels]
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels, key=order.index))): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def test_a_request_that_fell_back_is_counted_once_and_its_attempts_each(values) -> None:
    metrics = Metrics()
    metrics.observe_decision(values.decision())
    outcome = values.outcome(attempts=(values.attempt(status="failed"), values.attempt("big")))
    metrics.observe_outcome(replace(outcome, notices=(Notice(code="fallback", text="small failed"),)))
    found = _samples(metrics)
    assert found["unisono_requests_total", "big", "balanced", "ok"] == 1
    assert found["unisono_attempts_total", "small", "failed", "upstream_refused"] == 1
    assert found["unisono_attempts_total", "big", "ok", ""] == 1
    assert found["unisono_tokens_total", "big", "in"] == 10
    assert found["unisono_tokens_total", "big", "out"] == 20
    assert found["unisono_cost_usd_total", "big"] == pytest.approx(0.000123)
    assert found["unisono_notices_total", "fallback"] == 1
    assert found["unisono_first_content_seconds_count", "big"] == 1
    assert ("unisono_first_content_seconds_count", "small") not in found
    assert found["unisono_answer_seconds_sum", "big"] == 1.75
    assert found["unisono_decide_seconds_count",] == 1


def test_a_request_that_nobody_answered_counts_for_the_model_that_was_asked_first(values) -> None:
    metrics = Metrics()
    metrics.observe_decision(replace(values.decision(), mode=None, pin="small"))
    metrics.observe_outcome(values.outcome(attempts=(values.attempt(status="failed"),), status="failed"))
    assert _samples(metrics)["unisono_requests_total", "small", "pin", "failed"] == 1


def test_a_degraded_decision_and_a_mismatch_raise_their_alarms(values) -> None:
    metrics = Metrics()
    metrics.observe_decision(replace(values.decision(), degraded=True))
    metrics.observe_outcome(replace(values.outcome(), notices=(Notice(code="model_mismatch", text="…"),)))
    metrics.observe_degraded("embed")
    found = _samples(metrics)
    assert found["unisono_degraded_total", "router"] == 1
    assert found["unisono_degraded_total", "embed"] == 1
    assert found["unisono_model_mismatch_total", "small"] == 1


def test_labels_stay_few_whatever_an_upstream_invents(values) -> None:
    metrics = Metrics()
    for n in range(500):
        odd = replace(values.attempt(status="failed"), error_code=f"made-up-{n}")
        metrics.observe_outcome(values.outcome(n, attempts=(odd,), status="failed"))
    errors = {key[3]: value for key, value in _samples(metrics).items() if key[0] == "unisono_attempts_total"}
    assert len(errors) < 50
    assert errors["other"] > 400
    assert sum(errors.values()) == 500


def test_decisions_whose_outcome_never_comes_take_bounded_memory(values, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.record.metrics._MAX_OPEN", 10)
    metrics = Metrics()
    for n in range(50):
        metrics.observe_decision(values.decision(n))
    assert len(metrics._open) == 10
    metrics.observe_outcome(values.outcome(0))
    metrics.observe_outcome(values.outcome(49))
    found = _samples(metrics)
    assert found["unisono_requests_total", "small", "unknown", "ok"] == 1
    assert found["unisono_requests_total", "small", "balanced", "ok"] == 1


def test_gauges_tell_how_it_stands_now(values) -> None:
    metrics = Metrics()
    metrics.set_record(n_waiting=7, n_lost=2)
    metrics.set_record(n_waiting=3, n_lost=5)
    metrics.set_model_up("small", True)
    metrics.set_model_up("gone", False)
    metrics.keep_models(["small"])
    metrics.set_config("old")
    metrics.set_config("new")
    with metrics.in_flight():
        during = _samples(metrics)
    after = _samples(metrics)
    assert during["unisono_in_flight",] == 1
    assert after["unisono_in_flight",] == 0
    assert after["unisono_record_waiting",] == 3
    assert after["unisono_record_lost_total",] == 5
    assert {key: v for key, v in after.items() if key[0] == "unisono_model_up"} == {("unisono_model_up", "small"): 1}
    assert {key: v for key, v in after.items() if key[0] == "unisono_config_info"} == {
        ("unisono_config_info", "new"): 1
    }


def test_two_servers_in_one_process_count_apart(values) -> None:
    one, other = Metrics(), Metrics()
    one.observe_outcome(values.outcome())
    assert ("unisono_cost_usd_total", "small") not in _samples(other)


def test_the_table_and_the_text_name_the_same_metrics() -> None:
    families = {family.name for family in text_string_to_metric_families(Metrics().render().decode())}
    assert families == {m.name.removesuffix("_total") for m in TABLE}


def test_the_reference_page_lists_every_metric_as_the_table_does() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `unisono_")]
    assert rows == [
        f"| `{m.name}` | {m.kind} | {', '.join(f'`{label}`' for label in m.labels) or '–'} | {m.text} |" for m in TABLE
    ]
