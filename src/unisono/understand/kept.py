"""What is known of words, each looked up when it is first met: dictionaries that fill themselves and have a bound.

It does not know what is looked up.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, TypeVar

V = TypeVar("V")

MAX_CHARS = 24
"""Longer words are hardly met twice."""


class Kept(dict[str, V]):
    """By word, what `_made` returns for it. Long words are not kept; when there is no more room it begins anew."""

    max_words: ClassVar[int] = 16_384

    def __missing__(self, word: str) -> V:
        made = self._made(word)
        if len(word) <= MAX_CHARS:
            if len(self) >= self.max_words:
                self.clear()
            self[word] = made
        return made

    @abstractmethod
    def _made(self, word: str) -> V:
        """Look a word up."""
