"""Which rule of the house a request falls under, from what was understood of it.

What the rule then does to the choice stands in `choose.house`. Only `auto` falls under a rule: a pin is the caller's
own word. Between a tool call and its result, and while a provider's state is open, none does: no model may change then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from unisono.types import Features, HouseRule, Likeness, Request, TaskType
from unisono.understand.alike import Alike, Compared
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

Holds: TypeAlias = Callable[[Request, Features], bool]


class Met(NamedTuple):
    """The rule that a request falls under, and how near it comes to the rule's examples if it has some."""

    rule: str
    likeness: Likeness | None = None


class Looked(NamedTuple):
    """What one rule makes of a request.

    Attributes:
        rule: its name.
        misses: the keys of conditions that do not hold; `like` where an `unlike` is nearer, too.
        likeness: how near the request comes to its examples; None without any, and where nothing was encoded.
        nearer: the place in `unlike` of a sentence that is as near as the nearest of `like`.
    """

    rule: str
    misses: tuple[str, ...]
    likeness: Likeness | None = None
    nearer: int | None = None


class HouseRules:
    """The rules of a configuration, in their order. Immutable."""

    def __init__(self, rules: Sequence[HouseRule], alike: Alike | None = None) -> None:
        """Read by these rules.

        Args:
            rules: in their order.
            alike: the examples of those that have some; without it no request is like any.
        """
        self._rules = [(rule, _conditions(rule)) for rule in rules]
        self._alike = alike

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rules."""
        return tuple(rule.name for rule, _ in self._rules)

    @property
    def conditions(self) -> dict[str, tuple[str, ...]]:
        """The keys of the conditions that each rule gives, but for `like`."""
        return {rule.name: tuple(key for key, _ in conditions) for rule, conditions in self._rules}

    def first(self, request: Request, features: Features) -> Met | None:
        """Return the first rule that is about a request; None where none is."""
        if not may_fall_under_rules(request, features):
            return None
        compared = None
        for rule, conditions in self._rules:
            for _, holds in conditions:
                if not holds(request, features):
                    break
            else:
                if not rule.like:
                    return Met(rule.name)
                if compared is None:
                    compared = self._compared(features)
                if compared is not None and self._alike is not None and self._alike.meets(rule.name, compared):
                    return Met(rule.name, self._alike.likeness(rule.name, compared))
        return None

    def each(self, request: Request, features: Features) -> list[Looked]:
        """Return what every rule makes of a request, in their order: for those who try rules."""
        compared, found = self._compared(features), []
        for rule, conditions in self._rules:
            misses = [key for key, holds in conditions if not holds(request, features)]
            if not rule.like:
                found.append(Looked(rule.name, tuple(misses)))
                continue
            if compared is None or self._alike is None:
                found.append(Looked(rule.name, (*misses, "like")))
                continue
            meets, likeness = self._alike.meets(rule.name, compared), self._alike.likeness(rule.name, compared)
            nearer = self._alike.nearer(rule.name, compared)
            found.append(Looked(rule.name, (*misses, *(() if meets else ("like",))), likeness, nearer))
        return found

    def _compared(self, features: Features) -> Compared | None:
        if self._alike is None or features.embedding is None:
            return None
        return self._alike.compare(features.embedding, features.language)


def may_fall_under_rules(request: Request, features: Features) -> bool:
    """Say whether any rule may be about a request: not where its model is pinned or may not change now."""
    return request.mode is not None and not features.in_tool_loop and not features.bound


def _conditions(rule: HouseRule) -> list[tuple[str, Holds]]:
    """Return the conditions that a rule gives, but for its examples, by key; the cheap ones first."""
    found: list[tuple[str, Holds]] = []
    if rule.modes:
        found.append(("modes", lambda request, features: request.mode in rule.modes))
    if rule.keys:
        found.append(("keys", lambda request, features: rule.is_about(request.key)))
    if rule.needs:
        found.append(("needs", lambda request, features: not features.needs.isdisjoint(rule.needs)))
    if (least := rule.min_tokens) is not None:
        found.append(("min_tokens", lambda request, features: features.n_input_tokens >= least))
    if (most := rule.max_tokens) is not None:
        found.append(("max_tokens", lambda request, features: features.n_input_tokens <= most))
    if rule.tasks:
        found.append(("tasks", lambda request, features: _is_kind(features.task_type, rule)))
    if rule.words:
        search = _searched(rule.words)
        found.append(("words", lambda request, features: search(features.task) is not None))
    if rule.scripts:
        found.append(("scripts", lambda request, features: script(features.task) in rule.scripts))
    return found


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


def _searched(words: Sequence[str]) -> Callable[[str], object]:
    """Return a search for any of some words; capitals and the number of blanks do not matter."""
    found = "|".join(r"\s{1,3}".join(map(re.escape, word.split())) for word in sorted(words, key=len, reverse=True))
    return re.compile(f"{_BEFORE}(?:{found}){_AFTER}", re.IGNORECASE).search
