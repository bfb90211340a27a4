"""Every mistake of a file is told with its line."""

# ruff: noqa: E501 - a mistake is one row of a table

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.config.samples import HEAD, ISSUED, MODEL, NOW, told

from unisono.config import load_config, parse_config
from unisono.config.source import MAX_FILE_BYTES
from unisono.errors import ConfigError

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


def test_a_misspelt_upstream_is_named_beside_the_missing_one_and_a_plug_ins_own_keys_are_not() -> None:
    found = told('default = "a"\n[[models]]\nname = "a"\nupstrem = "openai"\nvoice = "low"\n')
    assert [(line, key) for line, key, _ in found] == [(2, "models[0].upstream"), (4, "models[0].upstrem")]
    assert "nearest: upstream" in found[1][2]


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
