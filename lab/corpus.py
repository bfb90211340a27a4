"""The tables that the shipped artifact may learn from, read through the product's own features, failures dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unisono.evaluate.datasets import Outcomes, load_outcomes
from unisono.learn.corpus import Block, Corpus
from unisono.predict.names import normal
from unisono.protocols import Encoder
from unisono.understand.features import Understanding

TRAIN_SETS = ("mmlu_pro", "routerbench_0shot_part", "llmrouter_default", "zeroeval_math_l5")
"""Permitted training parts. Sets without a stated licence (routerdc, bfcl, time_sensitive, evergreen) are not here."""

HELD_BACK = {"llmrouter_default": ("mmlu", "gsm8k")}
"""Tasks of training parts that are left out, so that RouteLLM's MMLU and GSM8K are tasks never trained on."""

OPTIONS = {"arc_challenge": 4, "commonsense_qa": 5, "gpqa": 4, "mmlu": 4, "openbook_qa": 4}
"""Answers offered by the multiple-choice tasks of `llmrouter_default`: below chance means unreadable, not ignorant."""

ALIASES = {
    # One model under several names. Left: what people and upstreams write. Right: the trained name.
    "llama3.1:8b": "llama-3.1-8b-instruct",
    "llama3.1": "llama-3.1-8b-instruct",
    "llama3.1:70b": "llama-3.1-70b-instruct",
    "llama3:8b": "llama-3-8b-instruct",
    "llama3": "llama-3-8b-instruct",
    "llama3:70b": "llama-3-70b-instruct",
    "llama-3.1-405b-instruct": "llama-3.1-405b-inst",
    "gemma2": "gemma-2-9b-it",
    "gemma2:2b": "gemma-2-2b-it",
    "gemma2:9b": "gemma-2-9b-it",
    "gemma2:27b": "gemma-2-27b-it",
    "qwen2.5:3b": "qwen2.5-3b-instruct",
    "qwen2.5:7b": "qwen2.5-7b-instruct",
    "qwen2.5": "qwen2.5-7b-instruct",
    "qwen2.5:32b": "qwen2.5-32b-instruct",
    "qwen2.5:72b": "qwen2.5-72b-instruct",
    "mixtral:8x7b": "mixtral-8x7b-instruct",
    "mixtral": "mixtral-8x7b-instruct",
    "mixtral-8x7b-instruct-v0.1": "mixtral-8x7b-instruct",
    "open-mixtral-8x7b": "mixtral-8x7b-instruct",
    "phi3": "phi-3-mini-4k-instruct",
    "phi3.5": "phi-3.5-mini-instruct",
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4-turbo": "gpt-4-turbo-2024-04-09",
    "gpt-3.5-turbo": "gpt-3.5-turbo-0125",
    "o1-mini": "o1-mini-2024-09-12",
    "o1-preview": "o1-preview-2024-09-12",
    "claude-3-5-sonnet-latest": "claude-3-5-sonnet-20241022",
    "claude-3.5-sonnet": "claude-3-5-sonnet-20241022",
    "claude-3-5-haiku-latest": "claude-3-5-haiku-20241022",
    "claude-3-opus-latest": "claude-3-opus-20240229",
    "claude-3-haiku": "claude-3-haiku-20240307",
    "mistral-large-2407": "mistral-large-2",
    "grok-2": "grok-2-1212",
}


def read_corpus(folder: Path, encoder: Encoder) -> Corpus:
    """Read every training set under `folder`."""
    tables, dropped = [], []
    for name in TRAIN_SETS:
        table = load_outcomes(folder, name, part="train")
        back = HELD_BACK.get(name, ())
        table = table.rows(~np.isin(np.array(table.categories), back))
        dropped += [f"{table.name}: every outcome on {task}: held back for tests" for task in back]
        dropped += drop_failures(table)
        tables.append(table)
    models = tuple(sorted({trained_name(model) for table in tables for model in table.models}))
    understand = Understanding(encoder)
    blocks = tuple(
        Block(
            outcomes=table,
            features=tuple(understand.text(prompt) for prompt in table.prompts),
            columns=np.array([models.index(trained_name(model)) for model in table.models]),
        )
        for table in tables
    )
    return Corpus(blocks=blocks, models=models, dropped=tuple(dropped))


def trained_name(model: str) -> str:
    """Return the name under which a model of any table is trained."""
    name = normal(model)
    return ALIASES.get(name, name)


def drop_failures(table: Outcomes) -> list[str]:
    """Set to NaN the scores of a model on a task where its zeros are failures of format or transport.

    Two signs: clearly below blind guessing on a multiple-choice task; or never once right where the others are.
    """
    found = []
    categories = np.array(table.categories)
    for task in sorted(set(table.categories)):
        rows = np.flatnonzero(categories == task)
        if len(rows) < 50:
            continue
        means = np.nanmean(table.scores[rows], axis=0)
        chance = 1.0 / OPTIONS[task] if task in OPTIONS else 0.0
        limit = chance - 3.0 * np.sqrt(chance * (1.0 - chance) / len(rows))
        for column, model in enumerate(table.models):
            if means[column] < limit or (means[column] == 0.0 and np.median(means) > 0.01):
                table.scores[rows, column] = np.nan
                found.append(f"{table.name}: {model} on {task}: mean {means[column]:.3f}, chance {chance:.2f}")
    return found
