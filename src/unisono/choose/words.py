"""The sentences of a choice, in English and Chinese: why a model leads, why each other one lost, which bound it breaks.

Every sentence is made of the numbers that decided. It decides nothing itself.
"""

from __future__ import annotations

from unisono.choose.guard import Stay
from unisono.notices import Language, usd
from unisono.types import ASSUMED_PRICE, Estimate, Goal


def why_first(first: Estimate, second: Estimate | None, goal: Goal) -> str:
    """Say why a model leads.

    Args:
        first: the leader.
        second: the next one; None where the leader is alone.
        goal: what the choice aimed at; its language is the sentence's.
    """
    chinese = goal.language == "zh"
    if second is None:
        return (
            f"只有 {first.model} 可以回答这个请求。"
            if chinese
            else f"{first.model} is the only model that may serve this request."
        )
    english, ground = _ground(first, second)
    if chinese:
        why = f"{first.model} {ground}：{_figures(first, goal)}；{second.model} 为{_figures(second, goal)}。"
        return f"{why}{first.model} 尚未测量过。" if first.quality.guessed else why
    why = f"{first.model} {english}: {_figures(first, goal)}, against {_figures(second, goal)} of {second.model}."
    return f"{why} Nothing was measured of {first.model} yet." if first.quality.guessed else why


def why_stays(stay: Stay, goal: Goal) -> str:
    """Say why the default leads though another model looked better."""
    default, other = stay.default.model, stay.other.model
    gain, doubt, unusual = f"{stay.gain:.2f}", f"{stay.doubt:.2f}", stay.unusual
    guessed = [estimate.model for estimate in (stay.other, stay.default) if estimate.quality.guessed]
    if goal.language == "zh":
        if guessed:
            return (
                f"继续使用默认模型 {default}：{other} 扣除成本后看似好 {gain}，但 {'、'.join(guessed)} 从未测量过："
                "请运行 `unisono models probe`。"
            )
        if unusual is not None:
            return (
                f"继续使用默认模型 {default}：这样的问题很少见（已测问题中只有 {unusual:.1%} 更少见），"
                f"{other} 看似好 {gain}，但疑问达 {doubt}。"
            )
        return f"继续使用默认模型 {default}：{other} 扣除成本后看似好 {gain}，但疑问达 {doubt}，并不明显更好。"
    if guessed:
        return (
            f"{default}, the default, stays: {other} looks better by {gain} after costs, but nothing was measured of "
            f"{' and '.join(guessed)}: `unisono models probe` does."
        )
    if unusual is not None:
        return (
            f"{default}, the default, stays: this prompt is unusual ({unusual:.1%} of those measured are more so), and "
            f"that {other} looks better by {gain} is in doubt by {doubt}."
        )
    return (
        f"{default}, the default, stays: {other} looks better by {gain} after costs, in doubt by {doubt}, which is not "
        f"measurably better."
    )


def why_not(loser: Estimate, first: Estimate, goal: Goal, *, kept_default: bool) -> str:
    """Say why a model lost to the leader."""
    quality = loser.quality.mean - first.quality.mean
    chinese = goal.language == "zh"
    if kept_default and quality >= 0:
        why = "并不明显好于默认模型" if chinese else "not clearly better than the default"
    elif quality < 0 and loser.cost.usd >= first.cost.usd:
        why = (
            f"预计质量低 {-quality:.2f}，且不便宜"
            if chinese
            else f"expected quality {-quality:.2f} lower and not cheaper"
        )
    elif quality < 0:
        why = (
            f"更便宜，但预计质量低 {-quality:.2f}" if chinese else f"cheaper, but expected quality {-quality:.2f} lower"
        )
    elif loser.cost.usd > first.cost.usd:
        why = (
            f"预计质量高 {quality:.2f}，但在此不值其价"
            if chinese
            else f"expected quality {quality:.2f} higher, not worth its price here"
        )
    elif loser.latency.total_s > first.latency.total_s:
        why = "更慢，而质量优势不足" if chinese else "slower without being better enough"
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
        return f"首个词元约需 {first_token_s:.2g} 秒，超过您的上限 {bound_s:g} 秒"
    return f"first token in about {first_token_s:.2g} s, above your bound of {bound_s:g} s"


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


def _ground(first: Estimate, second: Estimate) -> tuple[str, str]:
    """Return the ground in English and in Chinese."""
    equal = first.quality.mean == second.quality.mean and first.cost.usd == second.cost.usd
    if equal and first.latency.total_s < second.latency.total_s:
        return "answers sooner", "回答更快"
    if equal:
        return "is expected to do no worse here", "预计在此不逊色"
    if first.quality.mean >= second.quality.mean and first.cost.usd <= second.cost.usd:
        return "is expected to answer this best", "预计回答得最好"
    if first.quality.mean >= second.quality.mean:
        return "is worth its price here", "在此物有所值"
    if first.cost.usd < second.cost.usd:
        return "is good enough here and cheaper", "在此足够好且更便宜"
    return "answers sooner", "回答更快"


def _figures(estimate: Estimate, goal: Goal) -> str:
    mean, price = f"{estimate.quality.mean:.2f}", estimate.cost.usd
    assumed = ASSUMED_PRICE in estimate.cost.evidence
    if goal.language == "zh":
        told = f"质量 {mean}，费用 {usd(price)}" + ("（假定价格）" if assumed else "")
        return f"质量 {mean}" if price == 0 else told
    told = f"quality {mean} for {usd(price)}" + (" (price assumed)" if assumed else "")
    return f"quality {mean}" if price == 0 else told
