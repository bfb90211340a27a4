"""The pools that the quality table routes over, and why these models."""

from __future__ import annotations

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
}
