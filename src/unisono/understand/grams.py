"""A question as hashed places of a table: its words, pairs of them, its frame, and its runs of characters.

Every word is hashed once and kept by its hash; pairs and triples are made of the hashes. It knows no weights and no
classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from unisono.understand.surface import clip

N_BUCKETS = 1 << 17
LENGTHS = (1, 2, 3, 4)
"""Of runs of characters. The short ones are for scripts whose words have no spaces between them."""
MAX_CHARS = 600

Places = NDArray[np.int64]
"""Distinct places, in [0, N_BUCKETS), shape (n,)."""
_Hashes = NDArray[np.uint32]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
HAN = re.compile(r"[\u3400-\u9fff]")
_DIGITS = re.compile(r"\d+")
_ASCII_MARKS = str.maketrans({mark: " " for mark in map(chr, range(128)) if not mark.isalnum() and mark != "'"})
_STIR, _TURN, _CHOOSE = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D)
_SHIFT = np.uint32(32 - (N_BUCKETS.bit_length() - 1))
_HALF = np.uint32(15)
_WORDS = np.array([crc32(b"words %d" % kind) for kind in range(7)], dtype=np.uint32)
_CHARS = [np.uint32(crc32(b"chars %d" % length)) for length in range(max(LENGTHS) + 1)]
"""Keep apart what is found in another way."""
_OF_CHARS = np.uint32(N_BUCKETS)
"""Added to the places of characters while both kinds are sorted together."""
_NAME = crc32(b"a name").to_bytes(4, "little")
"""Stands in a frame for a name, however many words it has."""
_NOWHERE: Places = np.empty(0, dtype=np.int64)


class Word(NamedTuple):
    """A word as it is looked up.

    Attributes:
        low: in small letters.
        code: the hash of that, four bytes.
        spaced: whether it is of a script that puts spaces between words; the others are left to runs of characters.
        capital: whether it begins with a capital.
    """

    low: str
    code: bytes
    spaced: bool
    capital: bool


def word_of(written: str) -> Word:
    """Return what is to be known of a word."""
    low = written.lower()
    spaced = written.isascii() or HAN.search(written) is None
    return Word(low, hashed(low).to_bytes(4, "little"), spaced, written[0].isupper())


def words(text: str) -> list[str]:
    """Return the words of what is read of a text, as they are written; a run of Chinese counts as one.

    A number counts by its length, so that no year is learnt by heart; four digits are a year.
    """
    text = clip(text, MAX_CHARS)
    text = _DIGITS.sub(lambda found: "19c" if len(found.group()) == 4 else f"{min(len(found.group()), 5)}d", text)
    if not text.isascii():
        return _WORD.findall(text)
    pieces = text.translate(_ASCII_MARKS).split()  # a quarter of the time of a search
    if "'" not in text:
        return pieces
    return [word for piece in pieces for word in (_WORD.findall(piece) if "'" in piece else (piece,))]


def hashed(word: str) -> int:
    """Return the hash of a word in small letters."""
    return crc32(word.encode("utf-8", "surrogatepass"))


def buckets(text: str) -> tuple[Places, Places]:
    """Return the places of a text's words and frame, and of its runs of characters."""
    return places([word_of(word) for word in words(text)])


def places(read: Sequence[Word]) -> tuple[Places, Places]:
    """Return the places of a text's words and frame, and of its runs of characters.

    Args:
        read: its words, in their order.
    """
    if not read:
        return _NOWHERE, _NOWHERE
    runs = _of_chars([word.low for word in read])
    found = np.concatenate((*_of_words(read), *runs))
    found *= _CHOOSE
    found >>= _SHIFT
    found[found.size - sum([run.size for run in runs]) :] += _OF_CHARS
    found.sort()  # a third of the time of np.unique
    new = np.empty(found.size, dtype=np.bool_)
    new[0] = True
    np.not_equal(found[1:], found[:-1], out=new[1:])
    distinct = found[new].astype(np.int64)
    n_words = int(distinct.searchsorted(N_BUCKETS))
    return distinct[:n_words], distinct[n_words:] - N_BUCKETS


def _of_words(read: Sequence[Word]) -> list[_Hashes]:
    """Return hashes of the words, their pairs, how the text begins and ends, and its frame.

    The frame is the text without its names (words with a capital, but for the first); it counts by pairs and triples.
    """
    spaced: list[bytes] = []
    frame: list[bytes] = []
    named = False
    for place, (_, code, is_spaced, capital) in enumerate(read):
        if not is_spaced:
            continue
        spaced.append(code)
        if not capital or not place:
            named = False
            frame.append(code)
        elif not named:
            named = True
            frame.append(_NAME)
    if not spaced:
        return []
    n = len(spaced)
    both = np.frombuffer(b"".join(spaced + frame), dtype="<u4")  # one after the other, so that they are stirred at once
    turned = both * _TURN
    pairs = _followed(both, turned[1:])
    each_pairs, bare_pairs = pairs[: n - 1], pairs[n:]
    triples = _followed(bare_pairs, turned[n + 2 :])
    kinds = (both[:n], each_pairs, both[:1], each_pairs[:1], both[n - 1 : n], bare_pairs, triples)
    return [kind + mark for kind, mark in zip(kinds, _WORDS, strict=True)]


def _of_chars(low: Sequence[str]) -> list[_Hashes]:
    """Return hashes of the runs of characters of words in small letters."""
    turned = np.frombuffer(f" {' '.join(low)} ".encode("utf-32-le", "surrogatepass"), dtype="<u4") * _TURN
    runs: list[_Hashes] = []
    rolled = np.zeros(turned.size + 1, dtype=np.uint32)
    for length in LENGTHS:
        rolled = _followed(rolled, turned[length - 1 :])
        runs.append(rolled + _CHARS[length])
    return runs


def _followed(first: _Hashes, then: _Hashes) -> _Hashes:
    """Return hashes of each of `first` but the last with the one after it, which `then` holds turned."""
    pairs: _Hashes = first[:-1] * _STIR
    pairs += then
    pairs ^= pairs >> _HALF
    return pairs
