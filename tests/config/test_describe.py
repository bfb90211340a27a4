"""An effective configuration can be read again, and its hash is that of what decides."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.config.samples import HEAD, ISSUED, MODEL, NOW

from unisono.config import Config, parse_config
from unisono.config.describe import as_tables, as_toml
from unisono.config.keys import DECLARED
from unisono.config.load import parse_tables
from unisono.types import Role


def test_public_figures_are_read_and_shown_again() -> None:
    config = parse_config(HEAD + MODEL + "benchmarks = { mmlu_pro = 81.5, arena = 1310 }\n", {}, now=NOW)
    assert config.models[0].benchmarks == {"mmlu_pro": 81.5, "arena": 1310}
    again = parse_config(as_toml(config), {}, now=NOW)
    assert again.models[0].benchmarks == config.models[0].benchmarks
    assert config.hash != parse_config(HEAD + MODEL, {}, now=NOW).hash


def hash_of(text: str, environ: dict[str, str] | None = None) -> str:
    return parse_config(text, environ or {"SMALL_KEY": "x", "OTHER": "y"}, now=NOW).hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("port = 8080", "port = 9"),
        ('host = "127.0.0.1"', 'host = "::1"'),
        ('"unisono.db"', '"other.db"'),
        ("env:SMALL_KEY", "env:OTHER"),
        ("[store]", "[timeouts]\ngap_s = 3\n[store]"),
        ("# serves", "# does serve"),
        ('role = "fast"', 'role   =   "fast"'),
    ],
)
def test_what_changes_no_decision_keeps_the_hash(old: str, new: str) -> None:
    assert old in ISSUED
    assert hash_of(ISSUED.replace(old, new)) == hash_of(ISSUED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.10", "0.11"),
        ("0.55", "0.56"),
        ('role = "fast"', 'role = "deep"'),
        ("131072", "131073"),
        (', "vision"', ""),
        ("[store]", "[routing]\ndial = 0.6\n[store]"),
        ("2024-12-01", "2024-12-02"),
    ],
)
def test_what_changes_a_decision_changes_the_hash(old: str, new: str) -> None:
    assert hash_of(ISSUED.replace(old, new)) != hash_of(ISSUED)


def test_another_secret_keeps_the_hash() -> None:
    assert hash_of(ISSUED, {"SMALL_KEY": "x"}) == hash_of(ISSUED, {"SMALL_KEY": "z"})


def test_the_same_files_elsewhere_have_the_same_hash(tmp_path: Path) -> None:
    text = HEAD + '[[models]]\nname = "small"\nupstream = "local"\nfile = "a.gguf"\n[routing]\nartifact = "b/c"\n'
    hashes = {parse_config(text, {}, file=tmp_path / place / "u.toml", now=NOW).hash for place in ("x", "y/z")}
    assert len(hashes) == 1


def same(one: Config, other: Config) -> bool:
    """Return whether two configurations say the same, wherever their prices came from."""

    def bare(config: Config) -> Config:
        models = tuple(
            dataclasses.replace(m, prices=m.prices and dataclasses.replace(m.prices, source="")) for m in config.models
        )
        return dataclasses.replace(config, models=models, file=None)

    return bare(one) == bare(other)


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,8}", fullmatch=True).filter(
    lambda name: not name.lower().startswith("auto")
)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=12).filter(str.strip)


TABLES = st.fixed_dictionaries(
    {"upstream": st.sampled_from(["scripted", "mine"])},
    optional={
        "role": st.sampled_from([str(role) for role in Role]),
        "reports": st.lists(TEXTS, max_size=2),
        "quality": st.floats(0, 1),
        "context_tokens": st.integers(100, 10**6),
        "max_output_tokens": st.integers(1, 100),
        "capabilities": st.lists(st.sampled_from([str(c) for c in DECLARED]), max_size=3),
        "knowledge_cutoff": st.dates(),
        "reply": TEXTS | st.dictionaries(TEXTS, st.integers(0, 9), max_size=2),
        "usage": st.fixed_dictionaries({}, optional={"input_tokens": st.integers(0, 9)}),
    },
)


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.data())
def test_what_is_shown_can_be_read_again(names: list[str], data: st.DataObject) -> None:
    models = [{"name": name, **data.draw(TABLES)} for name in names]
    tables = {"default": names[0], "removed": ["gone-long-ago"], "models": models}
    config = parse_tables(tables, {}, now=NOW)
    again = parse_tables(json.loads(json.dumps(as_tables(config), default=str)), {}, now=NOW)
    assert same(config, again)
    assert again.hash == config.hash
    written = parse_config(as_toml(config), {}, now=NOW)
    assert same(config, written)
