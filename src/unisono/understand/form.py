"""What the form of a request tells: what of an answer can be checked, how many questions it asks, who may work on it.

Patterns of words in English and Chinese, no model. It does not say how hard a request is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from unisono.types import Features, Json

MAX_READ = 600
"""Characters of a task that are looked at, from each end: what is asked stands at the beginning or at the end."""
MAX_PARTS = 8

_CODE = re.compile(
    r"```|\bdef \w+\(|\b(?:write|implement|create|complete|fix)\b[^.?!\n]{0,60}\b(?:function|method|class|program|script"
    r"|code|query|regex)\b|(?:写|实现|编写)[^。？\n]{0,20}(?:函数|程序|代码|方法|类)",
    re.IGNORECASE,
)
_FINAL = re.compile(
    r"\bhow (?:many|much|old|long|far|tall|fast|often)\b|\b(?:calculate|compute|evaluate|solve|simplify|find the"
    r"|determine the)\b|\bwhat (?:is|are|was|were) (?:the )?(?:value|sum|product|area|volume|probability|number|total"
    r"|average|smallest|largest|remainder|ratio|percentage|result|answer|capital|name|year|length|distance|cost|price)\b"
    r"|\bwhich (?:of the following|one|option|is|country|year|city|planet)\b|\b(?:true or false|yes or no)\b"
    r"|^\s*\(?[A-D][).:]\s|\b(?:is|are|does|do|did|was|were|can) (?:it|this|the|there|a|an)\b[^?\n]{0,80}\?"
    r"|\bwho (?:was|is|wrote|invented|discovered|won)\b|\bwhen (?:was|did|is)\b|\\boxed|\bfinal answer\b"
    r"|\d\s*[-+*/×÷^=]\s*\d|[$\\](?:frac|sqrt|sum|int)"
    r"|多少|几个|几岁|几点|计算|求[^。]{0,12}[值和积]|哪个|哪一|是否|对不对|谁[是发写]|等于",
    re.IGNORECASE | re.MULTILINE,
)
_OPEN = re.compile(
    r"\b(?:essay|poem|story|letter|email|summari[sz]e|summary|explain|describe|discuss|compare|translate|rewrite|rephrase"
    r"|brainstorm|suggest|draft|outline|write (?:a|an|me|about|in|three|two|five|some))\b|(?:作文|诗|故事|总结|概括|解释|描述|讨论|翻译|改写|写一|起草)",
    re.IGNORECASE,
)
_PART = re.compile(r"^\s*(?:\(?\d{1,2}[.):、]|\([a-h]\)|[a-h]\)|[-*•])\s+\S", re.MULTILINE)
_QUESTION = re.compile(r"[?？]")
_ONLY_ONE = ("tools", "functions", "logprobs", "top_logprobs", "logit_bias", "audio", "prediction")
"""Members of a body that one model's own answer is wanted for."""


def with_form(features: Features, body: Json) -> Features:
    """Return the features with what the form of the request tells.

    It costs up to half a millisecond, so it is read only where several models may work on the answer.
    """
    task = features.task
    return replace(features, checkable=checkable(task, body), n_parts=n_parts(task), joint=joint(body))


def checkable(task: str, body: Json) -> Literal["", "final", "format", "code"]:
    """Return what of an answer to this request can be checked; the strictest of several."""
    if not isinstance(body.get("n"), int) or body["n"] == 1:
        return _checkable(task, body)
    return ""


def _checkable(task: str, body: Json) -> Literal["", "final", "format", "code"]:
    form = body.get("response_format")
    if isinstance(form, dict) and form.get("type") in ("json_object", "json_schema"):
        return "format"
    if body.get("tools") or body.get("functions"):
        return "format"
    read = _ends(task)
    if _CODE.search(read):
        return "code"
    return "final" if _FINAL.search(read) and not _OPEN.search(read) else ""


def n_parts(task: str) -> int:
    """Return how many questions a task asks: listed ones, or its question marks."""
    read = _ends(task)
    if _CODE.search(read) or "|" in read or re.search(r"^\s*\(?[A-D][).:]\s", read, re.MULTILINE):
        return 1
    listed, asked = len(_PART.findall(read)), len(_QUESTION.findall(read))
    found = listed if listed >= 2 and (asked == 0 or asked >= listed) else asked
    return max(1, min(found, MAX_PARTS))


def joint(body: Json) -> bool:
    """Say whether the form lets several models work on one answer: one choice, in words."""
    n = body.get("n")
    if isinstance(n, int) and n > 1:
        return False
    return not any(body.get(member) for member in _ONLY_ONE)


def _ends(task: str) -> str:
    return task if len(task) <= 2 * MAX_READ else f"{task[:MAX_READ]}\n{task[-MAX_READ:]}"
