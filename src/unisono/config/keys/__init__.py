"""The one table of keys: it validates, fills in defaults and prints the reference page.

What several keys mean together stands in `entry` and `whole`.
"""

from __future__ import annotations

from unisono.config.keys.callers import KEYS, LIMITS, RULES
from unisono.config.keys.calls import CALLS, CANARIES, TIMEOUTS
from unisono.config.keys.key import Key, Kind, section
from unisono.config.keys.models import BUILT_IN, DECLARED, EMBEDDINGS, FAULTS, LOCAL, MODELS, SCRIPTED
from unisono.config.keys.routing import ENCODER, ROUTING
from unisono.config.keys.server import SERVER, STORE, TRACING

__all__ = ["ARRAYS", "BUILT_IN", "DECLARED", "FAULTS", "SECTIONS", "TABLE", "Key", "Kind", "model_keys", "section_keys"]

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

TOP = section(
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

TABLE: tuple[Key, ...] = (
    *TOP,
    *SERVER,
    *STORE,
    *ROUTING,
    *ENCODER,
    *TIMEOUTS,
    *TRACING,
    *CANARIES,
    *CALLS,
    *KEYS,
    *LIMITS,
    *RULES,
    *EMBEDDINGS,
    *MODELS,
    *LOCAL,
    *SCRIPTED,
)


def section_keys(section: str) -> tuple[Key, ...]:
    """Return the keys of a section in the order of the reference page."""
    return tuple(key for key in TABLE if key.section == section)


def model_keys(upstream: str) -> tuple[Key, ...]:
    """Return the keys that a model with this built-in upstream may have."""
    return tuple(key for key in section_keys("models") if not key.upstreams or upstream in key.upstreams)
