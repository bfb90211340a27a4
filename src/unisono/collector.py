"""Python's collector of cycles rests while a large document from outside is read.

What a parser makes holds no cycle, but of a document made of small parts the collector would look through millions of
objects, as long as the parsing itself takes, and nobody else is served then.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LARGE_BYTES = 1024 * 1024
"""A smaller document cannot hold so many parts that it would be felt."""


def calmly(read: Callable[[bytes], T], data: bytes) -> T:
    """Return what is read of a document. It pays where most of what is made on the way is gone again behind it."""
    if len(data) < LARGE_BYTES or not gc.isenabled():
        return read(data)
    gc.disable()
    try:
        return read(data)
    finally:
        gc.enable()
