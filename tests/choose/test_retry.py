from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from unisono.choose.retry import retried
from unisono.types import Choice, Cost, Estimate, Latency, Quality, Ranked, Retry


def ranked(name: str, quality: float, seconds: float) -> Ranked:
    estimate = Estimate(
        model=name,
        quality=Quality(mean=quality, spread=0.1, evidence=""),
        cost=Cost(usd=0.0, low_usd=0.0, high_usd=0.0, output_tokens=1),
        latency=Latency(first_token_s=seconds, total_s=10 * seconds),
    )
    return Ranked(model=name, estimate=estimate, utility=quality, propensity=0.0, reason=name)


CHOICE = Choice(
    ranking=(ranked("mid", 0.6, 0.5), ranked("big", 0.9, 2.0), ranked("small", 0.3, 0.1)), excluded=(), reason="mid"
)


def again(how: str | None, model: str = "mid", choice: Choice = CHOICE):  # type: ignore[no-untyped-def]
    return retried(choice, retry=Retry(decision="d", model=model, how=how), language="en")


def test_deeper_takes_a_better_model_faster_a_sooner_one_other_another() -> None:
    assert again("deeper")[0].ranking[0].model == "big"
    assert again("faster")[0].ranking[0].model == "small"
    assert again("other")[0].ranking[0].model == "big"
    assert [n.code for n in again("deeper")[1]] == ["retry"]


def test_a_regenerate_without_a_wish_keeps_the_model() -> None:
    choice, notices = again(None, model="small")
    assert choice.ranking[0].model == "small"
    assert notices == ()


def test_where_nobody_is_deeper_the_answer_says_so() -> None:
    choice, notices = again("deeper", model="big")
    assert choice == CHOICE
    assert "No model is left for a deeper answer" in notices[0].text


def test_no_retry_changes_nothing() -> None:
    assert retried(CHOICE, retry=None, language="en") == (CHOICE, ())


@given(
    st.permutations(["mid", "big", "small"]),
    st.sampled_from(["deeper", "faster", "other", None]),
    st.sampled_from(["mid", "gone"]),
)
def test_no_model_is_lost_and_the_wish_is_met(order: list[str], how: str | None, model: str) -> None:
    rows = {r.model: r for r in CHOICE.ranking}
    choice, notices = again(how, model=model, choice=replace(CHOICE, ranking=tuple(rows[name] for name in order)))
    assert sorted(r.model for r in choice.ranking) == sorted(order)
    if how is not None:
        assert len(notices) == 1
        assert choice.ranking[0].model != model
