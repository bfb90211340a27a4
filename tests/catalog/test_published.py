"""The price package prices hosted models, and nothing that only looks like one."""

from datetime import UTC, datetime

from unisono.catalog.published import SOURCE, published

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


def test_an_unknown_model_has_no_price() -> None:
    assert published("no-such-model", upstream="anthropic", base_url=None, now=NOW) is None


def test_tiers_give_the_price_of_the_first() -> None:
    facts = published("gemini-2.5-pro", upstream="google", base_url=None, now=NOW)
    assert facts is not None
    assert facts.prices is not None
    assert facts.prices.usd_per_mtok_in == 1.25
