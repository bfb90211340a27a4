"""What a text must hold before a long regular expression can match in it: a cheap look before the dear search.

A pattern of a hundred phrases costs Python fifty microseconds a clause, and nearly every clause holds none of them.
From the pattern itself come sets of short strings: every match holds all strings of one of the sets. It matches
nothing itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import chain, combinations
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from unisono.understand.kept import Kept

Name = TypeVar("Name", bound=Hashable)


class Source(Protocol):
    """A regular expression, compiled or not."""

    @property
    def pattern(self) -> str:
        """What it was written as."""

    @property
    def flags(self) -> int:
        """Those of `re`."""


class _Piece(NamedTuple):
    """Plain letters of a pattern, with a blank for any run of them.

    `opens`: in a match they stand where a word begins, or nothing stands before them.
    """

    text: str
    opens: bool


_Needs: TypeAlias = "tuple[frozenset[_Piece], ...] | None"
"""Sets of pieces, all of one of which are in every match; None where nothing can be said."""

_WORD = re.compile(r"\w+")
_NO_MARKS = bytes(code if _WORD.match(chr(code)) is not None else ord(" ") for code in range(256))
"""A blank for each ASCII character of which no word is made."""
CUT = "•"
"""Stands in a text where something was taken out. No pattern asks for it, and it is no part of a word."""
_ODD_BLANKS = "".join(mark for mark in map(chr, range(128)) if mark.isspace() and mark not in " \n")
_BLANKS = re.compile("   *")
"""Two at least, written so that `re` looks for two; `in` takes thrice as long, since it looks closely at each blank."""
N_LEAST, N_MOST = 3, 8
"""Letters of a word's beginning by which it is known."""
MAX_SETS = 32
"""Of the choices in a sequence the best are told apart, as long as that gives no more sets than these."""
_LETTER = [(op.IN, [(op.CATEGORY, op.CATEGORY_WORD)])]
_BLANK = [(op.IN, [(op.CATEGORY, op.CATEGORY_SPACE)])]
_COMMON = frozenset("the thi tha and for you are was not wit hav can".split())  # noqa: SIM905
"""Beginnings that nearly every English text holds; a look begins with another where there is one."""


class Hint(NamedTuple, Generic[Name]):
    """One set of strings, the longest the `rarest`: a text that holds them all may hold a match of the pattern.

    Of the words that they stand in it holds some by their beginnings or whole: `keys`, as in `_Keys`. The `longest`
    part of the rarest has no blank.
    """

    name: Name
    rarest: str = ""
    others: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()
    longest: str = ""


class _Keys(Kept[tuple[str, ...]]):
    """The keys of words in small letters, of those that any hint needs: beginnings, the word with a blank after it."""

    def __init__(self, needed: Collection[str]) -> None:
        super().__init__()
        self._needed = frozenset(needed)
        self._starts = frozenset(key.rstrip()[:N_LEAST] for key in needed)

    def may_begin(self, word: str) -> bool:
        """Say whether a word begins as any key does."""
        return word[:N_LEAST] in self._starts

    def of(self, word: str) -> tuple[str, ...]:
        """Return the keys of a word that is not worth keeping."""
        if not self.may_begin(word):
            return ()
        begins = [word[:n] for n in range(N_LEAST, min(len(word), N_MOST) + 1)]
        return tuple([key for key in (*begins, f"{word} ") if key in self._needed])

    _made = of


class Gates(Generic[Name]):
    """The same look for many patterns at once, by how the words of a text begin.

    It pays where the phrases begin with words of their own: one look at each word of a text, whatever the number of
    patterns.
    """

    def __init__(self, patterns: Mapping[Name, Source]) -> None:
        """Take patterns by name that are searched for in small letters, or in any."""
        self._by_key: dict[str, list[Hint[Name]]] = {}
        anywhere: list[Hint[Name]] = []  # where no word's beginning is known
        for name, pattern in patterns.items():
            for pieces in _without_narrower(_of_pattern(pattern) or (frozenset(),)):
                keys = _keys_of(pieces)
                rarest, *others = [folded(string) for string in _strings(pieces)] or [""]
                into = self._by_key.setdefault(max(keys, key=_rareness), []) if keys else anywhere
                into.append(Hint(name, rarest, tuple(others), keys, max(rarest.split() or [""], key=len)))
        self._by_letter = _by_rarest_letter(anywhere)
        self.by_beginnings = not any(hint.rarest.isascii() for hint in anywhere)
        """Whether each pattern is known by how a word begins, as far as texts of ASCII letters go."""
        needed = {key for hints in self._by_key.values() for hint in hints for key in hint.keys}
        self._keys = _Keys(needed)
        firsts = [key[0] for key in needed] or [""]
        self._first, self._last = min(firsts), max(firsts)

    def begun(self, word: str) -> tuple[Hint[Name], ...]:
        """Return the hints whose first look a word, or a part of it behind a mark, stands.

        Those of all words of a text and what is `unbegun` in it, `held` by the text, are what passes in it.
        """
        lowered = folded(word)
        found: tuple[Hint[Name], ...] = ()
        if lowered.isalnum() and not self._keys.may_begin(lowered):
            return found  # most words
        for part in (lowered,) if lowered.isalnum() else _words(lowered):
            if self._first <= part[0] <= self._last:
                for key in self._keys.of(part):
                    found += tuple(self._by_key.get(key, ()))
        return found

    def unbegun(self, look: Look) -> list[Hint[Name]]:
        """Return the hints that no word's beginning tells, of whose letters a text holds all."""
        if not self._by_letter or (look.plain and self.by_beginnings):
            return []
        letters = look.letters
        near = map(self._by_letter.__getitem__, self._by_letter.keys() & letters)
        return [hint for hints in near for needed, hint in hints if needed <= letters]

    def passed(self, text: str) -> list[Hint[Name]]:
        """Return the hints that a text holds. Patterns without one cannot match in it."""
        return self.passed_in(Look(text))

    def passed_in(self, look: Look) -> list[Hint[Name]]:
        """Return the same for a text that several gates look at."""
        found: list[Hint[Name]] = []
        if self._by_key:
            words = look.words
            if not look.plain:  # most words of other scripts are told by their first letter
                words = [word for word in words if self._first <= word[0] <= self._last]
            held = set(chain.from_iterable(map(self._keys.__getitem__, set(words))))
            first = map(self._by_key.__getitem__, self._by_key.keys() & held)
            found = [hint for hints in first for hint in hints if hint.keys <= held]
        found += self.unbegun(look)
        return _held(found, look.spaced) if found else found


class Look:
    """A text as gates look at it; each view of it is made when a gate first asks for it, and once.

    A `plain` one is of ASCII letters, but for `CUT`.
    """

    __slots__ = ("_letters", "_spaced", "_words", "lowered", "plain", "text")

    def __init__(self, text: str) -> None:
        """Look at a text."""
        self.text = text
        self.lowered = folded(text)
        self.plain = self.lowered.replace(CUT, "").isascii()
        self._words: list[str] | None = None
        self._letters: frozenset[str] | None = None
        self._spaced: str | None = None

    @property
    def words(self) -> list[str]:
        """The words in small letters, in their order."""
        if self._words is None:
            self._words = _words(self.lowered.replace(CUT, " "))
        return self._words

    @property
    def letters(self) -> frozenset[str]:
        """Its characters in small letters, and the empty one."""
        if self._letters is None:
            self._letters = frozenset(self.lowered).union(("",))
        return self._letters

    @property
    def spaced(self) -> str:
        """The text in small letters with one blank for each run of them."""
        if self._spaced is None:
            self._spaced = _evenly_spaced(self.lowered)
        return self._spaced


def narrowed(hints: Sequence[Hint[Name]], lowered: str) -> list[Hint[Name]]:
    """Return those of a text's hints that a `folded` part of it holds."""
    near = [hint for hint in hints if hint.longest in lowered]
    return _held(near, _evenly_spaced(lowered)) if near else near


def places_of(hints: Sequence[Hint[Name]], lowered: str) -> list[int]:
    """Return where the longest parts of hints stand in a `folded` text, in their order."""
    found: set[int] = set()
    for string in {hint.longest for hint in hints}:
        at = lowered.find(string)
        while at >= 0:
            found.add(at)
            at = lowered.find(string, at + 1)
    return sorted(found)


def _held(hints: Sequence[Hint[Name]], spaced: str) -> list[Hint[Name]]:
    return [hint for hint in hints if hint.rarest in spaced and all(map(spaced.__contains__, hint.others))]


def _by_rarest_letter(hints: Sequence[Hint[Name]]) -> dict[str, list[tuple[frozenset[str], Hint[Name]]]]:
    """Return hints with the letters that each needs, by that which the fewest need; by "" where it needs none."""
    needs = [frozenset(hint.longest) for hint in hints]
    n_needing = Counter(chain.from_iterable(needs))
    found: dict[str, list[tuple[frozenset[str], Hint[Name]]]] = {}
    for needed, hint in zip(needs, hints, strict=True):
        rarest = min(needed, key=lambda letter: (n_needing[letter], letter), default="")
        found.setdefault(rarest, []).append((needed, hint))
    return found


def folded(text: str) -> str:
    """Return a text in small letters, as long as it is.

    The Turkish i's and the long s are plain ones, as where case is ignored.
    """
    if text.isascii():
        return text.lower()
    return text.replace("İ", "i").lower().replace("ı", "i").replace("ſ", "s")  # İ in small letters would be two


def _evenly_spaced(text: str) -> str:
    """Return a text with one blank for each run of them, and at least one at each end: so pieces hold theirs."""
    text = text.replace("\n", " ")
    odd = any(map(text.__contains__, _ODD_BLANKS)) if text.isascii() else not text.isprintable()
    even = " ".join(text.split()) if odd else _BLANKS.sub(" ", text.strip(" "))
    return f" {even} "


def _words(text: str) -> list[str]:
    return text.encode().translate(_NO_MARKS).decode().split() if text.isascii() else _WORD.findall(text)


def _keys_of(pieces: frozenset[_Piece]) -> frozenset[str]:
    """Return the keys of the words of these pieces: in a text each has its own."""
    keys = set()
    for piece in pieces:
        for match in _WORD.finditer(piece.text):
            if match.start() == 0 and not piece.opens:
                continue
            word = folded(match.group())
            if match.end() < len(piece.text):
                keys.add(f"{word} ")
            elif len(word) >= N_LEAST:
                keys.add(word[:N_MOST])
    return frozenset(keys)


def _rareness(key: str) -> tuple[bool, int, str]:
    """Tell keys apart: the rarest is the greatest."""
    return key.strip() not in _COMMON, len(key.strip()), key


def _strings(pieces: frozenset[_Piece]) -> tuple[str, ...]:
    """Return the strings of a set, the longest, which is the rarest, first."""
    return tuple(sorted({piece.text for piece in pieces}, key=lambda s: (-len(s), s)))


def _without_narrower(needs: Sequence[frozenset[_Piece]]) -> list[frozenset[_Piece]]:
    """Drop a set that holds another one whole."""
    kept: set[frozenset[_Piece]] = set()
    for pieces in sorted(set(needs), key=len):
        smaller = (some for n in range(len(pieces)) for some in combinations(pieces, n))
        if not any(frozenset(some) in kept for some in smaller):
            kept.add(pieces)
    return list(kept)


def _of_pattern(pattern: Source) -> _Needs:
    return _of_sequence(list(parser.parse(pattern.pattern, pattern.flags)), _Piece("", opens=False))[0]


def _of_sequence(parts: Sequence[Any], before: _Piece) -> tuple[_Needs, bool]:
    """Return what a sequence needs, its pieces together with the best of its choices, and whether a word begins after.

    Args:
        parts: the parsed sequence.
        before: plain letters right before it, which its first ones go on from; none, and whether a word begins here.
    """
    pieces: set[_Piece] = set()
    choices: list[tuple[frozenset[_Piece], ...]] = []
    run = before
    for kind, value in [*parts, (None, None)]:
        if (letter := _letter(kind, value)) is not None:
            run = _Piece(run.text + letter if run.text[-1:] != " " or letter != " " else run.text, run.opens)
            continue
        needs, opens = _of_part(kind, value, run)
        if needs is None and run.text.strip():
            pieces.add(run)
        run = _Piece("", opens)
        if needs is not None and len(needs) == 1:
            pieces |= needs[0]
        elif needs is not None:
            choices.append(needs)
    together: tuple[frozenset[_Piece], ...] = (frozenset(pieces),)
    for each in sorted(choices, key=_worth, reverse=True):
        if len(together) == 1 or len(together) * len(each) <= MAX_SETS:
            together = tuple(some | more for some in together for more in each)
    return together if together[0] else None, run.opens


def _of_part(kind: Any, value: Any, before: _Piece) -> tuple[_Needs, bool]:
    """Return what a part needs, the plain letters right before it included, and whether a word begins after it."""
    still = before.text[-1:] == " " or (before.opens and not before.text)
    if kind is op.SUBPATTERN:
        return _of_sequence(list(value[3]), before)
    if kind is op.BRANCH:
        each = [_of_sequence(list(branch), before) for branch in value[1]]
        opens = all(after for _, after in each)
        if any(needs is None for needs, _ in each):
            return None, opens
        return tuple(pieces for needs, _ in each for pieces in needs or ()), opens
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        if value[0] >= 1:
            return _of_sequence(list(value[2]), before)
        return None, still and _of_sequence(list(value[2]), before)[1]
    if kind is op.ASSERT_NOT and value[0] < 0 and list(value[1]) == _LETTER and not before.text.strip():
        return None, True
    if (kind is op.AT and value is op.AT_BOUNDARY) or (kind is op.IN and _are_marks(value)):
        return None, True  # a letter right after it begins a word
    return None, still and kind in (None, op.AT, op.ASSERT, op.ASSERT_NOT)


def _letter(kind: Any, value: Any) -> str | None:
    """Return a plain letter in lower case, a blank for any blanks of at least one; None for all else."""
    if kind is op.LITERAL:
        return " " if chr(value).isspace() else folded(chr(value))
    return " " if kind is op.MAX_REPEAT and value[0] >= 1 and list(value[2]) == _BLANK else None


def _are_marks(members: Sequence[Any]) -> bool:
    """Say whether a set of characters holds blanks and plain ones alone, none of which a word is made of."""
    return all(
        _WORD.match(chr(value)) is None if kind is op.LITERAL else (kind, value) == _BLANK[0][1][0]
        for kind, value in members
    )


def _worth(needs: tuple[frozenset[_Piece], ...]) -> tuple[int, int]:
    """Prefer long strings, for they are rare; then few sets."""
    return min(sum(len(piece.text.strip()) for piece in pieces) for pieces in needs), -len(needs)
