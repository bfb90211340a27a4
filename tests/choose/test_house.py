"""A rule's models go first, the others answer only where none of these can, and what happened is told."""

from __future__ import annotations

from collections.abc import Sequence

from unisono.choose.house import Ruled, by_house
from unisono.choose.utility import UtilityChooser
from unisono.types import Choice, Cost, Estimate, Goal, HouseRule, Latency, Quality

RULE = HouseRule(name="code", models=("coder", "big"))


def estimate(name: str, mean: float, usd: float = 0.01) -> Estimate:
    return Estimate(
        model=name,
        quality=Quality(mean=mean, spread=0.0, evidence=""),
        cost=Cost(usd=usd, low_usd=usd, high_usd=usd, output_tokens=10.0),
        latency=Latency(first_token_s=0.1, total_s=1.0),
    )


POOL = (estimate("home", 0.9), estimate("coder", 0.4), estimate("big", 0.6), estimate("dear", 0.95, usd=1.0))


def ruled(pool: Sequence[Estimate] = POOL, *, named: set[str] | None = None, goal: Goal = Goal()) -> Ruled:
    def choose(among: Sequence[Estimate]) -> Choice:
        return UtilityChooser().choose(among, goal, default="home")

    return by_house(RULE, pool, goal, named={"coder", "big"} if named is None else named, choose=choose)


def models(found: Choice) -> list[str]:
    return [ranked.model for ranked in found.ranking]


def test_the_best_of_the_rules_models_leads_whatever_the_others_are_worth() -> None:
    found = ruled()
    assert models(found.choice) == ["big", "coder"]
    assert models(found.whole(found.choice)) == ["big", "coder", "home", "dear"]
    assert [ranked.propensity for ranked in found.whole(found.choice).ranking] == [1.0, 0.0, 0.0, 0.0]
    assert models(found.front(found.whole(found.choice))) == ["big", "coder"]
    (notice,) = found.notices
    assert notice.code == "rule"
    assert notice.text == "The rule code has coder or big answer requests like this one."


def test_one_model_alone_leads_because_of_the_rule_and_not_because_nobody_else_may_serve() -> None:
    found = ruled(named={"coder"})
    assert found.choice.reason == "Of the models that the rule code names, only coder may serve this request."
    assert found.choice.reason not in [notice.text for notice in found.notices]
    assert found.choice.ranking[0].reason == found.choice.reason


def test_where_none_of_its_models_can_serve_the_rule_yields_and_says_so() -> None:
    gone = ruled(POOL[:1])
    assert models(gone.choice) == ["home"]
    assert [notice.code for notice in gone.notices] == ["rule_yields"]
    assert gone.notices[0].text.startswith("The rule code would have coder or big answer")
    bounded = ruled(goal=Goal(min_quality=0.8))
    assert models(bounded.choice)[0] == "home"
    assert {lost.model for lost in bounded.choice.excluded} == {"coder", "big"}
    assert [notice.code for notice in bounded.notices] == ["rule_yields"]


def test_where_nobody_can_serve_there_is_nothing_to_tell() -> None:
    assert ruled(goal=Goal(min_quality=0.99)).choice.ranking == ()
    assert ruled(goal=Goal(min_quality=0.99)).notices == ()


def test_a_rule_that_names_all_that_may_serve_changes_nothing_and_is_not_told() -> None:
    found = ruled(named={"home", "coder", "big", "dear"})
    assert (found.behind, found.notices) == ((), ())


def test_the_others_keep_to_the_bounds_too_and_their_loss_is_told() -> None:
    found = ruled(goal=Goal(max_cost_usd=0.5))
    assert models(found.whole(found.choice)) == ["big", "coder", "home"]
    assert [lost.model for lost in found.choice.excluded] == ["dear"]
