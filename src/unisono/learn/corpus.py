"""What training reads: tables of outcomes together with the features of their prompts.

It loads nothing: `lab/corpus.py` and `learn.fit` do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from unisono.types import Features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Table(Protocol):
    """Outcomes of m models on n prompts; `evaluate.datasets.Outcomes` is one. NaN where nothing is known."""

    @property
    def name(self) -> str:
        """Such as `mmlu_pro.train`."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The n task or subject names."""

    @property
    def models(self) -> tuple[str, ...]:
        """The m model names."""

    @property
    def scores(self) -> NDArray[np.float64]:
        """Shape (n, m), in [0, 1]."""

    @property
    def costs_usd(self) -> NDArray[np.float64]:
        """Shape (n, m)."""

    @property
    def input_tokens(self) -> NDArray[np.float64]:
        """Shape (n, m)."""

    @property
    def output_tokens(self) -> NDArray[np.float64]:
        """Shape (n, m)."""

    @property
    def hashes(self) -> Mapping[str, str]:
        """SHA-256 of each file that was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One table: its outcomes, its features, and the place of each column among all models."""

    outcomes: Table
    features: tuple[Features, ...]
    columns: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """All tables. `models` are normalised names; `dropped` says what was left out and why."""

    blocks: tuple[Block, ...]
    models: tuple[str, ...]
    dropped: tuple[str, ...] = ()
