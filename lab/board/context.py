"""What every section starts from: the data, the shipped artifact, and features that are computed once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

import numpy as np

from corpus import read_corpus
from pools import POOLS, with_assumed_prices
from unisono.config import EncoderConfig
from unisono.evaluate.datasets import Outcomes, Part, load_outcomes
from unisono.learn.corpus import Corpus
from unisono.plugins import load as load_plugins
from unisono.predict.artifact import Artifact, load
from unisono.types import Features
from unisono.understand.features import Understanding

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("UNISONO_DATA", ROOT.parent / "shared" / "data"))
SEEDS = (1, 2, 3, 4, 5)
N_RESAMPLES = 1000
MAIN = ("mmlu_pro", "routerbench_0shot_part")
"""The two sets with costs, a train part and a test part on which something is to be won."""


@dataclass(slots=True)
class Context:
    """Tables, features and the artifact, read when asked for."""

    data: Path
    artifact_path: Path
    tables: dict[tuple[str, Part], Outcomes] = field(default_factory=dict)
    known: dict[str, Features] = field(default_factory=dict)
    kept: dict[str, object] = field(default_factory=dict)

    def table(self, name: str, part: Part) -> Outcomes:
        """Return a set's pool of models, all its prompts."""
        if (name, part) not in self.tables:
            table = load_outcomes(self.data, name, part=part)
            pool = POOLS.get(name, table.models)
            self.tables[name, part] = with_assumed_prices(table.only(pool))
        return self.tables[name, part]

    def features(self, prompts: Sequence[str]) -> list[Features]:
        """Return the product's features of each prompt."""
        for prompt in prompts:
            if prompt not in self.known:
                self.known[prompt] = self.understanding.text(prompt)
        return [self.known[prompt] for prompt in prompts]

    @property
    def understanding(self) -> Understanding:
        """The product's own reading of a prompt."""
        return self.once("understanding", lambda: Understanding(self.encoder, cache_size=1))

    @property
    def encoder(self):
        """The default encoder."""
        return self.once("encoder", lambda: load_plugins().encoder(EncoderConfig()))

    @property
    def artifact(self) -> Artifact:
        """The artifact under test, as shipped."""
        return self.once("artifact", lambda: load(self.artifact_path, encoder=self.encoder.name))

    @property
    def corpus(self) -> Corpus:
        """What the artifact was trained on."""
        return self.once("corpus", lambda: read_corpus(self.data, self.encoder))

    def once(self, name, make):
        """Return what `make` made under this name, now or before."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]


def remembered(parts: Sequence[object], compute) -> np.ndarray:
    """Return an array that `compute` made for these very parts in this or an earlier run.

    Args:
        parts: arrays and texts that the result depends on, code included.
        compute: makes it.
    """
    digest = sha256()
    for part in parts:
        digest.update(part.tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    file = Path(gettempdir()) / "unisono-lab" / f"{digest.hexdigest()[:32]}.npy"
    if file.is_file():
        return np.load(file, allow_pickle=False)
    found = np.asarray(compute(), dtype=np.float64)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.save(file, found, allow_pickle=False)
    return found


def say(text: str) -> None:
    """Show progress on standard error."""
    print(text, file=sys.stderr, flush=True)
