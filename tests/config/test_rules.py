"""Rules of the house in the file: read whole, shown again, kept for replays, and refused by line when wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unisono.config import load_config
from unisono.config.describe import as_tables, as_toml
from unisono.config.kept import kept_of, pack_config, unpack_config
from unisono.config.load import parse_config, parse_tables
from unisono.errors import ConfigError
from unisono.types import Capability, Mode

POOL = 'default = "a"\n' + "".join(f'\n[[models]]\nname = "{name}"\nupstream = "scripted"\n' for name in "ab")
RULES = """
[[rules]]
name = "code"
models = ["b", "a"]
tasks = ["code", "mathematics"]
at_least = 0.8
words = ["C++", "unit test"]
like = ["Why does this not compile?", "Write a test for this class"]
unlike = ["Why is this so dear?"]
false_alarms = 0.02
scripts = ["latin"]
needs = ["tools"]
min_tokens = 10
max_tokens = 20
modes = ["deep"]
keys = ["team", "red-*"]

[[rules]]
name = "rest"
models = ["a"]
"""


def test_every_key_is_read() -> None:
    code, rest = parse_config(POOL + RULES).rules
    assert (code.name, code.models, code.tasks, code.at_least) == ("code", ("b", "a"), ("code", "mathematics"), 0.8)
    assert (code.words, code.scripts, code.needs) == (("C++", "unit test"), ("latin",), (Capability.TOOLS,))
    assert (code.min_tokens, code.max_tokens, code.modes, code.keys) == (10, 20, (Mode.DEEP,), ("team", "red-*"))
    assert (code.like[1], len(code.like)) == ("Write a test for this class", 2)
    assert (code.unlike, code.false_alarms) == (("Why is this so dear?",), 0.02)
    assert (rest.tasks, rest.words, rest.min_tokens, rest.at_least) == ((), (), None, 0.5)
    assert (rest.like, rest.unlike, rest.false_alarms) == ((), (), 0.01)


def test_what_is_shown_can_be_read_again_and_what_is_kept_decides_alike(tmp_path: Path) -> None:
    config = parse_config(POOL + RULES)
    assert parse_tables(as_tables(config)).rules == config.rules
    shown = tmp_path / "shown.toml"
    shown.write_text(as_toml(config))
    assert load_config(shown).rules == config.rules
    kept = kept_of(config)
    assert unpack_config(pack_config(kept), hash=kept.hash) == kept


def test_rules_are_in_the_hash_and_a_file_without_any_has_the_hash_that_it_had() -> None:
    bare, ruled = parse_config(POOL), parse_config(POOL + RULES)
    assert bare.hash != ruled.hash
    assert parse_config(POOL + RULES.replace("0.8", "0.9")).hash != ruled.hash
    assert parse_config(POOL + RULES.replace("so dear", "so cheap")).hash != ruled.hash
    assert parse_config(POOL + RULES.replace("0.02", "0.03")).hash != ruled.hash
    assert b"rules" not in pack_config(kept_of(bare))


@pytest.mark.parametrize("key", ["unlike", "false_alarms"])
def test_what_is_about_examples_needs_some(key: str) -> None:
    value = {"unlike": '["Hello"]', "false_alarms": "0.05"}[key]
    with pytest.raises(ConfigError) as refused:
        parse_config(POOL + f'[[rules]]\nname = "r"\nmodels = ["a"]\n{key} = {value}\n')
    (problem,) = refused.value.problems
    assert problem.key == f"rules[0].{key}"
    assert "give some sentences there, or take this out" in problem.text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('models = ["a"]', 'models = ["aa"]', "'aa' is not the name of a model in this file"),
        ('models = ["a"]', "models = []", "is empty: name who answers such requests"),
        ('models = ["a"]', "", "is missing"),
        ('name = "rest"', 'name = "code"', "'code' is taken by an earlier table"),
        ("max_tokens = 20", "max_tokens = 9", "is below `min_tokens`, which is 10"),
        ('"code", "mathematics"', '"cod"', "code"),
        ('"C++"', '" "', "is blank: every task would hold it"),
        ('tasks = ["code", "mathematics"]', "", "it needs `tasks`"),
        ('"Write a test for this class"', '"  "', "is blank: write a request as a caller would"),
        ('"Write a test for this class"', '"why does this NOT  compile?"', "stands in `like` already"),
        ('"Why is this so dear?"', '"Why does this not compile?"', "stands in `like` already"),
        ("false_alarms = 0.02", "false_alarms = 0.5", "from 0.0001 to 0.2, not 0.5"),
        ("false_alarms = 0.02", "false_alarms = 0", "from 0.0001 to 0.2, not 0"),
        ("false_alarms = 0.02", "false_alarm = 0.02", "false_alarms"),
        ('like = ["Why does this not compile?"', f"like = {json.dumps([f'Example {n}' for n in range(201)])} #", "200"),
        ('scripts = ["latin"]', 'scripts = ["german"]', "german"),
        ('modes = ["deep"]', 'mode = ["deep"]', "modes"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(before: str, after: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(POOL + RULES.replace(before, after))
    (problem,) = refused.value.problems
    assert said in problem.text
    assert problem.line
    assert problem.key.startswith("rules[")
