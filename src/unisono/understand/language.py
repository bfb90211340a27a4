"""In which language we speak to the person: Chinese or English.

It does not identify other languages; whoever writes in one is answered by the model in it, and our own sentences are
English.
"""

from __future__ import annotations

import re
from typing import Literal

from unisono.understand.codes import codes_of, n_within

HAN = (0x3400, 0x4DBF), (0x4E00, 0x9FFF)
_KANA_OR_HANGUL = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0900-\u097f]+")
MAX_CHARS = 2_000


def language(text: str) -> Literal["en", "zh"]:
    """Return `zh` when most words of a text are Chinese (two characters count as a word), else `en`.

    Kana and Hangul say Japanese and Korean, whatever Chinese characters stand between them.
    """
    head = text[:MAX_CHARS]
    if head.isascii():
        return "en"
    codes = codes_of(head)
    n_han = n_within(codes, *HAN)
    if n_han == 0 or len(_KANA_OR_HANGUL.findall(head)) * 8 > n_han:
        return "en"
    if n_han / 2 >= len(head) - n_han:  # there are not more words than other characters
        return "zh"
    return "zh" if n_han / 2 >= len(_LETTER.findall(head)) else "en"
