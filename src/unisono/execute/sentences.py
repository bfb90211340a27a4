"""Why an answer of several is the one it is, in one sentence, in English or Chinese.

It decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from unisono.errors import UpstreamError
from unisono.execute.walk import short
from unisono.types import Language, Verdict


def only_one(model: str, language: Language) -> str:
    """Say that one member alone gave an answer."""
    if language == "zh":
        return f"采用 {model} 的答案：只有它作答。"
    return f"{model}'s answer is given: no other of the models gave one."


def out_of_time(model: str, language: Language) -> str:
    """Say that there was no time to compare."""
    if language == "zh":
        return f"采用 {model} 的答案：没有时间比较各模型的答案。"
    return f"{model}'s answer is given: there was no time to compare it with others."


def voted(model: str, n_for: int, n_voted: int, *, language: Language) -> str:
    """Say how a vote went."""
    if language == "zh":
        return f"采用 {model} 的答案：{n_voted} 个答案中有 {n_for} 个结论相同。"
    return f"{model}'s answer is given: {n_for} of {n_voted} answers end as it does."


def best_of(model: str, n_whole: int, *, language: Language) -> str:
    """Say that the best model's answer is given as it is."""
    if language == "zh":
        return f"在 {n_whole} 个答案中采用 {model} 的：预计它在此最好。"
    return f"Of {n_whole} answers {model}'s is given: it is expected to be the best here."


def judged(model: str, judge: str, n_whole: int, *, language: Language) -> str:
    """Say that a judge chose."""
    if language == "zh":
        return f"{judge} 在 {n_whole} 个答案中选择了 {model} 的。"
    return f"{judge} chose {model}'s answer out of {n_whole}."


def written(author: str, n_whole: int, *, language: Language) -> str:
    """Say that an author wrote the answer from others'."""
    if language == "zh":
        return f"{author} 根据 {n_whole} 个答案写出本回答。"
    return f"{author} wrote this answer from {n_whole} others."


def joined(author: str, n_parts: int, *, language: Language) -> str:
    """Say that an author wrote the answer from those to the parts of the question."""
    if language == "zh":
        return f"问题分为 {n_parts} 部分，由各模型分别作答，{author} 写成一份。"
    return f"The question was answered in {n_parts} parts, and {author} wrote one answer from them."


def taken(model: str, right: float, needed: float, *, verdicts: Sequence[Verdict], language: Language) -> str:
    """Say that a cheaper model's answer passed the checks."""
    seen = _seen(verdicts, language)
    if language == "zh":
        return f"采用 {model} 的答案：正确的概率为 {right:.2f}，需要 {needed:.2f}（{seen}）。"
    return f"{model}'s answer is taken: right with probability {right:.2f}, {needed:.2f} needed ({seen})."


def doubted(
    after: str, before: str, right: float, needed: float, *, verdicts: Sequence[Verdict], language: Language
) -> str:
    """Say that a stronger model takes over because the answer before did not pass the checks."""
    seen = _seen(verdicts, language)
    if language == "zh":
        return f"{after} 接手：{before} 的答案正确的概率为 {right:.2f}，需要 {needed:.2f}（{seen}）。"
    return f"{after} takes over: {before}'s answer is right with probability {right:.2f}, {needed:.2f} needed ({seen})."


def took_over(after: str, before: str, *, language: Language) -> str:
    """Say that a stronger model takes over from one that gave no answer."""
    if language == "zh":
        return f"{after} 接手：{before} 没有给出答案。"
    return f"{after} takes over: {before} gave no answer."


def instead(model: str, closer: str, *, language: Language) -> str:
    """Say that an answer serves because the model that was to take over did not begin."""
    if language == "zh":
        return f"由 {model} 回答：{closer} 没有及时作答。"
    return f"{model} answers: {closer} did not in time."


def _seen(verdicts: Sequence[Verdict], language: Language) -> str:
    if language == "zh":
        return "；".join(v.text for v in verdicts) or "没有检查结果"
    return "; ".join(v.text for v in verdicts) or "no check said anything"


def why_missing(error: UpstreamError | None, language: Language) -> str:
    """Say in a few words why a member gave no answer."""
    if error is None:
        return "太慢" if language == "zh" else "too slow"
    return short(error)
