"""Each check says what it saw, or nothing."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from unisono.execute.evidence.locked import run_locked
from unisono.plugins import load
from unisono.types import Json, Said, Seen, Verdict

CHECKS = {name: make() for name, make in load().evidence.items()}
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tags": {"type": "array", "items": {"enum": ["a"]}},
    },
    "required": ["name"],
    "additionalProperties": False,
}
ORDERED: Json = {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}}
TOOLS: Json = {"tools": [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]}


def weigh(
    name: str, said: Said, *, task: str = "", body: Json | None = None, others: tuple[Said, ...] = ()
) -> Verdict | None:
    seen = Seen(task=task, body=body or {}, answer=said, others=others)
    return asyncio.run(CHECKS[name].weigh(seen, None))


@pytest.mark.parametrize("name", sorted(CHECKS))
@pytest.mark.parametrize("text", ["", "x", "{", "```python\n(", "1 + = 2", "答案", "\x00" * 50])
def test_every_check_bears_every_answer_and_gives_odds(name: str, text: str) -> None:
    verdict = weigh(name, Said(text=text), others=(Said(text=text),), body=ORDERED)
    assert verdict is None or (verdict.odds > 0 and verdict.evidence == name and verdict.text)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ('{"name": "Ann", "age": 3}', True),
        ('{"name": "Ann", "tags": ["a"]}', True),
        ("no json", False),
        ('{"age": 3}', False),
        ('{"name": "Ann", "age": 3.5}', False),
        ('{"name": "Ann", "x": 1}', False),
        ('{"name": "Ann", "tags": ["b"]}', False),
    ],
)
def test_a_schema_that_was_ordered_is_kept_or_not(text: str, good: bool) -> None:
    verdict = weigh("form", Said(text=text), body=ORDERED)
    assert verdict is not None
    assert (verdict.odds > 1) is good


def ordered(schema: Json) -> Json:
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}}


def test_a_schema_may_refer_to_itself() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}}, "additionalProperties": False}
    good, bad = (weigh("form", Said(text=text), body=ordered(tree)) for text in ('{"left": {}}', '{"left": {"x": 1}}'))
    assert good is not None and good.odds > 1
    assert bad is not None and bad.odds < 1


def test_a_schema_that_branches_into_itself_for_ever_is_taken_as_met() -> None:
    branch = {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}
    verdict = weigh("form", Said(text='{"a": 1}'), body=ordered({"$defs": {"a": branch}, "$ref": "#/$defs/a"}))
    assert verdict is not None and verdict.odds > 1


@pytest.mark.parametrize(
    ("call", "good"),
    [
        (("weather", '{"name": "Oslo"}'), True),
        (("wether", "{}"), False),
        (("weather", "{"), False),
        (("weather", "{}"), False),
    ],
)
def test_a_tool_call_names_a_tool_and_fits_it(call: tuple[str, str], good: bool) -> None:
    verdict = weigh("form", Said(text="", tool_calls=(call,)), body=TOOLS)
    assert verdict is not None
    assert (verdict.odds > 1) is good


@pytest.mark.parametrize(
    ("text", "odds"),
    [
        ("We have 3 + 4 = 7 eggs.", "up"),
        ("So 3 * 4 = 13.", "down"),
        ("10 / 3 = 3.33 each", "up"),
        ("no sums", None),
        ("x = 3 + 4y", None),
    ],
)
def test_sums_are_computed_again(text: str, odds: str | None) -> None:
    verdict = weigh("arithmetic", Said(text=text))
    assert (None if verdict is None else "up" if verdict.odds > 1 else "down") == odds


@pytest.mark.parametrize(
    "said",
    [
        Said(text="I'm sorry, I can't help with that."),
        Said(text="抱歉，我无法回答。"),
        Said(text=""),
        Said(text="", refusal="no"),
        Said(text="It is", finish="length"),
    ],
)
def test_what_is_no_answer_is_seen(said: Said) -> None:
    verdict = weigh("refusal", said)
    assert verdict is not None
    assert verdict.odds < 0.2
    assert weigh("refusal", Said(text="Sorry to hear that. The answer is 4.")) is None


def test_agreement_compares_normal_forms_and_short_answers_whole() -> None:
    half = Said(text="The answer is 0.5.")
    assert weigh("agreement", Said(text=r"\boxed{\frac12}"), others=(half,)).odds > 1  # type: ignore[union-attr]
    assert weigh("agreement", Said(text="Paris"), others=(Said(text="paris."),)).odds > 1  # type: ignore[union-attr]
    assert weigh("agreement", Said(text="Paris"), others=(Said(text="Lyon"),)).odds < 1  # type: ignore[union-attr]
    assert weigh("agreement", Said(text="Paris")) is None


def test_a_judge_is_asked_once_and_its_first_word_counts() -> None:
    prompts: list[str] = []

    async def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "WRONG. It should be 4."

    verdict = asyncio.run(CHECKS["judge"].weigh(Seen(task="2 + 2?", body={}, answer=Said(text="5")), ask))
    assert verdict is not None
    assert verdict.odds < 1
    assert len(prompts) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the child is locked down by Linux's means")
def test_foreign_code_runs_against_the_prompts_examples_and_changes_nothing(tmp_path: Path) -> None:
    if asyncio.run(run_locked("pass")) is None:
        pytest.skip("this kernel grants no user namespace: nothing is run here")
    task = "Write add(a, b). Example: add(1, 2) == 3"
    good, bad = "```python\ndef add(a, b):\n    return a + b\n```", "```python\ndef add(a, b):\n    return a - b\n```"
    assert weigh("code", Said(text=good), task=task).odds > 1  # type: ignore[union-attr]
    assert weigh("code", Said(text=bad), task=task).odds < 1  # type: ignore[union-attr]
    reach = "import socket; socket.create_connection(('127.0.0.1', 9), 0.2)"
    tried = f"try:\n    {reach}\nexcept OSError as e:\n    assert e.errno == 101\nelse:\n    raise SystemExit(1)"
    assert asyncio.run(run_locked(tried)) is True  # the network is unreachable, not merely refused
    victim = tmp_path / "file"
    victim.write_text("kept")
    assert asyncio.run(run_locked(f"open({str(victim)!r}, 'w')")) is False
    assert asyncio.run(run_locked(f"import os; os.unlink({str(victim)!r})")) is False
    assert asyncio.run(run_locked(f"import os; os.kill({os.getpid()}, 0)")) is False
    assert victim.read_text() == "kept"
    assert asyncio.run(run_locked("x = 'a' * 10**9")) is False
    assert asyncio.run(run_locked("import os; assert not os.environ.get('PATH')")) is True
