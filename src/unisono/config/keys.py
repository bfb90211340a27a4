"""The one table of keys: it validates, fills in defaults and prints the reference page.

What several keys mean together stands in `entry` and `whole`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from unisono.config.values import DEFAULT_MEMBERS
from unisono.types import SCRIPTS, TASKS, Capability, JsonValue, Mode, Role, Timeouts

Kind = Literal[
    "text", "name", "names", "key_names", "texts", "choice", "choices", "integer", "number", "flag", "date", "path",
    "model_file", "url", "origins", "secret", "secrets", "upstream", "fault", "table", "json", "tables",
]  # fmt: skip

DECLARED = tuple(capability for capability in Capability if capability is not Capability.ANTHROPIC)
"""What a configuration may say of a model; the API by which it is reached says the rest."""
BUILT_IN: tuple[str, ...] = ("openai", "anthropic", "local", "scripted")
"""The providers that come with Unisono, and whose keys the table knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of the file.

    Attributes:
        section: the table it stands in; empty at the top.
        unit: as the name's ending says it; None where there is none.
        default: what holds when the key is absent; None where `otherwise` says more, or nothing holds.
        text: one sentence for people.
        required: absence is a problem.
        allowed: the values of a `choice`; known ones only are accepted.
        low: smallest allowed number; `above` excludes the bound itself.
        high: largest allowed number.
        upstreams: the providers that read the key; empty for all.
        option: the value goes into `Model.options`.
        otherwise: the default in words, for the reference page.
    """

    name: str
    kind: Kind
    text: str
    section: str = ""
    default: JsonValue = None
    unit: str | None = None
    required: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    above: float | None = None
    upstreams: tuple[str, ...] = ()
    option: bool = False
    otherwise: str = ""


SECTIONS: dict[str, str] = {
    "server": "Where the server listens and who may call it.",
    "store": "Where decisions and outcomes are recorded.",
    "routing": "How `auto` chooses.",
    "encoder": "What the encoder named in `[routing]` needs; `static`, `use` and `e5` need nothing.",
    "timeouts": "Limits for one call to one upstream.",
    "tracing": "Where OpenTelemetry spans go; needs the extra `otel`.",
    "canaries": "Probe questions that are asked again, to notice a model that was changed behind its name.",
    "calls": "How often and how many at a time upstreams are called.",
    "keys": "One `[[keys]]` table for each API key of the environment that has a name.",
    "limits": "One `[[limits]]` table for each bound on use in a window.",
    "rules": "One `[[rules]]` table for each kind of requests to `auto` of which you say who answers; the first that "
    "holds counts. See [rules of your own](../how-to/rules.md).",
    "embeddings": "One `[[embeddings]]` table for each model behind `POST /v1/embeddings`.",
    "models": "One `[[models]]` table for each model of the pool.",
}
"""The tables of the file, each with a sentence for the reference page."""
ARRAYS = ("keys", "limits", "rules", "embeddings", "models")
"""The sections of which the file may hold several."""

FAULTS = ("refuse", "reset", "stall", "malformed", "cut")
"""How a scripted upstream can fail, beside an HTTP status."""


def _section(name: str, *keys: Key) -> tuple[Key, ...]:
    return tuple(replace(key, section=name) for key in keys)


_TIMES = Timeouts()
_HTTP = ("openai", "anthropic")
_LONGEST_S = 86400.0
_MANY_TOKENS = 100_000_000.0
_MANY_USD = 100_000.0


_TOP = _section(
    "",
    Key(
        name="default", kind="name", required=True,
        text="The model that serves when the router itself is broken, and the one that others must clearly beat.",
    ),
    Key(
        name="prices_file", kind="path",
        text="A price list in LiteLLM's JSON form; it wins over the price package and yields to prices in this file.",
    ),
    Key(
        name="removed", kind="names", default=[],
        text="Models taken away at once and on purpose, without a sunset: callers get an error, or the successor.",
    ),
    Key(name="models", kind="tables", required=True, text="The pool: see `[[models]]`."),
    Key(name="keys", kind="tables", default=[], text="Named API keys: see `[[keys]]`."),
    Key(name="limits", kind="tables", default=[], text="Bounds on use: see `[[limits]]`."),
    Key(name="rules", kind="tables", default=[], text="Who answers what: see `[[rules]]`."),
    Key(name="embeddings", kind="tables", default=[], text="Models for vectors: see `[[embeddings]]`."),
)  # fmt: skip

_SERVER = _section(
    "server",
    Key(
        name="host", kind="text", default="127.0.0.1",
        text="The address to listen on; on any other than this machine's own every caller needs a key.",
    ),
    Key(
        name="port", kind="integer", default=8080, low=0, high=65535,
        text="The port to listen on; 0 takes a free one.",
    ),
    Key(
        name="keys", kind="secrets", default=[],
        text="Keys without a name for callers, each as `env:NAME` or `file:PATH`; `unisono keys` makes better ones.",
    ),
    Key(
        name="console", kind="flag", otherwise="only on this machine's own address",
        text="Whether the console's page is served; what it shows needs a key all the same.",
    ),
    Key(
        name="origins", kind="origins", default=[],
        text="Web pages that may call `/v1` from a browser, such as `https://chat.example.org`; keys hold for them.",
    ),
    Key(
        name="max_requests", kind="integer", default=1000, low=1, high=100_000,
        text="Requests in hand at a time; further ones get a 503 with `Retry-After` before anything is read of them.",
    ),
    Key(
        name="grace_s", kind="number", unit="s", default=10.0, low=0, high=86_400,
        text="How long answers may go on after a signal to end; then they end with an error. Read at the start.",
    ),
    Key(
        name="max_body_bytes", kind="integer", unit="bytes", default=20 * 1024 * 1024,
        low=1024, high=1024 * 1024 * 1024, text="The largest body of a request.",
    ),
)  # fmt: skip

_STORE = _section(
    "store",
    Key(name="path", kind="path", default="unisono.db", text="The SQLite file of the record."),
    Key(
        name="text", kind="choice", default="none", allowed=("none", "hash", "text"),
        text="What of the users' words is recorded: nothing, a hash that recognises equal prompts, or the words.",
    ),
    Key(
        name="flush_s", kind="number", unit="s", default=0.05, above=0, high=60,
        text="How long a finished outcome may wait in memory before it is on disk.",
    ),
)  # fmt: skip

_ROUTING = _section(
    "routing",
    Key(
        name="dial", kind="number", default=0.5, low=0, high=1,
        text="0 takes the cheapest that is good enough, 1 the best whatever it costs; a caller may say otherwise.",
    ),
    Key(
        name="margin", kind="number", default=0.01, low=0, high=1,
        text="How much better than `default` (in expected quality after costs) another model must be to be chosen.",
    ),
    Key(
        name="switch_margin", kind="number", default=0.03, low=0, high=1,
        text="How much better than a conversation's model another must be, after costs and lost caches, to take over.",
    ),
    Key(
        name="handoff", kind="json", default={},
        text="What a conversation loses from one model to another, as `unisono models handoff` prints it; else 0.02.",
    ),
    Key(
        name="explore", kind="number", default=0.0, low=0, high=1,
        text="Share of new questions to `auto` on which another model than the first may be tried, to learn; 0 is off.",
    ),
    Key(
        name="explore_loss", kind="number", default=0.05, low=0, high=1,
        text="Most expected quality after costs that an answer may lose by being tried.",
    ),
    Key(
        name="style_note", kind="text",
        text="Added to the system prompt when a conversation changes its model, so that the voice stays one.",
    ),
    Key(
        name="cascade", kind="choices", default=[], allowed=("fast", "balanced", "deep"),
        text="The modes in which a cheaper model may answer first, with a stronger one behind it where that pays.",
    ),
    Key(
        name="members", kind="integer", default=DEFAULT_MEMBERS, low=1, high=8,
        text="How many models `auto:pro` asks side by side at most; 1 turns that off.",
    ),
    Key(
        name="judge", kind="name", otherwise="the best model of the pool for the request",
        text="The model that writes one answer from those of several, where `auto:pro` needs that.",
    ),
    Key(
        name="compare", kind="text", default="claims",
        text="What compares several models' answers: `claims` (no model), `judge` (a model), or a plug-in's name.",
    ),
    Key(
        name="run_code", kind="flag", default=False,
        text="Whether code in a cheaper model's answer may be run, locked down, against the examples in the prompt.",
    ),
    Key(
        name="artifact", kind="path", otherwise="the one in the package",
        text="The trained parts of the predictors, such as `unisono fit` writes; they fit one encoder.",
    ),
    Key(
        name="in_domain", kind="choice", default="when_alike",
        allowed=("when_alike", "always", "never"),
        text="When to route as prompts held out of the table that `artifact` was fitted on allow, which saves more.",
    ),
    Key(
        name="predictor", kind="text", default="unisono",
        text="What expects how good each model's answer will be: Unisono's own predictor, or a plug-in's name.",
    ),
    Key(
        name="encoder", kind="text", default="static",
        text="What turns prompts into vectors: `static`, `use`, `e5`, `onnx`, `endpoint`, or the name of a plug-in.",
    ),
)  # fmt: skip

_ENCODER = _section(
    "encoder",
    Key(
        name="path", kind="path",
        text="For `onnx`: a sentence-transformers folder with an ONNX model, or a model's file beside its tokenizer.",
    ),
    Key(
        name="hub", kind="text",
        text="For `onnx` instead of a path: `OWNER/MODEL@REVISION` of a hub, with the whole commit; needs `sha256`.",
    ),
    Key(name="sha256", kind="text", text="What the ONNX model's file must have.", otherwise="any"),
    Key(
        name="base_url", kind="url",
        text="For `endpoint`: where embeddings are asked for, such as `http://127.0.0.1:9001/v1`.",
    ),
    Key(name="model", kind="text", text="For `endpoint`: the model that is asked for."),
    Key(name="api_key", kind="secret", text="For `endpoint`: its key, as `env:NAME` or `file:PATH`."),
    Key(
        name="ca_file", kind="path", otherwise="the system's",
        text="The certificates of the authorities that are trusted there, as PEM; they count in place of the system's.",
    ),
    Key(
        name="client_cert", kind="path",
        text="Our certificate for a host that asks for one (mTLS), as PEM; its key may stand in the same file.",
    ),
    Key(
        name="client_key", kind="path", otherwise="in `client_cert`",
        text="The key of that certificate, as PEM without a passphrase.",
    ),
    Key(
        name="budget_s", kind="number", unit="s", default=0.2, above=0, high=60,
        text="How long a request waits for an encoder other than `static`; then it is decided without, with a notice.",
    ),
)  # fmt: skip

_TIMEOUTS = _section(
    "timeouts",
    Key(
        name="connect_s", kind="number", unit="s", default=_TIMES.connect_s, above=0,
        high=_LONGEST_S, text="Until the connection stands.",
    ),
    Key(
        name="first_content_s", kind="number", unit="s", default=_TIMES.first_content_s, above=0,
        high=_LONGEST_S, text="Until the first piece of the answer; another model may be tried after it.",
    ),
    Key(
        name="gap_s", kind="number", unit="s", default=_TIMES.gap_s, above=0, high=_LONGEST_S,
        text="Between two pieces of a stream.",
    ),
    Key(
        name="total_s", kind="number", unit="s", default=_TIMES.total_s, above=0, high=_LONGEST_S,
        text="For the whole answer.",
    ),
)  # fmt: skip

_CALLS = _section(
    "calls",
    Key(
        name="retries", kind="integer", default=2, low=0, high=10,
        text="How often a request may ask again after every model that may answer has failed in a way that passes.",
    ),
    Key(
        name="hedge", kind="choices", default=[], allowed=tuple(Mode), otherwise="none",
        text="The modes of `auto` in which the next model is asked beside one that is slower than it usually is.",
    ),
    Key(
        name="max_in_flight", kind="integer", default=256, low=1, high=100_000,
        text="Calls to one model at a time, of each worker; further ones wait for their turn, callers in rotation.",
    ),
    Key(
        name="max_wait_s", kind="number", unit="s", default=10.0, above=0, high=_LONGEST_S,
        text="How long a call may wait for its turn; then the next model is tried, or the caller gets a 503.",
    ),
)  # fmt: skip

_KEYS = _section(
    "keys",
    Key(name="name", kind="name", required=True, text="What limits and the record call the key."),
    Key(name="key", kind="secret", required=True, text="The key itself, as `env:NAME` or `file:PATH`."),
    Key(name="admin", kind="flag", default=False, text="Whether its holder may read everybody's record and `/admin`."),
    Key(
        name="export", kind="flag", default=False,
        text="Whether its holder agrees that words are kept whole and exported, where `store.text` keeps text.",
    ),
    Key(
        name="modes", kind="choices", default=[], allowed=tuple(Mode), otherwise="all",
        text="The only modes of `auto` that its holder may ask for.",
    ),
    Key(name="dial", kind="number", low=0, high=1, text="The dial where a request says none."),
    Key(
        name="max_cost_usd", kind="number", unit="USD", low=0, high=_MANY_USD,
        text="The bound on a request's cost where it says none.",
    ),
    Key(
        name="max_first_token_s", kind="number", unit="s", above=0, high=_LONGEST_S,
        text="The bound on the time to the first token where a request says none.",
    ),
    Key(
        name="min_quality", kind="number", low=0, high=1,
        text="The bound on the expected quality where a request says none.",
    ),
    Key(
        name="models", kind="names", default=[], otherwise="all",
        text="The only models that may answer; no request can widen it.",
    ),
    Key(name="ban", kind="names", default=[], text="The models that may not answer; no request can lift it."),
    Key(
        name="allow_fallback", kind="flag", otherwise="false for a pin, true for `auto`",
        text="Whether another model may answer when the chosen one fails.",
    ),
    Key(
        name="on_limit", kind="choice", allowed=("downgrade", "block"),
        otherwise="`block` for a pin, `downgrade` for `auto`", text="What happens when a limit is reached.",
    ),
)  # fmt: skip

_LIMITS = _section(
    "limits",
    Key(name="name", kind="name", required=True, text="What errors and notices call the limit."),
    Key(
        name="per", kind="choice", default="key", allowed=("key", "user", "all"),
        text="Who has an account of their own: each API key, each end user (`user`) of a key, or all together.",
    ),
    Key(
        name="counts", kind="choice", default="messages", allowed=("messages", "tokens", "usd"),
        text="What is counted.",
    ),
    Key(name="amount", kind="number", required=True, above=0, high=1e15, text="How much fits into the window."),
    Key(
        name="window", kind="choice", allowed=("hour", "day", "week", "month"),
        otherwise="`day`, unless `window_s` is given", text="A calendar window in UTC; a week begins on Monday.",
    ),
    Key(
        name="window_s", kind="number", unit="s", above=0, high=366 * _LONGEST_S,
        text="A sliding window instead; it is counted in sixtieths, and never too little.",
    ),
    Key(name="models", kind="names", default=[], otherwise="all", text="The models that the limit is about."),
    Key(
        name="roles", kind="choices", default=[], allowed=tuple(Role), otherwise="all",
        text="The roles that the limit is about.",
    ),
    Key(
        name="keys", kind="key_names", default=[], otherwise="all",
        text="The named keys that the limit is about; `red-*` is every key, of `unisono keys` too, that begins so.",
    ),
    Key(name="warn_at", kind="number", default=0.8, low=0, high=1, text="The share from which answers carry a notice."),
)  # fmt: skip

_RULES = _section(
    "rules",
    Key(name="name", kind="name", required=True, text="What notices and the record call the rule."),
    Key(
        name="models", kind="names", required=True,
        text="The models that answer: the router chooses among them. The others answer only where none of these can.",
    ),
    Key(
        name="tasks", kind="choices", default=[], otherwise="any", allowed=TASKS,
        text="The kinds of task, as `unisono_tasks_total` counts them; with the encoders `static` and `use` only.",
    ),
    Key(
        name="at_least", kind="number", default=0.5, low=0, high=1,
        text="The probability that the likeliest kind of task must have for `tasks` to hold.",
    ),
    Key(
        name="words", kind="texts", default=[], otherwise="any",
        text="Words of which the user's task holds one, in whatever capitals; only whole words count.",
    ),
    Key(
        name="like", kind="texts", default=[], otherwise="any",
        text="Sentences as callers would write them: the user's task is nearer to them than nearly all ordinary "
        "prompts are.",
    ),
    Key(
        name="unlike", kind="texts", default=[],
        text="Sentences to tell from those of `like`: a task that is nearer to one of these does not count.",
    ),
    Key(
        name="false_alarms", kind="number", default=0.01, low=0.0001, high=0.2,
        text="The share of ordinary prompts that may be taken for one like `like`: less is stricter.",
    ),
    Key(
        name="scripts", kind="choices", default=[], otherwise="any", allowed=SCRIPTS,
        text="The scripts that most of the task's letters belong to; `kana` is Japanese, its Chinese characters too.",
    ),
    Key(
        name="needs", kind="choices", default=[], otherwise="any", allowed=DECLARED,
        text="Capabilities of which the request needs one.",
    ),
    Key(
        name="min_tokens", kind="integer", unit="tokens", low=0, high=_MANY_TOKENS, otherwise="none",
        text="The least length of the whole prompt, as the router estimates it.",
    ),
    Key(
        name="max_tokens", kind="integer", unit="tokens", low=0, high=_MANY_TOKENS, otherwise="none",
        text="The greatest length of the whole prompt.",
    ),
    Key(
        name="modes", kind="choices", default=[], otherwise="all", allowed=tuple(Mode),
        text="The modes of `auto` that the rule is about.",
    ),
    Key(
        name="keys", kind="key_names", default=[], otherwise="all",
        text="The names of the keys that the rule is about; `red-*` is every key that begins so.",
    ),
)  # fmt: skip

_EMBEDDINGS = _section(
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
    Key(
        name="ca_file", kind="path", otherwise="the system's",
        text="The certificates of the authorities that are trusted there, as PEM; they count in place of the system's.",
    ),
    Key(
        name="client_cert", kind="path",
        text="Our certificate for a host that asks for one (mTLS), as PEM; its key may stand in the same file.",
    ),
    Key(
        name="client_key", kind="path", otherwise="in `client_cert`",
        text="The key of that certificate, as PEM without a passphrase.",
    ),
    Key(
        name="usd_per_mtok_in", kind="number", unit="USD per million tokens", low=0,
        high=_MANY_USD, otherwise="unknown", text="Price of the texts.",
    ),
)  # fmt: skip

_MODELS = _section(
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
    Key(
        name="ca_file", kind="path", upstreams=_HTTP, otherwise="the system's",
        text="The certificates of the authorities that are trusted there, as PEM; they count in place of the system's.",
    ),
    Key(
        name="client_cert", kind="path", upstreams=_HTTP,
        text="Our certificate for a host that asks for one (mTLS), as PEM; its key may stand in the same file.",
    ),
    Key(
        name="client_key", kind="path", upstreams=_HTTP, otherwise="in `client_cert`",
        text="The key of that certificate, as PEM without a passphrase.",
    ),
    Key(
        name="role", kind="choice", default="fast", allowed=tuple(Role),
        text="The model's place in the family; it sets what is expected of a model nobody has measured.",
    ),
    Key(
        name="context_tokens", kind="integer", unit="tokens", low=1, high=_MANY_TOKENS,
        otherwise="the price list's, else 131072 for `https`, else 8192",
        text="The window: prompt and answer together.",
    ),
    Key(
        name="max_output_tokens", kind="integer", unit="tokens", low=1, high=_MANY_TOKENS,
        otherwise="the price list's, else no limit of its own", text="The longest answer that the model gives.",
    ),
    Key(
        name="capabilities", kind="choices", allowed=DECLARED,
        otherwise="`tools` and `json` for `https`; at OpenAI, Anthropic and Gemini `vision` too; else none",
        text="What the model can take or give beyond plain text.",
    ),
    Key(
        name="usd_per_mtok_in", kind="number", unit="USD per million tokens", low=0, high=_MANY_USD,
        otherwise="the price list's; 0 for `local` and `scripted`; else unknown", text="Price of the prompt.",
    ),
    Key(
        name="usd_per_mtok_out", kind="number", unit="USD per million tokens", low=0, high=_MANY_USD,
        otherwise="as above", text="Price of the answer.",
    ),
    Key(
        name="usd_per_mtok_cached_in", kind="number", unit="USD per million tokens", low=0,
        high=_MANY_USD, otherwise="as above; else the price of the prompt",
        text="Price of the part of the prompt that the upstream had in its cache.",
    ),
    Key(
        name="cache_ttl_s", kind="number", unit="s", default=300.0, low=0, high=_LONGEST_S,
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

_LOCAL = _section(
    "models",
    Key(
        name="file", kind="model_file", upstreams=("local",), option=True,
        text="The model's GGUF file; `package:NAME` takes it from an installed package.", required=True,
    ),
    Key(
        name="threads", kind="integer", upstreams=("local",), option=True,
        text="Threads of the model's process.", low=1, high=1024,
    ),
    Key(
        name="parallel", kind="integer", upstreams=("local",), option=True,
        text="How many answers it writes at the same moment; each has the whole window.", low=1, high=256,
    ),
    Key(
        name="chat_template", kind="text", upstreams=("local",), option=True,
        text="A chat template of your own, for models whose file has none that works.",
    ),
    Key(
        name="args", kind="texts", upstreams=("local",), option=True,
        text="More arguments for `llama-server`, as it documents them.",
    ),
    Key(
        name="stop", kind="texts", upstreams=("local",), option=True,
        text="Texts that end an answer, added to the caller's own.",
    ),
    Key(
        name="server", kind="path", upstreams=("local",), option=True,
        text="The `llama-server` to run.", otherwise="the one of the extra `local`, else the one on the PATH",
    ),
    Key(
        name="memory_check", kind="flag", upstreams=("local",), option=True,
        text="Refuse to start a model that does not fit into the free memory.",
    ),
    Key(
        name="max_tokens", kind="integer", upstreams=("local",), option=True,
        text="The longest answer where the caller sets no limit.", unit="tokens", low=1, high=_MANY_TOKENS,
    ),
)  # fmt: skip

_SCRIPTED = _section(
    "models",
    Key(
        name="reply", kind="json", upstreams=("scripted",), option=True,
        otherwise="`You said: {prompt}`",
        text="The answer; `{prompt}` in it becomes the prompt, a table becomes JSON.",
    ),
    Key(
        name="tokens", kind="integer", upstreams=("scripted",), option=True,
        unit="tokens", low=0, high=_MANY_TOKENS, otherwise="as many as the reply has",
        text="The answer is cut or repeated to so many tokens.",
    ),
    Key(
        name="reasoning", kind="text", upstreams=("scripted",), option=True,
        text="What it thinks aloud before it answers.",
    ),
    Key(
        name="first_token_s", kind="number", upstreams=("scripted",), option=True,
        unit="s", low=0, high=_LONGEST_S, otherwise="`0`",
        text="How long it waits before the first token.",
    ),
    Key(
        name="token_s", kind="number", upstreams=("scripted",), option=True,
        unit="s", low=0, high=_LONGEST_S, otherwise="`0`",
        text="How long it waits before each later token.",
    ),
    Key(
        name="tool_call", kind="table", upstreams=("scripted",), option=True,
        allowed=("name", "arguments"),
        text="A tool call instead of a text: the function and its arguments.",
    ),
    Key(
        name="fail", kind="fault", upstreams=("scripted",), option=True,
        allowed=FAULTS, low=400, high=599,
        text="How a call fails.",
    ),
    Key(
        name="fail_times", kind="integer", upstreams=("scripted",), option=True,
        low=0, high=_MANY_TOKENS, otherwise="every call",
        text="So many calls fail, and later ones succeed.",
    ),
    Key(
        name="fail_after_chunks", kind="integer", upstreams=("scripted",), option=True,
        low=0, high=_MANY_TOKENS, otherwise="`0`",
        text="A call fails after so many pieces of its answer.",
    ),
    Key(
        name="cut_after", kind="integer", upstreams=("scripted",), option=True,
        low=0, high=_MANY_TOKENS,
        text="The connection ends after so many pieces, without an end of the answer.",
    ),
    Key(
        name="stall_after", kind="integer", upstreams=("scripted",), option=True,
        low=0, high=_MANY_TOKENS,
        text="Nothing more comes after so many pieces.",
    ),
    Key(
        name="retry_after_s", kind="number", upstreams=("scripted",), option=True,
        unit="s", low=0, high=_LONGEST_S,
        text="The `Retry-After` of its failures.",
    ),
    Key(
        name="answers_as", kind="text", upstreams=("scripted",), option=True,
        otherwise="`upstream_model`",
        text="The model name that it reports.",
    ),
    Key(
        name="usage", kind="table", upstreams=("scripted",), option=True,
        allowed=("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens"), otherwise="counted",
        text="The token counts that it reports.",
    ),
    Key(
        name="finish", kind="text", upstreams=("scripted",), option=True,
        otherwise="`stop`, or `tool_calls`",
        text="The finish reason that it reports.",
    ),
)  # fmt: skip

_CANARIES = _section(
    "canaries",
    Key(
        name="every_s", kind="number", unit="s", default=0.0, low=0, high=30 * _LONGEST_S,
        text="How often each probed model is asked some of its probe questions again; 0 never. `unisono doctor` says "
        "what a day costs.",
    ),
    Key(name="questions", kind="integer", default=5, low=1, high=200, text="How many it is asked each time."),
    Key(
        name="own", kind="path", otherwise="the built-in questions alone",
        text="Your own questions, the file of `unisono models probe --questions`: those that a model was probed with "
        "and that need no judge are asked again too.",
    ),
)  # fmt: skip

_TRACING = _section(
    "tracing",
    Key(
        name="endpoint", kind="url", otherwise="no spans are made",
        text="An OTLP endpoint over HTTP, such as `http://127.0.0.1:4318/v1/traces`.",
    ),
    Key(
        name="sample", kind="number", default=1.0, low=0, high=1,
        text="The share of traces that begin here and are sent; a caller's own trace keeps its caller's choice.",
    ),
)  # fmt: skip

TABLE: tuple[Key, ...] = (
    *_TOP,
    *_SERVER,
    *_STORE,
    *_ROUTING,
    *_ENCODER,
    *_TIMEOUTS,
    *_TRACING,
    *_CANARIES,
    *_CALLS,
    *_KEYS,
    *_LIMITS,
    *_RULES,
    *_EMBEDDINGS,
    *_MODELS,
    *_LOCAL,
    *_SCRIPTED,
)


def section_keys(section: str) -> tuple[Key, ...]:
    """Return the keys of a section in the order of the reference page."""
    return tuple(key for key in TABLE if key.section == section)


def model_keys(upstream: str) -> tuple[Key, ...]:
    """Return the keys that a model with this built-in upstream may have."""
    return tuple(key for key in section_keys("models") if not key.upstreams or upstream in key.upstreams)
