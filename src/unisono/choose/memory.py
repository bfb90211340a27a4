"""Nearly equal prompts of one caller go to the same model, unless another is clearly better.

Without it a typo can tip a choice between two models that are about as good. It remembers vectors, hashes and names of
models, in memory only, and no words. A conversation has a memory of its own: `continuity`.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import replace
from typing import Literal

import numpy as np

from unisono.types import Choice, Features, Request, Vector

NEAR = 0.85
"""Cosine from which two prompts count as nearly equal. Of different GSM8K questions one pair in a thousand is above
0.58; of pairs that GSM-Plus rewords without changing the task, more than half are above 0.85."""
SHORT_CHARS = 300
"""Up to this length prompts are nearly equal, too, when they differ by case, marks and blanks alone: a capital moves
the vector of a few words by more than a typo moves that of many."""
MAX_PROMPTS = 256
MAX_CALLERS = 256


class _Prompts:
    """The latest prompts of one caller, in no order: for each of `models` a row of `vectors`, and of `words` a hash."""

    __slots__ = ("_oldest", "models", "vectors", "words")

    def __init__(self, dim: int) -> None:
        self.vectors: Vector = np.zeros((8, dim), dtype=np.float32)
        self.models: list[str] = []
        self.words: list[int | None] = []
        self._oldest = 0

    def add(self, vector: Vector, words: int | None, model: str) -> None:
        """Take in a prompt; the oldest of a full memory goes."""
        if len(self.models) < MAX_PROMPTS:
            if len(self.models) == len(self.vectors):
                more = min(len(self.vectors), MAX_PROMPTS - len(self.vectors))
                self.vectors = np.pad(self.vectors, ((0, more), (0, 0)))
            self.vectors[len(self.models)] = vector
            self.models.append(model)
            self.words.append(words)
            return
        place = self._oldest
        self.vectors[place], self.models[place], self.words[place] = vector, model, words
        self._oldest = (place + 1) % MAX_PROMPTS

    def near(self, vector: Vector, words: int | None) -> str | None:
        """Return where a prompt of the same words went, else where the nearest of the nearly equal ones did."""
        if words is not None and words in self.words:
            return self.models[self.words.index(words)]
        closeness = self.vectors[: len(self.models)] @ vector
        nearest = int(closeness.argmax())
        return self.models[nearest] if closeness[nearest] >= NEAR else None


class Anchors:
    """Remembers where the latest prompts of the latest callers went. Not thread-safe: it belongs to the event loop."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._callers: OrderedDict[Hashable, _Prompts] = OrderedDict()

    def near(self, request: Request, features: Features) -> str | None:
        """Return the model that the nearest of the caller's nearly equal prompts went to."""
        known = self._callers.get(_caller(request, features))
        if known is None or features.embedding is None or features.dissatisfied:
            return None
        return known.near(features.embedding, _words(features))

    def note(self, request: Request, features: Features, model: str) -> None:
        """Remember where a prompt went."""
        if features.embedding is None:
            return
        caller = _caller(request, features)
        known = self._callers.get(caller)
        if known is None:
            known = self._callers[caller] = _Prompts(features.embedding.size)
        self._callers.move_to_end(caller)
        known.add(features.embedding, _words(features), model)
        if len(self._callers) > MAX_CALLERS:
            self._callers.popitem(last=False)


def _caller(request: Request, features: Features) -> Hashable:
    """Return who asks, and for what: another dial, mode or wish for effort is another matter."""
    return request.key, request.user, request.model, request.wishes.dial, features.effort


def _words(features: Features) -> int | None:
    """Return a hash of a short prompt's letters and digits; None of a long one, or where the words are not known."""
    if not 0 < len(features.task) <= SHORT_CHARS:
        return None
    bare = _MARKS.sub("", features.task.casefold())
    return hash(bare) if bare else None


_MARKS = re.compile(r"[\W_]+")


def anchored(choice: Choice, *, anchor: str | None, margin: float, language: Literal["en", "zh"]) -> Choice:
    """Put the anchor first unless the leader is better by more than the margin, in quality after costs."""
    if anchor is None or not choice.ranking or choice.ranking[0].model == anchor:
        return choice
    held = next((ranked for ranked in choice.ranking if ranked.model == anchor), None)
    leader = choice.ranking[0]
    if held is None or leader.utility - held.utility > margin:
        return choice
    gain = leader.utility - held.utility
    reason = (
        f"{anchor} 回答过几乎相同的问题；{leader.model} 只好 {gain:.2f}（已计费用和时间），"
        f"不到换用所需的 {margin:.2f}。"
        if language == "zh"
        else f"{anchor} answered a nearly equal prompt; {leader.model} is better here by only {gain:.2f} (cost "
        f"and time counted), and a change needs {margin:.2f}."
    )
    first = replace(held, propensity=1.0, reason=reason)
    rest = [replace(r, propensity=0.0) for r in choice.ranking if r.model != anchor]
    return Choice(ranking=(first, *rest), excluded=choice.excluded, reason=reason)
