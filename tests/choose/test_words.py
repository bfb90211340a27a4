"""How the sentences of a choice tell numbers."""

from __future__ import annotations

import pytest

from unisono.notices import usd


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0.0, "$0"),
        (12.345, "$12.35"),
        (0.25, "$0.25"),
        (0.00042, "$0.00042"),
        (2.4e-5, "$0.000024"),
        (6e-6, "$0.000006"),
        (9.96e-6, "$0.00001"),
        (1.25e-9, "$0.0000000013"),
    ],
)
def test_an_amount_is_told_in_plain_digits(amount: float, told: str) -> None:
    assert usd(amount) == told
