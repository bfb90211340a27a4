"""What tokens cost."""

import pytest

from unisono.execute.cost import cost_usd
from unisono.types import Prices, Usage

USAGE = Usage(input_tokens=1_000_000, output_tokens=500_000, cached_input_tokens=400_000)


def test_cached_tokens_cost_their_own_price() -> None:
    prices = Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=4.0, usd_per_mtok_cached_in=0.1)
    assert cost_usd(USAGE, prices) == pytest.approx(0.6 + 0.04 + 2.0)


def test_cached_tokens_without_a_price_cost_the_full_one() -> None:
    assert cost_usd(USAGE, Prices(usd_per_mtok_in=1.0, usd_per_mtok_out=4.0)) == pytest.approx(3.0)


def test_a_free_model_costs_nothing() -> None:
    assert cost_usd(USAGE, Prices(usd_per_mtok_in=0.0, usd_per_mtok_out=0.0)) == 0.0


@pytest.mark.parametrize(("usage", "prices"), [(None, Prices(usd_per_mtok_in=1, usd_per_mtok_out=1)), (USAGE, None)])
def test_what_is_not_known_has_no_price(usage: Usage | None, prices: Prices | None) -> None:
    assert cost_usd(usage, prices) is None
