"""No secret stands in a message, a dump or the file itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.samples import HEAD, ISSUED, LEAST, NOW

from unisono.config import NamedSecret, parse_config
from unisono.config.describe import as_tables, as_toml
from unisono.errors import ConfigError

SECRETS = st.from_regex(r"[A-Za-z0-9_+/=.-]{12,60}", fullmatch=True).map(lambda text: f"Zq7{text}")


@given(SECRETS)
def test_a_secret_stands_in_no_repr_dump_or_text(secret: str) -> None:
    text = ISSUED + "[routing]\n[timeouts]\n"
    text = text.replace("port = 8080", 'port = 8080\nkeys = ["env:CALLER"]')
    config = parse_config(text, {"SMALL_KEY": secret, "CALLER": secret}, now=NOW)
    shown = [repr(config), str(config), as_toml(config), json.dumps(as_tables(config), default=str), config.hash]
    assert not any(secret in text for text in shown)
    assert "env:SMALL_KEY" in as_toml(config)
    assert isinstance(config.server.keys[0], NamedSecret)


@given(SECRETS, st.booleans())
def test_a_secret_in_the_environment_stands_in_no_problem(secret: str, broken: bool) -> None:
    text = ISSUED.replace('role = "fast"', 'role = "x"')
    value = f"{secret}\u00e9" if broken else secret
    with pytest.raises(ConfigError) as refusal:
        parse_config(text, {"SMALL_KEY": value}, now=NOW)
    assert secret not in str(refusal.value)


@pytest.mark.parametrize("written", [b"sk-1\n", b"\xef\xbb\xbfsk-1\r\n", b"  sk-1"])
def test_a_key_is_read_from_a_file_beside_the_configuration(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "small.key").write_bytes(written)
    config = parse_config(ISSUED.replace("env:SMALL_KEY", "file:small.key"), {}, file=tmp_path / "u.toml", now=NOW)
    (key,) = [model.api_key for model in config.models if model.api_key is not None]
    assert key.reveal() == "sk-1"
    assert repr(key) == f"Secret(file:{tmp_path}/small.key)"
    assert f'api_key = "file:{tmp_path}/small.key"' in as_toml(config)


@pytest.mark.parametrize(
    ("written", "says"),
    [(None, "cannot be read"), (b" \n", "is empty"), (b"sk-1\nsk-2", "more than one"), (b"\xff", "not a text")],
)
def test_a_file_without_one_key_is_refused_and_its_name_may_be_the_key(
    tmp_path: Path, written: bytes | None, says: str
) -> None:
    if written is not None:
        (tmp_path / "sk-hush").write_bytes(written)
    with pytest.raises(ConfigError, match=says) as refusal:
        parse_config(ISSUED.replace("env:SMALL_KEY", "file:sk-hush"), {}, file=tmp_path / "u.toml", now=NOW)
    assert "sk-" not in str(refusal.value)


@given(SECRETS, st.sampled_from(["", "env:", "env: ", "ENV:", "$"]))
def test_a_key_written_into_the_file_is_refused_and_not_repeated(secret: str, prefix: str) -> None:
    written = f"{prefix}sk-{secret}"
    text = ISSUED.replace("env:SMALL_KEY", written)
    with pytest.raises(ConfigError) as refusal:
        parse_config(text, {}, now=NOW)
    assert secret not in str(refusal.value)
    assert refusal.value.problems[0].line == 15


@pytest.mark.parametrize(
    "url", ["https://me:pa55word@host/v1", "http://pa55word@host", "ftp://me:pa55word@host", "me:pa55word@host"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        parse_config(LEAST.replace("http://127.0.0.1:9001/v1", url), {}, now=NOW)
    assert "pa55word" not in str(refusal.value)


@given(SECRETS, st.sampled_from(["role", "upstream", "base_url", "knowledge_cutoff", "quality", "lifecycle"]))
def test_a_key_in_the_wrong_place_is_not_repeated(secret: str, key: str) -> None:
    written = f"sk-{secret}"
    text = (
        HEAD
        + "[[models]]\n"
        + "".join(
            f'{k} = "{written if k == key else v}"\n'
            for k, v in {"name": "small", "upstream": "scripted", key: ""}.items()
        )
    )
    try:
        parse_config(text, {}, now=NOW)
    except ConfigError as error:
        assert secret not in str(error)
