"""Why an answer of several is the one it is, in one sentence, in English or Chinese.

It decides nothing.
"""

from __future__ import annotations

from unisono.errors import UpstreamError
from unisono.execute.walk import short
from unisono.notices import Language


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


def why_missing(error: UpstreamError | None, language: Language) -> str:
    """Say in a few words why a member gave no answer."""
    if error is None:
        return "太慢" if language == "zh" else "too slow"
    return short(error)
