"""Texts to token ids by a unigram model: the most probable way to cut a text into known pieces.

A dictionary instead of a trie keeps 250,000 pieces in some 40 MB. It does not normalise: whoever owns the pieces does.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import chain

from unisono.understand.kept import Kept

BLANK = "\u2581"
"""A blank in a text and in pieces."""


class Unigram:
    """Viterbi over pieces. Deterministic; equal scores go to the longer piece before.

    Where no piece holds a blank but at its beginning, which is so in the usual vocabularies, a text is cut word by
    word, and each word once.

    Source: T. Kudo 2018, "Subword regularization", section 3.2 (the best segmentation only).
    """

    def __init__(self, pieces: Sequence[str], scores: Sequence[float], *, unknown: int) -> None:
        """Take the pieces with the logarithms of their probabilities; `unknown` is the id of what no piece covers."""
        self._ids = {piece: place for place, piece in enumerate(pieces) if place != unknown}
        self._scores = array("f", scores)
        self._unknown = unknown
        self._unknown_score = min(self._scores) - 10.0
        self._longest = max(map(len, self._ids))
        self._by_words = not any(BLANK in piece[1:] for piece in self._ids)
        self._words = _Words(self._cut)

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text that is normalised already."""
        if not self._by_words:
            return self._cut(text)
        before, *rest = text.split(BLANK)
        words = [before] if before else []
        words += [f"{BLANK}{word}" for word in rest]
        return list(chain.from_iterable(map(self._words.__getitem__, words)))

    def _cut(self, text: str) -> list[int]:
        n = len(text)
        best = [0.0] + [float("-inf")] * n
        came: list[tuple[int, int]] = [(0, 0)] * (n + 1)
        known, scores, longest = self._ids.get, self._scores, self._longest
        for start in range(n):
            base = best[start]
            for end in range(start + 1, min(start + longest, n) + 1):
                place = known(text[start:end])
                if place is not None and base + scores[place] > best[end]:
                    best[end] = base + scores[place]
                    came[end] = (start, place)
            if base + self._unknown_score > best[start + 1]:
                best[start + 1] = base + self._unknown_score
                came[start + 1] = (start, self._unknown)
        found: list[int] = []
        end = n
        while end > 0:
            end, place = came[end]
            found.append(place)
        return found[::-1]


class _Words(Kept[list[int]]):
    """The ids of words."""

    def __init__(self, cut: Callable[[str], list[int]]) -> None:
        super().__init__()
        self._cut = cut

    def _made(self, word: str) -> list[int]:
        return self._cut(word)
