"""The sentences of a choice, in English and Chinese: why a model leads, why each other one lost, which bound it breaks.

Every sentence is made of the numbers that decided, and names that part of them, quality, money, time or doubt, without
which the choice would have been another. It decides nothing itself.
"""

from __future__ import annotations

from typing import NamedTuple

from unisono.choose.guard import Stay
from unisono.notices import Language, usd
from unisono.types import ASSUMED_PRICE, Estimate, Goal, Mode


class Lead(NamedTuple):
    """What of the leader's utility above another model's comes from money and from seconds, in quality.

    Negative where the other model is ahead. What quality does not give beside it, doubt or the margin did.
    """

    money: float
    time: float


def why_first(first: Estimate, second: Estimate | None, goal: Goal, *, lead: Lead) -> str:
    """Say why a model leads.

    Args:
        first: the leader.
        second: the next one; None where the leader is alone.
        goal: what the choice aimed at; its language is the sentence's.
        lead: of the first over the second; nothing where it is alone.
    """
    chinese = goal.language == "zh"
    if second is None:
        return (
            f"只有 {first.model} 可以回答这个请求。"
            if chinese
            else f"{first.model} is the only model that may serve this request."
        )
    english, ground = _ground(first, second, lead)
    if chinese:
        why = f"{first.model} {ground}：{_figures(first, goal)}；{second.model} 为{_figures(second, goal)}。"
        return f"{why}{first.model} 尚未测量过。" if first.quality.guessed else why
    why = f"{first.model} {english}: {_figures(first, goal)}, against {_figures(second, goal)} of {second.model}."
    return f"{why} Nothing was measured of {first.model} yet." if first.quality.guessed else why


_HOME: dict[Mode, tuple[str, str]] = {
    Mode.FAST: ("the first choice for fast answers", "快速回答的首选"),
    Mode.BALANCED: ("the default", "默认模型"),
    Mode.DEEP: ("the first choice for deep answers", "深入回答的首选"),
    Mode.PRO: ("the first choice for deep answers", "深入回答的首选"),
}
"""What the model that stays when in doubt is called, by mode."""


def why_stays(stay: Stay, goal: Goal) -> str:
    """Say why the model that stays when in doubt leads though another one looked better."""
    default, other = stay.default.model, stay.other.model
    gain, doubt, unusual = _small(stay.gain), _small(stay.doubt), stay.unusual
    guessed = [estimate.model for estimate in (stay.other, stay.default) if estimate.quality.guessed]
    home, chinese_home = _HOME[goal.mode]
    if goal.language == "zh":
        if guessed:
            return (
                f"继续使用{chinese_home} {default}：{other} 看似好 {gain}（已计费用和时间），"
                f"但 {'、'.join(guessed)} 从未测量过：请运行 `unisono models probe`。"
            )
        if unusual is not None:
            return (
                f"继续使用{chinese_home} {default}：这样的问题很少见（已测问题中只有 {unusual:.1%} 更少见），"
                f"{other} 看似好 {gain}，但疑问达 {doubt}。"
            )
        looks = f"{other} 看似好 {gain}（已计费用和时间），但疑问达 {doubt}，并不明显更好。"
        return f"继续使用{chinese_home} {default}：{looks}"
    if guessed:
        return (
            f"{default}, {home}, stays: {other} looks better by {gain} (cost and time counted), but nothing "
            f"was measured of {' and '.join(guessed)}: `unisono models probe` does."
        )
    if unusual is not None:
        return (
            f"{default}, {home}, stays: this prompt is unusual ({unusual:.1%} of those measured are more so), and "
            f"that {other} looks better by {gain} is in doubt by {doubt}."
        )
    return (
        f"{default}, {home}, stays: {other} looks better by {gain} (cost and time counted), in doubt by {doubt}, "
        f"which is not measurably better."
    )


def why_not(loser: Estimate, first: Estimate, goal: Goal, *, lead: Lead, kept_default: bool) -> str:
    """Say why a model lost to the leader.

    Args:
        loser: the model.
        first: the leader.
        goal: what the choice aimed at; its language is the sentence's.
        lead: of the leader over the model.
        kept_default: the leader is the one that stays when in doubt, which the guard kept.
    """
    better = loser.quality.mean - first.quality.mean
    for_its_price = lead.money - better
    chinese = goal.language == "zh"
    if kept_default and better >= 0:
        home, chinese_home = _HOME[goal.mode]
        why = f"并不明显好于{chinese_home}" if chinese else f"not clearly better than {home}"
    elif better < 0 and loser.cost.usd >= first.cost.usd:
        why = (
            f"预计质量低 {_small(-better)}，且不便宜"
            if chinese
            else f"expected quality {_small(-better)} lower and not cheaper"
        )
    elif better < 0 and for_its_price > 0:
        why = (
            f"更便宜，但预计质量低 {_small(-better)}"
            if chinese
            else f"cheaper, but expected quality {_small(-better)} lower"
        )
    elif loser.cost.usd > first.cost.usd and for_its_price > 0:
        why = (
            f"预计质量高 {_small(better)}，但在此不值其价"
            if chinese
            else f"expected quality {_small(better)} higher, not worth its price here"
        )
    elif for_its_price + lead.time > 0:
        why = _slower(loser, first, chinese=chinese)
    elif better < 0:
        why = "更便宜，但未必够好" if chinese else "cheaper, but not clearly good enough"
    else:
        why = "并不明显更好" if chinese else "not clearly better"
    figures = _figures(loser, goal)
    return f"{why}：{figures}" if chinese else f"{why}: {figures}"


def over_cost(high_usd: float, *, bound_usd: float, language: Language) -> str:
    """Say that an answer may cost more than the caller allows."""
    if language == "zh":
        return f"可能花费 {usd(high_usd)}，超过您的上限 {usd(bound_usd)}"
    return f"may cost {usd(high_usd)}, above your bound of {usd(bound_usd)}"


def late(first_token_s: float, *, bound_s: float, language: Language) -> str:
    """Say that the first token is expected later than the caller allows."""
    if language == "zh":
        return f"首个词元约需 {_seconds(first_token_s)} 秒，超过您的上限 {bound_s:g} 秒"
    return f"first token in about {_seconds(first_token_s)} s, above your bound of {bound_s:g} s"


def below_quality(mean: float, *, bound: float, language: Language) -> str:
    """Say that the quality expected is below what the caller demands."""
    if language == "zh":
        return f"预计质量 {mean:.2f}，低于您的下限 {bound:g}"
    return f"expected quality {mean:.2f}, below your bound of {bound:g}"


def nobody_meets(goal: Goal) -> str:
    """Say that the bounds leave no model."""
    return "没有模型满足此请求的限制" if goal.language == "zh" else "no model meets the bounds of this request"


def pinned(model: str, goal: Goal) -> str:
    """Say that a model leads because the caller asked for it."""
    return f"您指定了 {model}。" if goal.language == "zh" else f"You asked for {model}."


def behind_pin(model: str, goal: Goal) -> str:
    """Say that a model stands by while the pinned one leads."""
    if goal.language == "zh":
        return f"您指定了 {model}；仅在其失败时才由本模型回答"
    return f"you asked for {model}; this may answer only if it fails"


def behind_rule(rule: str, goal: Goal) -> str:
    """Say that a rule of the operator's names others."""
    if goal.language == "zh":
        return f"规则 {rule} 指定由其他模型回答；仅在它们不能回答时才由本模型回答"
    return f"the rule {rule} names others; this may answer only if they cannot"


def only_by_rule(model: str, rule: str, goal: Goal) -> str:
    """Say that of the models that a rule of the operator's names only one can answer."""
    if goal.language == "zh":
        return f"规则 {rule} 指定的模型中，只有 {model} 可以回答这个请求。"
    return f"Of the models that the rule {rule} names, only {model} may serve this request."


def serves_degraded(model: str, why: str, goal: Goal) -> str:
    """Say that a model leads because the router is broken."""
    if goal.language == "zh":
        return f"由 {model} 回答，因为路由器已降级：{why}。"
    return f"{model} serves because the router is degraded: {why}."


def behind_degraded(goal: Goal) -> str:
    """Say that a model stands by while the router is broken."""
    if goal.language == "zh":
        return "路由器已降级；仅在前面的模型失败时才回答"
    return "the router is degraded; it may answer only if those before it fail"


def _ground(first: Estimate, second: Estimate, lead: Lead) -> tuple[str, str]:
    """Return the ground in English and in Chinese."""
    better = first.quality.mean - second.quality.mean
    if better == 0.0 and first.cost.usd == second.cost.usd:
        if lead.time > 0.0:
            return _faster(first, second)
        return "is expected to do no worse here", "预计在此不逊色"
    if better >= 0.0 and (first.cost.usd <= second.cost.usd or lead.money == 0.0):
        return "is expected to answer this best", "预计回答得最好"
    if better + lead.money >= 0.0:
        if better >= 0.0:
            return "is worth its price here", "在此物有所值"
        return "is good enough here and cheaper", "在此足够好且更便宜"
    if better + lead.money + lead.time >= 0.0:
        return _faster(first, second)
    return "is the surer choice here", "在此更有把握"


def _faster(first: Estimate, second: Estimate) -> tuple[str, str]:
    gap = _gap(first, second)
    return f"is about {gap} s faster", f"约快 {gap} 秒"


def _slower(loser: Estimate, first: Estimate, *, chinese: bool) -> str:
    gap, better = _gap(first, loser), loser.quality.mean - first.quality.mean
    if better < 0.0:
        return f"更便宜，但约慢 {gap} 秒" if chinese else f"cheaper, but about {gap} s slower"
    if loser.cost.usd > first.cost.usd:
        return (
            f"预计质量高 {_small(better)}，但约慢 {gap} 秒"
            if chinese
            else f"expected quality {_small(better)} higher, but about {gap} s slower"
        )
    return f"约慢 {gap} 秒，而质量优势不足" if chinese else f"about {gap} s slower without being better enough"


def _small(quality: float) -> str:
    """Return a difference in quality in two digits behind the point, or in three where two would say nothing."""
    return f"{quality:.3f}" if 0.0005 <= quality < 0.005 else f"{quality:.2f}"


def _gap(fast: Estimate, slow: Estimate) -> str:
    """Return by how many seconds one answers sooner: to the end, or where that is not sooner, to the first token."""
    ahead = slow.latency.total_s - fast.latency.total_s
    return _seconds(ahead if ahead > 0.0 else slow.latency.first_token_s - fast.latency.first_token_s)


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 10.0 else f"{seconds:.2g}"


def _figures(estimate: Estimate, goal: Goal) -> str:
    mean, price = f"{estimate.quality.mean:.2f}", estimate.cost.usd
    assumed = ASSUMED_PRICE in estimate.cost.evidence
    if goal.language == "zh":
        told = f"质量 {mean}，费用 {usd(price)}" + ("（假定价格）" if assumed else "")
        return f"质量 {mean}" if price == 0 else told
    told = f"quality {mean} for {usd(price)}" + (" (price assumed)" if assumed else "")
    return f"quality {mean}" if price == 0 else told
