"""Chat bodies of a given size, different from each other, so that no cache can flatter a measurement.

They are words without meaning: what they cost to read matters here, not what they ask.
"""

from __future__ import annotations

import json
from random import Random

_WORDS = """
the of and to in that it was his with is for as had you not be her on at by which have or from this him
but all she they were my are me one their so an said them we who would been will no when there if more
out up into do any your what has man could other than our some very time upon about may its only now like
little then can made should did after before river compare integral protein contract explain summarise
translate function matrix tariff winter antibody theorem ledger compiler harbour velocity negotiate
estimate catalogue
""".split()  # noqa: SIM905 - a list of a hundred quoted words would hide them


def prompt(rng: Random, n_chars: int) -> str:
    """Return words of about `n_chars` characters in all."""
    words: list[str] = []
    length = 0
    while length < n_chars:
        word = rng.choice(_WORDS)
        words.append(word)
        length += len(word) + 1
    return " ".join(words)[:n_chars]


def body(text: str, *, model: str, stream: bool, max_tokens: int = 64) -> bytes:
    """Return a chat body with one user message."""
    messages = [{"role": "user", "content": text}]
    document: dict[str, object] = {"model": model, "messages": messages, "max_tokens": max_tokens}
    if stream:
        document["stream"] = True
    return json.dumps(document).encode()


_NUMBER = "00000000"


def numbered(body: bytes, n: int) -> bytes:
    """Return one of `bodies` with its own number in it: of the same size, and never asked before."""
    return body.replace(_NUMBER.encode(), b"%08d" % (n + 1), 1)


def bodies(n: int, *, n_bytes: int, model: str, stream: bool, max_tokens: int = 64, seed: int = 7) -> list[bytes]:
    """Return `n` different bodies of about `n_bytes` bytes each, with a place for `numbered`."""
    rng = Random(seed)
    frame = len(body("", model=model, stream=stream))
    n_chars = max(16, n_bytes - frame - len(_NUMBER) - 1)
    texts = [f"{_NUMBER} {prompt(rng, n_chars)}" for _ in range(n)]
    return [body(text, model=model, stream=stream, max_tokens=max_tokens) for text in texts]
