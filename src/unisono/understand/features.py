"""Request to Features: the stage as the router calls it.

It knows no model; what a request means for a model is the predictors' business.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from secrets import randbits
from threading import Lock

from xxhash import xxh3_128_digest

from unisono.protocols import Encoder
from unisono.types import Features, Request, Vector
from unisono.understand import conversation, tokens
from unisono.understand.bound import bound
from unisono.understand.freshness import FreshnessReader
from unisono.understand.glance import glance
from unisono.understand.house import HouseRules
from unisono.understand.intent import effort
from unisono.understand.language import language
from unisono.understand.mood import dissatisfied
from unisono.understand.surface import surface
from unisono.understand.task_type import TaskTypes
from unisono.understand.thinking import asked

MIN_SHOUTED = 20


def calm(text: str) -> str:
    """Return a text that is all capitals in small letters: who shouts asks the same, and encoders hardly know it."""
    if len(text) < MIN_SHOUTED or not text.isupper():
        return text
    return text.lower()


class Understanding:
    """Reads requests. Keeps the vectors of the latest distinct tasks, so that a repeat costs nothing."""

    def __init__(
        self,
        encoder: Encoder | None,
        *,
        freshness: FreshnessReader | None = None,
        cache_size: int = 2048,
        inline: bool = True,
        task_types: TaskTypes | None = None,
        house: HouseRules | None = None,
    ) -> None:
        """Read with `encoder` and `freshness`, or without what is None.

        Args:
            encoder: texts to vectors.
            freshness: whether an answer changes with time.
            cache_size: distinct tasks whose vectors are kept.
            task_types: reads kinds of task from this encoder's vectors.
            house: the operator's rules, of which a request may fall under one.
            inline: encode when asked; False uses only what `keep` was given, since the encoder is too slow to wait for.
        """
        self._encoder = encoder
        self._freshness = freshness
        self._cache: OrderedDict[bytes, tuple[Vector, Vector | None]] = OrderedDict()
        self._cache_size = cache_size
        self._inline = inline
        self._task_types = task_types
        self._house = house
        self._lock = Lock()  # scores are read in a thread beside the event loop

    def __call__(self, request: Request) -> Features:
        """Return the features of a request. The same request gives the same features."""
        task = conversation.task_text(request.messages)
        facts, embedding = self.read(task)
        reader = self._freshness
        features = Features(
            task=task,
            n_input_tokens=tokens.count_prompt(request.body),
            n_turns=conversation.n_turns(request.messages),
            needs=request.needs,
            surface=facts,
            embedding=embedding,
            in_tool_loop=conversation.in_tool_loop(request.messages),
            effort=effort(request.messages),
            freshness=None if reader is None else reader.read(task, now=request.received, embedding=embedding),
            language=language(task),
            dissatisfied=dissatisfied(request.messages),
            bound=bound(request.body),
            thinking=asked(request.body),
            task_type=None if self._task_types is None else self._task_types.read(facts, embedding),
        )
        met = None if self._house is None else self._house.first(request, features)
        return features if met is None else replace(features, rule=met.rule, likeness=met.likeness)

    def glance(self, request: Request, *, dated: bool) -> Features:
        """Return what `glance.glance` tells, with the freshness where an answer's age matters (`dated`)."""
        reader = self._freshness if dated else None
        return glance(request, read=None if reader is None else partial(reader.read, now=request.received))

    def text(self, text: str) -> Features:
        """Return the features of a bare user text, as probes and training see it."""
        facts, embedding = self.read(text)
        return Features(
            task=text,
            n_input_tokens=tokens.count_text(text) + tokens.TOKENS_PER_MESSAGE,
            n_turns=1,
            needs=frozenset(),
            surface=facts,
            embedding=embedding,
        )

    def read(self, task: str) -> tuple[Vector, Vector | None]:
        """Return surface facts, shape (n_surface,), and the embedding, shape (dim,), of a text."""
        key = _key(task)
        with self._lock:
            if (known := self._cache.get(key)) is not None:
                self._cache.move_to_end(key)
                return known
        read = surface(calm(task)), self.vectors([task])[0] if self._inline and self._encoder is not None else None
        if self._inline:
            self._remember(key, read)
        return read

    def knows(self, task: str) -> bool:
        """Say whether `read` has the vector of a text at hand."""
        return _key(task) in self._cache

    def vectors(self, tasks: Sequence[str]) -> Vector:
        """Return the embeddings of texts, shape (len(tasks), dim); remembers nothing, so any thread may ask."""
        if self._encoder is None:
            raise ValueError("nothing encodes here")
        return self._encoder.encode([calm(task) for task in tasks])

    def keep(self, task: str, vector: Vector) -> None:
        """Remember the embedding of a text, shape (dim,)."""
        self._remember(_key(task), (surface(calm(task)), vector))

    def _remember(self, key: bytes, read: tuple[Vector, Vector | None]) -> None:
        with self._lock:
            self._cache[key] = read
            if len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)


_SEED = randbits(64)
"""Of this process, so that nobody can make up two texts of one key."""


def _key(task: str) -> bytes:
    return xxh3_128_digest(task.encode("utf-8", "surrogatepass"), _SEED)  # a task may be long
