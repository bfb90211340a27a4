"""The keys of the process itself: where it listens, what it records, where its traces go."""

from __future__ import annotations

from unisono.config.keys.key import Key, section

SERVER = section(
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

STORE = section(
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

TRACING = section(
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
