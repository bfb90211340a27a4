"""Which rule of the house a request falls under, from what was understood of it.

What the rule then does to the choice stands in `choose.house`. Only `auto` falls under a rule: a pin is the caller's
own word. Between a tool call and its result, and while a provider's state is open, none does: no model may change then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from unisono.types import Features, HouseRule, Request, TaskType
from unisono.understand.codes import codes_of, n_within
from unisono.understand.language import HAN, MAX_CHARS

SCRIPTS: dict[str, tuple[tuple[int, int], ...]] = {
    "latin": ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x24F), (0x1E00, 0x1EFF)),
    "greek": ((0x370, 0x3FF), (0x1F00, 0x1FFF)),
    "cyrillic": ((0x400, 0x52F),),
    "hebrew": ((0x590, 0x5FF),),
    "arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFF)),
    "devanagari": ((0x900, 0x97F),),
    "thai": ((0xE00, 0xE7F),),
    "han": HAN,
    "kana": ((0x3040, 0x30FF),),
    "hangul": ((0x1100, 0x11FF), (0xAC00, 0xD7AF)),
}
"""Code points of the scripts that a rule may name."""
_UNPARTED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
"""Characters of scripts that write no blanks between words, for a class of `re`."""
_BEFORE, _AFTER = rf"(?<![^\W{_UNPARTED}])", rf"(?![^\W{_UNPARTED}])"


class HouseRules:
    """The rules of a configuration, in their order. Immutable."""

    def __init__(self, rules: Sequence[HouseRule]) -> None:
        """Read by these rules."""
        self._rules = [(rule, _searched(rule.words)) for rule in rules]

    def first(self, request: Request, features: Features) -> str | None:
        """Return the name of the first rule that is about a request; None where none is."""
        if request.mode is None or features.in_tool_loop or features.bound:
            return None
        for rule, words in self._rules:
            if _is_about(rule, words, request, features):
                return rule.name
        return None


def _is_about(rule: HouseRule, words: Callable[[str], object] | None, request: Request, features: Features) -> bool:
    """Say whether a request meets every condition; the cheap ones are looked at first."""
    n_tokens = features.n_input_tokens
    return (
        (not rule.modes or request.mode in rule.modes)
        and (not rule.keys or request.key in rule.keys)
        and (not rule.needs or not features.needs.isdisjoint(rule.needs))
        and (rule.min_tokens is None or n_tokens >= rule.min_tokens)
        and (rule.max_tokens is None or n_tokens <= rule.max_tokens)
        and (not rule.tasks or _is_kind(features.task_type, rule))
        and (words is None or words(features.task) is not None)
        and (not rule.scripts or script(features.task) in rule.scripts)
    )


def _is_kind(found: TaskType | None, rule: HouseRule) -> bool:
    return found is not None and found.name in rule.tasks and found.probability >= rule.at_least


def script(text: str) -> str | None:
    """Return the script that most letters of a text belong to, None where it has no letters.

    It is told from the beginning alone, as the language is. Japanese is `kana`, whatever Chinese characters stand
    between; of equal ones the first of `SCRIPTS` wins.
    """
    codes = codes_of(text[:MAX_CHARS])
    counts = {name: n_within(codes, *ranges) for name, ranges in SCRIPTS.items()}
    if counts["kana"] * 8 > counts["han"]:
        counts["kana"], counts["han"] = counts["kana"] + counts["han"], 0
    most = max(counts, key=lambda name: counts[name])
    return most if counts[most] else None


def _searched(words: Sequence[str]) -> Callable[[str], object] | None:
    """Return a search for any of some words; capitals and the number of blanks do not matter."""
    if not words:
        return None
    found = "|".join(r"\s{1,3}".join(map(re.escape, word.split())) for word in sorted(words, key=len, reverse=True))
    return re.compile(f"{_BEFORE}(?:{found}){_AFTER}", re.IGNORECASE).search
