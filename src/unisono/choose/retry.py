"""Taking a decision again because the caller wants another answer: deeper, faster, from another model.

Pure. A model's name as `how` is a pin, which the edge has made of it already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from unisono.types import Choice, Notice, Ranked, Retry

_WORDS = {
    "deeper": ("a deeper answer", "更深入的回答"),
    "faster": ("a faster answer", "更快的回答"),
    "other": ("another model", "其他模型"),
}


def retried(choice: Choice, *, retry: Retry | None, language: Literal["en", "zh"]) -> tuple[Choice, tuple[Notice, ...]]:
    """Return the choice as the caller wants it taken again.

    `deeper` takes the best of those with a higher expected quality than the earlier model, `faster` the best of those
    that are expected to begin or to end sooner, `other` the best of the others; None keeps the model, as a regenerate
    does. Where no model is deeper, faster or other, the best stays, and the notice says so.
    """
    if retry is None or not choice.ranking:
        return choice, ()
    before = next((r for r in choice.ranking if r.model == retry.model), None)
    if retry.how is None:
        return (choice, ()) if before is None else (_first(choice, [before], _regenerate(before.model, language)), ())
    if retry.how not in _WORDS:
        return choice, ()
    fitting = _fitting(choice.ranking, before, retry)
    wish = _WORDS[retry.how][language == "zh"]
    if not fitting:
        name = choice.ranking[0].model
        text = (
            f"没有模型能给出{wish}；仍由 {name} 回答。"
            if language == "zh"
            else f"No model is left for {wish}; {name} answers again."
        )
        return choice, (Notice(code="retry", text=text),)
    name = fitting[0].model
    text = (
        f"按您的要求（{wish}），由 {name} 回答；此前由 {retry.model} 回答。"
        if language == "zh"
        else f"You asked for {wish}: {name} answers, after {retry.model}."
    )
    return _first(choice, fitting, text), (Notice(code="retry", text=text),)


def _fitting(ranking: Sequence[Ranked], before: Ranked | None, retry: Retry) -> list[Ranked]:
    others = [r for r in ranking if r.model != retry.model]
    if before is None or retry.how == "other":
        return others
    if retry.how == "deeper":
        return [r for r in others if r.estimate.quality.mean > before.estimate.quality.mean]
    then = before.estimate.latency
    return [
        r
        for r in others
        if r.estimate.latency.first_token_s < then.first_token_s or r.estimate.latency.total_s < then.total_s
    ]


def _first(choice: Choice, fitting: Sequence[Ranked], reason: str) -> Choice:
    first = replace(fitting[0], propensity=1.0, reason=reason)
    rest = [replace(r, propensity=0.0) for r in choice.ranking if r.model != first.model]
    return Choice(ranking=(first, *rest), excluded=choice.excluded, reason=reason)


def _regenerate(model: str, language: Literal["en", "zh"]) -> str:
    return (
        f"{model} 再次回答：您没有要求其他模型。"
        if language == "zh"
        else f"{model} answers again: you asked for no other."
    )
