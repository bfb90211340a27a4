"""The sentences of a plan, in English and Chinese: who is asked, what is looked at, what it is expected to bring.

It decides nothing; the numbers come from the plan.
"""

from __future__ import annotations

from typing import Literal

from unisono.notices import usd
from unisono.types import Goal, Plan, Ranked

Why = Literal["off", "form", "pool", "bounds"]

_NOT_SEVERAL: dict[Why, tuple[str, str]] = {
    "off": (
        "Several models were asked for, but `routing.members` is 1.",
        "您希望多个模型合作，但 `routing.members` 为 1。",
    ),
    "form": (
        "Several models were asked for, but this form of request (tools, several choices, logprobs) is one model's.",
        "您希望多个模型合作，但此请求的形式（工具、多个选项、logprobs）只能由一个模型处理。",
    ),
    "pool": (
        "Several models were asked for, but only one of the pool is good enough here.",
        "您希望多个模型合作，但模型池中只有一个足够好。",
    ),
    "bounds": (
        "Several models were asked for, but they would break the bound on cost or on the first token.",
        "您希望多个模型合作，但这会超出费用或首个词元的限制。",
    ),
}


def not_several(why: Why, goal: Goal) -> str:
    """Say why one model answers although several were asked for."""
    english, chinese = _NOT_SEVERAL[why]
    return chinese if goal.language == "zh" else english


def cascade_reason(plan: Plan, *, quality: float, escalates: float, first: Ranked, goal: Goal) -> str:
    """Say what a cascade does and what it is expected to bring beside the best model alone."""
    lead, *backers = plan.members
    expected = sum(c.usd for c in plan.calls if c.part == "member")
    expected += escalates * sum(c.usd for c in plan.calls if c.part == "closer")
    alone = first.estimate
    if goal.language == "zh":
        when = f"{'、'.join(backers)} 给出同样的答案时" if backers else "通过检查时"
        alone_zh = f"{alone.model} 单独为 {alone.quality.mean:.2f}，{usd(alone.cost.usd)}"
        return (
            f"先问 {lead}；{when}采用其答案，否则由 {plan.closer} 接手（约 {escalates:.0%}）："
            f"预计质量 {quality:.2f}，费用 {usd(expected)}；{alone_zh}。"
        )
    when = f"if {' or '.join(backers)} gives the same answer" if backers else "if it passes its checks"
    return (
        f"{lead} answers {when}, else {plan.closer} takes over (about {escalates:.0%}): quality {quality:.2f} for "
        f"{usd(expected)} expected, against {alone.quality.mean:.2f} for {usd(alone.cost.usd)} of {alone.model} alone."
    )


def fusion_reason(plan: Plan, goal: Goal) -> str:
    """Say who works on the answer, and how it comes about."""
    names = plan.members
    if goal.language == "zh":
        then = "若答案不一致" if plan.closer else "取多数答案"
        end = f"，{then}由 {plan.closer} 写出一份" if plan.closer else f"，{then}"
        return f"同时询问 {'、'.join(names)}{end}。"
    whom = f"{', '.join(names[:-1])} and {names[-1]}"
    end = (
        f"the answer most of them give is taken, or {plan.closer} writes one from theirs"
        if plan.closer
        else ("the answer most of them give is taken")
    )
    return f"You asked for several models: {whom} answer side by side; {end}."
