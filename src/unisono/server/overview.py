"""`/admin/traffic`, `/admin/spending`, `/admin/plane`, `/admin/bench`: how the router does, and how it would otherwise.

They read the record in a thread, at most once for all who look at the same time; nothing is asked of any model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from unisono.compose import Live
from unisono.config import Config
from unisono.config.kept import kept_of
from unisono.config.overlay import with_overlay
from unisono.errors import RequestError
from unisono.evaluate.otherwise import Point, Setting, Turned, dials, mean, of_model, of_the_dial, turned
from unisono.evaluate.savings import saved
from unisono.recipe import chooser_of
from unisono.record.rows import Value, as_float
from unisono.record.spending import spending
from unisono.record.traffic import Traffic, latest_balanced, traffic
from unisono.record.view import finite, stamp
from unisono.server.facts import moment, whole
from unisono.server.shared import Shared
from unisono.types import Decision, Json, JsonValue, Ranked

N_SLOTS = 48
MAX_HOURS = 24 * 90
DIALS = tuple(n / 10 for n in range(11))
BOUNDS = ("max_cost_usd", "max_first_token_s", "min_quality")


class OverviewEndpoint:
    """Tells how the router does."""

    def __init__(self, live: Live) -> None:
        """Serve for `live`."""
        self._live = live
        self._shared = Shared()

    async def traffic(self, http: HttpRequest) -> Response:
        """`GET /admin/traffic?hours=24`: the period in 48 parts, per model and role, and what was saved."""
        hours = _number(http, "hours", 24.0, least=0.1, most=MAX_HOURS)
        return _json(await self._shared.get(f"traffic {hours}", lambda: self._traffic(hours)))

    async def spending(self, http: HttpRequest) -> Response:
        """`GET /admin/spending?by=key,model&since=2026-10-01T00:00:00Z`: what was spent, and by whom."""
        query = http.query_params
        asked = {name: query.get(name) for name in ("by", "since", "until", "key", "model")}
        now = datetime.now(UTC)
        by = [name for name in (asked["by"] or "model").split(",") if name]
        since = moment(asked["since"], name="since") or now - timedelta(days=30)
        until = moment(asked["until"], name="until") or now
        rows = self._live.store.reader.rows
        return _json(
            await self._shared.get(
                f"spending {asked}",
                lambda: spending(rows, by=by, since=since, until=until, key=asked["key"], model=asked["model"]),
            )
        )

    async def plane(self, http: HttpRequest) -> Response:
        """`GET /admin/plane?last=200`: what is expected of each model, and of the router at several dials."""
        last = whole(http.query_params.get("last", "200"), name="last")
        return _json(await self._shared.get(f"plane {last} {self._live.inforce.policy}", lambda: self._plane(last)))

    async def bench(self, http: HttpRequest) -> Response:
        """`GET /admin/bench?last=100&dial=0.7&min_quality=0.6`: the latest decisions, chosen again."""
        last = whole(http.query_params.get("last", "100"), name="last")
        dial = _number(http, "dial", self._config().routing.dial, least=0.0, most=1.0)
        bounds = {n: _number(http, n, 0.0, least=0.0, most=1e9) for n in BOUNDS if n in http.query_params}
        setting = Setting(dial=dial, **bounds)
        name = f"bench {last} {setting} {self._live.inforce.policy}"
        return _json(await self._shared.get(name, lambda: self._bench(last, setting)))

    # ------------------------------------------------------------------------------ the answers

    def _traffic(self, hours: float) -> Json:
        now = datetime.now(UTC)
        width_s = hours * 3600 / N_SLOTS
        since = now - timedelta(hours=hours)
        found = traffic(self._live.store.reader.dicts, since=since, width_s=width_s, n_slots=N_SLOTS)
        roles = {model.name: model.role.value for model in self._live.config.models}
        models = _models(found)
        return {
            "object": "traffic",
            "since": stamp(since),
            "until": stamp(now),
            "width_s": width_s,
            "whole": found.whole,
            "n_timed": found.n_timed,
            "n": sum(int(_float(row["n"])) for row in models.values()),
            "now": {model.name: self._now(model.name) for model in self._live.config.models},
            "series": _series(found, since=since, width_s=width_s),
            "models": [{"model": name, "role": roles.get(name), **row} for name, row in models.items()],
            "roles": _roles(models, roles),
            "savings": asdict(saved(**asdict(found.pairs))),
        }

    def _now(self, model: str) -> Json:
        rests_s = self._live.rests_s(model)
        until = None if rests_s is None else dict(self._live.health.limited()).get(model)
        limited = None if until is None else stamp(until)
        return {**self._live.outlets.calls_of(model), "rests_s": rests_s, "limited_until": limited}

    def _decisions(self, last: int) -> list[Decision]:
        store = self._live.store
        rows = [store.stored(one) for one in latest_balanced(store.reader.dicts, limit=last)]
        return [row.decision for row in rows if row is not None and of_the_dial(row)]

    def _config(self) -> Config:
        """Return what decides: the file, with the settings of the live policy over it."""
        return with_overlay(self._live.config, self._live.inforce.state.live.policy.settings)

    def _plane(self, last: int) -> Json:
        made = self._decisions(last)
        config = self._config()
        chooser, today = chooser_of(kept_of(config)), config.routing.dial
        at = [*DIALS, today]
        points = dials(made, at, chooser, default=config.default)
        return {
            "object": "plane",
            "n": len(made),
            "models": [
                {"model": m.name, "role": m.role.value, **_point(of_model(made, m.name))} for m in config.models
            ],
            "router": [{"dial": dial, **_point(point)} for dial, point in zip(DIALS, points[:-1], strict=True)],
            "today": {"dial": today, **_point(points[-1])},
        }

    def _bench(self, last: int, setting: Setting) -> Json:
        made = self._decisions(last)
        config = self._config()
        chooser = chooser_of(kept_of(config))
        before = [turned(one, Setting(dial=config.routing.dial), chooser, default=config.default) for one in made]
        after = [turned(one, setting, chooser, default=config.default) for one in made]
        pairs = list(zip(before, after, strict=True))
        return {
            "object": "bench",
            "n": len(made),
            "dial": setting.dial,
            "today": {"dial": config.routing.dial, **_point(mean([one.first for one in before]))},
            "then": _point(mean([one.first for one in after])),
            "n_changed": sum(_name(one.first) != _name(two.first) for one, two in pairs),
            "n_refused": sum(one.first is None for one in after),
            "data": [_compared(one, two) for one, two in pairs],
        }


# ------------------------------------------------------------------------------------------- parts


def _series(found: Traffic, *, since: datetime, width_s: float) -> list[JsonValue]:
    """Return the period slot by slot, empty ones too."""
    counts, said = _grouped(found.counts, "slot"), _grouped(found.said, "slot")
    first = {row["slot"]: row for row in found.first}
    slots: list[JsonValue] = []
    for n in range(N_SLOTS):
        rows = counts.get(n, [])
        votes = _grouped(said.get(n, []), "model")
        models: dict[str, JsonValue] = {
            _text(name): {**_summed(of_one), **_judged(votes.get(name, []))}
            for name, of_one in _grouped(rows, "model").items()
        }
        slots.append(
            {
                "at": stamp(since + timedelta(seconds=n * width_s)),
                **_summed(rows),
                **_judged(said.get(n, [])),
                "first_s": _middles(first.get(n)),
                "models": models,
            }
        )
    return slots


def _models(found: Traffic) -> dict[str, Json]:
    """Return the sums per model, the busiest first."""
    counts, said = _grouped(found.counts, "model"), _grouped(found.said, "model")
    first = {row["model"]: row for row in found.first_of}
    end = {row["model"]: row for row in found.whole_of}
    rows: dict[str, Json] = {}
    for name, parts in counts.items():
        rows[_text(name)] = {
            **_summed(parts),
            **_judged(said.get(name, [])),
            "first_s": _middles(first.get(name)),
            "total_s": _middles(end.get(name)),
        }
    return dict(sorted(rows.items(), key=lambda pair: (-_float(pair[1]["n"]), pair[0])))


def _roles(models: Mapping[str, Json], roles: Mapping[str, str]) -> list[JsonValue]:
    """Return the sums per role; models that have left the pool have none."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for name, row in models.items():
        of_role = sums[roles.get(name, "")]
        for part in ("n", "n_ok", "cost_usd", "baseline_usd", "n_said", "sum_said"):
            of_role[part] += _float(row[part])
    return [
        {"role": role or None, **{n: int(v) if n[0] == "n" else v for n, v in of.items()}} for role, of in sums.items()
    ]


def _summed(rows: Iterable[Mapping[str, Value]]) -> Json:
    n, ok, cost, base = 0, 0, 0.0, 0.0
    for row in rows:
        n += int(row["n"] or 0)
        ok += int(row["n"] or 0) if row["status"] == "ok" else 0
        cost += _float(row["a"])
        base += _float(row["b"])
    return {"n": n, "n_ok": ok, "cost_usd": cost, "baseline_usd": base}


def _judged(rows: Iterable[Mapping[str, Value]]) -> Json:
    kept = list(rows)
    n = sum(int(row["n"] or 0) for row in kept)
    total = sum(_float(row["sum"]) for row in kept)
    return {"n_said": n, "sum_said": total, "said": total / n if n else None}


def _middles(row: Mapping[str, Value] | None) -> Json:
    return {"half": None if row is None else as_float(row["a"]), "most": None if row is None else as_float(row["b"])}


def _grouped(rows: Iterable[Mapping[str, Value]], by: str) -> dict[Value, list[Mapping[str, Value]]]:
    groups: dict[Value, list[Mapping[str, Value]]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row)
    return groups


def _point(point: Point | None) -> Json:
    if point is None:
        return {"n": 0, "quality": None, "usd": None}
    return {"n": point.n, "quality": finite(point.quality), "usd": finite(point.usd)}


def _compared(before: Turned, after: Turned) -> Json:
    made = before.decision
    return {
        "decision": made.id,
        "at": stamp(made.at),
        "before": _first(before.first),
        "after": _first(after.first),
        "reason": after.reason,
    }


def _first(first: Ranked | None) -> JsonValue:
    if first is None:
        return None
    estimate = first.estimate
    return {
        "model": first.model,
        "quality": finite(estimate.quality.mean),
        "usd": finite(estimate.cost.usd),
        "first_token_s": finite(estimate.latency.first_token_s),
    }


def _name(first: Ranked | None) -> str | None:
    return None if first is None else first.model


def _number(http: HttpRequest, name: str, otherwise: float, *, least: float, most: float) -> float:
    """Return a number of the query.

    Raises:
        RequestError: it is none, or out of bounds.
    """
    text = http.query_params.get(name)
    if text is None:
        return otherwise
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise RequestError(f"`{name}` must be a number from {least:g} to {most:g}.", param=name)
    return number


def _float(value: Value | JsonValue) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
