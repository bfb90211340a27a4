"""A file becomes one frozen Config."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from tests.config.samples import HEAD, ISSUED, LEAST, MODEL, NOW, told

from unisono.config import load_config, parse_config
from unisono.types import Capability, Role


def test_the_least_file_has_good_defaults(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(LEAST, encoding="utf-8")
    config = load_config(file, {}, now=NOW)
    assert (config.default, config.file) == ("small", file)
    assert (config.server.host, config.server.port, config.server.keys) == ("127.0.0.1", 8080, ())
    assert config.server.max_body_bytes == 20 * 1024 * 1024
    assert config.store.path == tmp_path / "unisono.db"
    assert config.store.text == "none"
    assert (config.routing.dial, config.routing.artifact) == (0.5, None)
    small = config.models[0]
    assert (small.upstream_model, small.role, small.prices, small.context_tokens) == ("small", Role.FAST, None, 8192)


def test_the_file_of_the_interface_works() -> None:
    config = parse_config(ISSUED, {"SMALL_KEY": "s3cret"}, now=NOW)
    small = config.models[0]
    assert small.api_key is not None
    assert small.api_key.reveal() == "s3cret"
    assert small.capabilities == {Capability.TOOLS, Capability.JSON, Capability.VISION}
    assert small.prices is not None
    assert (small.prices.usd_per_mtok_in, small.prices.usd_per_mtok_out, small.prices.source) == (0.1, 0.2, "config")
    assert small.knowledge_cutoff == date(2024, 12, 1)


def test_options_of_the_provider_stay_with_the_model(tmp_path: Path) -> None:
    text = (
        HEAD + '[[models]]\nname = "small"\nupstream = "local"\nfile = "models/a.gguf"\nthreads = 2\nstop = ["\\n"]\n'
    )
    config = parse_config(text, {}, file=tmp_path / "u.toml", now=NOW)
    model = config.models[0]
    assert dict(model.options) == {"file": str(tmp_path / "models/a.gguf"), "threads": 2, "stop": ["\n"]}
    assert model.prices is not None
    assert (model.prices.usd_per_mtok_in, model.prices.source) == (0.0, "local")


def test_a_plug_in_gets_all_its_keys() -> None:
    text = HEAD + '[[models]]\nname = "small"\nupstream = "mine"\nregion = "eu"\nwhen = 2026-01-01\nrole = "deep"\n'
    model = parse_config(text, {}, now=NOW).models[0]
    assert (dict(model.options), model.role) == ({"region": "eu", "when": "2026-01-01"}, Role.DEEP)


def test_an_installed_plug_in_may_look_like_a_built_in_name() -> None:
    text = HEAD + '[[models]]\nname = "small"\nupstream = "openai2"\n'
    assert "nearest: openai" in told(text)[0][2]
    assert parse_config(text, {}, now=NOW, upstreams={"openai", "openai2"}).models[0].upstream == "openai2"


def test_a_mark_at_the_beginning_of_the_file_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "u.toml"
    file.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_config(file, {}, now=NOW).default == "small"


def test_the_environment_is_the_default_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "SMALL_KEY", "from-outside")
    key = parse_config(ISSUED, now=NOW).models[0].api_key
    assert key is not None
    assert key.reveal() == "from-outside"


def test_openai_itself_is_meant_where_only_its_key_is_named() -> None:
    text = HEAD + MODEL.replace("scripted", "openai") + 'api_key = "env:KEY"\n'
    (model,) = parse_config(text, {"KEY": "sk"}, now=NOW).models
    assert model.base_url == "https://api.openai.com/v1"


def test_azures_version_may_stand_in_an_address() -> None:
    address = "https://a.openai.azure.com/openai/deployments/d?api-version=2024-10-21"
    (model,) = parse_config(
        HEAD + MODEL.replace("scripted", "openai") + f'base_url = "{address}"\n', {}, now=NOW
    ).models
    assert model.base_url == address


@pytest.mark.parametrize(
    ("keys", "can"),
    [
        ('base_url = "https://api.openai.com/v1"\n', {"tools", "json", "vision"}),
        ('base_url = "https://api.groq.com/openai/v1"\n', {"tools", "json"}),
        ('base_url = "https://api.groq.com/openai/v1"\ncapabilities = []\n', set()),
        ('base_url = "https://api.groq.com/openai/v1"\ncapabilities = ["vision"]\n', {"vision"}),
        ('base_url = "http://127.0.0.1:8000/v1"\n', set()),
    ],
)
def test_a_hosted_model_calls_tools_unless_the_file_says_otherwise(keys: str, can: set[str]) -> None:
    (read,) = parse_config(HEAD + MODEL.replace("scripted", "openai") + keys, {}, now=NOW).models
    assert {str(capability) for capability in read.capabilities} == can


def test_anthropics_models_call_tools_and_see() -> None:
    (read,) = parse_config(HEAD + MODEL.replace("scripted", "anthropic"), {}, now=NOW).models
    assert {str(capability) for capability in read.capabilities} == {"tools", "json", "vision"}


@pytest.mark.parametrize("upstream", ["openai", "anthropic"])
def test_a_server_with_tls_on_this_machine_needs_no_path_of_another_program(upstream: str) -> None:
    text = HEAD + MODEL.replace("scripted", upstream) + 'base_url = "https://127.0.0.1:8443"\n'
    assert parse_config(text, {}).models[0].base_url == "https://127.0.0.1:8443"
