"""Chat bodies of a given size, different from each other, so that no cache can flatter a measurement.

They are words without meaning: what they cost to read matters here, not what they ask.
"""

from __future__ import annotations

import json
from collections.abc import Callable
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


_GERMAN = """
der die das über für größe können müssen straße haus schön fünf zwölf prüfung rechnung und ist nicht mit von wie viele
übung erklären käse
""".split()  # noqa: SIM905
_RUSSIAN = """
это как для что слово который время человек год рука дело жизнь день вопрос почему нужно объяснить задача
""".split()  # noqa: SIM905
_CHINESE = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十"
    "用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从"
)


def _joined(piece: Callable[[], str], n_chars: int) -> str:
    pieces: list[str] = []
    length = 0
    while length < n_chars:
        pieces.append(piece())
        length += len(pieces[-1])
    return "".join(pieces)[:n_chars]


def _prose(rng: Random, n_chars: int) -> str:
    ends = (". ", "? ", ", however: ", "; (see 3.1) ", " 42 % ", ".\n\n")
    return _joined(lambda: prompt(rng, rng.randint(30, 120)).capitalize() + rng.choice(ends), n_chars)


def _code(rng: Random, n_chars: int) -> str:
    def line() -> str:
        name = f"{rng.choice('abcdef')}_{rng.randint(0, 99)}"
        return f'    {rng.choice(("x", "return", "self"))} {name} = f({rng.randint(0, 9)}, "y");  # {prompt(rng, 20)}\n'

    return f"Fix this:\n```python\n{_joined(line, n_chars)}"


def _table(rng: Random, n_chars: int) -> str:
    def row() -> str:
        day = f"2024-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"
        return f"{rng.randint(1, 9999)},{rng.random():.3f},{rng.choice(('yes', 'no'))},{day}\n"

    return f"Summarise:\n{_joined(row, n_chars)}"


def _spaced(words: list[str]) -> Callable[[Random, int], str]:
    return lambda rng, n_chars: _joined(lambda: rng.choice(words) + rng.choice((*" " * 11, ". ", ", ", "? ")), n_chars)


def _chinese(rng: Random, n_chars: int) -> str:
    return _joined(lambda: rng.choice(_CHINESE) + rng.choice((*[""] * 11, "，", "。", "A1")), n_chars)


KINDS: dict[str, Callable[[Random, int], str]] = {
    "words": prompt,
    "prose": _prose,
    "code": _code,
    "table": _table,
    "German": _spaced(_GERMAN),
    "Russian": _spaced(_RUSSIAN),
    "Chinese": _chinese,
}
"""Kinds of text, each made for a number of characters: what they cost to read is not the same."""


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
