"""`unisono log` tells from the record what was decided, for people and for programs."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner

from unisono.cli.decisions import show_decision
from unisono.cli.log import app
from unisono.cli.moment import parse_since
from unisono.errors import NotFound, StoreError
from unisono.record.store import Store
from unisono.record.view import decision_to_json
from unisono.types import (
    Attempt,
    Cost,
    Decision,
    Estimate,
    Excluded,
    Goal,
    Latency,
    Mode,
    Outcome,
    Quality,
    Ranked,
    Request,
    Usage,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
WIDE = {"COLUMNS": "200", "NO_COLOR": "1"}


def _id(n: int) -> str:
    return f"01890000-{n:04d}-7000-8000-00000000000{n}"


def _ranked(model: str, reason: str) -> Ranked:
    estimate = Estimate(
        model=model,
        quality=Quality(mean=0.75, spread=0.05, evidence="48 probes"),
        cost=Cost(usd=0.002, low_usd=0.001, high_usd=0.003, output_tokens=100.0),
        latency=Latency(first_token_s=0.05, total_s=1.5),
    )
    return Ranked(model=model, estimate=estimate, utility=0.5, propensity=0.5, reason=reason)


def _decision(n: int, *, reason: str = "good enough and cheap") -> Decision:
    return Decision(
        id=_id(n),
        at=NOON + timedelta(minutes=n),
        request=f"req-{n}",
        session="s",
        mode=Mode.BALANCED,
        pin=None,
        goal=Goal(),
        pattern="single",
        ranking=(_ranked("small", reason), _ranked("big", "dearer than it is better")),
        excluded=(Excluded(model="tiny", rule="window", reason="its window is too short"),),
        reason=reason,
        notices=(),
        degraded=False,
        allow_fallback=True,
        baseline="big",
        config_hash="0123456789ab",
        artifact="builtin-1",
        seed=1,
        decide_s=0.001,
    )


def _outcome(n: int, model: str) -> Outcome:
    failed = Attempt(
        model="small",
        upstream_model="small-1",
        started=NOON,
        status="failed",
        first_content_s=None,
        total_s=0.5,
        error_code="upstream_refused",
        error_text="over\x1b[31mloaded [/bold]",
    )
    answered = Attempt(
        model=model,
        upstream_model=f"{model}-1",
        started=NOON,
        status="ok",
        first_content_s=0.25,
        total_s=1.0,
        usage=Usage(input_tokens=11, output_tokens=22),
        cost_usd=0.0042,
    )
    attempts = (failed, answered) if model == "big" else (answered,)
    return Outcome(
        decision=_id(n),
        request=f"req-{n}",
        status="ok",
        model=model,
        attempts=attempts,
        notices=(),
        cost_usd=0.0042,
        total_s=1.5,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A record of three requests: one answered, one after a fallback, one left open by an ended run."""
    path = tmp_path / "record.db"
    with closing(Store(path)) as store:
        for n in (1, 2, 3):
            decision = _decision(n)
            request = Request(
                id=decision.request,
                received=decision.at,
                body={},
                model="auto",
                mode=Mode.BALANCED,
                pin=None,
                messages=(),
            )
            store.record_request(request, None, decision)
        store.record_outcome(_outcome(1, "small"))
        store.record_outcome(_outcome(2, "big"))
    return path


def test_what_was_spent_is_a_table_csv_or_json(path: Path) -> None:
    since = ("--store", path, "--since", "2026-05-01T00:00+00:00", "--until", "2026-05-02T00:00+00:00")
    table = _run("spending", *since, "--by", "key", "--by", "model")
    assert "anonymous" in table and "in all" in table
    rows = _run("spending", *since, "--by", "key", "--by", "model", "--csv").splitlines()
    assert rows[0] == "key,model,n_calls,n_failed,input_tokens,output_tokens,cost_usd,n_unpriced"
    total = orjson.loads(_run("spending", *since, "--json"))["total"]
    assert sum(int(row.split(",")[2]) for row in rows[1:]) == total["n_calls"] > 0
    assert CliRunner().invoke(app, ["spending", "--store", str(path), "--by", "team"], env=WIDE).exit_code == 2


def _run(*args: object) -> str:
    ran = CliRunner().invoke(app, [str(arg) for arg in args], env=WIDE)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_the_log_lists_decisions_newest_first_with_the_reason(path: Path) -> None:
    lines = [line for line in _run("--store", path).splitlines() if "01890000" in line]
    assert ["interrupted" in line for line in lines] == [True, False, False]
    assert "big" in lines[1]
    assert "$0.0042" in lines[1]
    assert all("good enough and cheap" in line for line in lines)


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], [3, 2, 1]),
        (["--limit", "1"], [3]),
        (["--model", "small"], [3, 1]),
        (["--status", "ok"], [2, 1]),
        (["--since", "2026-05-01T12:02:00+00:00"], [3, 2]),
        (["--status", "failed"], []),
    ],
    ids=str,
)
def test_the_options_narrow_the_list(path: Path, options: list[str], numbers: list[int]) -> None:
    found = orjson.loads(_run("--store", path, "--json", *options))
    assert [row["decision"] for row in found] == [_id(n) for n in numbers]


def test_an_empty_answer_is_said_in_words(path: Path) -> None:
    assert "No decision is recorded that fits." in _run("--store", path, "--status", "failed")


def test_show_tells_why_and_why_not_and_each_attempt(path: Path) -> None:
    told = _run("show", _id(2)[:13], "--store", path)
    for fact in (
        "good enough and cheap",
        "dearer than it is better",
        "its window is too short",
        "upstream_refused",
        "0.75 ± 0.05",
        "Cost: $0.0042",
        "Baseline: big",
        "builtin-1",
    ):
        assert fact in told, fact


def test_nothing_that_an_upstream_said_steers_the_terminal(path: Path) -> None:
    told = _run("show", _id(2), "--store", path)
    assert "\x1b" not in told
    assert "over [31mloaded [/bold]" in told


def test_show_as_json_is_the_whole_record(path: Path) -> None:
    after, before = (orjson.loads(_run(*args)) for args in (
        ("show", _id(2), "--store", path, "--json"),
        ("--store", path, "--json", "show", _id(2)),
    ))  # fmt: skip
    assert after == before
    assert (after["decision"], after["status"], after["model"]) == (_id(2), "ok", "big")
    assert len(after["attempts"]) == 2


def test_the_store_may_come_from_the_configuration(path: Path) -> None:
    config = path.parent / "unisono.toml"
    config.write_text(
        'default = "small"\n[store]\npath = "record.db"\n'
        '[[models]]\nname = "small"\nupstream = "scripted"\nupstream_model = "s"\n'
    )
    for args in (("-c", config, "--json"), ("show", _id(1), "-c", config, "--json"), ("-c", config, "show", _id(1))):
        assert _id(1) in _run(*args)


def test_a_beginning_that_fits_several_is_wrong_use(path: Path) -> None:
    ran = CliRunner().invoke(app, ["show", "0189", "--store", str(path)], env=WIDE)
    assert ran.exit_code == 2
    assert "fits several" in ran.output


@pytest.mark.parametrize("args", [["--status", "fine"], ["--since", "yesterday"], ["--limit", "0"]], ids=str)
def test_a_value_that_means_nothing_is_wrong_use(path: Path, args: list[str]) -> None:
    assert CliRunner().invoke(app, ["--store", str(path), *args], env=WIDE).exit_code == 2


def test_an_unknown_decision_and_a_missing_record_are_one_line(path: Path) -> None:
    with pytest.raises(NotFound, match="unisono log"):
        _run("show", "ffff", "--store", path)
    with pytest.raises(StoreError, match="unisono serve"):
        _run("--store", path.parent / "nothing.db")


def test_a_decision_that_was_not_carried_out_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show_decision(decision_to_json(_decision(1)))
    told = capsys.readouterr().out
    assert "dearer than it is better" in told
    assert "Attempts" not in told


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("90s", NOON - timedelta(seconds=90)),
        ("1.5h", NOON - timedelta(hours=1.5)),
        ("3d", NOON - timedelta(days=3)),
        ("2026-04-01T00:00:00Z", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-04-01", datetime(2026, 4, 1).astimezone()),
    ],
)
def test_since_takes_spans_and_stamps(text: str, start: datetime) -> None:
    assert parse_since(text, now=NOON) == start


@pytest.mark.parametrize("text", ["", "h", "2 weeks", "99999999999999d", "²d"])
def test_since_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_since(text, now=NOON)


def test_its_help_loads_no_numpy_no_database_and_no_server() -> None:
    code = (
        "import sys; from unisono.cli.log import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "loaded = {'numpy', 'sqlite3', 'msgspec', 'starlette', 'prometheus_client'} & set(sys.modules)\n"
        "sys.exit(','.join(sorted(loaded)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "unisono log show" in ran.stdout
