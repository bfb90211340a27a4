"""`unisono config`: people see line, key and what to do; programs see the same as JSON."""

import json
from pathlib import Path

from typer.testing import CliRunner

from unisono.cli.config import app
from unisono.config.load import parse_config, parse_tables

GOOD = """\
default = "small"

[[models]]
name = "small"
upstream = "openai"
base_url = "http://127.0.0.1:9001/v1"
api_key = "env:SMALL_KEY"

[[models]]
name = "priced"
upstream = "openai"
base_url = "https://api.openai.com/v1"
upstream_model = "gpt-4o-mini"
"""
ENVIRON = {"SMALL_KEY": "s3cr3t-value"}


def written(folder: Path, text: str) -> str:
    file = folder / "unisono.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_check_says_good(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", written(tmp_path, GOOD)], env=ENVIRON)
    assert result.exit_code == 0
    assert "good. 2 models, default small" in result.stdout


def test_check_lists_every_mistake_and_exits_with_1(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace("default", "defualt").replace("base_url", "base_ulr"))
    result = CliRunner().invoke(app, ["check", file], env=ENVIRON)
    assert result.exit_code == 1
    assert f"{file}:1: defualt: is not a key (nearest: default)" in result.stdout
    assert f"{file}:6: models[0].base_ulr: is not a key in [models] (nearest: base_url" in result.stdout


def test_check_tells_of_an_encoder_and_an_upstream_that_nothing_offers(tmp_path: Path) -> None:
    text = GOOD.replace('upstream = "openai"', 'upstream = "opnai"', 1) + '\n[routing]\nencoder = "e6"\n'
    result = CliRunner().invoke(app, ["check", written(tmp_path, text)], env=ENVIRON)
    assert result.exit_code == 1
    assert "opnai" in result.stdout
    alone = GOOD + '\n[routing]\nencoder = "e6"\n'
    result = CliRunner().invoke(app, ["check", written(tmp_path, alone)], env=ENVIRON)
    assert result.exit_code == 1
    assert "routing.encoder: No encoder 'e6' is installed. Known: e5, endpoint" in result.stdout


def test_check_tells_of_a_mistake_in_the_questions_of_canaries(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text('{"prompt": "2 + 2?", "anwser": 4}\n')
    text = GOOD + '\n[canaries]\nevery_s = 60\nown = "own.jsonl"\n'
    result = CliRunner().invoke(app, ["check", written(tmp_path, text)], env=ENVIRON)
    assert result.exit_code == 1
    assert "canaries.own: Line 1 of the questions: there is no key 'anwser'" in result.stdout


def test_check_gives_json(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", "--json", written(tmp_path, GOOD + 'role = "x"\n')], env=ENVIRON)
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert told["valid"] is False
    assert [(p["line"], p["key"]) for p in told["problems"]] == [(14, "models[1].role")]


def test_check_takes_the_option_that_other_commands_take(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["check", "--config", written(tmp_path, GOOD)], env=ENVIRON).exit_code == 0


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", str(tmp_path / "none.toml")])
    assert result.exit_code == 1
    assert "unisono demo" in result.stdout


def test_show_prints_a_file_with_defaults_and_sources_and_no_secret(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["show", written(tmp_path, GOOD)], env=ENVIRON)
    assert result.exit_code == 0
    assert "port = 8080" in result.stdout
    assert 'api_key = "env:SMALL_KEY"' in result.stdout
    assert "# genai-prices" in result.stdout
    assert "no price is known" in result.stdout
    assert "s3cr3t-value" not in result.output


def test_show_as_json_is_a_configuration_again(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["show", "--json", written(tmp_path, GOOD)], env=ENVIRON)
    told = json.loads(result.stdout)
    assert told["price_sources"] == {"small": None, "priced": "genai-prices"}
    assert parse_tables(told["config"], ENVIRON).hash == told["hash"]
    assert "s3cr3t-value" not in result.output


def test_keys_lists_the_table() -> None:
    assert "| `default` |" in CliRunner().invoke(app, ["keys"]).stdout
    rows = json.loads(CliRunner().invoke(app, ["keys", "--json"]).stdout)
    assert {"default", "port", "upstream", "flush_s"} <= {row["key"] for row in rows}


def test_each_command_has_an_example() -> None:
    for command in ("check", "show", "keys"):
        assert "Example" in CliRunner().invoke(app, [command, "--help"]).stdout


POOL = """
default = "dear"
[store]
path = "record.db"
[[models]]
name = "dear"
upstream = "openai"
base_url = "http://127.0.0.1:9/v1"
upstream_model = "gpt-4o"
usd_per_mtok_in = 2.5
usd_per_mtok_out = 10.0
[[models]]
name = "cheap"
upstream = "openai"
base_url = "http://127.0.0.1:9/v1"
upstream_model = "llama-3.1-8b"
usd_per_mtok_in = 0.05
usd_per_mtok_out = 0.05
"""


def test_dial_shows_shares_and_the_bill_at_each_setting(tmp_path: Path) -> None:
    file = written(tmp_path, POOL)
    told = json.loads(CliRunner().invoke(app, ["dial", file, "--json"]).stdout)
    assert told["from"] == "everyday prompts"
    assert [row["dial"] for row in told["settings"]] == [n / 10 for n in range(11)]
    assert told["settings"][-1]["shares"] == {"dear": 1.0}
    assert told["settings"][0]["usd_per_1000"] < told["settings"][-1]["usd_per_1000"]
    shown = CliRunner().invoke(app, ["dial", file])
    assert shown.exit_code == 0
    assert "0.5 (now)" in shown.stdout


def test_import_prints_litellms_models_in_our_form(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "model_list:\n- model_name: gpt\n  litellm_params: {model: openai/gpt-5-mini, api_key: os.environ/K}\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(app, ["import", str(file)])
    assert result.exit_code == 0
    assert parse_config(result.stdout, {"K": "x"}).models[0].upstream_model == "gpt-5-mini"
    told = json.loads(CliRunner().invoke(app, ["import", str(file), "--json"]).stdout)
    assert (told["toml"], told["notes"]) == (result.stdout, [])


def test_import_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    for text, says in (("a: [", "cannot be read as YAML"), ("model_list: []", "no model that can be taken over")):
        file = tmp_path / "config.yaml"
        file.write_text(text, encoding="utf-8")
        assert says in str(CliRunner().invoke(app, ["import", str(file)]).exception)
