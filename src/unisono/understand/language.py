"""In which language we speak to the person: Chinese or English.

It does not identify other languages; whoever writes in one is answered by the model in it, and our own sentences are
English.
"""

from __future__ import annotations

import re
from typing import Literal

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0900-\u097f]+")
MAX_CHARS = 2_000


def language(text: str) -> Literal["en", "zh"]:
    """Return `zh` when most words of a text are Chinese (two characters count as a word), else `en`.

    Kana and Hangul say Japanese and Korean, whatever Chinese characters stand between them.
    """
    head = text[:MAX_CHARS]
    if head.isascii():
        return "en"
    n_han = sum(1 for _ in _HAN.finditer(head))
    if n_han == 0 or sum(1 for _ in _KANA_OR_HANGUL.finditer(head)) * 8 > n_han:
        return "en"
    n_words = sum(1 for _ in _LETTER.finditer(head))
    return "zh" if n_han / 2 >= n_words else "en"
