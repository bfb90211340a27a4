"""What an encoder is worth for what it costs: `python lab/encoders.py`. Training parts only; no test part is read.

Each encoder gets the product's own design vector and item-response model; what differs is the vector alone. Quality:
AIQ of held-out expectations on two pools (mean over seeds of the folds) with paired bootstrap intervals against the
static encoder, and log loss, for prompts held out and for whole tasks held out. Price: CPU milliseconds a prompt on one
thread, and resident memory, each in a process of its own. Languages: twenty questions in English and Chinese; is the
translation nearest, and is the same expected of it? `none` is the surface facts alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from time import process_time

import numpy as np

from corpus import read_corpus
from parallel_questions import LANGUAGES, QUESTIONS
from pools import POOLS
from train import DATA, ROOT
from unisono.config import EncoderConfig
from unisono.evaluate.metrics import Interval, interval, resampled
from unisono.evaluate.replay import Expected, Policy, Replay, areas, sweep
from unisono.evaluate.report import as_json, markdown, shown
from unisono.learn.corpus import Block, Corpus
from unisono.learn.held_out import held_out, random_folds, task_folds
from unisono.learn.irt import Array, Settings, fit
from unisono.learn.topics import fit_design, matrix
from unisono.plugins import load
from unisono.protocols import Encoder
from unisono.understand.embed import StaticEncoder
from unisono.understand.features import Understanding

ENCODERS = ("none", "static", "use", "e5", "e5-94", "e5-126", "e5-158", "e5-190")
"""`e5-N` reads N tokens of a prompt, and two marks; the shipped one reads 62."""
SETS = ("mmlu_pro", "routerbench_0shot_part")
PER_SET = 2_000
SETTINGS = Settings(n_steps=60)
N_RESAMPLES = 500


class Nothing:
    """No encoder: every vector is zero, and the design falls back on surface facts."""

    name = "none"
    dim = 256

    def encode(self, texts: Sequence[str]) -> Array:
        """Return zeros."""
        return np.zeros((len(texts), self.dim), dtype=np.float32)


class Kept:
    """An encoder whose vectors are kept in a folder between runs."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        """Keep the vectors of `encoder` under its name."""
        self._encoder, self._file = encoder, folder / f"{encoder.name}.npz"
        self.name, self.dim = encoder.name, encoder.dim
        self._known = dict(np.load(self._file)) if self._file.exists() else {}

    def encode(self, texts: Sequence[str]) -> Array:
        """Return vectors, from memory where they are there."""
        return np.array([self._one(text) for text in texts], dtype=np.float32)

    def _one(self, text: str) -> Array:
        key = sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
        if key not in self._known:
            self._known[key] = self._encoder.encode([text])[0]
        return self._known[key]

    def save(self) -> None:
        """Write what is known."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(self._file, **self._known)


def built(name: str) -> Encoder:
    """Return an encoder by its name here."""
    if name == "none":
        return Nothing()
    if name.startswith("e5-"):
        from unisono.understand.e5 import E5Encoder

        return E5Encoder(max_tokens=int(name.removeprefix("e5-")))
    return load().encoder(EncoderConfig(name=name))


# ----------------------------------------------------------------------------------------------- price


def price(name: str) -> dict[str, float]:
    """Return CPU milliseconds at 20, 200 and 2,000 tokens, and resident megabytes; runs in a process of its own."""
    sys.path.insert(0, str(ROOT))
    from bench.prompts import prompt

    before = _resident_mb()
    encoder = built(name)
    found = {}
    rng = Random(3)
    for n_tokens in (20, 200, 2_000):
        times = []
        for _ in range(40):
            text = prompt(rng, 4 * n_tokens)
            began = process_time()
            encoder.encode([text])
            times.append(1e3 * (process_time() - began))
        found[f"ms_{n_tokens}"] = round(float(np.median(times)), 3)
    found["memory_mb"] = round(_resident_mb() - before, 1)
    return found


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


# --------------------------------------------------------------------------------------------- quality


def sample(corpus: Corpus) -> Corpus:
    """Return at most `PER_SET` prompts of each set that has a pool."""
    rng = np.random.default_rng(11)
    blocks = []
    for block in corpus.blocks:
        if block.outcomes.name.split(".")[0] not in SETS:
            continue
        n = len(block.features)
        keep = np.zeros(n, dtype=bool)
        keep[rng.permutation(n)[:PER_SET]] = True
        features = tuple(f for f, kept in zip(block.features, keep, strict=True) if kept)
        blocks.append(replace(block, outcomes=block.outcomes.rows(keep), features=features))
    return replace(corpus, blocks=tuple(blocks))


def encoded(corpus: Corpus, encoder: Encoder) -> Corpus:
    """Return the corpus read with another encoder."""
    understand = Understanding(encoder, cache_size=1)
    return replace(
        corpus,
        blocks=tuple(replace(b, features=tuple(understand.text(f.task) for f in b.features)) for b in corpus.blocks),
    )


def expectations(corpus: Corpus, *, tasks: bool, n_seeds: int) -> list[list[Array]]:
    """Return per seed the held-out expected scores of every block."""
    found = []
    for seed in range(n_seeds):
        folds = task_folds(corpus) if tasks else random_folds(corpus, seed=seed)
        held = held_out(corpus, folds=folds, settings=replace(SETTINGS, seed=seed))
        found.append([h.probabilities(np.ones(2)) for h in held])
    return found


def log_loss(block: Block, p: Array) -> float:
    """Return the mean log loss over known outcomes."""
    y = block.outcomes.scores
    known = ~np.isnan(y)
    q = np.clip(p[known], 1e-3, 1 - 1e-3)
    return float(-(y[known] * np.log(q) + (1 - y[known]) * np.log(1 - q)).mean())


def stacked(block: Block, by_seed: Sequence[Array]) -> tuple[Replay, list[Policy]]:
    """Return the policies of every seed on the block's pool, with mean costs as expected costs."""
    pool = POOLS[block.outcomes.name.split(".")[0]]
    places = [block.outcomes.models.index(model) for model in pool]
    table = block.outcomes.only(pool)
    whole = ~np.isnan(table.scores).any(axis=1) & ~np.isnan(table.costs_usd).any(axis=1)
    table = table.rows(whole)
    cost = np.repeat(table.costs_usd.mean(axis=0)[None], len(table.prompts), axis=0)
    policies = [sweep("", Expected(quality=p[np.ix_(whole, places)], cost_usd=cost)) for p in by_seed]
    return Replay(table), policies


def compared(block: Block, ours: Sequence[Array], static: Sequence[Array]) -> tuple[Interval, Interval]:
    """Return the mean AIQ over seeds, and what it gains on the static encoder's."""
    replay, one = stacked(block, ours)
    _, other = stacked(block, static)
    weights = resampled(len(replay.table.prompts), rng=np.random.default_rng(0), n_resamples=N_RESAMPLES)
    area, base = (np.mean([areas(replay, policy, weights) for policy in part], axis=0) for part in (one, other))
    return interval(area), interval(area - base)


# ------------------------------------------------------------------------------------------- languages


def languages(corpus: Corpus, encoder: Encoder) -> dict[str, float]:
    """Return how alike English and Chinese forms of one question are to the encoder and to what is expected of them."""
    rng = Random(5)
    understand = Understanding(encoder, cache_size=1)
    sides: dict[str, list[str]] = {"en": [], "zh": []}
    for forms in QUESTIONS:
        numbers = {"a": rng.randint(12, 90), "b": rng.randint(3, 9), "c": rng.randint(3, 7), "d": 20, "p": 7}
        for side in sides:
            sides[side].append(forms[LANGUAGES.index(side)].format(**numbers))
    read = {side: [understand.text(text) for text in texts] for side, texts in sides.items()}
    design = fit_design([f for b in corpus.blocks for f in b.features], seed=0)
    x = [matrix(design, block) for block in corpus.blocks]
    fitted = fit(
        [(xs, b.outcomes.scores, b.columns) for xs, b in zip(x, corpus.blocks, strict=True)],
        len(corpus.models),
        SETTINGS,
    )
    pool = [corpus.blocks[0].outcomes.models.index(model) for model in POOLS["mmlu_pro"]]
    columns = corpus.blocks[0].columns[pool]
    p = {
        side: fitted.probabilities(np.array([design.x(f) for f in features], dtype=np.float64), columns)
        for side, features in read.items()
    }
    vectors = {side: np.array([f.embedding for f in features]) for side, features in read.items()}
    nearest = (vectors["zh"] @ vectors["en"].T).argmax(axis=1)
    means = [p[side].mean(axis=1) for side in ("en", "zh")]
    return {
        "translation is nearest": round(float((nearest == np.arange(len(nearest))).mean()), 2),
        "correlation of expected difficulty": round(float(np.corrcoef(*means)[0, 1]), 2),
        "mean shift of expected score": round(float(np.mean(means[1] - means[0])), 3),
    }


# ------------------------------------------------------------------------------------------------ main


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--cache", type=Path, required=True, help="folder in which vectors are kept between runs")
    parser.add_argument("--encoders", nargs="+", default=list(ENCODERS), help=f"of {', '.join(ENCODERS)}")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--price-of", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=ROOT / "lab" / "runs" / "encoders" / "encoders.json")
    options = parser.parse_args(argv)
    if options.price_of:
        print(json.dumps(price(options.price_of)))
        return
    corpus = sample(read_corpus(options.data, StaticEncoder()))
    found: dict[str, dict] = {}
    held: dict[tuple[str, bool], list[list[Array]]] = {}
    for name in dict.fromkeys(("static", *options.encoders)):
        kept = Kept(built(name), options.cache)
        own = encoded(corpus, kept)
        found[name] = {"name": kept.name, "dim": kept.dim, "languages": languages(own, kept)}
        kept.save()
        told = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, __file__, "--cache", str(options.cache), "--price-of", name],
            capture_output=True,
            text=True,
            check=True,
        )
        found[name]["price"] = json.loads(told.stdout)
        for tasks in (False, True):
            held[name, tasks] = expectations(own, tasks=tasks, n_seeds=options.seeds)
            for place, block in enumerate(corpus.blocks):
                key = f"{block.outcomes.name.split('.')[0]}, {'tasks' if tasks else 'prompts'} held out"
                ours, static = ([seed[place] for seed in held[n, tasks]] for n in (name, "static"))
                value, gain = compared(block, ours, static)
                losses = [log_loss(block, p) for p in ours]
                found[name][key] = {
                    "aiq": as_json(value),
                    "over_static": as_json(gain),
                    "log_loss": round(float(np.mean(losses)), 4),
                    "shown": [shown(value), shown(gain, signed=True)],
                }
        print(name, json.dumps(found[name]["price"]), flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    keys = [key for key in found["static"] if "held out" in key]
    for key in keys:
        rows = [
            [name, *row[key]["shown"], f"{row[key]['log_loss']:.4f}", f"{row['price']['ms_200']:.2f}"]
            for name, row in found.items()
        ]
        print(f"\n{key}\n\n{markdown(['encoder', 'AIQ', 'over static', 'log loss', 'ms at 200 tokens'], rows)}")
    rows = [
        [name, *(str(v) for v in row["price"].values()), *(str(v) for v in row["languages"].values())]
        for name, row in found.items()
    ]
    print("\n" + markdown(["encoder", *found["static"]["price"], *found["static"]["languages"]], rows))


if __name__ == "__main__":
    main()
