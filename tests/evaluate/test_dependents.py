"""Who retires a model learns of all who rely on it, however many they are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from unisono.cli.ending import lines, who
from unisono.config import load_config
from unisono.record.store import Store
from unisono.types import Past

POOL = """
default = "new"

[store]
path = "record.db"

[[models]]
name = "new"
upstream = "ollama"
base_url = "http://127.0.0.1:1/v1"

[[models]]
name = "old"
upstream = "ollama"
base_url = "http://127.0.0.1:1/v1"
"""
N_KEYS = 60
N_TALKS = 11_000


def test_more_keys_and_conversations_than_a_screen_holds_are_counted_whole(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(POOL)
    config = load_config(file)
    with closing(Store(config.store.path)) as store:
        assert store.flush()
    now = datetime.now(UTC)
    body, other = (msgspec.json.encode(Past(model=name)) for name in ("old", "new"))
    talks = [("k", f"s{n}", body, int(now.timestamp())) for n in range(N_TALKS)]
    talks += [("k", "other", other, int(now.timestamp())), ("k", "broken", b"\xff{", int(now.timestamp()))]
    talks.append(("k", "long ago", body, int((now - timedelta(days=90)).timestamp())))
    with closing(sqlite3.connect(config.store.path)) as record, record:
        columns = [row[1] for row in record.execute("PRAGMA table_info(decisions)")]
        row = dict.fromkeys(columns, 0) | {"pin": "old", "at": int(now.timestamp() * 1e6)}
        pins = [tuple({**row, "id": f"d{n}", "key": f"key-{n}"}.values()) for n in range(N_KEYS)]
        places = ", ".join("?" * len(columns))
        record.executemany(f"INSERT INTO decisions VALUES ({places})", pins)  # noqa: S608 - our own words
        record.executemany("INSERT INTO sessions VALUES (?, ?, ?, ?)", talks)
    found = who(config, "old")
    assert (len(found.pins), found.n_pinning, found.n_conversations) == (50, N_KEYS, N_TALKS)
    assert any(line.startswith("old: 10 more keys pinned it") for line in lines(found, "old"))
