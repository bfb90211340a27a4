"""Whether two answers contradict each other, and where: numbers, dates, units, names, polarity, final answers.

No model is asked and no weights are read. A conflict is reported where two sentences speak of the same thing and
differ in exactly one way; where they differ in two, they speak of different things, but for a name of which only one
can be right ("the capital of X is"). It misses what needs knowledge of the world, and sentences that say the opposite
in altogether other words.

Source: the kinds of conflict are those of de Marneffe, Rafferty and Manning, "Finding contradictions in text" (2008).
Not for: proving that two texts agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from unisono.consistency.claim import Claim
from unisono.consistency.claims import claims_of
from unisono.consistency.english import stem
from unisono.consistency.final import final_answer, is_number
from unisono.consistency.lexicon import (
    AFTER_NAME,
    BEFORE_NAME,
    MORE_OF_THE_SAME,
    ONCE_VERBS,
    OPPOSED,
    UNIQUE_NOUNS,
    UNIQUE_VERBS,
    ZH_OPPOSED,
    ZH_STOP,
)
from unisono.consistency.quantities import Quantity

Kind = Literal["number", "unit", "date", "name", "polarity", "final", "judged"]

ALIKE = 0.6
"""Share of the shorter sentence's content that must stand in the other, for the two to speak of the same thing."""
ALIKE_DENIED = 0.75
"""The same where the difference is a denial: that is easily one about something else."""
MAX_FINAL = 40
"""Characters of a final answer that is compared with another."""
MAX_LETTERS = 40_000
"""Of an answer; what comes later is not read."""
MAX_STEPS = 40_000
"""Of the search for what differs between two sentences: two hundred words each."""

_OPPOSITES = frozenset(pair for a, b in OPPOSED for pair in ((a, b), (b, a), (stem(a), stem(b)), (stem(b), stem(a))))
_PREFIXES = ("un", "in", "im", "il", "ir", "non", "dis", "de")
MAX_NAME, MAX_ZH_NAME = 4, 10
"""Words and characters of a name where a number or a date differs too."""
_ONE_OF = frozenset((stem(noun), "of") for noun in UNIQUE_NOUNS)
_YEARLY = frozenset(stem(word) for word in ("year", "season", "month", "week", "day"))
"""Of the song of the year there is another each year."""
_ZH_ONE = re.compile(
    "的(?:首都|首府|省会|作者|导演|发明者|创始人|发现者|第一任.{1,4}|建筑师|设计师|作曲者|主角|最高峰|最长的河|货币|官方语言)(?:是|为)$"
)
"""What has one name, right before it."""
_STEPS = frozenset({"number", "unit", "date"})
"""Differences that do not count between answers which end alike: two right ways have other steps."""
_ZH_ORDER = frozenset("#◦一二三四五六七八九十第")
_UNIQUE = frozenset(stem(verb) for verb in UNIQUE_VERBS)
_ONCE = frozenset(stem(verb) for verb in ONCE_VERBS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two sentences that cannot both be right, and in what they differ."""

    kind: Kind
    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is compared of one answer: its claims, its final answer where it marks one, where each word stands."""

    claims: tuple[Claim, ...]
    final: str | None
    places: Mapping[str, tuple[int, ...]]


def read(text: str) -> Reading:
    """Return what is compared of an answer."""
    text = text[:MAX_LETTERS]
    return reading_of(claims_of(text), final=final_answer(text))


def reading_of(claims: Sequence[Claim], *, final: str | None = None) -> Reading:
    """Return claims made ready for comparison."""
    places: dict[str, list[int]] = {}
    for place, claim in enumerate(claims):
        for word in claim.content:
            places.setdefault(word, []).append(place)
    return Reading(claims=tuple(claims), final=final, places={word: tuple(at) for word, at in places.items()})


def contradictions(a: str, b: str, *, finals: bool = True) -> tuple[Conflict, ...]:
    """Return where two answers contradict each other; empty when nothing was found.

    Args:
        a: an answer, English or Chinese.
        b: another one.
        finals: both answer the same question, so that their final answers must be equal.
    """
    return () if a == b else between(read(a), read(b), finals=finals)


def between(a: Reading, b: Reading, *, finals: bool = True) -> tuple[Conflict, ...]:
    """Do what `contradictions` does with answers that were read already."""
    found: list[Conflict] = []
    agree = finals and a.final is not None and a.final == b.final
    if finals and (conflict := _finals(a.final, b.final)) is not None:
        found.append(conflict)
    for claim in a.claims:
        conflict = against(claim, b)
        if conflict is not None and not (agree and conflict.kind in _STEPS):
            found.append(conflict)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A conflict between two of several answers, by their places."""

    left: int
    right: int
    conflict: Conflict


def among(answers: Sequence[str], *, finals: bool = True) -> tuple[Disagreement, ...]:
    """Return where any two of several answers contradict each other."""
    readings = [read(answer) for answer in answers]
    return tuple(
        Disagreement(left=i, right=j, conflict=conflict)
        for i, a in enumerate(readings)
        for j in range(i + 1, len(readings))
        for conflict in between(a, readings[j], finals=finals)
    )


def against(claim: Claim, other: Reading) -> Conflict | None:
    """Return how a claim conflicts with the ones of another text that are most like it; None if one of those agrees."""
    shared = Counter(place for word in claim.content for place in other.places.get(word, ()))
    near = [
        (n / min(len(claim.content), len(other.claims[place].content)), -place)
        for place, n in shared.items()
        if other.claims[place].chinese == claim.chinese
    ]
    for share, place in sorted(near, reverse=True)[:3]:
        found = other.claims[-place]
        kind = None if share < ALIKE - 0.15 else _conflict(claim, found)
        if kind is not None and not any(_settles(claim, third, kind) for third in other.claims if third is not found):
            return Conflict(kind=kind, left=claim.text, right=found.text)
    return None


def alike(a: Claim, b: Claim) -> float:
    """Return the share of the shorter claim's content that stands in the other, in [0, 1]."""
    left, right = a.content, b.content
    if not left or not right:
        return 0.0
    return len(left & right) / min(len(left), len(right))


def _finals(left: str | None, right: str | None) -> Conflict | None:
    """Return that two final answers differ, where they are of one sort; one that holds the other is only longer."""
    if left is None or right is None or left == right:
        return None
    numbers = is_number(left), is_number(right)
    short = len(left) == 1 and len(right) == 1
    if not all(numbers) and not short and (left in right or right in left):
        return None
    if (any(numbers) and not all(numbers)) or max(len(left), len(right)) > MAX_FINAL:
        return None
    return Conflict(kind="final", left=left, right=right)


def _conflict(a: Claim, b: Claim) -> Kind | None:
    """Return in what two claims conflict, if in one thing only."""
    share = alike(a, b)
    if a.working or b.working or share < ALIKE - 0.15:
        return None
    only_a, only_b = a.content - b.content, b.content - a.content
    opposed = _zh_opposed(a, b) if a.chinese else {(x, y) for x in only_a for y in only_b if _opposite(x, y)}
    number, date = _numbers(a, b), _dates(a, b)
    n_flips = len(opposed) + (a.denied != b.denied)
    named = share >= 0.5 and not opposed and _names(a, b, only_a, only_b)
    if not n_flips and (number is not None or date) and _another_answer(a, b):
        return "name"
    if (number is not None) + date + (n_flips > 0) + named > 1:
        return None
    if number is not None or date:
        return (number or "date") if _of_one_thing(a, b, only_a, only_b, share) else None
    if n_flips % 2 == 1:
        return "polarity" if _denies(a, b, only_a, only_b, opposed, share) else None
    return "name" if named else None


def _of_one_thing(a: Claim, b: Claim, only_a: frozenset[str], only_b: frozenset[str], share: float) -> bool:
    """Say whether two claims give a number or a date of the same thing."""
    if share < ALIKE or len(a.content & b.content) < 0.5 * max(len(a.content), len(b.content)):
        return False
    return not (only_a and only_b) or (share >= 0.75 and not _contrast(a, b, only_a, only_b))


def _settles(claim: Claim, other: Claim, kind: Kind) -> bool:
    """Say whether another sentence of the same text agrees with the claim in what a first one denies."""
    if kind in ("number", "unit"):
        return bool(claim.quantities) and all(
            any(_equal(q, o) and (q.dimension or q.near == o.near) for o in other.quantities) for q in claim.quantities
        )
    if kind == "date":
        return bool(claim.days) and all(any(d == o for o in other.days) for d in claim.days)
    return alike(claim, other) >= 0.9 and _conflict(claim, other) is None


# ------------------------------------------------------------------------------------ numbers, dates


def _equal(a: Quantity, b: Quantity) -> bool:
    if a.dimension != b.dimension and {a.dimension, b.dimension} != {"", "share"}:
        return False
    size = max(abs(a.value), abs(b.value))
    if a.vague or b.vague:
        return abs(a.value - b.value) <= 0.06 * size
    return abs(a.value - b.value) <= 0.006 * size and (abs(a.value - b.value) < 1e-9 * size or not _whole(a, b))


def _whole(a: Quantity, b: Quantity) -> bool:
    """Two whole numbers are equal or not; of others, one may be rounded."""
    return a.written == int(a.written) and b.written == int(b.written)


def _numbers(a: Claim, b: Claim) -> Literal["number", "unit"] | None:
    left = [q for q in a.quantities if not any(_equal(q, o) for o in b.quantities)]
    right = [q for q in b.quantities if not any(_equal(q, o) for o in a.quantities)]
    for q in left:
        for o in right:
            if q.dimension != o.dimension:
                if q.written == o.written and q.dimension and o.dimension and len(left) == len(right) == 1:
                    return "unit"
                continue
            if q.near != o.near and not q.dimension and not (len(left) == len(right) == 1 and alike(a, b) >= 0.8):
                continue
            return "unit" if q.written == o.written and q.value != o.value else "number"
    return None


def _dates(a: Claim, b: Claim) -> bool:
    left = [d for d in a.days if not any(d.kind == o.kind and not d.conflicts(o) for o in b.days)]
    right = [d for d in b.days if not any(d.kind == o.kind and not d.conflicts(o) for o in a.days)]
    return any(d.kind == o.kind for d in left for o in right)


def _contrast(a: Claim, b: Claim, only_a: frozenset[str], only_b: frozenset[str]) -> bool:
    """Say whether the claims differ in a word at the same place too: then they are about two things."""
    return bool(_replaced(a, b)) if a.chinese else any(x in only_a and y in only_b for x, y in _replaced(a, b))


# ------------------------------------------------------------------------------------ polarity


def _opposite(x: str, y: str) -> bool:
    if (x, y) in _OPPOSITES:
        return True
    long, short = (x, y) if len(x) > len(y) else (y, x)
    return len(short) > 3 and any(long == prefix + short for prefix in _PREFIXES)


def _denies(
    a: Claim,
    b: Claim,
    only_a: frozenset[str],
    only_b: frozenset[str],
    opposed: set[tuple[str, str]],
    share: float,
) -> bool:
    if opposed:
        rest_a, rest_b = only_a - {x for x, _ in opposed}, only_b - {y for _, y in opposed}
        if a.chinese:
            chars = {c for pair in opposed for word in pair for c in word}
            rest_a, rest_b = only_a - chars, only_b - chars
        shared = len(a.content & b.content)
        if rest_a and rest_b:
            return False
        if _swapped(a, b):
            return False
        return shared >= 1 and shared / (shared + min(len(rest_a), len(rest_b)) + 1e-9) >= ALIKE
    denying, other = (a, b) if a.denied else (b, a)
    if share < ALIKE_DENIED or (only_a and only_b):
        return False
    return not denying.denies or bool(denying.denies & other.content) or denying.chinese


def _swapped(a: Claim, b: Claim) -> bool:
    """Say whether a comparison was turned around: tea than coffee, coffee than tea."""
    shared = a.content & b.content
    left = [w for w in a.words if w in shared]
    right = [w for w in b.words if w in shared]
    return len(left) > 1 and left != right and ("than" in a.text or "比" in a.text)


def _zh_opposed(a: Claim, b: Claim) -> set[tuple[str, str]]:
    left, right = "".join(a.spoken), "".join(b.spoken)
    found = set()
    for x, y in ZH_OPPOSED:
        for here, there in ((x, y), (y, x)):
            if here in left and there in right and here not in right and there not in left:
                found.add((here, there))
    longest = {pair for pair in found if len(pair[0]) > 1}
    covered = {c for pair in longest for word in pair for c in word}
    return longest | {pair for pair in found if len(pair[0]) == 1 and not set("".join(pair)) & covered}


# ------------------------------------------------------------------------------------ names


def _edits(a: Sequence[str], b: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """Return what makes one sentence of the other; of two very long ones that everything does.

    What repeats one word takes as many steps as the product of both lengths.
    """
    if len(a) * len(b) > MAX_STEPS:
        return [("replace", 0, len(a), 0, len(b))]
    return SequenceMatcher(None, a, b, autojunk=False).get_opcodes()


def _replaced(a: Claim, b: Claim) -> list[tuple[str, str]]:
    """Return the pairs of runs that stand in the same place of two sentences, between the same neighbours."""
    blocks = _edits(a.spoken, b.spoken)
    joint = "" if a.chinese else " "
    return [
        (joint.join(a.spoken[i1:i2]), joint.join(b.spoken[j1:j2]))
        for tag, i1, i2, j1, j2 in blocks
        if tag == "replace" and "#" not in a.spoken[i1:i2] and "#" not in b.spoken[j1:j2]
    ]


def _names(a: Claim, b: Claim, only_a: frozenset[str], only_b: frozenset[str]) -> bool:
    if a.chinese:
        return _zh_names(a, b)
    if not only_a or not only_b:
        return False
    if MORE_OF_THE_SAME & {w.lower() for w in (*a.text.split(), *b.text.split())}:
        return False
    named_a, named_b = only_a & a.names, only_b & b.names
    shared = a.content & b.content
    if named_a and named_b and only_a == named_a and only_b == named_b and len(shared) >= 1:
        return not _subjects(a, b, named_a, named_b)
    return len(shared) >= 1 and _same_frame(a, b)


def _another_answer(a: Claim, b: Claim) -> bool:
    """Say whether two claims of one subject give another name, and a number or a date besides, where one name is right.

    So it is behind "the capital of X is" and behind "was written by"; a prize went to others in other years.
    """
    if not a.words or not b.words or a.words[0] != b.words[0]:
        return False
    if a.chinese:
        return _another_zh_answer(a, b)
    changed = [edit for edit in _edits(a.spoken, b.spoken) if edit[0] != "equal"]
    if len(changed) != 1 or changed[0][0] != "replace":
        return False
    _, i1, i2, j1, j2 = changed[0]
    before = a.spoken[:i1]
    names = {*a.spoken[i1:i2], *b.spoken[j1:j2]}
    if (
        not before
        or "#" in before
        or _YEARLY & set(before)
        or max(i2 - i1, j2 - j1) > MAX_NAME
        or not names <= a.names | b.names
    ):
        return False
    if before[-1] == "by":
        return len(before) > 1 and before[-2] in _ONCE
    return not _dates(a, b) and before[0] == "the" and before[1:3] in _ONE_OF and before[-1] in ("is", "was")


def _another_zh_answer(a: Claim, b: Claim) -> bool:
    changed = [edit for edit in _edits(a.spoken, b.spoken) if edit[0] != "equal"]
    if len(changed) != 1 or changed[0][0] != "replace":
        return False
    _, i1, i2, j1, j2 = changed[0]
    before, left, right = "".join(a.spoken[:i1]), "".join(a.spoken[i1:i2]), "".join(b.spoken[j1:j2])
    if max(len(left), len(right)) > MAX_ZH_NAME or set(left + right) & (_ZH_ORDER | {"，", "、"}):
        return False
    return not {"◦", "#"} & set(before) and _ZH_ONE.search(before) is not None


def _subjects(a: Claim, b: Claim, named_a: frozenset[str], named_b: frozenset[str]) -> bool:
    """Say whether the names are only those of whom the sentences speak: each may be as told."""
    for claim, named in ((a, named_a), (b, named_b)):
        if not claim.words or claim.words[0] not in named:
            return False
        behind = [w for w in claim.spoken if w not in named][:3]
        if behind[:1] and behind[0] in _UNIQUE:
            return False
        if behind[:2] in (["is", "the"], ["was", "the"], ["are", "the"], ["were", "the"]):
            return False
    return True


def _same_frame(a: Claim, b: Claim) -> bool:
    """Say whether one noun was put in the place of another, and everything else is the same."""
    blocks = [block for block in _edits(a.spoken, b.spoken) if block[0] != "equal"]
    if len(blocks) != 1 or blocks[0][0] != "replace":
        return False
    _, i1, i2, j1, j2 = blocks[0]
    if i2 - i1 > 3 or j2 - j1 > 3:
        return False
    before = a.spoken[i1 - 1] if i1 else ""
    after = a.spoken[i2] if i2 < len(a.spoken) else "."
    return before in BEFORE_NAME and after in AFTER_NAME


def _zh_names(a: Claim, b: Claim) -> bool:
    words_a, words_b = ([c for c in claim.spoken if c not in ZH_STOP and c not in "，、"] for claim in (a, b))
    changed = [block for block in _edits(words_a, words_b) if block[0] != "equal"]
    if len(changed) != 1 or changed[0][0] != "replace":
        return False
    _, i1, i2, j1, j2 = changed[0]
    left, right = "".join(words_a[i1:i2]), "".join(words_b[j1:j2])
    if len(words_a) - (i2 - i1) < 2 or len(left) > 6 or len(right) > 6 or set(left + right) & _ZH_ORDER:
        return False
    return i1 > 0 or "的" in a.text
