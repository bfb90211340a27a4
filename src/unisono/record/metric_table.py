"""The one table of metrics: what counts is made from it, and the reference page is checked against it.

Every label has few values: model names of the pool, modes, and codes; an error code that Unisono does not know counts
as `other`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_DECIDE_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0)
_ANSWER_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: a row of the reference page and the source of the object that counts."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...] = ()
    text: str
    buckets: tuple[float, ...] = ()


TABLE: tuple[Metric, ...] = (
    Metric(
        name="unisono_requests_total",
        kind="counter",
        labels=("model", "mode", "status"),
        text="Requests that ended: the model that answered (or was asked first), the mode (or `pin`), how it ended.",
    ),
    Metric(
        name="unisono_attempts_total",
        kind="counter",
        labels=("model", "status", "error"),
        text="Upstream calls that ended: `ok`, `failed`, `cut` or `cancelled`, and the error code.",
    ),
    Metric(
        name="unisono_first_content_seconds",
        kind="histogram",
        labels=("model",),
        text="Seconds from the start of an attempt to its first content.",
        buckets=_ANSWER_S,
    ),
    Metric(
        name="unisono_answer_seconds",
        kind="histogram",
        labels=("model",),
        text="Seconds from the start of a request to the end of its answer, all attempts together.",
        buckets=_ANSWER_S,
    ),
    Metric(
        name="unisono_decide_seconds",
        kind="histogram",
        text="Seconds that a decision took.",
        buckets=_DECIDE_S,
    ),
    Metric(
        name="unisono_tokens_total",
        kind="counter",
        labels=("model", "direction"),
        text="Tokens as the upstreams counted them; `in` holds cached ones too, `out` reasoning too.",
    ),
    Metric(
        name="unisono_cost_usd_total",
        kind="counter",
        labels=("model",),
        text="Money spent in USD, where the prices are known.",
    ),
    Metric(
        name="unisono_notices_total",
        kind="counter",
        labels=("code",),
        text="Notices that users were given, such as a fallback.",
    ),
    Metric(
        name="unisono_degraded_total",
        kind="counter",
        labels=("stage",),
        text="Decisions that the declared default took over because the router broke. Raise an alarm on this.",
    ),
    Metric(
        name="unisono_incidents_total",
        kind="counter",
        labels=("kind",),
        text="Incidents, each occurrence: model_mismatch, model_refused, share_alarm, router_failed, "
        "policy_rolled_back, model_changed, traffic_changed, out_of_domain, out_of_files.",
    ),
    Metric(
        name="unisono_encoder_late_total",
        kind="counter",
        labels=(),
        text="Requests decided before their encoder had read the prompt; see `budget_s` under [encoder].",
    ),
    Metric(
        name="unisono_tasks_total",
        kind="counter",
        labels=("task",),
        text="Requests by the kind of task that they most probably ask for; `unknown` where nobody can tell.",
    ),
    Metric(
        name="unisono_canaries_total",
        kind="counter",
        labels=("model", "result"),
        text="Probe questions asked again: `same`, `flipped` or `failed`. What they ask is in no other metric.",
    ),
    Metric(
        name="unisono_canary_cost_usd_total",
        kind="counter",
        labels=("model",),
        text="Money spent on them in USD at most, where the prices are known.",
    ),
    Metric(
        name="unisono_model_mismatch_total",
        kind="counter",
        labels=("model",),
        text="Answers for which the upstream reports another model than was asked. Raise an alarm on this.",
    ),
    Metric(
        name="unisono_embeddings_total",
        kind="counter",
        labels=("model", "status"),
        text="Requests for vectors: the model, and `ok` or the error code.",
    ),
    Metric(
        name="unisono_signals_total",
        kind="counter",
        labels=("kind",),
        text="What callers said or did about answers: `score`, `preferred`, `correct`, `rejected`, `thanked`, …",
    ),
    Metric(name="unisono_record_waiting", kind="gauge", text="Rows that wait to be written to the record."),
    Metric(
        name="unisono_record_lost_total",
        kind="counter",
        text="Rows that the record did not take: its queue was full, or a row was broken. Raise an alarm on this.",
    ),
    Metric(
        name="unisono_retries_total",
        kind="counter",
        labels=("model",),
        text="Upstream calls that asked a model again after it had failed within the same request.",
    ),
    Metric(
        name="unisono_hedges_total",
        kind="counter",
        labels=("model",),
        text="Upstream calls that were cancelled because another model, asked beside this one, had content first.",
    ),
    Metric(
        name="unisono_unauthorised_total",
        kind="counter",
        text="Requests that were refused with a 401: no key in force, or a page of another origin.",
    ),
    Metric(
        name="unisono_shed_total",
        kind="counter",
        text="Requests that were turned away with a 503 because as many as may were in hand.",
    ),
    Metric(
        name="unisono_calls_waiting",
        kind="gauge",
        labels=("model",),
        text="Calls that wait for their turn at a model, since `calls.max_in_flight` are in flight.",
    ),
    Metric(name="unisono_in_flight", kind="gauge", text="Requests that are being answered."),
    Metric(
        name="unisono_model_up",
        kind="gauge",
        labels=("model",),
        text="1 while the model's upstream may be asked, 0 while it is down.",
    ),
    Metric(
        name="unisono_config_info",
        kind="gauge",
        labels=("hash",),
        text="1 for the configuration in force.",
    ),
    Metric(
        name="unisono_policy_info",
        kind="gauge",
        labels=("policy", "state"),
        text="1 for the policy that is `live`, and for the one that decides for `others` where that one does for some "
        "callers only; for one that is `canary`, its share of the conversations.",
    ),
    Metric(
        name="unisono_in_domain_callers",
        kind="gauge",
        text="Callers whose requests are decided as in domain, because they were seen to be like the fitted table.",
    ),
)
"""Every metric there is. `docs/reference/metrics.md` is checked against this table."""
