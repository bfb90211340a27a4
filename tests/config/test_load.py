"""A file becomes one frozen Config, or every mistake in it is told with its line."""

# ruff: noqa: E501 - a mistake is one row of a table

import dataclasses
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unisono.config import Config, NamedSecret, load_config, parse_config
from unisono.config.describe import as_tables, as_toml
from unisono.config.keys import DECLARED
from unisono.config.load import parse_tables
from unisono.config.source import MAX_FILE_BYTES
from unisono.errors import ConfigError
from unisono.types import Capability, Role

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


def test_the_least_file_has_good_defaults(tmp_path: Path) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(LEAST, encoding="utf-8")
    config = load_config(file, {}, now=NOW)
    assert (config.default, config.file) == ("small", file)
    assert (config.server.host, config.server.port, config.server.keys) == ("127.0.0.1", 8080, ())
    assert config.server.max_body_bytes == 20 * 1024 * 1024
    assert config.store.path == tmp_path / "unisono.db"
    assert config.store.text == "none"
    assert (config.routing.dial, config.routing.artifact) == (0.5, None)
    small = config.models[0]
    assert (small.upstream_model, small.role, small.prices, small.context_tokens) == ("small", Role.FAST, None, 8192)


def test_the_file_of_the_interface_works() -> None:
    config = parse_config(ISSUED, {"SMALL_KEY": "s3cret"}, now=NOW)
    small = config.models[0]
    assert small.api_key is not None
    assert small.api_key.reveal() == "s3cret"
    assert small.capabilities == {Capability.TOOLS, Capability.JSON, Capability.VISION}
    assert small.prices is not None
    assert (small.prices.usd_per_mtok_in, small.prices.usd_per_mtok_out, small.prices.source) == (0.1, 0.2, "config")
    assert small.knowledge_cutoff == date(2024, 12, 1)


def test_options_of_the_provider_stay_with_the_model(tmp_path: Path) -> None:
    text = (
        HEAD + '[[models]]\nname = "small"\nupstream = "local"\nfile = "models/a.gguf"\nthreads = 2\nstop = ["\\n"]\n'
    )
    config = parse_config(text, {}, file=tmp_path / "u.toml", now=NOW)
    model = config.models[0]
    assert dict(model.options) == {"file": str(tmp_path / "models/a.gguf"), "threads": 2, "stop": ["\n"]}
    assert model.prices is not None
    assert (model.prices.usd_per_mtok_in, model.prices.source) == (0.0, "local")


def test_a_plug_in_gets_all_its_keys() -> None:
    text = HEAD + '[[models]]\nname = "small"\nupstream = "mine"\nregion = "eu"\nwhen = 2026-01-01\nrole = "deep"\n'
    model = parse_config(text, {}, now=NOW).models[0]
    assert (dict(model.options), model.role) == ({"region": "eu", "when": "2026-01-01"}, Role.DEEP)


def test_an_installed_plug_in_may_look_like_a_built_in_name() -> None:
    text = HEAD + '[[models]]\nname = "small"\nupstream = "openai2"\n'
    assert "nearest: openai" in told(text)[0][2]
    assert parse_config(text, {}, now=NOW, upstreams={"openai", "openai2"}).models[0].upstream == "openai2"


# ----------------------------------------------------------------------------------------- mistakes


MISTAKES = [
    ("a typo at the top", 'defualt = "small"\n' + HEAD + MODEL, 1, "defualt", "nearest: default"),
    ("an unknown table", HEAD + MODEL + "[sever]\nport = 1\n", 5, "sever", "nearest: server"),
    ("a key in the wrong table", HEAD + MODEL + "[server]\ndial = 1\n", 6, "server.dial", "belongs into [routing]"),
    ("a top key below a table", HEAD + MODEL + 'prices_file = "x"\n', 5, "models[0].prices_file", "belongs to the top of the file"),
    ("a typo in a table", HEAD + MODEL + "[server]\nprot = 1\n", 6, "server.prot", "nearest: port"),
    ("a typo in a model", HEAD + MODEL + 'rool = "fast"\n', 5, "models[0].rool", "nearest: role"),
    ("a key of another upstream", HEAD + MODEL + "threads = 2\n", 5, "models[0].threads", "by the upstream local only"),
    ("a wrong role", HEAD + MODEL + 'role = "fats"\n', 5, "models[0].role", "fast, deep, fast-mini, deep-mini, pro"),
    ("a wrong capability", HEAD + MODEL + 'capabilities = ["json",\n"visoin"]\n', 6, "models[0].capabilities[1]", "vision"),
    ("a mistyped upstream", HEAD + '[[models]]\nname = "small"\nupstream = "opnai"\n', 4, "models[0].upstream", "openai"),
    ("a port out of range", HEAD + MODEL + "[server]\nport = 70000\n", 6, "server.port", "from 0 to 65535, not 70000"),
    ("a port as text", HEAD + MODEL + '[server]\nport = "80"\n', 6, "server.port", "a whole number from 0 to 65535"),
    ("true as a number", HEAD + MODEL + "[routing]\ndial = true\n", 6, "routing.dial", "a number from 0 to 1, not true"),
    ("not a number", HEAD + MODEL + "[routing]\ndial = nan\n", 6, "routing.dial", "must be"),
    ("endless seconds", HEAD + MODEL + "[timeouts]\ngap_s = inf\n", 6, "timeouts.gap_s", "above 0"),
    ("no seconds", HEAD + MODEL + "[timeouts]\ngap_s = 0\n", 6, "timeouts.gap_s", "above 0"),
    ("a negative price", HEAD + MODEL + "usd_per_mtok_in = -0.1\n", 5, "models[0].usd_per_mtok_in", "from 0"),
    ("a wrong choice", HEAD + MODEL + '[store]\ntext = "all"\n', 6, "store.text", "none, hash, text, not 'all'"),
    ("any origin", HEAD + MODEL + '[server]\norigins = ["https://a.example", "*"]\n', 6, "server.origins[1]", "without *"),
    ("an origin with a path", HEAD + MODEL + '[server]\norigins = ["https://a.example/chat"]\n', 6, "server.origins[0]", "without a path"),
    ("a wrong day", HEAD + MODEL + 'knowledge_cutoff = "soon"\n', 5, "models[0].knowledge_cutoff", "2026-12-01"),
    ("a name twice", HEAD + MODEL + MODEL, 6, "models[1].name", "'small' is the name of models[0] already"),
    ("an alias that is a name", HEAD + MODEL + MODEL.replace("small", "b") + 'aliases = ["small"]\n', 8, "models[1].aliases[0]", "name of another"),
    ("an alias twice", HEAD + MODEL + 'aliases = ["x"]\n' + MODEL.replace("small", "b") + 'aliases = ["x"]\n', 9, "models[1].aliases[0]", "an alias of 'small'"),
    ("a reserved name", HEAD + MODEL + MODEL.replace("small", "auto"), 6, "models[1].name", "belongs to the router"),
    ("a reserved alias", HEAD + MODEL + 'aliases = ["auto:fast"]\n', 5, "models[0].aliases[0]", "belongs to the router"),
    ("a name no header can carry", HEAD + MODEL + 'aliases = ["a b"]\n', 5, "models[0].aliases[0]", "no spaces"),
    ("an unknown default", 'default = "smal"\n' + MODEL, 1, "default", "nearest: small"),
    ("an alias as default", 'default = "s"\n' + MODEL + 'aliases = ["s"]\n', 1, "default", "write the name: small"),
    ("a retired default", HEAD + MODEL + 'lifecycle = "retired"\n', 1, "default", "has retired"),
    ("no default", MODEL, None, "default", "is missing"),
    ("no models", HEAD, None, "models", "is missing"),
    ("single brackets", HEAD + MODEL.replace("[[models]]", "[models]"), 2, "models", "[[models]] with two brackets"),
    ("an unknown successor", HEAD + MODEL + 'successor = "smal"\n', 5, "models[0].successor", "nearest: small"),
    ("its own successor", HEAD + MODEL + 'successor = "small"\n', 5, "models[0].successor", "another model"),
    ("a removed model that is there", 'removed = ["small"]\n' + HEAD + MODEL, 1, "removed[0]", "still serves"),
    ("a sunset without a day", HEAD + MODEL + 'lifecycle = "sunset"\n', 2, "models[0].until", "until = 2026-12-01"),
    ("a day without a sunset", HEAD + MODEL + "until = 2026-12-01\n", 5, "models[0].until", "means nothing"),
    ("no address", HEAD + MODEL.replace("scripted", "openai"), 2, "models[0].base_url", "needs the address"),
    ("an address that is a route's", HEAD + MODEL.replace("scripted", "openai") + 'base_url = "http://127.0.0.1:1/v1/chat/completions"\n', 5, "models[0].base_url", "without /chat/completions"),
    ("Azure's without its path", HEAD + MODEL.replace("scripted", "openai") + 'base_url = "https://a.openai.azure.com"\n', 5, "models[0].base_url", "https://a.openai.azure.com/openai/v1"),
    ("a known host without its path", HEAD + MODEL.replace("scripted", "openai") + 'base_url = "https://openrouter.ai"\n', 5, "models[0].base_url", "https://openrouter.ai/api/v1"),
    ("OpenAI's without its path", HEAD + MODEL.replace("scripted", "openai") + 'base_url = "https://api.openai.com"\n', 5, "models[0].base_url", "https://api.openai.com/v1"),
    ("Ollama's without its path", HEAD + MODEL.replace("scripted", "openai") + 'base_url = "http://localhost:11434/"\n', 5, "models[0].base_url", "http://localhost:11434/v1"),
    ("a key in an address", HEAD + MODEL.replace("scripted", "openai") + 'base_url = "http://127.0.0.1:1/v1?key=sk"\n', 5, "models[0].base_url", "the address alone"),
    ("no upstream", 'default = "small"\n[[models]]\nname = "small"\n', 2, "models[0].upstream", "is missing"),
    ("no file", HEAD + MODEL.replace("scripted", "local"), 2, "models[0].file", "is missing"),
    ("an address without http", HEAD + MODEL.replace("scripted", "openai") + 'base_url = "localhost:1/v1"\n', 5, "models[0].base_url", "http://"),
    ("one price of two", HEAD + MODEL.replace("scripted", "openai") + 'base_url = "http://127.0.0.1:1"\nusd_per_mtok_in = 1\n', 2, "models[0].usd_per_mtok_out", "is missing"),
    ("an answer above the window", HEAD + MODEL + "context_tokens = 10\nmax_output_tokens = 11\n", 6, "models[0].max_output_tokens", "(10), not 11"),
    ("a wrong fault", HEAD + MODEL + 'fail = "refuze"\n', 5, "models[0].fail", "nearest: refuse"),
    ("a typo in a scripted table", HEAD + MODEL + "usage = { output_token = 1 }\n", 5, "models[0].usage.output_token", "nearest: output_tokens"),
    ("a missing price list", 'prices_file = "none.json"\n' + HEAD + MODEL, 1, "prices_file", "cannot read"),
    ("a table as a number", "server = 3\n" + HEAD + MODEL, 1, "server", "must be a table"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "says"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_told_with_its_line(text: str, line: int | None, key: str, says: str) -> None:
    problems = told(text)
    assert [(line, key)] == [(p[0], p[1]) for p in problems]
    assert says in problems[0][2]


def test_successors_in_a_circle_are_told() -> None:
    circle = 'lifecycle = "retired"\n'
    models = "".join(
        MODEL.replace("small", name) + circle + f'successor = "{after}"\n' for name, after in (("a", "b"), ("b", "a"))
    )
    assert [(p[0], p[1]) for p in told(HEAD + MODEL + models)] == [
        (9, "models[1].successor"),
        (14, "models[2].successor"),
    ]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = 'x = 1\ndefault = "smal"\n[server]\nport = -1\n' + MODEL + 'role = "x"\nquality = 2\n'
    assert [(p[0], p[1]) for p in told(text)] == [
        (1, "x"),
        (2, "default"),
        (4, "server.port"),
        (8, "models[0].role"),
        (9, "models[0].quality"),
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{ mmlu_por = 80 }", "nearest: mmlu_pro"),
        ("{ mmlu_pro = 180 }", "from 0 to 100, not 180"),
        ("{ mmlu_pro = true }", "from 0 to 100"),
        ("{ arena = 80.0 }", "from 500 to 2000"),
        ("0.8", "a table of figures in percent"),
    ],
)
def test_public_figures_that_cannot_be_are_told(value: str, said: str) -> None:
    ((line, key, text),) = told(HEAD + MODEL + f"benchmarks = {value}\n")
    assert (line, key) == (5, "models[0].benchmarks")
    assert said in text


def test_public_figures_are_read_and_shown_again() -> None:
    config = parse_config(HEAD + MODEL + "benchmarks = { mmlu_pro = 81.5, arena = 1310 }\n", {}, now=NOW)
    assert config.models[0].benchmarks == {"mmlu_pro": 81.5, "arena": 1310}
    again = parse_config(as_toml(config), {}, now=NOW)
    assert again.models[0].benchmarks == config.models[0].benchmarks
    assert config.hash != parse_config(HEAD + MODEL, {}, now=NOW).hash


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('default = "a"\nport = = 1\n', 2),
        ("default = small\n", 1),
        ("a = 1\n\na = 2\n", 3),
        ("[server\n", 1),
        ("a = [1,\n2\n", 2),
        ('a = """\n', 1),
    ],
)
def test_bad_toml_is_told_with_its_line(text: str, line: int) -> None:
    (problem,) = told(text)
    assert problem[:2] == (line, "(syntax)")


def test_a_missing_variable_is_told_with_its_line() -> None:
    text = ISSUED.replace("SMALL_KEY", "SMAL_KEY")
    (problem,) = told(text, {"SMALL_KEY": "x"})
    assert problem[:2] == (15, "models[0].api_key")
    assert "SMAL_KEY is not set" in problem[2]
    assert "SMALL_KEY" in problem[2]


def test_an_empty_variable_counts_as_missing() -> None:
    assert "is empty" in told(ISSUED, {"SMALL_KEY": "  "})[0][2]


# ------------------------------------------------------------------------------------- unusable files


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unisono demo") as refusal:
        load_config(tmp_path / "none.toml", {})
    assert "\n" not in str(refusal.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path, {})


def test_a_file_that_is_no_text_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "u.toml"
    file.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(ConfigError, match=r"u\.toml:2.*UTF-8"):
        load_config(file, {})


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "u.toml"
    with file.open("wb") as opened:
        opened.truncate(MAX_FILE_BYTES * 1000)
    with pytest.raises(ConfigError, match="cannot be a configuration"):
        load_config(file, {})


def test_a_mark_at_the_beginning_of_the_file_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "u.toml"
    file.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_config(file, {}, now=NOW).default == "small"


WORDS = st.sampled_from(
    [
        "default", "models", "server", "[[models]]\n", "[models]\n", "[server]\n", "[[server]]\n", "name", "upstream", "port", "keys",
        "usage", "lifecycle", "until", "aliases", "api_key", "base_url", "prices_file", "quality", " = ", '"small"', '"openai"', '"env:X"',
        '"http://[::"', "2026-12-01", "2026-13-41", "10:00:00", "1e400", "-1", "nan", "9" * 5000, "[", "]", "{", "}", ",", "\n", "'", '"""', "#",
        "true", '"~nobody/x"', '"\\u0000"', ".", "[[[[", '"é"', "0x10", '"auto"',
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.lists(WORDS, max_size=30).map("".join))
def test_any_text_gives_a_config_or_problems(text: str) -> None:
    try:
        parse_config(text, {"X": "y"}, now=NOW)
    except ConfigError as error:
        assert error.problems
        assert all(p.text and p.key for p in error.problems)


VALUES = st.sampled_from(
    ['"small"', '"b"', '"auto"', "1", "-1", "1.5", "true", "[]", "[1]", '["env:X"]', "{ a = 1 }", "2026-01-01", '""', '"http://h"',
     "nan", "1979-05-27T07:32:00", "07:32:00", '"sunset"', '"openai"', '"local"', '"scripted"', '"mine"', "[[]]", "10000000000000000000000"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["name", "upstream", "base_url", "api_key", "aliases", "role", "lifecycle", "until", "successor", "usage", "fail", "file", "stop", "quality",
     "context_tokens", "max_output_tokens", "usd_per_mtok_in", "usd_per_mtok_out", "capabilities", "tool_call", "other"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.dictionaries(KEYS, VALUES, max_size=6), min_size=1, max_size=3),
    st.dictionaries(KEYS, VALUES, max_size=1),
)
def test_any_value_of_any_key_gives_a_config_or_problems(models: list[dict[str, str]], more: dict[str, str]) -> None:
    text = HEAD + "".join(f"{key} = {value}\n" for key, value in more.items())
    for model in models:
        text += "[[models]]\n" + "".join(f"{key} = {value}\n" for key, value in model.items())
    try:
        parse_config(text, {"X": "y"}, now=NOW)
    except ConfigError as error:
        assert error.problems


# --------------------------------------------------------------------------------------------- secrets


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


# ------------------------------------------------------------------------------------- prices, hash


HOSTED = (
    HEAD
    + """[[models]]
name = "small"
upstream = "openai"
base_url = "https://api.openai.com/v1"
upstream_model = "gpt-4o-mini"
"""
)


def test_prices_and_window_come_from_the_package() -> None:
    small = parse_config(HOSTED, {}, now=NOW).models[0]
    assert small.prices is not None
    assert small.prices.source == "genai-prices"
    assert small.context_tokens == 128_000


def test_own_prices_win_over_the_package() -> None:
    small = parse_config(HOSTED + "usd_per_mtok_in = 7\n", {}, now=NOW).models[0]
    assert small.prices is not None
    assert small.prices.usd_per_mtok_in == 7
    assert small.prices.usd_per_mtok_out < 7
    assert small.prices.usd_per_mtok_cached_in is None
    assert small.prices.source == "config and genai-prices"


def test_the_price_list_wins_over_the_package_and_yields_to_the_file(tmp_path: Path) -> None:
    entry = {"input_cost_per_token": 3e-06, "output_cost_per_token": 4e-06, "max_input_tokens": 999}
    (tmp_path / "p.json").write_text(json.dumps({"gpt-4o-mini": entry}), encoding="utf-8")
    text = 'prices_file = "p.json"\n' + HOSTED + "usd_per_mtok_out = 5\n"
    small = parse_config(text, {}, file=tmp_path / "u.toml", now=NOW).models[0]
    assert small.prices is not None
    assert (small.prices.usd_per_mtok_in, small.prices.usd_per_mtok_out) == (3.0, 5.0)
    assert small.context_tokens == 999


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


# ------------------------------------------------------------------------------------------ round trips


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


def test_the_environment_is_the_default_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "SMALL_KEY", "from-outside")
    key = parse_config(ISSUED, now=NOW).models[0].api_key
    assert key is not None
    assert key.reveal() == "from-outside"


def test_a_misspelt_upstream_is_named_beside_the_missing_one_and_a_plug_ins_own_keys_are_not() -> None:
    found = told('default = "a"\n[[models]]\nname = "a"\nupstrem = "openai"\nvoice = "low"\n')
    assert [(line, key) for line, key, _ in found] == [(2, "models[0].upstream"), (4, "models[0].upstrem")]
    assert "nearest: upstream" in found[1][2]


def test_openai_itself_is_meant_where_only_its_key_is_named() -> None:
    text = HEAD + MODEL.replace("scripted", "openai") + 'api_key = "env:KEY"\n'
    (model,) = parse_config(text, {"KEY": "sk"}, now=NOW).models
    assert model.base_url == "https://api.openai.com/v1"


def test_azures_version_may_stand_in_an_address() -> None:
    address = "https://a.openai.azure.com/openai/deployments/d?api-version=2024-10-21"
    (model,) = parse_config(
        HEAD + MODEL.replace("scripted", "openai") + f'base_url = "{address}"\n', {}, now=NOW
    ).models
    assert model.base_url == address


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("openrouter", "https://openrouter.ai/api/v1"),
        ("xai", "https://api.x.ai/v1"),
        ("vllm", "http://127.0.0.1:8000/v1"),
    ],
)
def test_a_host_that_is_no_provider_is_told_with_its_address(host: str, address: str) -> None:
    text = HEAD + MODEL.replace("scripted", host)
    with pytest.raises(ConfigError, match=f'upstream = "openai" and base_url = "{address}"'):
        parse_config(text, {}, now=NOW, upstreams=("openai", "scripted"))
    assert parse_config(text, {}, now=NOW, upstreams=("openai", host)).models[0].upstream == host


def test_openrouters_free_variants_cost_nothing_and_others_of_that_name_are_unknown() -> None:
    text = HEAD + MODEL.replace("scripted", "openai") + 'upstream_model = "meta-llama/llama-3.3-70b-instruct:free"\n'
    (free,) = parse_config(text + 'base_url = "https://openrouter.ai/api/v1"\n', {}, now=NOW).models
    assert free.prices is not None
    assert (free.prices.usd_per_mtok_in, free.prices.usd_per_mtok_out) == (0.0, 0.0)
    (other,) = parse_config(text + 'base_url = "https://api.example.com/v1"\n', {}, now=NOW).models
    assert other.prices is None


def test_a_window_that_nobody_knows_is_a_hosts_or_a_small_servers() -> None:
    openai = HEAD + MODEL.replace("scripted", "openai") + 'upstream_model = "nobody-knows"\n'
    (hosted,) = parse_config(openai + 'base_url = "https://api.example.com/v1"\n', {}, now=NOW).models
    (own,) = parse_config(openai + 'base_url = "http://gpu.example.com:8000/v1"\n', {}, now=NOW).models
    assert (hosted.context_tokens, own.context_tokens) == (131_072, 8192)


@pytest.mark.parametrize(
    ("keys", "can"),
    [
        ('base_url = "https://api.openai.com/v1"\n', {"tools", "json", "vision"}),
        ('base_url = "https://api.groq.com/openai/v1"\n', {"tools", "json"}),
        ('base_url = "https://api.groq.com/openai/v1"\ncapabilities = []\n', set()),
        ('base_url = "https://api.groq.com/openai/v1"\ncapabilities = ["vision"]\n', {"vision"}),
        ('base_url = "http://127.0.0.1:8000/v1"\n', set()),
    ],
)
def test_a_hosted_model_calls_tools_unless_the_file_says_otherwise(keys: str, can: set[str]) -> None:
    (read,) = parse_config(HEAD + MODEL.replace("scripted", "openai") + keys, {}, now=NOW).models
    assert {str(capability) for capability in read.capabilities} == can


def test_anthropics_models_call_tools_and_see() -> None:
    (read,) = parse_config(HEAD + MODEL.replace("scripted", "anthropic"), {}, now=NOW).models
    assert {str(capability) for capability in read.capabilities} == {"tools", "json", "vision"}


@pytest.mark.parametrize("upstream", ["openai", "anthropic"])
def test_a_server_with_tls_on_this_machine_needs_no_path_of_another_program(upstream: str) -> None:
    text = HEAD + MODEL.replace("scripted", upstream) + 'base_url = "https://127.0.0.1:8443"\n'
    assert parse_config(text, {}).models[0].base_url == "https://127.0.0.1:8443"
