"""A host whose own limit is used up is asked once, and not again until it is renewed: after a restart neither."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.journeys.house import config_text, model, process, serving
from tests.journeys.upstream import Exchange, Upstream, says, upstream

from unisono.record.rests import Rests
from unisono.record.store import Store
from unisono.types import Model


def _used_up(exchange: Exchange) -> None:
    """Refuse as OpenRouter does where a day's free calls are used up."""
    reset = str(int((time.time() + 7200) * 1000))
    headers = {"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    told = {"message": "Rate limit exceeded: free-models-per-day", "code": 429, "metadata": {"headers": headers}}
    exchange.json({"error": told}, status=429)


def _pool(limited: Upstream, other: Upstream) -> str:
    return config_text(model("free", limited, quality=0.9), model("paid", other, quality=0.3), default="free")


def test_a_model_is_left_out_of_auto_until_its_host_renews_the_limit_and_the_decision_says_so(tmp_path: Path) -> None:
    with upstream(_used_up) as limited, upstream(says("ok")) as other:
        text = _pool(limited, other)
        with serving(tmp_path, text) as house:
            answered = [house.chat(f"question {n}").json["model"] for n in range(4)]
            n_asked = len(limited.seen)
            made = house.chat("and now", unisono={"explain": True}).json["unisono"]["decision"]
            reasons = [one["reason"] for one in house.get(f"/v1/decisions/{made}")["excluded"]]
            ready = house.get("/readyz")
            now = house.get("/admin/traffic")["now"]
            pinned = house.chat(model="free")
        assert answered == ["paid"] * 4
        assert n_asked == 1
        assert reasons[0].startswith("limited by its host until ")
        assert (datetime.fromisoformat(now["free"]["limited_until"]) - datetime.now(UTC)).total_seconds() > 7000
        assert now["paid"]["limited_until"] is None
        assert ready["degraded"]["model free"] == reasons[0]
        assert (pinned.status, pinned.json["error"]["code"]) == (429, "rate_limit_exceeded")
        assert 7000 < int(pinned.headers["retry-after"]) <= 7201
        n_asked = len(limited.seen)
        with serving(tmp_path, text) as house:  # the next run
            assert house.chat("again").json["model"] == "paid"
            assert len(limited.seen) == n_asked
            limited.behave = says("paid for more")
            assert house.chat(model="free").status == 200
            house.until(lambda: "model free" not in house.get("/readyz")["degraded"], "an answer ends it")
        with serving(tmp_path, text) as house:
            assert "model free" not in house.get("/readyz")["degraded"]


def test_one_worker_that_was_told_tells_the_others(tmp_path: Path) -> None:
    with (
        upstream(_used_up) as limited,
        upstream(says("ok")) as other,
        process(tmp_path, _pool(limited, other), more=("--workers", "2")) as house,
    ):
        assert house.chat("one").json["model"] == "paid"

        def quiet() -> bool:
            before = len(limited.seen)
            answers = {house.chat(f"question {n}").json["model"] for n in range(12)}
            return answers == {"paid"} and len(limited.seen) == before

        house.until(quiet, "both workers know")


@pytest.mark.parametrize(("seconds", "known"), [(2.0, False), (90.0, True)])
def test_what_is_over_before_it_is_read_is_not_written(tmp_path: Path, seconds: float, known: bool) -> None:
    model, now = Model(name="m", upstream="openai", upstream_model="m"), datetime.now(UTC)
    with closing(Store(tmp_path / "r.db")) as one, closing(Store(tmp_path / "r.db")) as two:
        Rests(one).tell(model, since=now, until=now + timedelta(seconds=seconds))
        one.flush()
        assert bool(Rests(two).read({"m": model})) is known
        Rests(two).forget(model)
        two.flush()
        assert Rests(one).read({"m": model}) == {}
