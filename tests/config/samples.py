"""Texts of configurations, and what is told of their mistakes."""

from __future__ import annotations

from datetime import UTC, datetime

from unisono.config import parse_config
from unisono.errors import ConfigError

NOW = datetime(2026, 11, 1, tzinfo=UTC)


LEAST = """\
default = "small"

[[models]]
name = "small"
upstream = "openai"
base_url = "http://127.0.0.1:9001/v1"
"""


ISSUED = """\
default = "small"                      # serves when the router itself is broken; must be a model below

[server]
host = "127.0.0.1"                     # any other address needs keys
port = 8080

[store]
path = "unisono.db"

[[models]]
name = "small"
upstream = "openai"
base_url = "http://127.0.0.1:9001/v1"
upstream_model = "llama-3.1-8b"
api_key = "env:SMALL_KEY"
role = "fast"
context_tokens = 131072
capabilities = ["tools", "json", "vision"]
usd_per_mtok_in = 0.10
usd_per_mtok_out = 0.20
knowledge_cutoff = 2024-12-01
quality = 0.55
"""


MODEL = '[[models]]\nname = "small"\nupstream = "scripted"\n'


HEAD = 'default = "small"\n'


def told(text: str, environ: dict[str, str] | None = None) -> list[tuple[int | None, str, str]]:
    """Return line, key and text of every problem of a configuration text."""
    try:
        parse_config(text, environ or {}, now=NOW)
    except ConfigError as error:
        return [(p.line, p.key, p.text) for p in error.problems]
    return []
