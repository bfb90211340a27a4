"""`unisono rules try`: which rule a text meets and how near it came; a file; the record, without its words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from unisono.cli.main import app
from unisono.cli.rules import how_near
from unisono.compose import build
from unisono.config import load_config
from unisono.edge.parse import parse

CONFIG = """
default = "small"
[[rules]]
name = "refunds"
like = ["I want my money back", "How do I get a refund?", "You charged my card twice"]
unlike = ["Cancel my order"]
models = ["big"]
[[rules]]
name = "contracts"
words = ["contract"]
models = ["big"]
[[models]]
name = "small"
upstream = "scripted"
[[models]]
name = "big"
upstream = "scripted"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "unisono.toml"
    written.write_text(f"{CONFIG}\n[store]\npath = {json.dumps(str(tmp_path / 'record.db'))}\n")
    return written


def tried(file: Path, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["rules", "try", *words, "--config", str(file)])
    assert result.exit_code == code, result.output
    return result.stdout


def as_json(file: Path, *words: str) -> Any:
    return json.loads(tried(file, *words, "--json"))


def test_a_text_is_shown_with_the_nearest_example_of_each_rule_and_how_near_it_came(file: Path) -> None:
    told = as_json(file, "Please refund my money")
    assert told["rule"] == "refunds"
    refunds, contracts = told["rules"]
    assert refunds["holds"]
    assert refunds["like"]["text"] in ("I want my money back", "How do I get a refund?")
    assert refunds["like"]["chance"] < refunds["false_alarms"] == 0.01
    assert contracts == {"rule": "contracts", "holds": False, "misses": ["words"]}
    shown = tried(file, "Please refund my money")
    assert "The rule refunds is about it." in shown
    assert "and 1 in 100 may" in shown
    assert "No rule is about it: `auto` chooses." in tried(file, "How high is the Zugspitze?")


def test_what_an_unlike_sentence_took_away_is_said(file: Path) -> None:
    assert as_json(file, "cancel my order")["rules"][0]["nearer"] == "Cancel my order"
    assert "under `unlike`" in tried(file, "cancel my order")


def test_a_file_is_tried_line_by_line_and_counted(file: Path) -> None:
    lines = file.parent / "prompts.txt"
    lines.write_text("I want my money back now\n\nIs this contract valid?\nHow high is the Zugspitze?\n")
    assert [one["rule"] for one in as_json(file, "--file", str(lines))] == ["refunds", "contracts", None]
    assert "Of 3: refunds 1, contracts 1, no rule 1." in tried(file, "--file", str(lines))


def test_recorded_requests_are_counted_without_their_words(file: Path) -> None:
    live = build(load_config(file))
    for text in ("I want my money back now", "Please refund my card", "How high is the Zugspitze?"):
        body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
        request = parse(
            json.dumps(body).encode(), {}, catalog=live.router.catalog, request_id=text[:6], now=datetime.now(UTC)
        )
        features, decision = live.router.decide(request)
        live.requests.note_decision(request, features, decision)
    live.store.close()
    told = as_json(file, "--last", "10")
    assert (told["n"], told["n_other"]) == (3, 0)
    refunds, contracts = told["rules"]
    assert (refunds["n"], refunds["not_looked_at"], len(refunds["decisions"])) == (2, [], 2)
    assert contracts["not_looked_at"] == ["words"]
    shown = tried(file, "--last", "10")
    assert "66.7%" in shown
    assert "at most 3" in shown


def test_one_thing_is_tried_at_a_time_and_a_file_without_rules_says_so(file: Path) -> None:
    tried(file, code=2)
    tried(file, "text", "--last", "3", code=2)
    tried(file, "text", "--mode", "slow", code=2)
    file.write_text(CONFIG[: CONFIG.index("[[rules]]")] + CONFIG[CONFIG.index("[[models]]") :])
    assert "has no [[rules]]" in tried(file, "text")


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (0.5, "more than 1 ordinary prompt in 5 comes as near"),
        (0.0123, "1 ordinary prompt in 81 comes as near"),
        (0.0009, "fewer than 1 ordinary prompt in 1,000 come as near"),
        (0.0, "fewer than 1 ordinary prompt in 1,000 come as near"),
    ],
)
def test_how_near_is_said_no_finer_than_it_was_measured(chance: float, said: str) -> None:
    assert how_near(chance) == said
