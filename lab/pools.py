"""The pools that the quality table routes over, and why these models. No pool was picked by test outcomes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from unisono.evaluate.datasets import Outcomes

POOLS: dict[str, tuple[str, ...]] = {
    # Ten that people do run behind a router: instruction-tuned or chat, one or two a maker, over the whole range of
    # prices, each with outcomes on nearly all prompts. Left out: base models (nobody chats with them), older twins of
    # a model that is in, DeepSeek-Coder-V2 (a quarter of its test outcomes is missing, so it cannot be replayed).
    "mmlu_pro": (
        "Phi-3-mini-4k-instruct",
        "mathstral-7B",
        "Meta-Llama-3_1-8B-Instruct",
        "Mistral-7B-Instruct-v0.2",
        "Mixtral-8x7B-Instruct-v0.1",
        "Qwen1.5-72B-Chat",
        "jamba-1.5-large",
        "Meta-Llama-3_1-70B-Instruct",
        "gemini-1.5-flash-002",
        "gemini-1.5-pro-002",
    ),
    # All eleven models of the source.
    "routerbench_0shot_part": (
        "claude-v2",
        "wizardlm-13b-v1.2",
        "mistral-7b-instruct",
        "code-llama-34b-instruct",
        "llama-2-70b-chat",
        "claude-instant-v1",
        "claude-v1",
        "gpt-3.5-turbo-1106",
        "mixtral-8x7b-instruct",
        "yi-34b-chat",
        "gpt-4-1106-preview",
    ),
    # Of 43 and 41 models: one or two a maker over the whole range of prices, each with a price. o1 has none.
    "zeroeval_gsm": (
        "Phi-3.5-mini-instruct",
        "gemma-2-9b-it",
        "Meta-Llama-3.1-8B-Instruct",
        "Meta-Llama-3.1-70B-Instruct",
        "deepseek-v2.5-0908",
        "gpt-4o-mini-2024-07-18",
        "claude-3-haiku-20240307",
        "Mistral-Large-2",
        "gpt-4o-2024-08-06",
        "claude-3-5-sonnet-20241022",
    ),
    "zeroeval_math_l5": (
        "Phi-3.5-mini-instruct",
        "gemma-2-9b-it",
        "Meta-Llama-3.1-8B-Instruct",
        "Meta-Llama-3.1-70B-Instruct",
        "deepseek-v2.5-0908",
        "gpt-4o-mini-2024-07-18",
        "claude-3-haiku-20240307",
        "Mistral-Large-2",
        "Qwen2.5-72B-Instruct",
        "gpt-4o-2024-08-06",
        "claude-3-5-sonnet-20241022",
        "gemini-1.5-pro-exp-0827",
    ),
    # Native function calling wherever a model has it, as the source's README advises.
    "bfcl_v1_2024_08": (
        "gpt-4o-mini-2024-07-18-FC",
        "open-mistral-nemo-2407-FC-Any",
        "gpt-3.5-turbo-0125-FC",
        "claude-3-haiku-20240307-FC",
        "yi-large-fc",
        "gpt-4o-2024-08-06-FC",
        "mistral-large-2407-FC-Any",
        "command-r-plus-FC",
        "gpt-4-0125-preview-FC",
        "claude-3-5-sonnet-20240620-FC",
    ),
    # All nine models of the source.
    "llmrouter_default": (
        "codegemma-7b",
        "gemma-2-9b-it",
        "llama-3.1-8b-instruct",
        "llama-3.1-nemotron-51b-instruct",
        "llama-3.3-nemotron-super-49b-v1",
        "llama3-chatqa-1.5-70b",
        "llama3-chatqa-1.5-8b",
        "mistral-7b-instruct-v0.3",
        "qwen2.5-7b-instruct",
    ),
}

ASSUMED_USD_PER_MTOK: dict[str, float] = {
    "codegemma-7b": 0.2,
    "gemma-2-9b-it": 0.2,
    "llama-3.1-8b-instruct": 0.2,
    "llama-3.1-nemotron-51b-instruct": 0.7,
    "llama-3.3-nemotron-super-49b-v1": 0.7,
    "llama3-chatqa-1.5-70b": 0.9,
    "llama3-chatqa-1.5-8b": 0.2,
    "mistral-7b-instruct-v0.3": 0.2,
    "qwen2.5-7b-instruct": 0.2,
}
"""`llmrouter_default` states neither cost nor output; hosters priced open models by size then: to 16B, 50B, 70B."""
ASSUMED_OUTPUT_TOKENS = 200.0


def with_assumed_prices(table: Outcomes) -> Outcomes:
    """Return the table with costs from assumed prices where the source states none at all."""
    if not np.isnan(table.costs_usd).all() or not set(table.models) <= set(ASSUMED_USD_PER_MTOK):
        return table
    prices = np.array([ASSUMED_USD_PER_MTOK[model] for model in table.models])
    return replace(table, costs_usd=(table.input_tokens + ASSUMED_OUTPUT_TOKENS) * prices / 1e6)
