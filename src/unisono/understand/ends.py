"""What is read of a long text: its two ends, where task and question usually stand.

It does not say how much an encoder reads: each has its own bound.
"""

from __future__ import annotations


def readable(text: str, max_chars: int) -> tuple[str, str]:
    """Return a text and "", or the first and the last half of `max_chars` of a longer one.

    Lone surrogates, which can come out of JSON escapes and are no text to a tokenizer, become question marks.
    """
    if len(text) <= max_chars:
        return _clean(text), ""
    half = max_chars // 2
    return _clean(text[:half]), _clean(text[-half:])


def _clean(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
