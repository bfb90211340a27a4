"""The router's own notices, in the language of the request: what the user must be told, in one sentence each.

It decides nothing: who calls knows that it happened. Texts of errors stay English, as every API's do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import floor, log10

from unisono.types import Language as Language
from unisono.types import Mode, Notice

MAX_QUOTE = 160
"""Characters of a model's words that a notice quotes."""


def usd(amount: float) -> str:
    """Return an amount in USD with as many digits as tell something."""
    if amount == 0:
        return "$0"
    if amount >= 1:
        return f"${amount:.2f}"
    shown = f"{amount:.2g}"
    if "e" in shown:  # 2.4e-05 is no amount of money to most people
        shown = f"{amount:.{1 - floor(log10(amount))}f}".rstrip("0")
    return f"${shown}"


def degraded(why: str, *, first: str, language: Language) -> Notice:
    """Return the notice that the router is broken and who serves meanwhile."""
    if language == "zh":
        return Notice(code="degraded", text=f"路由器已降级（{why}）；由 {first} 回答。")
    return Notice(code="degraded", text=f"The router is degraded ({why}); {first} serves.")


def unread(language: Language) -> Notice:
    """Return the notice that the encoder was late or broken, so that the choice rests on less."""
    if language == "zh":
        return Notice(code="unread", text="编码器未能及时读取提示词；此选择仅依据长度、代码等表面特征。")
    return Notice(
        code="unread", text="The encoder did not read the prompt in time; the choice rests on surface facts only."
    )


def fault_in(notice: Notice, *, first: str, language: Language) -> str | None:
    """Return the `why` that `degraded` was given for this notice; None when it is another one's."""
    before, after = degraded("\0", first=first, language=language).text.split("\0", 1)
    text = notice.text
    if notice.code != "degraded" or not (text.startswith(before) and text.endswith(after)):
        return None
    return text[len(before) : len(text) - len(after)]


def effort(mode: Mode, *, language: Language) -> Notice:
    """Return the notice that the user's own words moved plain `auto` to another goal."""
    deeper = mode is Mode.DEEP
    if language == "zh":
        wish = "多花些心思" if deeper else "快速回答"
        return Notice(code="effort", text=f"您要求{wish}，因此按 auto:{mode.value} 处理。")
    wish = "more thought" if deeper else "a quick answer"
    return Notice(code="effort", text=f"You asked for {wish}, so this is taken as auto:{mode.value}.")


def unrecorded(*, language: Language) -> Notice:
    """Return the notice that the record cannot be written."""
    if language == "zh":
        return Notice(code="unrecorded", text="记录目前无法写入：本回答的决策可能不会留存。")
    return Notice(code="unrecorded", text="The record cannot be written now: the decision for this answer may be lost.")


def left_out(names: Sequence[str], *, language: Language) -> Notice:
    """Return the notice that something that the caller sent is served by nobody here, and was left out."""
    if language == "zh":
        return Notice(code="left_out", text=f"此处无法提供 {'、'.join(names)}，已略去；其余照常处理。")
    are = "is" if len(names) == 1 else "are"
    return Notice(
        code="left_out", text=f"{' and '.join(names)} {are} not served here and left out; the rest is served."
    )


def unheeded(names: Sequence[str], *, model: str, language: Language) -> Notice:
    """Return the notice that the answering model refuses members of the body, and was asked without them."""
    if language == "zh":
        return Notice(code="left_out", text=f"{model} 不接受 {'、'.join(names)}，提问时已略去。")
    return Notice(code="left_out", text=f"{model} does not take {' and '.join(names)}, and was asked without.")


def successor(asked: str, *, answers: str, language: Language) -> Notice:
    """Return the notice that a retired name was asked for."""
    if language == "zh":
        return Notice(code="successor", text=f"{asked} 已退役；由其后继 {answers} 回答。")
    return Notice(code="successor", text=f"{asked} is retired; {answers}, its successor, answers.")


def sunset(model: str, *, until: date, follows: str | None, language: Language) -> Notice:
    """Return the notice that a model serves only until a day."""
    day = until.isoformat()
    if language == "zh":
        then = f"，之后由 {follows} 接替" if follows else ""
        return Notice(code="sunset", text=f"{model} 服务至 {day}{then}。")
    then = f"; {follows} follows it" if follows else ""
    return Notice(code="sunset", text=f"{model} serves until {day}{then}.")


def ruled(rule: str, models: Sequence[str], *, language: Language) -> Notice:
    """Return the notice that a rule of the operator's names who answers."""
    if language == "zh":
        return Notice(code="rule", text=f"规则 {rule} 指定由 {'、'.join(models)} 回答这类请求。")
    return Notice(code="rule", text=f"The rule {rule} has {' or '.join(models)} answer requests like this one.")


def yielded(rule: str, models: Sequence[str], *, language: Language) -> Notice:
    """Return the notice that a rule of the operator's could not be kept."""
    if language == "zh":
        return Notice(
            code="rule_yields", text=f"规则 {rule} 指定由 {'、'.join(models)} 回答，但它们都不能回答这个请求。"
        )
    text = f"The rule {rule} would have {' or '.join(models)} answer, and none of these can serve this request."
    return Notice(code="rule_yields", text=text)


def fallback(failed: Sequence[tuple[str, str]], *, answers: str, language: Language) -> Notice:
    """Return the notice that another model answered than was asked first.

    Args:
        failed: each model that failed, with a few words on why.
        answers: the one that answered.
        language: of the request.
    """
    if language == "zh":
        whom = "，".join(f"{model} 失败（{why}）" for model, why in failed)
        return Notice(code="fallback", text=f"{whom}；改由 {answers} 回答。")
    whom = ", ".join(f"{model} failed ({why})" for model, why in failed)
    return Notice(code="fallback", text=f"{whom}; {answers} answered instead.")


def contradiction(
    who: tuple[str, str], words: tuple[str, str], *, n_more: int, follows: str | None, language: Language
) -> Notice:
    """Return the notice that two models, or an answer and an earlier one, contradict each other.

    Args:
        who: the two.
        words: what each says.
        n_more: how many more contradictions there are.
        follows: whose words the answer has; None where neither is taken back.
        language: of the request.
    """
    left, right = (word if len(word) <= MAX_QUOTE else word[:MAX_QUOTE] + "…" for word in words)
    if language == "zh":
        more = f"（另有 {n_more} 处）" if n_more else ""
        then = f"；本回答采用 {follows} 的说法" if follows else ""
        recorded = f"{who[0]} 与 {who[1]} 互相矛盾{more}{then}。"
        return Notice(
            code="contradiction", text=f"{who[0]}：“{left}”，而 {who[1]}：“{right}”{more}{then}。", recorded=recorded
        )
    more = f", and {n_more} more" if n_more else ""
    then = f"; the answer follows {follows}" if follows else ""
    recorded = f"{who[0]} and {who[1]} contradict each other{more}{then}."
    return Notice(
        code="contradiction", text=f"{who[0]}: “{left}”, but {who[1]}: “{right}”{more}{then}.", recorded=recorded
    )


def parts_missing(failed: Sequence[tuple[str, str]], *, language: Language) -> Notice:
    """Return the notice that some of the models asked for an answer did not give one."""
    if language == "zh":
        whom = "，".join(f"{model}（{why}）" for model, why in failed)
        return Notice(code="part_missing", text=f"以下模型未能作答：{whom}。")
    whom = ", ".join(f"{model} ({why})" for model, why in failed)
    return Notice(code="part_missing", text=f"The answer was made without {whom}.")


def switched(before: str, after: str, *, why: str, language: Language) -> Notice:
    """Return the notice that another model answers than did before in this conversation."""
    if language == "zh":
        return Notice(code="switch", text=f"本回答来自 {after}；此前由 {before} 回答。原因：{why}")
    return Notice(code="switch", text=f"{after} answers from here; {before} answered before. Why: {why}")


def hedge(slow: str, *, answers: str, language: Language) -> Notice:
    """Return the notice that the next model was asked beside a slow one, and had its answer first."""
    if language == "zh":
        return Notice(code="hedge", text=f"{slow} 迟迟没有开始；{answers} 被同时询问并先作答。")
    return Notice(code="hedge", text=f"{slow} was slow to begin; {answers} was asked beside it and answered first.")


def queued(model: str, *, waited_s: float, language: Language) -> Notice:
    """Return the notice that a request waited for its turn at a busy model."""
    if language == "zh":
        return Notice(code="queued", text=f"{model} 繁忙；此请求等待了 {waited_s:.1f} 秒。")
    return Notice(code="queued", text=f"{model} was busy; this request waited {waited_s:.1f} s for its turn.")


def over_cost(cost_usd: float, *, bound_usd: float, language: Language) -> Notice:
    """Return the notice that an answer cost more than the caller's bound: what it costs is known when it ends."""
    if language == "zh":
        return Notice(code="over_bound", text=f"此回答花费 {usd(cost_usd)}，超过您的上限 {usd(bound_usd)}。")
    return Notice(code="over_bound", text=f"This answer cost {usd(cost_usd)}, above your bound of {usd(bound_usd)}.")


def late(first_token_s: float, *, bound_s: float, language: Language) -> Notice:
    """Return the notice that the first token came later than the caller's bound."""
    if language == "zh":
        return Notice(code="over_bound", text=f"首个词元在 {first_token_s:.2g} 秒后到达，超过您的上限 {bound_s:g} 秒。")
    return Notice(
        code="over_bound", text=f"The first token came after {first_token_s:.2g} s, above your bound of {bound_s:g} s."
    )


def mismatch(model: str, *, asked: str, reported: str, language: Language) -> Notice:
    """Return the notice that an upstream says another model answered than it was asked for."""
    if language == "zh":
        return Notice(code="model_mismatch", text=f"{model}：请求的是 {asked}，上游报告的是 {reported}。")
    text = f"{model}: asked for {asked}, the upstream reports {reported}."
    return Notice(code="model_mismatch", text=text)
