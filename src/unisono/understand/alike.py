"""What a request is like: how near it comes to the example sentences of rules, in shares of ordinary prompts.

The request's closeness to a rule's examples is the density of those examples where it lies. How much of that is much
depends on encoder and examples, so it is measured once: ordinary prompts are compared with the same examples, and a
request counts when no more than `false_alarms` of them come as near. Which rule is about a request says `house`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from unisono.types import HouseRule, Likeness, Vector
from unisono.understand.language import language

FILE = Path(__file__).parent / "default" / "ordinary.txt"
"""Prompts that we wrote for other purposes, in six languages; `python lab/like.py --ship` gathers them."""
SHARPNESS = 5.0
"""How much more an example counts that is nearer: e^5 from a cosine of 0 to one of 1. Nothing would be the mean of all
examples, much more the nearest one alone; chosen on training parts by `lab/like.py`."""
BULK, TAIL = 0.8, 0.95
"""Quantiles of ordinary prompts between which the fall of their tail is measured. What lies farther out is not looked
at: some of them may well be like the examples, and must not make a rule of a common kind of request stricter."""
CHUNK = 16
"""Texts that are encoded in one call, so that a slow encoder's memory stays small."""

Language: TypeAlias = Literal["en", "zh"]
Encode: TypeAlias = Callable[[Sequence[str]], Vector]
"""Texts to unit vectors, shape (n, dim)."""


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Ordinary prompts as one encoder sees them.

    Attributes:
        encoder: its name.
        vectors: shape (n, dim), by language as `language` tells it: an encoder may find all Chinese alike.
    """

    encoder: str
    vectors: Mapping[Language, Vector]


@dataclass(frozen=True, slots=True)
class Tail:
    """How the closeness of ordinary prompts to one rule's examples falls off: counted, and as an exponential.

    The smaller share holds. Counting alone goes wrong where some of the ordinary prompts are of the rule's own kind,
    the exponential where closeness has an end, as that of all Chinese has for an encoder of English.

    Source: Pickands, "Statistical inference using extreme order statistics" (1975), with shape 0.
    Not for: shares above 1 - `BULK`, of which it says only that they are large.

    Attributes:
        bulk: closeness that 1 - `BULK` of them pass.
        scale: by how much more closeness a share falls to 1/e of it.
        rising: the closeness of each, shape (n,).
    """

    bulk: float
    scale: float
    rising: Vector

    @classmethod
    def of(cls, closeness: Vector) -> Tail:
        """Measure it on the closeness of ordinary prompts, shape (n,)."""
        bulk, tail = (float(q) for q in np.quantile(closeness, (BULK, TAIL)))
        return cls(bulk, max((tail - bulk) / log((1.0 - BULK) / (1.0 - TAIL)), 1e-6), np.sort(closeness))

    def beyond(self, share: float) -> float:
        """Return the closeness that a share of ordinary prompts passes, of `BULK` at least."""
        fitted = self.bulk + self.scale * log((1.0 - BULK) / share)
        n_beyond = int(share * (self.rising.size + 1)) - 1  # as `share` counts: one more than were seen
        return fitted if n_beyond < 0 else min(fitted, float(np.nextafter(self.rising[-1 - n_beyond], np.inf)))

    def share(self, closeness: float) -> float:
        """Return the share of ordinary prompts that come as near, at most 1."""
        n_beyond = self.rising.size - int(np.searchsorted(self.rising, closeness))
        counted = (n_beyond + 1) / (self.rising.size + 1)
        return min(counted, (1.0 - BULK) * exp((self.bulk - closeness) / self.scale))


class Alike:
    """The examples of all rules that have some. Immutable."""

    def __init__(self, rules: Sequence[HouseRule], *, encode: Encode, ordinary: Ordinary) -> None:
        """Encode the examples and measure what is near; that may take a while, so not on an event loop.

        Args:
            rules: at least one with examples.
            encode: the encoder of requests, with what is done to their text.
            ordinary: by the same encoder.
        """
        with_some = [rule for rule in rules if rule.like]
        counts = np.array([len(rule.like) for rule in with_some], dtype=np.intp)
        self._counts: Vector = counts.astype(np.float32)
        self._places = {rule.name: place for place, rule in enumerate(with_some)}
        self._ends = np.cumsum(counts)
        self._starts = self._ends - counts
        self._examples = _sharp([text for rule in with_some for text in rule.like], encode)
        self._others = [_sharp(rule.unlike, encode) if rule.unlike else None for rule in with_some]
        self._tails = {spoken: self._measured(vectors) for spoken, vectors in ordinary.vectors.items()}
        self._bounds = {
            spoken: self._counts
            * np.exp(SHARPNESS * np.array([t.beyond(r.false_alarms) for t, r in zip(tails, with_some, strict=True)]))
            for spoken, tails in self._tails.items()
        }

    def _measured(self, vectors: Vector) -> list[Tail]:
        masses = np.array([self._masses(self._examples @ vector) for vector in vectors])
        return [Tail.of(column) for column in self._closeness(masses).T]

    def compare(self, vector: Vector, spoken: Language) -> Compared:
        """Compare a request with every example, once for all rules.

        Args:
            vector: shape (dim,); zeros are like nothing.
            spoken: language of the request: it is held against ordinary prompts of the same.
        """
        closeness = self._examples @ vector
        masses = self._masses(closeness)
        return Compared(vector, spoken, closeness, masses, (masses >= self._bounds[spoken]).tolist())

    def meets(self, rule: str, compared: Compared) -> bool:
        """Say whether a request that was compared is like the examples of a rule."""
        near = compared.near[self._places[rule]]
        return near and bool(compared.vector.any()) and self.nearer(rule, compared) is None

    def likeness(self, rule: str, compared: Compared) -> Likeness:
        """Return how near a request that was compared comes to the examples of a rule, met or not."""
        place = self._places[rule]
        own = self._own(place, compared)
        mean = float(self._closeness(compared.masses)[place])
        chance = self._tails[compared.language][place].share(mean)
        return Likeness(example=int(own.argmax()), chance=chance)

    def nearer(self, rule: str, compared: Compared) -> int | None:
        """Return the place in `unlike` of a sentence that is as near as the nearest of `like`; None where none is."""
        place = self._places[rule]
        others = self._others[place]
        if others is None:
            return None
        closeness = others @ compared.vector
        return int(closeness.argmax()) if closeness.max() >= self._own(place, compared).max() else None

    def _own(self, place: int, compared: Compared) -> Vector:
        return compared.closeness[self._starts[place] : self._ends[place]]

    def _masses(self, closeness: Vector) -> Vector:
        """Return the sum over each rule's examples, shape (n_rules,)."""
        masses: Vector = np.add.reduceat(np.exp(closeness), self._starts)
        return masses

    def _closeness(self, masses: Vector) -> Vector:
        """Return the mean closeness in which nearer examples count more: as a cosine, 1 where all are the request."""
        means: Vector = np.log(masses / self._counts) / SHARPNESS
        return means


class Compared(NamedTuple):
    """One request beside all examples.

    Attributes:
        vector: of the request, shape (dim,).
        language: of the request.
        closeness: `SHARPNESS` times the cosine to each example, shape (n_examples,).
        masses: for each rule, shape (n_rules,).
        near: for each rule, whether it comes near enough.
    """

    vector: Vector
    language: Language
    closeness: Vector
    masses: Vector
    near: list[bool]


def _sharp(texts: Sequence[str], encode: Encode) -> Vector:
    """Return the vectors of examples, `SHARPNESS` long: so much is not to be multiplied for each request."""
    sharp: Vector = np.float32(SHARPNESS) * encoded(texts, encode)
    return sharp


def encoded(texts: Sequence[str], encode: Encode) -> Vector:
    """Return the vectors of texts, shape (n, dim)."""
    return np.concatenate([encode(texts[begin : begin + CHUNK]) for begin in range(0, len(texts), CHUNK)])


def ordinary_of(encoder: str, encode: Encode, file: Path = FILE) -> Ordinary:
    """Return ordinary prompts as an encoder sees them.

    Args:
        encoder: its name.
        encode: with what is done to the text of requests.
        file: a prompt a line.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    parts: dict[Language, list[str]] = {"en": [], "zh": []}
    for line in lines:
        parts[language(line)].append(line)
    return Ordinary(encoder, {name: encoded(part, encode) for name, part in parts.items()})
