"""LiteLLM's price list is read as far as it concerns prices and windows."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.catalog.litellm import PriceList, PriceListError, read_price_list

SAMPLE = {
    "sample_spec": {"input_cost_per_token": "a number", "max_input_tokens": "max input tokens, if known"},
    "big": {
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
        "cache_read_input_token_cost": 1.25e-06,
        "max_input_tokens": 128000,
        "max_output_tokens": 16384,
        "litellm_provider": "openai",
        "mode": "chat",
    },
    "groq/tiny": {"input_cost_per_token": 5e-08, "output_cost_per_token": 8e-08},
    "embedder": {"input_cost_per_token": 2e-08, "mode": "embedding"},
    "negative": {"input_cost_per_token": -1, "output_cost_per_token": 1},
}


def sample(folder: Path) -> PriceList:
    path = folder / "model_prices.json"
    path.write_text(json.dumps(SAMPLE), encoding="utf-8")
    return read_price_list(path)


def test_reads_prices_per_million_and_windows(tmp_path: Path) -> None:
    facts = sample(tmp_path).find("big", name="x", upstream="openai")
    assert facts is not None
    assert facts.prices is not None
    prices = facts.prices
    assert (prices.usd_per_mtok_in, prices.usd_per_mtok_out, prices.usd_per_mtok_cached_in) == (2.5, 10.0, 1.25)
    assert prices.source == "model_prices.json"
    assert (facts.context_tokens, facts.max_output_tokens) == (128000, 16384)


def test_finds_by_provider_and_by_catalogue_name(tmp_path: Path) -> None:
    prices = sample(tmp_path)
    assert prices.find("tiny", name="x", upstream="groq") is not None
    assert prices.find("something", name="big", upstream="openai") is not None
    assert prices.find("tiny", name="x", upstream="openai") is None


def test_an_entry_without_a_price_of_answers_gives_none(tmp_path: Path) -> None:
    facts = sample(tmp_path).find("embedder", name="x", upstream="openai")
    assert facts is not None
    assert facts.prices is None


def test_the_sample_entry_is_no_model(tmp_path: Path) -> None:
    assert sample(tmp_path).find("sample_spec", name="x", upstream="openai") is None


def test_a_negative_price_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PriceListError, match="'negative': input_cost_per_token"):
        sample(tmp_path).find("negative", name="x", upstream="openai")


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, '{"a": ' + "1" * 5000 + "}", "\xff"])
def test_a_broken_list_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(PriceListError) as refusal:
        read_price_list(path)
    assert "\n" not in str(refusal.value)


def test_a_missing_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PriceListError, match="cannot read"):
        read_price_list(tmp_path / "none.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["input_cost_per_token", "output_cost_per_token", "max_input_tokens", "max_output_tokens"])


@given(st.dictionaries(KEYS, JSON | st.integers(min_value=-(10**400), max_value=10**400)))
def test_any_entry_gives_facts_or_a_refusal(entry: dict[str, object]) -> None:
    prices = PriceList({"m": entry}, "list")  # type: ignore[dict-item]
    try:
        facts = prices.find("m", name="m", upstream="openai")
    except PriceListError:
        return
    assert facts is not None
    assert facts.prices is None or facts.prices.usd_per_mtok_in >= 0
    assert facts.context_tokens is None or facts.context_tokens >= 1
