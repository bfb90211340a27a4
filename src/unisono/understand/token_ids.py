"""Texts to the token ids of the static encoder's vocabulary, each word of a text only once.

Every token of this vocabulary lies within one word, so words are looked up. A new one is parted where a character is a
token by itself, as digits are and the characters of some scripts, and its pieces are looked up; what is not known then
is cut by the tokenizer's model. It knows no vectors.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unisono.understand.codes import codes_of, within
from unisono.understand.kept import Kept

if TYPE_CHECKING:
    from tokenizers import Token, Tokenizer

MAX_TOKENS = 1_536
"""Of a text with more the first and the last half of this count."""
Ids = NDArray[np.int64]
"""Token ids in their order, shape (n,)."""

_BLANK = "▁"
"""A blank inside the tokenizer."""
_ODD = re.compile(r"[^\S \n]|▁")
"""Blanks other than the plain one and a line's end, and the mark that stands for one."""
_ODD_ASCII = "".join(mark for mark in map(chr, range(128)) if _ODD.match(mark))
_MARKS = ("<s>", "</s>", "<unk>")
"""The tokenizer's own."""
_WIDE_RANGES = (0x2E80, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFFEF), (0x10000, 0x10FFFF)
_WIDE = "".join(f"{chr(low)}-{chr(high)}" for low, high in _WIDE_RANGES)
"""Characters of scripts with few blanks or none between words, and emoji."""
_PIECE = re.compile(rf"[0-9]{{1,2}}|[{_WIDE}]|[^0-9{_WIDE}]+")
"""No token holds a digit or a wide character together with another character."""
_UNSPACED = re.compile(r"[\u2e80-\u9fff]")
_UNSPACED_PIECE = re.compile(rf"[{_WIDE}]|{_BLANK}*[^{_BLANK}\n{_WIDE}]+|{_BLANK}+|\n")
"""Words that stand between wide characters are seldom met twice together with them."""
_MAX_NEW = 2
"""Of a word with more pieces that are not known it is cheaper to cut the whole."""
_LONG_CHARS = 48
"""Words of so many characters without many digits among them are not parted: they are signs without blanks."""
_TOKENS_PER_CHAR = 4
"""At most: the bytes of a character; an ASCII character is one at most."""
_ID_BYTES = 8
_FEW = 8
"""Of words with fewer empty ones than one in so many these alone are looked at."""
_LONG_WORD_CHARS = 8
"""Where words are longer on average most are new: they are read from both ends of a text until they are enough."""
_AT_ONCE_CHARS = 800


class TokenReader:
    """Reads texts as the tokenizer does, mostly from memory."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Read with a tokenizer of byte pairs that falls back to bytes."""
        self._tokenizer = tokenizer
        self._pieces = _Pieces(tokenizer.model.tokenize)
        self._words = _Words(self._pieces)

    def whole(self, text: str) -> list[int]:
        """Return the ids of a text by the tokenizer itself."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def ids(self, text: str) -> Ids:
        """Return the ids of a text that is not empty, or the first and the last `MAX_TOKENS // 2` of more."""
        if _is_odd(text):
            return _ends(np.array(self.whole(text), dtype=np.int64))
        if not text.isascii():
            text = _without_middle(text)
            if _UNSPACED.search(text) is not None:
                pieces = _UNSPACED_PIECE.findall(f"{_BLANK}{text.replace(' ', _BLANK)}")
                return _ends(np.frombuffer(b"".join(map(self._pieces.__getitem__, pieces)), dtype=np.int64))
        words = _words(text)
        n_at_most = len(text) * (1 if text.isascii() else _TOKENS_PER_CHAR)
        if n_at_most < MAX_TOKENS or len(text) < _LONG_WORD_CHARS * len(words):
            return _ends(np.frombuffer(b"".join(map(self._words.__getitem__, words)), dtype=np.int64))
        n_words = _AT_ONCE_CHARS * len(words) // len(text) + 1
        found = self._read_until_enough(words, at_once=n_words)
        if len(found) < len(words):
            found += self._read_until_enough(words[len(found) :][::-1], at_once=n_words)[::-1]
        return _ends(np.frombuffer(b"".join(found), dtype=np.int64))

    def _read_until_enough(self, words: Sequence[str], *, at_once: int) -> list[bytes]:
        """Return the ids of words until they are half of `MAX_TOKENS`, or of all."""
        found: list[bytes] = []
        n_ids = 0
        while len(found) < len(words) and n_ids < MAX_TOKENS // 2:
            found += (more := [self._words[word] for word in words[len(found) : len(found) + at_once]])
            n_ids += sum(map(len, more)) // _ID_BYTES
        return found


def _words(text: str) -> list[str]:
    """Return the words of a text. One may begin with a line's end, or with more blanks than one."""
    text = text.replace("\n", " \n")
    words = text.split(" ")
    n_empty = words.count("")  # two blanks leave an empty word, as one at an end does
    if not n_empty:
        return words
    return _with_few_blanks(words) if _FEW * n_empty < len(words) else list(_with_blanks(words))


def _with_blanks(words: Iterable[str]) -> Iterator[str]:
    """Yield words; one with further blanks before it, empty words here, has all its blanks in front."""
    n_more = 0
    for word in words:
        if not word:
            n_more += 1
            continue
        yield word if n_more == 0 else " " * (n_more + (word[0] != "\n")) + word
        n_more = 0
    if n_more:
        yield " " * n_more


def _with_few_blanks(words: Sequence[str]) -> list[str]:
    """Return what `_with_blanks` yields, without a look at each word."""
    found: list[str] = []
    at, n_left = 0, words.count("")
    while n_left:
        begin = end = words.index("", at)
        while end < len(words) and not words[end]:
            end += 1
        found += words[at:begin]
        found += _with_blanks(words[begin : end + 1])
        at, n_left = end + 1, n_left - (end - begin)
    found += words[at:]
    return found


def _is_odd(text: str) -> bool:
    """Say whether the tokenizer itself must read a text: for its blanks, or for marks of the tokenizer's own."""
    if "<" in text and any(map(text.__contains__, _MARKS)):
        return True
    if text.isascii():
        return any(map(text.__contains__, _ODD_ASCII))  # a twentieth of the time of a search
    if text.replace("\n", "").isprintable():  # then it has no such blank
        return _BLANK in text
    return _ODD.search(text) is not None


def _without_middle(text: str) -> str:
    """Return a text without what stands behind the first and before the last `MAX_TOKENS // 2` wide characters."""
    if len(text) <= MAX_TOKENS:
        return text
    wide = np.flatnonzero(within(codes_of(text), *_WIDE_RANGES))
    half = MAX_TOKENS // 2
    return text if wide.size <= MAX_TOKENS else text[: wide[half - 1] + 1] + text[wide[-half] :]


def _ends(ids: Ids) -> Ids:
    half = MAX_TOKENS // 2
    return ids if ids.size <= MAX_TOKENS else np.concatenate((ids[:half], ids[-half:]))


def _n_digits(word: str) -> int:
    """Return how many digits a word has: a twentieth of the time of parting it."""
    content = word.encode()
    return len(content) - len(content.translate(None, b"0123456789"))


class _Words(Kept[bytes]):
    """The ids of words that stand behind a blank or a line's end, eight bytes each."""

    max_words = 32_768

    def __init__(self, pieces: _Pieces) -> None:
        super().__init__()
        self._pieces = pieces

    def _made(self, word: str) -> bytes:
        if word[0] == "\n":
            return self._pieces.of(word)
        return self._pieces.of(word.replace(" ", _BLANK) if word[0] == " " else f"{_BLANK}{word}")


class _Pieces(Kept[bytes]):
    """The ids of pieces of words, as these stand inside the tokenizer."""

    def __init__(self, cut: Callable[[str], list[Token]]) -> None:
        super().__init__()
        self._cut = cut

    def of(self, word: str) -> bytes:
        """Return the ids of a word."""
        if len(word) > _LONG_CHARS and word[1:].isascii() and 4 * _n_digits(word) < len(word):
            return self._made(word)
        pieces = _PIECE.findall(word)
        if len(pieces) == 1:
            return self._made(word)
        known = list(map(self.get, pieces))
        if None not in known:
            return b"".join(known)  # type: ignore[arg-type]  # as just seen
        new = {piece for piece, ids in zip(pieces, known, strict=True) if ids is None and len(piece) > _MAX_NEW}
        if len(new) > _MAX_NEW:
            self[min(new, key=lambda piece: (len(piece), piece))]  # learnt for the next word like it
            return self._made(word)
        return b"".join(map(self.__getitem__, pieces))

    def _made(self, word: str) -> bytes:
        return array("q", [token.id for token in self._cut(word)]).tobytes()
