"""Variations of our questions that a teacher labels: what a small reader can learn from larger encoders.

A variation is one of our questions with a word or two exchanged for others of their kind, so that it says something
about words that our lines do not have. English words are those of permitted training prompts, Chinese ones those of
jieba's dictionary. The teacher is the mean of two multilingual encoders, each with a regression trained on our
questions, and of our own reader before it is taught. Needs the extras `use`, `e5` and `lab`.

Source: knowledge distillation, G. Hinton et al. 2015 (1503.02531).
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import jieba
import numpy as np
import pandas as pd
from jieba import posseg

from freshness_fit import Lesson, Sample, Trained, balanced, matrix, shares, trained
from unisono.config import EncoderConfig
from unisono.plugins import load

LANGUAGES = ("en", "zh")
ENCODERS = ("use", "e5")
N_VARIATIONS = 24_000
"""Of each language."""
N_TOLD = 16_000
"""Questions of ours that an encoder's regression is trained on."""
HEAD_PENALTY = 3.0
WEIGHT = 2.0
"""Of a variation against a question of ours."""
SHARPNESS = 2.0
"""The sum of the teachers' logits is divided by this: less than their number, since their errors differ."""
PERMITTED = (
    "mmlu_pro.train.prompts",
    "routerbench_0shot_part.train.prompts",
    "llmrouter_default.train.prompts",
    "arena_pref_5k",
)
N_FRAME_WORDS = 160
"""The commonest words make a question's frame and are not exchanged."""
EXCHANGED_ZH = frozenset(("n", "nr", "ns", "nt", "nz", "vn", "v", "nrt", "an", "a", "l", "i", "j"))
"""Kinds of words by jieba's marks: nouns, names, verbs, adjectives, set phrases."""
ENDINGS = ("tion", "ing", "ed", "ly", "ers", "er", "ies", "s")

_ENGLISH = re.compile(r"([A-Za-z][A-Za-z']+)")


class Drawn(NamedTuple):
    """Words of one kind, and the sums of their weights: what `random.choices` draws from."""

    words: list[str]
    sums: list[float]

    @classmethod
    def of(cls, counted: Iterable[tuple[str, float]]) -> Drawn:
        """Weigh each word by the root of its count."""
        words, counts = zip(*counted, strict=True)
        return cls(list(words), list(accumulate(count**0.5 for count in counts)))

    def one(self, rng: random.Random) -> str:
        """Draw a word."""
        return rng.choices(self.words, cum_weights=self.sums)[0]


def english(data: Path) -> Callable[[str, random.Random], str | None]:
    """Return what exchanges words of an English question; its kinds are capitals and endings."""
    counts: Counter[str] = Counter()
    for name in PERMITTED:
        for prompt in pd.read_parquet(data / f"{name}.parquet", columns=["prompt"])["prompt"].astype(str):
            counts.update(sorted(set(re.findall(r"[A-Za-z][a-z]{2,}", prompt[:600]))))  # a set has no order to repeat
    low = Counter({word: n for word, n in counts.items() if word.islower() and n >= 3})
    frame = {word for word, _ in low.most_common(N_FRAME_WORDS)}
    kinds: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for word, n in counts.items():
        if word in low and word not in frame:
            kinds[_kind(word)].append((word, n))
        elif word[0].isupper() and n >= 3 and counts[word.lower()] < n:
            kinds["A"].append((word, n))
    drawn = {kind: Drawn.of(words) for kind, words in kinds.items()}

    def exchanged(text: str, rng: random.Random) -> str | None:
        parts = _ENGLISH.split(text)
        can = [at for at in range(3, len(parts), 2) if len(parts[at]) > 2 and parts[at].lower() not in frame]
        return _exchanged(parts, {at: drawn[_kind(parts[at])] for at in can}, rng)

    return exchanged


def _kind(word: str) -> str:
    return "A" if word[0].isupper() else next((ending for ending in ENDINGS if word.endswith(ending)), "")


def chinese() -> Callable[[str, random.Random], str | None]:
    """Return what exchanges words of a Chinese question."""
    jieba.setLogLevel(60)
    kinds: dict[str, list[tuple[str, float]]] = defaultdict(list)
    with jieba.get_dict_file() as rows:
        for row in rows:
            word, n, kind = row.decode().split()
            if 2 <= len(word) <= 6 and int(n) >= 30 and kind in EXCHANGED_ZH:
                kinds[kind].append((word, int(n)))
    drawn = {kind: Drawn.of(words) for kind, words in kinds.items()}

    def exchanged(text: str, rng: random.Random) -> str | None:
        parts = [(pair.word, pair.flag) for pair in posseg.cut(text)]
        can = {at: drawn[kind] for at, (word, kind) in enumerate(parts) if kind in drawn and len(word) > 1}
        return _exchanged([word for word, _ in parts], can, rng)

    return exchanged


def _exchanged(parts: list[str], can: Mapping[int, Drawn], rng: random.Random) -> str | None:
    if not can:
        return None
    for at in rng.sample(sorted(can), min(len(can), rng.choice((1, 1, 2)))):
        parts[at] = can[at].one(rng)
    return "".join(parts)


def variations(samples: Sequence[Sample], data: Path, *, n: int = N_VARIATIONS, seed: int = 7) -> list[Sample]:
    """Return `n` distinct variations of each language, without a label, with the line of their question."""
    found: list[Sample] = []
    for language, exchanged in (("en", english(data)), ("zh", chinese())):
        rng = random.Random(seed)
        ours = [sample for sample in samples if sample.language == language]
        texts: dict[str, int] = {}
        while len(texts) < n:
            sample = rng.choice(ours)
            if text := exchanged(sample.text, rng):
                texts.setdefault(text, sample.line)
        found += [Sample(text, "", line, language) for text, line in texts.items()]
    return found


def asked_once(samples: Sequence[Sample]) -> list[Sample]:
    """Return up to `N_TOLD` distinct questions in the languages that are taught."""
    once = list({s.text: s for s in samples if s.language in LANGUAGES}.values())
    return random.Random(0).sample(once, min(N_TOLD, len(once)))


def head(name: str, samples: Sequence[Sample], *, cache: Path) -> Trained:
    """Return what an encoder's vectors say of freshness, trained on our questions: weights (dim, 2) and bias (2,)."""
    once = asked_once(samples)
    rows = vectors(name, [s.text for s in once], cache)
    return trained(Lesson(rows, balanced(once)), penalty=HEAD_PENALTY)


def taught(varied: Sequence[Sample], reader: Trained, heads: Mapping[str, Trained], *, cache: Path) -> Lesson:
    """Return the variations with what the teacher says of them, the three classes weighing alike as in `told`.

    Args:
        varied: what is to be labelled.
        reader: our own, trained on our questions alone.
        heads: so trained too, by encoder.
        cache: folder for the encoders' vectors.
    """
    rows = matrix([s.text for s in varied])
    total = reader.logits(rows)
    for name, found in heads.items():
        total = total + found.logits(vectors(name, [s.text for s in varied], cache))
    said = shares(total / SHARPNESS)
    return Lesson(rows, WEIGHT * said / 3 / said.mean(axis=0))


def identity(name: str) -> str:
    """Return the name that artifacts know an encoder by."""
    return load().encoder(EncoderConfig(name=name)).name


def vectors(name: str, texts: Sequence[str], cache: Path) -> np.ndarray:
    """Return an encoder's vectors, from the cache where the same texts were encoded before."""
    key = f"{name}-{blake2b(chr(0).join(texts).encode(), digest_size=16).hexdigest()}.npy"
    if not (cache / key).exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cache / key, load().encoder(EncoderConfig(name=name)).encode(texts), allow_pickle=False)
    return np.load(cache / key, allow_pickle=False)
