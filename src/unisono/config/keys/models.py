"""The keys of the pool, and those that only one of the built-in providers reads."""

from __future__ import annotations

from dataclasses import replace

from unisono.config.keys.key import LONGEST_S, MANY_TOKENS, MANY_USD, Key, certificates, section
from unisono.types import Capability, Role

DECLARED = tuple(capability for capability in Capability if capability is not Capability.ANTHROPIC)
"""What a configuration may say of a model; the API by which it is reached says the rest."""
BUILT_IN: tuple[str, ...] = ("openai", "anthropic", "local", "scripted")
"""The providers that come with Unisono, and whose keys the table knows."""
FAULTS = ("refuse", "reset", "stall", "malformed", "cut")
"""How a scripted upstream can fail, beside an HTTP status."""

_HTTP = ("openai", "anthropic")


def _read_by(upstream: str, *keys: Key) -> tuple[Key, ...]:
    """Return the keys of a model that only this provider reads."""
    return section("models", *(replace(key, upstreams=(upstream,), option=True) for key in keys))


EMBEDDINGS = section(
    "embeddings",
    Key(name="name", kind="name", required=True, text="What callers ask for; `auto` takes the first table's."),
    Key(
        name="base_url", kind="url", otherwise="OpenAI's own",
        text="The upstream's address, such as `http://127.0.0.1:9001/v1`; it must serve `/embeddings` below it.",
    ),
    Key(name="upstream_model", kind="text", otherwise="`name`", text="What the upstream is asked for."),
    Key(
        name="api_key", kind="secret",
        text="The upstream's key, as `env:NAME` or `file:PATH`: where it is, never the key itself.",
    ),
    *certificates(),
    Key(
        name="usd_per_mtok_in", kind="number", unit="USD per million tokens", low=0,
        high=MANY_USD, otherwise="unknown", text="Price of the texts.",
    ),
)  # fmt: skip

MODELS = section(
    "models",
    Key(name="name", kind="name", required=True, text="What callers see and may pin."),
    Key(
        name="upstream", kind="upstream", required=True, allowed=BUILT_IN,
        text="The provider: one that comes with Unisono, or the name of an installed plug-in.",
    ),
    Key(
        name="base_url", kind="url", upstreams=_HTTP,
        otherwise="OpenAI's own for `openai` with an `api_key`, else required; Anthropic's own for `anthropic`",
        text="The upstream's address, such as `http://127.0.0.1:9001/v1`.",
    ),
    Key(name="upstream_model", kind="text", otherwise="`name`", text="What the upstream is asked for."),
    Key(
        name="reports", kind="texts", default=[],
        text="Other names by which the upstream may call this model in its answers, such as the model behind a "
        "deployment of Azure's; price, window and public figures are looked up by them too.",
    ),
    Key(
        name="aliases", kind="names", default=[],
        text="Other names by which callers may ask for this model. They say nothing about what it can do.",
    ),
    Key(
        name="api_key", kind="secret", upstreams=_HTTP,
        text="The upstream's key, as `env:NAME` or `file:PATH`: where it is, never the key itself.",
    ),
    *certificates(upstreams=_HTTP),
    Key(
        name="role", kind="choice", default="fast", allowed=tuple(Role),
        text="The model's place in the family; it sets what is expected of a model nobody has measured.",
    ),
    Key(
        name="context_tokens", kind="integer", unit="tokens", low=1, high=MANY_TOKENS,
        otherwise="the price list's, else 131072 for `https`, else 8192",
        text="The window: prompt and answer together.",
    ),
    Key(
        name="max_output_tokens", kind="integer", unit="tokens", low=1, high=MANY_TOKENS,
        otherwise="the price list's, else no limit of its own", text="The longest answer that the model gives.",
    ),
    Key(
        name="capabilities", kind="choices", allowed=DECLARED,
        otherwise="`tools` and `json` for `https`; at OpenAI, Anthropic and Gemini `vision` too; else none",
        text="What the model can take or give beyond plain text.",
    ),
    Key(
        name="usd_per_mtok_in", kind="number", unit="USD per million tokens", low=0, high=MANY_USD,
        otherwise="the price list's; 0 for `local` and `scripted`; else unknown", text="Price of the prompt.",
    ),
    Key(
        name="usd_per_mtok_out", kind="number", unit="USD per million tokens", low=0, high=MANY_USD,
        otherwise="as above", text="Price of the answer.",
    ),
    Key(
        name="usd_per_mtok_cached_in", kind="number", unit="USD per million tokens", low=0,
        high=MANY_USD, otherwise="as above; else the price of the prompt",
        text="Price of the part of the prompt that the upstream had in its cache.",
    ),
    Key(
        name="cache_ttl_s", kind="number", unit="s", default=300.0, low=0, high=LONGEST_S,
        text="How long the upstream keeps a prompt's prefix at the cached price.",
    ),
    Key(
        name="knowledge_cutoff", kind="date", otherwise="unknown",
        text="The day on which the model's knowledge ends, such as `2024-12-01`.",
    ),
    Key(
        name="quality", kind="number", low=0, high=1, otherwise="what the role suggests",
        text="Your guess of how often the model is right, until probes or feedback know better.",
    ),
    Key(
        name="benchmarks", kind="json", otherwise="the package's figures of this name",
        text="Public benchmark figures in percent, such as `{ mmlu_pro = 81.2 }`, in place of the package's.",
    ),
    Key(
        name="lifecycle", kind="choice", default="active",
        allowed=("active", "legacy", "sunset", "retired"),
        text="Where the model stands in its life; a sunset one still serves until `until`, a retired one never.",
    ),
    Key(name="until", kind="date", otherwise="required for `sunset`", text="The last day of a sunset."),
    Key(name="successor", kind="name", text="The model that answers to this one's name when this one has retired."),
)  # fmt: skip

LOCAL = _read_by(
    "local",
    Key(
        name="file", kind="model_file", required=True,
        text="The model's GGUF file; `package:NAME` takes it from an installed package.",
    ),
    Key(name="threads", kind="integer", low=1, high=1024, text="Threads of the model's process."),
    Key(
        name="parallel", kind="integer", low=1, high=256,
        text="How many answers it writes at the same moment; each has the whole window.",
    ),
    Key(
        name="chat_template", kind="text",
        text="A chat template of your own, for models whose file has none that works.",
    ),
    Key(name="args", kind="texts", text="More arguments for `llama-server`, as it documents them."),
    Key(name="stop", kind="texts", text="Texts that end an answer, added to the caller's own."),
    Key(
        name="server", kind="path", otherwise="the one of the extra `local`, else the one on the PATH",
        text="The `llama-server` to run.",
    ),
    Key(name="memory_check", kind="flag", text="Refuse to start a model that does not fit into the free memory."),
    Key(
        name="max_tokens", kind="integer", unit="tokens", low=1, high=MANY_TOKENS,
        text="The longest answer where the caller sets no limit.",
    ),
)  # fmt: skip

SCRIPTED = _read_by(
    "scripted",
    Key(
        name="reply", kind="json", otherwise="`You said: {prompt}`",
        text="The answer; `{prompt}` in it becomes the prompt, a table becomes JSON.",
    ),
    Key(
        name="tokens", kind="integer", unit="tokens", low=0, high=MANY_TOKENS, otherwise="as many as the reply has",
        text="The answer is cut or repeated to so many tokens.",
    ),
    Key(name="reasoning", kind="text", text="What it thinks aloud before it answers."),
    Key(
        name="first_token_s", kind="number", unit="s", low=0, high=LONGEST_S, otherwise="`0`",
        text="How long it waits before the first token.",
    ),
    Key(
        name="token_s", kind="number", unit="s", low=0, high=LONGEST_S, otherwise="`0`",
        text="How long it waits before each later token.",
    ),
    Key(
        name="tool_call", kind="table", allowed=("name", "arguments"),
        text="A tool call instead of a text: the function and its arguments.",
    ),
    Key(name="fail", kind="fault", allowed=FAULTS, low=400, high=599, text="How a call fails."),
    Key(
        name="fail_times", kind="integer", low=0, high=MANY_TOKENS, otherwise="every call",
        text="So many calls fail, and later ones succeed.",
    ),
    Key(
        name="fail_after_chunks", kind="integer", low=0, high=MANY_TOKENS, otherwise="`0`",
        text="A call fails after so many pieces of its answer.",
    ),
    Key(
        name="cut_after", kind="integer", low=0, high=MANY_TOKENS,
        text="The connection ends after so many pieces, without an end of the answer.",
    ),
    Key(name="stall_after", kind="integer", low=0, high=MANY_TOKENS, text="Nothing more comes after so many pieces."),
    Key(
        name="retry_after_s", kind="number", unit="s", low=0, high=LONGEST_S,
        text="The `Retry-After` of its failures.",
    ),
    Key(name="answers_as", kind="text", otherwise="`upstream_model`", text="The model name that it reports."),
    Key(
        name="usage", kind="table", otherwise="counted",
        allowed=("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens"),
        text="The token counts that it reports.",
    ),
    Key(name="finish", kind="text", otherwise="`stop`, or `tool_calls`", text="The finish reason that it reports."),
)  # fmt: skip
