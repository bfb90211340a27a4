"""Prices and windows of hosted models: the file wins over a list, and a list over the package."""

from __future__ import annotations

import json
from pathlib import Path

from tests.config.samples import HEAD, MODEL, NOW

from unisono.config import parse_config

HOSTED = (
    HEAD
    + """[[models]]
name = "small"
upstream = "openai"
base_url = "https://api.openai.com/v1"
upstream_model = "gpt-4o-mini"
"""
)


def test_prices_and_window_come_from_the_package() -> None:
    small = parse_config(HOSTED, {}, now=NOW).models[0]
    assert small.prices is not None
    assert small.prices.source == "genai-prices"
    assert small.context_tokens == 128_000


def test_own_prices_win_over_the_package() -> None:
    small = parse_config(HOSTED + "usd_per_mtok_in = 7\n", {}, now=NOW).models[0]
    assert small.prices is not None
    assert small.prices.usd_per_mtok_in == 7
    assert small.prices.usd_per_mtok_out < 7
    assert small.prices.usd_per_mtok_cached_in is None
    assert small.prices.source == "config and genai-prices"


def test_the_price_list_wins_over_the_package_and_yields_to_the_file(tmp_path: Path) -> None:
    entry = {"input_cost_per_token": 3e-06, "output_cost_per_token": 4e-06, "max_input_tokens": 999}
    (tmp_path / "p.json").write_text(json.dumps({"gpt-4o-mini": entry}), encoding="utf-8")
    text = 'prices_file = "p.json"\n' + HOSTED + "usd_per_mtok_out = 5\n"
    small = parse_config(text, {}, file=tmp_path / "u.toml", now=NOW).models[0]
    assert small.prices is not None
    assert (small.prices.usd_per_mtok_in, small.prices.usd_per_mtok_out) == (3.0, 5.0)
    assert small.context_tokens == 999


def test_openrouters_free_variants_cost_nothing_and_others_of_that_name_are_unknown() -> None:
    text = HEAD + MODEL.replace("scripted", "openai") + 'upstream_model = "meta-llama/llama-3.3-70b-instruct:free"\n'
    (free,) = parse_config(text + 'base_url = "https://openrouter.ai/api/v1"\n', {}, now=NOW).models
    assert free.prices is not None
    assert (free.prices.usd_per_mtok_in, free.prices.usd_per_mtok_out) == (0.0, 0.0)
    (other,) = parse_config(text + 'base_url = "https://api.example.com/v1"\n', {}, now=NOW).models
    assert other.prices is None


def test_a_window_that_nobody_knows_is_a_hosts_or_a_small_servers() -> None:
    openai = HEAD + MODEL.replace("scripted", "openai") + 'upstream_model = "nobody-knows"\n'
    (hosted,) = parse_config(openai + 'base_url = "https://api.example.com/v1"\n', {}, now=NOW).models
    (own,) = parse_config(openai + 'base_url = "http://gpu.example.com:8000/v1"\n', {}, now=NOW).models
    assert (hosted.context_tokens, own.context_tokens) == (131_072, 8192)
