"""How estimates and a goal become a ranking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unisono.choose.utility import UtilityChooser, relative_price, worth
from unisono.types import Choice, Cost, Estimate, Goal, Latency, Mode, Quality

CHOOSER = UtilityChooser(margin=0.01)


def estimate(
    name: str,
    *,
    quality: float,
    usd: float = 0.0,
    first_s: float = 0.5,
    apart: float | None = 0.0,
    familiar: float = 0.5,
    at_large: float | None = None,
    guessed: bool = False,
    figures: bool = False,
) -> Estimate:
    return Estimate(
        model=name,
        quality=Quality(
            mean=quality,
            spread=0.1,
            evidence="",
            apart=apart,
            familiar=familiar,
            at_large=at_large,
            guessed=guessed,
            figures=figures,
        ),
        cost=Cost(usd=usd, low_usd=usd / 2, high_usd=usd * 2, output_tokens=100),
        latency=Latency(first_token_s=first_s, total_s=first_s + 1),
    )


def choose(*estimates: Estimate, goal: Goal = Goal(), default: str = "") -> Choice:
    return CHOOSER.choose(estimates, goal, default=default)


WEAK = estimate("weak", quality=0.5, usd=0.0001)
STRONG = estimate("strong", quality=0.8, usd=0.02)


def test_the_dial_goes_from_the_cheapest_to_the_best() -> None:
    leaders = [choose(WEAK, STRONG, goal=Goal(dial=dial)).ranking[0].model for dial in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert leaders[0] == "weak"
    assert leaders[-1] == "strong"
    assert leaders == sorted(leaders, reverse=True)


def test_at_dial_zero_the_cheapest_wins_if_it_is_good_enough() -> None:
    default = estimate("default", quality=0.82, usd=0.01)
    for quality, leader in ((0.34, "default"), (0.5, "cheap")):
        cheap = estimate("cheap", quality=quality, usd=0.0001)
        assert choose(cheap, default, goal=Goal(dial=0.0), default="default").ranking[0].model == leader


def test_at_dial_one_money_does_not_count() -> None:
    dear = estimate("dear", quality=0.801, usd=100.0)
    assert choose(STRONG, dear, goal=Goal(dial=1.0, mode=Mode.DEEP)).ranking[0].model == "dear"


def test_the_default_stays_unless_another_is_better_by_the_margin() -> None:
    near = estimate("near", quality=0.605)
    clear = estimate("clear", quality=0.65)
    default = estimate("default", quality=0.6)
    assert choose(near, default, default="default").ranking[0].model == "default"
    assert choose(clear, default, default="default").ranking[0].model == "clear"


def test_a_dial_means_the_same_at_every_price_level() -> None:
    for dial in (0.0, 0.2, 0.35, 0.5, 0.7, 0.9):
        leaders = {
            choose(
                estimate("weak", quality=0.55, usd=0.0001 * level),
                estimate("strong", quality=0.6, usd=0.002 * level),
                goal=Goal(dial=dial),
                default="strong",
            ).reason.split()[0]
            for level in (0.01, 1.0, 100.0)
        }
        assert len(leaders) == 1


def test_the_price_of_the_default_is_worth_six_points_in_the_middle_of_the_dial() -> None:
    assert worth(0.5) == pytest.approx(0.06)
    assert worth(0.0) == 0.4
    assert worth(1.0) == 0.0


def test_savings_count_in_full_and_extra_spending_by_its_magnitude() -> None:
    prices = [relative_price(usd, 0.01) for usd in (0.0, 0.005, 0.01, 0.1, 1.0)]
    assert prices == pytest.approx([0.0, 0.5, 1.0, 2.0, 3.0])


def test_doubt_about_the_pair_holds_the_default_and_the_reason_gives_the_numbers() -> None:
    sure, unsure = (
        choose(
            estimate("rival", quality=0.65, apart=apart),
            estimate("default", quality=0.6, apart=apart),
            default="default",
        )
        for apart in (0.01, 0.2)
    )
    assert sure.ranking[0].model == "rival"
    assert unsure.ranking[0].model == "default"
    assert "rival looks better by 0.05 (cost and time counted), in doubt by 0.14" in unsure.reason


def test_at_dial_1_a_reason_speaks_of_seconds_and_not_of_prices() -> None:
    quick = estimate("quick", quality=0.86, usd=0.001, first_s=1.0)
    slow = estimate("slow", quality=0.93, usd=0.03, first_s=119.0)
    choice = choose(quick, slow, goal=Goal(dial=1.0), default="quick")
    assert choice.ranking[0].model == "quick"
    assert choice.reason.startswith("quick is about 118 s faster: quality 0.86 for $0.001, against")
    assert choice.ranking[1].reason.startswith("expected quality 0.07 higher, but about 118 s slower: ")


def test_on_an_unusual_prompt_the_reason_says_so() -> None:
    choice = choose(
        estimate("rival", quality=0.65, apart=0.2, familiar=0.004),
        estimate("default", quality=0.6, apart=0.2, familiar=0.004),
        default="default",
    )
    assert choice.reason.startswith("default, the default, stays: this prompt is unusual (0.4% of those measured")


@pytest.mark.parametrize(
    ("gain", "familiar", "leader"),
    [(0.05, 0.9, "rival"), (0.05, 0.5, "rival"), (0.05, 0.2, "default"), (0.2, 0.2, "rival"), (0.2, 0.0, "rival")],
)
def test_on_a_prompt_unlike_those_measured_only_a_large_gain_is_believed(
    gain: float, familiar: float, leader: str
) -> None:
    choice = choose(
        estimate("rival", quality=0.6 + gain, apart=0.05, familiar=familiar),
        estimate("default", quality=0.6, apart=0.05, familiar=0.9),
        default="default",
    )
    assert choice.ranking[0].model == leader
    assert ("unusual (20.0% of those measured" in choice.reason) == (leader == "default")


@given(gain=st.floats(0.0, 0.3), familiar=st.floats(0.0, 1.0), step=st.floats(0.0, 1e-6))
def test_the_guard_knows_no_step_in_familiarity(gain: float, familiar: float, step: float) -> None:
    doubts = [
        choose(
            estimate("rival", quality=0.6 + gain, apart=0.1, familiar=near),
            estimate("default", quality=0.6, apart=0.1, familiar=near),
            default="default",
        )
        for near in (familiar, min(familiar + step, 1.0))
    ]
    utilities = [next(r.utility for r in choice.ranking if r.model == "rival") for choice in doubts]
    assert utilities[0] == pytest.approx(utilities[1], abs=1e-5)


def test_doubt_that_is_not_told_apart_counts_whole() -> None:
    vague, told = (
        choose(estimate("rival", quality=0.63, apart=apart), estimate("default", quality=0.6), default="default")
        for apart in (None, 0.0)
    )
    assert [choice.ranking[0].model for choice in (vague, told)] == ["default", "rival"]


@pytest.mark.parametrize(
    ("gain", "weaker", "leader"),
    [
        (0.08, 0.0, "rival"),
        (0.08, 0.1, "default"),
        (0.2, 0.1, "rival"),
        (0.08, -0.1, "rival"),
        (0.08, None, "default"),
        (0.2, None, "rival"),
    ],
)
def test_a_model_that_is_weaker_at_large_takes_the_place_for_clear_evidence_only(
    gain: float, weaker: float | None, leader: str
) -> None:
    choice = choose(
        estimate("rival", quality=0.6 + gain, apart=0.05, at_large=0.6 - (weaker or 0.0), guessed=weaker is None),
        estimate("default", quality=0.6, apart=0.05, at_large=0.6),
        default="default",
    )
    assert choice.ranking[0].model == leader


@pytest.mark.parametrize(
    ("gain", "figures", "leader"),
    [(0.25, True, "rival"), (0.05, True, "default"), (0.25, False, "default")],
)
def test_public_figures_are_believed_where_they_promise_much_and_other_guesses_are_not(
    gain: float, figures: bool, leader: str
) -> None:
    choice = choose(
        estimate("rival", quality=0.6 + gain, apart=0.2, guessed=True, figures=figures),
        estimate("default", quality=0.6, apart=0.05),
        default="default",
    )
    assert choice.ranking[0].model == leader
    if leader == "rival":
        assert choice.reason.endswith("Nothing was measured of rival yet.")


def test_a_guess_that_promises_no_better_answers_does_not_take_the_place_for_being_cheap() -> None:
    cheap = estimate("cheap", quality=0.6, usd=0.0, apart=0.1, guessed=True, figures=True)
    assert choose(cheap, estimate("dear", quality=0.6, usd=0.1, apart=0.1), default="dear").ranking[0].model == "dear"


@pytest.mark.parametrize(
    ("rival", "default", "who"), [(True, False, "rival"), (False, True, "default"), (True, True, "rival and default")]
)
@pytest.mark.parametrize("familiar", [0.9, 0.004])
def test_where_a_guess_decides_the_reason_says_so_and_what_to_do(
    rival: bool, default: bool, who: str, familiar: float
) -> None:
    pair = (
        estimate("rival", quality=0.65, apart=0.1, familiar=familiar, guessed=rival),
        estimate("default", quality=0.6, apart=0.1, familiar=familiar, guessed=default),
    )
    told = choose(*pair, default="default")
    assert told.ranking[0].model == "default"
    assert f"nothing was measured of {who}: `unisono models probe`" in told.reason
    chinese = choose(*pair, default="default", goal=Goal(language="zh"))
    assert "`unisono models probe`" in chinese.reason


def test_what_holds_a_model_that_is_weaker_at_large_is_not_said_to_be_an_unusual_prompt() -> None:
    choice = choose(
        estimate("rival", quality=0.68, apart=0.05, familiar=0.9, at_large=0.5),
        estimate("default", quality=0.6, apart=0.05, familiar=0.9, at_large=0.6),
        default="default",
    )
    assert choice.ranking[0].model == "default"
    assert "unusual" not in choice.reason
    assert "in doubt by 0.14" in choice.reason


@given(weaker=st.floats(-0.2, 0.2), step=st.floats(0.0, 1e-6))
def test_the_guard_knows_no_step_in_how_much_weaker_a_model_is(weaker: float, step: float) -> None:
    found = [
        choose(
            estimate("rival", quality=0.7, apart=0.1, at_large=0.6 - less),
            estimate("default", quality=0.6, apart=0.1, at_large=0.6),
            default="default",
        )
        for less in (weaker, weaker + step)
    ]
    utilities = [next(r.utility for r in choice.ranking if r.model == "rival") for choice in found]
    assert utilities[0] == pytest.approx(utilities[1], abs=1e-4)


def test_strong_evidence_lets_a_better_model_take_a_cheap_defaults_place() -> None:
    dear = estimate("dear", quality=0.9, usd=0.016, apart=0.05)
    cheap = estimate("cheap", quality=0.5, usd=0.001, apart=0.05)
    assert choose(cheap, dear, default="cheap").ranking[0].model == "dear"


def test_without_the_default_nothing_is_held() -> None:
    assert choose(estimate("a", quality=0.5), estimate("b", quality=0.501, apart=0.5)).ranking[0].model == "b"


@pytest.mark.parametrize(
    ("goal", "rule"),
    [
        (Goal(max_cost_usd=0.001), "max_cost_usd"),
        (Goal(min_quality=0.9), "min_quality"),
        (Goal(max_first_token_s=0.1), "max_first_token_s"),
    ],
)
def test_bounds_exclude_with_a_reason(goal: Goal, rule: str) -> None:
    choice = choose(STRONG, goal=goal)
    assert choice.ranking == ()
    assert choice.excluded[0].rule == rule
    assert "bound" in choice.excluded[0].reason


def test_fast_mode_prefers_the_sooner_of_equals() -> None:
    slow, soon = estimate("a-slow", quality=0.7, first_s=3.0), estimate("soon", quality=0.69, first_s=0.2)
    assert choose(slow, soon, goal=Goal(mode=Mode.FAST)).ranking[0].model == "soon"
    assert choose(slow, soon, goal=Goal(mode=Mode.DEEP)).ranking[0].model == "a-slow"


def test_seconds_beyond_a_long_wait_are_counted_no_more() -> None:
    """They are guessed where nobody has asked the model yet: a guess of minutes must not outweigh everything else."""
    long, longer = estimate("long", quality=0.6, first_s=60.0), estimate("longer", quality=0.7, first_s=400.0)
    soon = estimate("soon", quality=0.6, first_s=0.5)
    for mode in (Mode.FAST, Mode.BALANCED):
        assert choose(long, longer, goal=Goal(mode=mode)).ranking[0].model == "longer"
        assert choose(soon, longer, goal=Goal(mode=mode)).ranking[0].model == "soon"


qualities = st.floats(0, 1, allow_nan=False)


@given(st.lists(st.tuples(qualities, st.floats(0, 1)), min_size=1, max_size=6), st.floats(0, 1))
def test_every_model_has_a_place_a_reason_and_the_propensities_sum_to_one(
    pool: list[tuple[float, float]], dial: float
) -> None:
    estimates = [estimate(f"m{n}", quality=q, usd=usd) for n, (q, usd) in enumerate(pool)]
    ranking = choose(*estimates, goal=Goal(dial=dial)).ranking
    assert sorted(r.model for r in ranking) == sorted(e.model for e in estimates)
    assert sum(r.propensity for r in ranking) == 1.0
    assert all(r.reason for r in ranking)


@given(st.permutations([WEAK, STRONG, estimate("third", quality=0.8, usd=0.02)]), st.floats(0, 1))
def test_the_order_of_the_catalogue_decides_nothing(pool: list[Estimate], dial: float) -> None:
    goal = Goal(dial=dial)
    again = choose(*sorted(pool, key=lambda e: e.model), goal=goal)
    assert [r.model for r in choose(*pool, goal=goal).ranking] == [r.model for r in again.ranking]
