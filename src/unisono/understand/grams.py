"""A question as hashed places of a table: its words, pairs of them, its frame, and its runs of characters.

Every word is hashed once and kept by its hash; pairs and triples are made of the hashes. It knows no weights and no
classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from struct import Struct
from typing import TypeAlias
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
HAN, ALL_HAN = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[\u3400-\u9fff]+")
_DIGITS = re.compile(r"(\d\d*)")  # `re` looks for a first character that stands by itself in half the time
_DIGIT_BYTES, _ASCII_DIGITS = b"0123456789", re.compile("([0-9][0-9]*)")
_NUMBERS = ("", "1d", "2d", "3d", "19c", *["5d"] * MAX_CHARS)
"""What a number counts as, by its length."""
_ASCII_MARKS = bytes(code if chr(code).isalnum() or code == ord("'") else ord(" ") for code in range(256))
"""A blank for each mark."""
_STIR, _TURN, _CHOOSE = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D)
_SHIFT = np.uint32(32 - (N_BUCKETS.bit_length() - 1))
_HALF = np.uint32(15)
_KINDS = np.array(
    [crc32(b"words %d" % kind) for kind in range(7)] + [crc32(b"chars %d" % length) for length in LENGTHS],
    dtype=np.uint32,
)
"""Keep apart what is found in another way."""
_OF_CHARS = np.uint32(N_BUCKETS)
"""Added to the places of characters while both kinds are sorted together."""
_NAME = crc32(b"a name")
"""Stands in a frame for a name, however many words it has."""
_PACKED = Struct("<4I")
_NOWHERE: Places = np.empty(0, dtype=np.int64)


WORD = np.dtype([("code", "<u4"), ("framed", "<u4"), ("marks", "<u4"), ("counts", "<u4")])
"""What is to be known of a word: the hash of it in small letters; what it is in a frame; its marks; and what whoever
looks it up counts."""
Read: TypeAlias = "NDArray[np.void]"
"""The words of a text in their order, shape (n,), dtype `WORD`."""
SPACED, CAPITAL = 1, 2
"""Marks of a word: it is of a script that puts spaces between words (the others are left to runs of characters); it
begins with a capital."""


def word_of(written: str, *, counts: int = 0, marks: int = 0) -> bytes:
    """Return what is to be known of a word, as `WORD`.

    Args:
        written: the word.
        counts: what the caller counts of it.
        marks: the caller's own, beside `SPACED` and `CAPITAL`.
    """
    code = hashed(written.lower())
    if written.isascii() or HAN.search(written) is None:
        marks |= SPACED
    if not written[0].isupper():
        return _PACKED.pack(code, code, marks, counts)
    return _PACKED.pack(code, _NAME, marks | CAPITAL, counts)


def words(text: str) -> list[str]:
    """Return the words of what is read of a text, as they are written; a run of Chinese counts as one.

    A number counts by its length, so that no year is learnt by heart; four digits are a year.
    """
    text = clip(text, MAX_CHARS)
    if not text.isascii():
        return _WORD.findall(_with_lengths(_DIGITS, text))
    raw = text.encode()
    if len(raw.translate(None, _DIGIT_BYTES)) < len(raw):
        raw = _with_lengths(_ASCII_DIGITS, text).encode()
    pieces = raw.translate(_ASCII_MARKS).decode().split()  # a sixth of the time of a search
    if "'" not in text:
        return pieces
    return [word for piece in pieces for word in (_WORD.findall(piece) if "'" in piece else (piece,))]


def _with_lengths(digits: re.Pattern[str], text: str) -> str:
    """Return a text with what each of its numbers counts as."""
    parts = digits.split(text)
    parts[1::2] = [_NUMBERS[len(number)] for number in parts[1::2]]
    return "".join(parts)


def hashed(word: str) -> int:
    """Return the hash of a word in small letters."""
    return crc32(word.encode("utf-8", "surrogatepass"))


def buckets(text: str) -> tuple[Places, Places]:
    """Return the places of a text's words and frame, and of its runs of characters."""
    written = words(text)
    return places(np.frombuffer(b"".join(map(word_of, written)), dtype=WORD), written)


def places(read: Read, written: Sequence[str]) -> tuple[Places, Places]:
    """Return the places of a text's words and frame, and of its runs of characters.

    Args:
        read: its words.
        written: the same, as they are written.
    """
    if not written:
        return _NOWHERE, _NOWHERE
    found, n_chars = _hashes(*_framed(read), _characters(written))
    found *= _CHOOSE
    found >>= _SHIFT
    found[found.size - n_chars :] += _OF_CHARS
    found.sort()  # a third of the time of np.unique
    new = np.empty(found.size, dtype=np.bool_)
    new[0] = True
    np.not_equal(found[1:], found[:-1], out=new[1:])
    distinct = found.compress(new).astype(np.int64)  # a third of the time of found[new]
    n_words = np.count_nonzero(new[: found.size - n_chars])
    return distinct[:n_words], distinct[n_words:] - N_BUCKETS


def _framed(read: Read) -> tuple[_Hashes, _Hashes]:
    """Return the hashes of the words, and of the frame: the text without its names.

    A name is words with a capital, but for the first word; it stands there as one, however many words it has.
    """
    codes, marks = read["code"], read["marks"]
    names = marks & CAPITAL
    names[0] = 0
    all_spaced = int(np.bitwise_and.reduce(marks)) & SPACED
    if all_spaced and not names.any():
        return codes, codes
    frame = read["framed"].copy()
    frame[0] = codes[0]
    if not all_spaced:
        spaced = (marks & SPACED).astype(np.bool_)
        codes, frame, names = codes[spaced], frame[spaced], names[spaced]
    begins = (names[1:] & names[:-1]) == 0
    return codes, np.concatenate((frame[:1], frame[1:].compress(begins)))


def _characters(written: Sequence[str]) -> _Hashes:
    """Return the characters of words in small letters, with a blank around each."""
    return np.frombuffer(f" {' '.join(written)} ".lower().encode("utf-32-le", "surrogatepass"), dtype="<u4")


def _hashes(codes: _Hashes, frame: _Hashes, characters: _Hashes) -> tuple[_Hashes, int]:
    """Return hashes of all that is found in a text, and how many of them, at the end, are runs of characters.

    They are of the words, their pairs, how the text begins and ends, and the pairs and triples of its frame. All are
    stirred at once, one after the other; what goes over from one into the next is left out.
    """
    n, m = codes.size, frame.size
    at = n + m
    one = np.concatenate((codes, frame, characters))
    turned = one * _TURN
    letters = one[at:]
    np.right_shift(turned[at:], _HALF, out=letters)
    letters ^= turned[at:]
    two = _followed(one, turned[1:])
    three = _followed(two, turned[2:])
    four = _followed(three[at:], turned[at + 3 :])
    pairs, bare_pairs, triples = two[: max(n - 1, 0)], two[n : max(at - 1, n)], three[n : max(at - 2, n)]
    of_words = (one[:n], pairs, one[: min(n, 1)], pairs[:1], one[max(n - 1, 0) : n], bare_pairs, triples)
    of_chars = (letters, two[at:], three[at:], four)
    sizes = [each.size for each in (*of_words, *of_chars)]
    found = np.concatenate((*of_words, *of_chars))
    found += _KINDS.repeat(sizes)
    return found, sum(sizes[len(of_words) :])


def _followed(first: _Hashes, then: _Hashes) -> _Hashes:
    """Return hashes of each of `first` but the last with the one after it, which `then` holds turned."""
    pairs: _Hashes = first[:-1] * _STIR
    pairs += then
    pairs ^= pairs >> _HALF
    return pairs
