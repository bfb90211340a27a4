"""Loads tables of real outcomes: prompts, and the score and price of each model's answer to each.

It downloads nothing and ships nothing; it does not decide what may be trained on (`lab/train.py` names its sets).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from unisono.errors import StartError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Part = Literal["train", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """One part of one set. NaN where nothing is known.

    Attributes:
        name: such as `mmlu_pro.train`.
        prompts: the n prompt texts.
        categories: the n task or subject names.
        models: the m model names, sorted.
        scores: shape (n, m), in [0, 1].
        costs_usd: shape (n, m).
        input_tokens: shape (n, m).
        output_tokens: shape (n, m).
        n_options: shape (n,), answers offered by a multiple-choice question; NaN where open or unknown.
        hashes: SHA-256 of each file that was read; of a user's table that of its prompts too.
    """

    name: str
    prompts: tuple[str, ...]
    categories: tuple[str, ...]
    models: tuple[str, ...]
    scores: NDArray[np.float64]
    costs_usd: NDArray[np.float64]
    input_tokens: NDArray[np.float64]
    output_tokens: NDArray[np.float64]
    n_options: NDArray[np.float64]
    hashes: dict[str, str]

    def only(self, models: tuple[str, ...]) -> Outcomes:
        """Return the same prompts with these models, in this order."""
        places = np.array([self.models.index(model) for model in models], dtype=np.intp)
        return self._cut(models, np.ix_(np.arange(len(self.prompts)), places), self.prompts, self.categories)

    def rows(self, keep: NDArray[np.bool_]) -> Outcomes:
        """Return the prompts for which `keep`, shape (n,), holds."""
        index = np.flatnonzero(keep)
        prompts = tuple(self.prompts[i] for i in index)
        categories = tuple(self.categories[i] for i in index)
        return self._cut(self.models, np.ix_(index, np.arange(len(self.models))), prompts, categories, index)

    def complete(self) -> Outcomes:
        """Return the prompts on which every model has a score and a price, so that policies can be replayed."""
        known = ~np.isnan(self.scores) & ~np.isnan(self.costs_usd)
        return self.rows(np.asarray(known.all(axis=1), dtype=np.bool_))

    def _cut(
        self,
        models: tuple[str, ...],
        place: tuple[NDArray[np.intp], ...],
        prompts: tuple[str, ...],
        categories: tuple[str, ...],
        index: NDArray[np.intp] | None = None,
    ) -> Outcomes:
        return Outcomes(
            name=self.name,
            prompts=prompts,
            categories=categories,
            models=models,
            scores=self.scores[place],
            costs_usd=self.costs_usd[place],
            input_tokens=self.input_tokens[place],
            output_tokens=self.output_tokens[place],
            n_options=self.n_options if index is None else self.n_options[index],
            hashes=self.hashes,
        )


def load_outcomes(folder: Path, name: str, *, part: Part) -> Outcomes:
    """Read one part of one set.

    Args:
        folder: holds `<name>.<part>.prompts.parquet` and `<name>.<part>.outcomes.parquet`.
        name: the set, such as `mmlu_pro`.
        part: `train` or `test`.

    Raises:
        StartError: pandas or a file is missing; says how to get it.
    """
    try:
        import pandas as pd
    except ImportError as exc:
        raise StartError("Tables of outcomes need pandas and pyarrow: pip install 'unisono[lab]'.") from exc
    stem = f"{name}.{part}"
    files = {kind: folder / f"{stem}.{kind}.parquet" for kind in ("prompts", "outcomes")}
    for file in files.values():
        if not file.is_file():
            raise StartError(
                f"The outcomes {file.name} are not in {folder}. They do not come with Unisono: get the project's data "
                "folder and name it with --data, or make your own tables (docs/explanation/predictors.md)."
            )
    prompts = pd.read_parquet(files["prompts"])
    outcomes = pd.read_parquet(files["outcomes"])
    models = tuple(sorted(outcomes["model"].unique()))

    def table(column: str) -> NDArray[np.float64]:
        wide = outcomes.pivot(index="prompt_id", columns="model", values=column)
        wide = wide.reindex(index=prompts["prompt_id"], columns=list(models))
        return np.array(wide.astype("float64").to_numpy(na_value=np.nan), dtype=np.float64)

    return Outcomes(
        name=stem,
        prompts=tuple(prompts["prompt"].astype(str)),
        categories=tuple(prompts["category"].astype(str)),
        models=models,
        scores=table("score"),
        costs_usd=table("cost_usd"),
        input_tokens=table("input_tokens"),
        output_tokens=table("output_tokens"),
        n_options=_n_options(prompts),
        hashes={file.name: sha256(file.read_bytes()).hexdigest() for file in files.values()},
    )


def _n_options(prompts: pd.DataFrame) -> NDArray[np.float64]:
    if "n_options" in prompts:
        return np.asarray(prompts["n_options"].astype("float64"), dtype=np.float64)
    return np.full(len(prompts), np.nan)
