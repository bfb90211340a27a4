"""`unisono models` and `unisono route`, on scripted models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.cli.probe import PER_KIND_QUICK
from unisono.evaluate.probe.questions import probe_questions

POOL = """
default = "a"
[[models]]
name = "a"
upstream = "scripted"
reply = "Paris"
[[models]]
name = "b"
upstream = "scripted"
reply = "I am not sure."
"""


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    file = tmp_path / "unisono.toml"
    file.write_text(POOL, encoding="utf-8")
    return file


def run(*words: str) -> dict[str, object] | list[dict[str, object]]:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    told: dict[str, object] | list[dict[str, object]] = json.loads(result.stdout)
    return told


def test_a_probe_scores_every_model_and_asks_nothing_twice(pool: Path) -> None:
    first = run("models", "probe", "--config", str(pool), "--quick", "--json")
    again = run("models", "probe", "--config", str(pool), "--quick", "--json")
    n = len(probe_questions(n_per_kind=PER_KIND_QUICK))
    assert isinstance(first, dict)
    assert {row["model"]: row["n"] for row in first["models"]} == {"a": n, "b": n}  # type: ignore[attr-defined]
    assert first == again
    listed = run("models", "list", "--config", str(pool), "--json")
    assert [row["n_probes"] for row in listed] == [n, n]  # type: ignore[index]


def test_a_model_that_cannot_answer_fails_the_probe_and_the_others_keep_their_scores(pool: Path) -> None:
    pool.write_text(POOL.replace('reply = "I am not sure."', "fail = 500"), encoding="utf-8")
    result = CliRunner().invoke(app, ["models", "probe", "--config", str(pool), "--quick", "--json"])
    assert result.exit_code == 1
    assert {row["model"] for row in json.loads(result.stdout)["models"]} == {"a"}


def test_a_model_that_is_away_is_told_once_and_not_for_each_question(pool: Path) -> None:
    pool.write_text(POOL.replace('reply = "I am not sure."', "fail = 500"), encoding="utf-8")
    n = len(probe_questions(n_per_kind=PER_KIND_QUICK))
    result = CliRunner().invoke(app, ["models", "probe", "--config", str(pool), "--quick"])
    (told,) = [line for line in result.stderr.splitlines() if "500" in line]
    assert f"{n} questions" in told


def test_a_probe_without_any_answer_shows_no_table(pool: Path) -> None:
    pool.write_text('default = "a"\n[[models]]\nname = "a"\nupstream = "scripted"\nfail = 500\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["models", "probe", "--config", str(pool), "--quick"])
    assert result.exit_code == 1
    assert "kind" not in result.stdout


def test_an_unknown_name_is_wrong_use(pool: Path) -> None:
    assert CliRunner().invoke(app, ["models", "probe", "c", "--config", str(pool)]).exit_code == 2


def test_route_decides_offline_what_it_would_ask_and_calls_nothing(pool: Path) -> None:
    decision = run("route", "What is the capital of France?", "--config", str(pool), "--offline", "--json")
    assert isinstance(decision, dict)
    assert {ranked["model"] for ranked in decision["ranking"]} == {"a", "b"}  # type: ignore[attr-defined]
    assert decision["reason"]


def test_route_without_words_is_wrong_use(pool: Path) -> None:
    assert CliRunner().invoke(app, ["route", "--config", str(pool)]).exit_code == 2


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.jsonl"
    lines = [
        {"prompt": "Capital of France?", "answer": "Paris", "kind": "geography"},
        {"prompt": "Capital of Peru?", "answer": "Lima", "kind": "geography"},
        {"prompt": "Say something kind."},
    ]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


def test_own_questions_are_scored_by_their_answers_and_by_the_judge(pool: Path, own: Path) -> None:
    pool.write_text(POOL + '[[models]]\nname = "j"\nupstream = "scripted"\nreply = "NO"\n', encoding="utf-8")
    told = run("models", "probe", "a", "b", "--questions", str(own), "--judge", "j", "--config", str(pool), "--json")
    assert isinstance(told, dict)
    found = {(s["model"], s["kind"]): s["score"] for s in told["scores"] if s["prompt"] != "Capital of Peru?"}  # type: ignore[attr-defined]
    assert found == {("a", "geography"): 1.0, ("b", "geography"): 0.0, ("a", "own"): 0.0, ("b", "own"): 0.0}
    assert told["failures"] == []


def test_the_price_of_own_questions_names_the_judge(pool: Path, own: Path) -> None:
    told = run(
        "models", "probe", "a", "--questions", str(own), "--judge", "b", "--config", str(pool), "--dry-run", "--json"
    )
    assert [(row["model"], row["n_questions"]) for row in told] == [("a", 3), ("b, as the judge", 1)]  # type: ignore[index]


def test_the_judge_among_the_probed_is_not_asked_what_it_would_have_to_score_itself(pool: Path, own: Path) -> None:
    pool.write_text(POOL.replace("I am not sure.", "YES"), encoding="utf-8")
    words = ["models", "probe", "--questions", str(own), "--judge", "b", "--config", str(pool)]
    priced = run(*words, "--dry-run", "--json")
    assert {row["model"]: row["n_questions"] for row in priced} == {"a": 3, "b": 2, "b, as the judge": 1}  # type: ignore[index]
    told = run(*words, "--json")
    assert isinstance(told, dict)
    assert {row["model"]: row["n"] for row in told["models"]} == {"a": 3, "b": 2}  # type: ignore[attr-defined]
    assert told["failures"] == []
    assert told["left_out"] == ["b is the judge: 1 question without a reference is not asked of it."]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0
    assert "b is the judge: 1 question without a reference is not asked of it." in shown.stderr


def test_a_judge_is_asked_as_many_questions_as_the_others_where_there_are_more(pool: Path, own: Path) -> None:
    pool.write_text(POOL.replace("I am not sure.", "YES"), encoding="utf-8")
    lines = [{"prompt": "Say something kind."}, *({"prompt": f"{k}?", "answer": "x"} for k in range(3))]
    own.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    told = run("models", "probe", "--questions", str(own), "--judge", "b", "--n", "3", "--config", str(pool), "--json")
    assert isinstance(told, dict)
    assert sorted(s["model"] for s in told["scores"]).count("b") == 3  # type: ignore[attr-defined]


def test_room_beside_the_answers_is_in_the_price_of_the_judge_too(pool: Path, own: Path) -> None:
    words = [
        "models",
        "probe",
        "a",
        "--questions",
        str(own),
        "--judge",
        "b",
        "--config",
        str(pool),
        "--dry-run",
        "--json",
    ]
    (_, plain), (_, roomy) = run(*words), run(*words, "--extra-tokens", "1000")
    assert roomy["input_tokens"] - plain["input_tokens"] == 1000  # type: ignore[index]
    assert roomy["output_tokens"] - plain["output_tokens"] == 1000  # type: ignore[index]


@pytest.mark.parametrize("more", [(), ("--judge", "nobody")])
def test_open_questions_without_a_judge_are_wrong_use(pool: Path, own: Path, more: tuple[str, ...]) -> None:
    words = ["models", "probe", "--questions", str(own), "--config", str(pool), *more]
    assert CliRunner().invoke(app, words).exit_code == 2


def test_public_figures_are_shown_with_their_sources_under_any_name_of_the_model() -> None:
    told = run("models", "figures", "qwen3:8b", "--json")
    assert isinstance(told, dict)
    assert told["model"] == "qwen3-8b"
    figures = told["figures"]
    assert {"mmlu_pro", "gpqa"} & {figure["benchmark"] for figure in figures}  # type: ignore[attr-defined, index]
    assert all(figure["title"] and figure["where"] for figure in figures)  # type: ignore[attr-defined, index]
    result = CliRunner().invoke(app, ["models", "figures", "openai/gpt-4o-mini"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "MMLU" in result.output
    assert "Next above" in result.output


def test_a_model_without_public_figures_is_told_with_the_nearest_names_and_what_to_write() -> None:
    result = CliRunner().invoke(app, ["models", "figures", "gpt-5-minni"])
    assert result.exit_code == 2
    assert "gpt-5-mini" in result.output
    assert "benchmarks =" in result.output
