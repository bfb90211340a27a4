"""Finds the trained model behind a name that an operator or an upstream uses.

It matches whole names after normalising; it does not guess families, since a wrong match is worse than a wide prior.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar

_GAP = re.compile(r"[\s_]+")
"""A configuration's names hold no blanks; a table's may ("Llama 3.1 8B Instruct")."""
_NOISE = re.compile(r"\.gguf$|[-.]q\d(?:-[a-z0-9]{1,2})*$|@.*$|:latest$|^meta-(?=llama)")
_VERSION = re.compile(r"(?<=\d)-(?=\d(?:-\d+b|$))")
_DATE = re.compile(r"-(?:20\d{2}-?\d{2}-?\d{2}|\d{4}|\d{2}-\d{2}-\d{2})$")
_SIZE = re.compile(r"(?:^|[-_ :.x])(?:(\d+)x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])")


@lru_cache(maxsize=4096)
def normal(name: str) -> str:
    """Return a name without vendor path, quantisation, tag and spelling differences; of such a one, itself."""
    short = _GAP.sub("-", name.casefold().strip("/ \t\n").rsplit("/", 1)[-1].strip())
    previous = None
    while previous != short:
        previous, short = short, _NOISE.sub("", _VERSION.sub(".", short)).strip()
    return short


Found = TypeVar("Found")


def lookup(names: tuple[str, ...], known: Mapping[str, Found], aliases: Mapping[str, str]) -> Found | None:
    """Return what is known of the first of `names` that is known: as written, by alias, without its date."""
    for name in names:
        written = normal(name)
        for form in (written, normal(_DATE.sub("", written))):
            found = known.get(aliases.get(form, form))
            if found is not None:
                return found
    return None


def size_b(name: str) -> float | None:
    """Return the billions of parameters that a name states (`8x7b` counts 56), or None."""
    found = _SIZE.search(name.casefold().replace("_", "-"))
    if found is None:
        return None
    n_experts, size, unit = found.groups()
    billions = float(size) * (int(n_experts) if n_experts else 1)
    return billions if unit == "b" else billions / 1000.0
