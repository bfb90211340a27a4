"""What the router says of itself, in the language of the request."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono import notices
from unisono.choose.utility import UtilityChooser
from unisono.notices import usd
from unisono.types import Cost, Estimate, Goal, Latency, Mode, Quality


def _estimate(
    model: str, quality: float, price_usd: float, *, first_token_s: float = 0.5, familiar: float = 0.5
) -> Estimate:
    return Estimate(
        model=model,
        quality=Quality(mean=quality, spread=0.1, evidence="measured", apart=0.1, familiar=familiar),
        cost=Cost(usd=price_usd, low_usd=price_usd / 2, high_usd=price_usd * 2, output_tokens=100.0),
        latency=Latency(first_token_s=first_token_s, total_s=2.0),
    )


def _said(language: str, *estimates: Estimate, default: str = "none", **bounds: float) -> list[str]:
    goal = Goal(mode=Mode.BALANCED, dial=0.5, language=language, **bounds)  # type: ignore[arg-type]
    choice = UtilityChooser(margin=0.01).choose(estimates, goal, default=default)
    return [choice.reason, *(r.reason for r in choice.ranking), *(e.reason for e in choice.excluded)]


CASES = {
    "best": [_estimate("a", 0.9, 0.001), _estimate("b", 0.5, 0.002)],
    "worth it": [_estimate("a", 0.9, 0.002), _estimate("b", 0.5, 0.001)],
    "cheaper": [_estimate("a", 0.9, 1.0), _estimate("b", 0.85, 0.001)],
    "sooner": [_estimate("a", 0.9, 0.001, first_token_s=30.0), _estimate("b", 0.89, 0.001)],
    "free": [_estimate("a", 0.9, 0.0), _estimate("b", 0.5, 0.0)],
    "alone": [_estimate("a", 0.9, 0.0)],
}


@pytest.mark.parametrize("case", CASES)
def test_a_chinese_request_gets_chinese_sentences_made_of_the_same_numbers(case: str) -> None:
    english, chinese = _said("en", *CASES[case]), _said("zh", *CASES[case])
    assert all(text.isascii() for text in english)
    assert not any(text.isascii() for text in chinese)
    for one, other in zip(english, chinese, strict=True):
        assert sorted(_numbers(one)) == sorted(_numbers(other))


def test_the_default_that_stays_and_the_bounds_are_said_in_both_languages() -> None:
    for familiar in (0.5, 0.01):
        pair = [_estimate("a", 0.9, 0.001, familiar=familiar), _estimate("b", 0.895, 0.001, familiar=familiar)]
        english, chinese = _said("en", *pair, default="b")[0], _said("zh", *pair, default="b")[0]
        assert "stays" in english
        assert "默认" in chinese
        assert sorted(_numbers(english)) == sorted(_numbers(chinese))
    for bound in ({"max_cost_usd": 0.0001}, {"max_first_token_s": 0.1}, {"min_quality": 0.99}):
        english, chinese = _said("en", *pair, **bound), _said("zh", *pair, **bound)
        assert "bound" in english[-1]
        assert "您的" in chinese[-1]
        assert sorted(_numbers(english[-1])) == sorted(_numbers(chinese[-1]))


def _numbers(text: str) -> list[str]:
    import re

    return re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", text)


LANGUAGES = st.sampled_from(["en", "zh"])


@given(why=st.text(max_size=60), first=st.text(min_size=1, max_size=10), language=LANGUAGES)
def test_the_fault_can_be_read_back_out_of_the_notice(why: str, first: str, language: notices.Language) -> None:
    notice = notices.degraded(why, first=first, language=language)
    assert notices.fault_in(notice, first=first, language=language) == why
    assert notices.fault_in(notice, first=first + "x", language=language) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_notice_names_who_it_is_about(language: notices.Language) -> None:
    assert "quick" in notices.successor("old", answers="quick", language=language).text
    last = notices.sunset("old", until=date(2026, 12, 31), follows="quick", language=language)
    assert "2026-12-31" in last.text
    assert "quick" in last.text
    assert "None" not in notices.sunset("old", until=date(2026, 12, 31), follows=None, language=language).text
    fell = notices.fallback([("a", "timeout"), ("b", "503 overloaded")], answers="c", language=language)
    assert all(part in fell.text for part in ("a", "timeout", "503 overloaded", "c"))
    lied = notices.mismatch("a", asked="gpt-4o", reported="gpt-4o-mini", language=language)
    assert "gpt-4o-mini" in lied.text


@pytest.mark.parametrize(("amount", "said"), [(0, "$0"), (1.5, "$1.50"), (0.00123, "$0.0012")])
def test_amounts_have_as_many_digits_as_tell_something(amount: float, said: str) -> None:
    assert usd(amount) == said
