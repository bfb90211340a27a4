"""What a text must hold before a long regular expression can match in it: a cheap look before the dear search.

A pattern of a hundred phrases costs Python fifty microseconds a clause, and nearly every clause holds none of them.
From the pattern itself come sets of short strings: every match holds all strings of one of the sets. It matches
nothing itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, TypeAlias

Needs: TypeAlias = "tuple[frozenset[str], ...] | None"
"""Sets of strings, all of one of which are in every match; None where nothing can be said."""


def gate(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    """Return a test that is False only for texts in lower case in which the pattern cannot match.

    Args:
        pattern: one that is searched for in small letters.
    """
    needs = _of_sequence(list(parser.parse(pattern.pattern, pattern.flags)))
    if needs is None:
        return _always
    by_rarest: dict[str, list[tuple[str, ...]]] = {}
    for strings in _without_narrower(needs):
        by_rarest.setdefault(strings[0], []).append(strings[1:])
    rarest = tuple(by_rarest.items())

    def may_match(lowered: str) -> bool:
        for first, each in rarest:
            if first in lowered and any(all(string in lowered for string in others) for others in each):
                return True
        return False

    return may_match


def _always(lowered: str) -> bool:
    return True


def _without_narrower(needs: Sequence[frozenset[str]]) -> tuple[tuple[str, ...], ...]:
    """Drop a set that holds another one whole; put the longest string of each set, the rarest, first."""
    kept: list[frozenset[str]] = []
    for strings in sorted(set(needs), key=lambda s: (len(s), sorted(s))):
        if not any(other <= strings for other in kept):
            kept.append(strings)
    return tuple(tuple(sorted(strings, key=lambda s: (-len(s), s))) for strings in kept)


def _of_sequence(parts: Sequence[Any]) -> Needs:
    """Return what a sequence needs: its plain strings together; without any, the best of its choices."""
    strings: set[str] = set()
    choices: list[tuple[frozenset[str], ...]] = []
    run = ""
    for kind, value in [*parts, (None, None)]:
        if kind is op.LITERAL:
            run += chr(value).lower()
            continue
        if run.strip():
            strings.add(run)
        run = ""
        needs = _of_part(kind, value)
        if needs is not None and len(needs) == 1:
            strings |= needs[0]
        elif needs is not None:
            choices.append(needs)
    together = [(frozenset(strings),)] if strings else []
    return max([*together, *choices], key=_worth, default=None)


def _of_part(kind: Any, value: Any) -> Needs:
    if kind is op.SUBPATTERN:
        return _of_sequence(list(value[3]))
    if kind is op.BRANCH:
        each = [_of_sequence(list(branch)) for branch in value[1]]
        return None if any(needs is None for needs in each) else tuple(s for needs in each for s in needs or ())
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT) and value[0] >= 1:
        return _of_sequence(list(value[2]))
    return None


def _worth(needs: tuple[frozenset[str], ...]) -> tuple[int, int]:
    """Prefer long strings, for they are rare; then few sets."""
    return min(sum(map(len, strings)) for strings in needs), -len(needs)
