"""The public JSON of a decision, as `GET /v1/decisions/{id}`, `POST /v1/route` and `unisono log --json` give it.

It needs no store: values in, JSON out. Numbers that are not finite become null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from unisono.record.situation import sparse
from unisono.types import (
    Attempt,
    Decision,
    Estimate,
    Goal,
    Json,
    JsonValue,
    Notice,
    Outcome,
    Part,
    Plan,
    Ranked,
    Situation,
    Usage,
)


def decision_to_json(decision: Decision) -> Json:
    """Return everything that is known when the decision is made."""
    return {
        "decision": decision.id,
        "at": stamp(decision.at),
        "session": decision.session,
        "mode": decision.mode and decision.mode.value,
        "pin": decision.pin,
        "pattern": decision.pattern,
        "model": decision.model if decision.ranking else None,
        "reason": decision.reason,
        "ranking": [_ranked_to_json(place) for place in decision.ranking],
        "excluded": [{"model": e.model, "rule": e.rule, "reason": e.reason} for e in decision.excluded],
        "notices": notices_to_json(decision.notices),
        "degraded": decision.degraded,
        "goal": _goal_to_json(decision.goal),
        "allow_fallback": decision.allow_fallback,
        "baseline": decision.baseline,
        "baseline_usd": _baseline_usd(decision),
        "config_hash": decision.config_hash,
        "artifact": decision.artifact,
        "policy": decision.policy,
        "seed": decision.seed,
        "decide_s": finite(decision.decide_s),
        "situation": situation_to_json(decision.situation),
        **({} if decision.plan is None else {"plan": _plan_to_json(decision.plan)}),
    }


def decision_view(
    decision: Decision, *, status: str, outcome: Outcome | None, facts: Mapping[str, JsonValue] | None = None
) -> Json:
    """Return the whole record of one request.

    Args:
        decision: as it was made.
        status: `ok`, `failed`, `cut`, `cancelled`, `running` or `interrupted`.
        outcome: how it ended; None while it runs and when the server died under it.
        facts: what is known of the request itself, without its text.

    Returns:
        `decision_to_json`, in which `model` is now the model that answered and `notices` holds those of the
        outcome too, with `status`, `answered`, `attempts`, `usage`, `cost_usd`, `total_s` and `request`.
    """
    view = decision_to_json(decision)
    attempts = outcome.attempts if outcome else ()
    if outcome:
        view["model"] = outcome.model or view["model"]
        view["notices"] = notices_to_json((*decision.notices, *outcome.notices))
    view["status"] = status
    view["answered"] = outcome.model if outcome else None
    view["attempts"] = [_attempt_to_json(attempt) for attempt in attempts]
    view["usage"] = _usage_to_json([attempt.usage for attempt in attempts if attempt.usage])
    view["cost_usd"] = finite(outcome.cost_usd) if outcome else None
    view["total_s"] = finite(outcome.total_s) if outcome else None
    view["request"] = {"id": decision.request, **(facts or {})}
    return view


def notices_to_json(notices: Sequence[Notice]) -> list[JsonValue]:
    """Return notices in order, each once."""
    return [{"code": notice.code, "text": notice.text} for notice in dict.fromkeys(notices)]


def stamp(at: datetime) -> str:
    """Return an aware stamp in UTC as ISO 8601 with `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def finite(value: float | None) -> float | None:
    """Return the number, or None where JSON has no word for it."""
    return value if value is not None and math.isfinite(value) else None


def situation_to_json(situation: Situation) -> Json:
    """Return what the decision depended on besides request, configuration and artifact; it holds no words."""
    return {
        "health": {model: health.value for model, health in situation.health},
        "limited": {model: stamp(until) for model, until in situation.limited},
        "past": None if situation.past is None else sparse(situation.past),
        "limits": [sparse(spent) for spent in situation.spent],
        "anchor": situation.anchor,
        "retry": None if situation.retry is None else sparse(situation.retry),
        "scores": situation.scores,
        "estimates": [{"model": estimate.model, **_estimate_to_json(estimate)} for estimate in situation.estimates],
    }


def _ranked_to_json(place: Ranked) -> JsonValue:
    return {
        "model": place.model,
        **_estimate_to_json(place.estimate),
        "utility": finite(place.utility),
        "propensity": finite(place.propensity),
        "reason": place.reason,
    }


def _estimate_to_json(estimate: Estimate) -> Json:
    quality, cost, latency = estimate.quality, estimate.cost, estimate.latency
    return {
        "quality": {
            "mean": finite(quality.mean),
            "spread": finite(quality.spread),
            "apart": finite(quality.apart),
            "familiar": finite(quality.familiar),
            "at_large": finite(quality.at_large),
            "guessed": quality.guessed,
            "figures": quality.figures,
            "evidence": quality.evidence,
        },
        "cost_usd": {
            "usd": finite(cost.usd),
            "low_usd": finite(cost.low_usd),
            "high_usd": finite(cost.high_usd),
            **({"evidence": cost.evidence} if cost.evidence else {}),
        },
        "output_tokens": finite(cost.output_tokens),
        "latency": {"first_token_s": finite(latency.first_token_s), "total_s": finite(latency.total_s)},
    }


def _goal_to_json(goal: Goal) -> Json:
    bounds: Json = {
        "max_cost_usd": goal.max_cost_usd,
        "max_first_token_s": goal.max_first_token_s,
        "min_quality": goal.min_quality,
    }
    return {
        "mode": goal.mode.value,
        "dial": goal.dial,
        **{name: v for name, v in bounds.items() if v is not None},
        **_spoken(goal),
    }


def _spoken(goal: Goal) -> Json:
    return {} if goal.language == "en" else {"language": goal.language}


def _baseline_usd(decision: Decision) -> float | None:
    """What the baseline was expected to cost on this request; None when it was not in the ranking."""
    for place in decision.ranking:
        if place.model == decision.baseline:
            return finite(place.estimate.cost.usd)
    return None


def _attempt_to_json(attempt: Attempt) -> JsonValue:
    return {
        "model": attempt.model,
        "upstream_model": attempt.upstream_model,
        "reported_model": attempt.reported_model,
        "started": stamp(attempt.started),
        "status": attempt.status,
        "first_content_s": finite(attempt.first_content_s),
        "total_s": finite(attempt.total_s),
        "usage": _usage_to_json([attempt.usage] if attempt.usage else []),
        "cost_usd": finite(attempt.cost_usd),
        "http_status": attempt.http_status,
        "error_code": attempt.error_code,
        "error_text": attempt.error_text,
        **({} if attempt.part is None else {"part": attempt.part}),
    }


def _plan_to_json(plan: Plan) -> JsonValue:
    return {
        "members": list[JsonValue](plan.members),
        "closer": plan.closer,
        "evidence": list[JsonValue](plan.evidence),
        "accept": finite(plan.accept),
        "right": finite(plan.right),
        "enough": plan.enough,
        "split": plan.split,
        "utility": finite(plan.utility),
        "single_utility": finite(plan.single_utility),
        "calls": [
            {"model": c.model, "part": c.part, "usd": finite(c.usd), "high_usd": finite(c.high_usd)} for c in plan.calls
        ],
    }


def parts_to_json(parts: Sequence[Part]) -> list[JsonValue]:
    """Return what each model did for an answer of several."""
    return [
        {
            "model": part.model,
            "part": part.part,
            "status": part.status,
            "cost_usd": finite(part.cost_usd),
            "gave": part.gave,
            "final": part.final,
            "chosen": part.chosen,
        }
        for part in parts
    ]


def _usage_to_json(usages: Sequence[Usage]) -> JsonValue:
    if not usages:
        return None
    return {
        "input_tokens": sum(usage.input_tokens for usage in usages),
        "output_tokens": sum(usage.output_tokens for usage in usages),
        "cached_input_tokens": sum(usage.cached_input_tokens for usage in usages),
        "reasoning_tokens": sum(usage.reasoning_tokens for usage in usages),
    }
