"""The price package prices hosted models, and nothing that only looks like one."""

from datetime import UTC, datetime

from unisono.catalog.published import SOURCE, published
from unisono.config import parse_config

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_prices_a_hosted_model_by_its_address() -> None:
    facts = published("gpt-4o-mini", upstream="openai", base_url="https://api.openai.com/v1", now=NOW)
    assert facts is not None
    assert facts.prices is not None
    assert 0 < facts.prices.usd_per_mtok_in < facts.prices.usd_per_mtok_out
    assert facts.prices.usd_per_mtok_cached_in is not None
    assert facts.prices.usd_per_mtok_cached_in < facts.prices.usd_per_mtok_in
    assert facts.prices.source == SOURCE
    assert facts.context_tokens == 128_000


def test_the_provider_tells_the_vendor_where_no_address_is_given() -> None:
    facts = published("claude-3-5-sonnet-latest", upstream="anthropic", base_url=None, now=NOW)
    assert facts is not None
    assert facts.prices is not None


def test_a_server_of_ones_own_has_no_published_price() -> None:
    assert published("gpt-4o", upstream="openai", base_url="http://127.0.0.1:9001/v1", now=NOW) is None


def test_a_deployment_has_the_price_and_the_window_of_the_model_that_it_reports() -> None:
    text = 'default = "m"\n[[models]]\nname = "m"\nupstream = "openai"\nupstream_model = "our-deployment"\n'
    text += 'base_url = "https://r.openai.azure.com/openai/v1"\n'
    (plain,) = parse_config(text, {}).models
    (told,) = parse_config(text + 'reports = ["gpt-4o-2024-08-06"]\n', {}).models
    assert plain.prices is None
    known = published("gpt-4o-2024-08-06", upstream="openai", base_url=told.base_url, now=NOW)
    assert known is not None
    assert (told.prices, told.context_tokens) == (known.prices, known.context_tokens)


def test_an_unknown_model_has_no_price() -> None:
    assert published("no-such-model", upstream="anthropic", base_url=None, now=NOW) is None


def test_tiers_give_the_price_of_the_first() -> None:
    facts = published("gemini-2.5-pro", upstream="google", base_url=None, now=NOW)
    assert facts is not None
    assert facts.prices is not None
    assert facts.prices.usd_per_mtok_in == 1.25
