"""A user's own questions for the probe, read from JSONL: one question a line, with what a right answer is.

    {"prompt": "What is our notice period?", "answer": "30 days"}
    {"prompt": "Add a test for ...", "kind": "tests", "max_tokens": 800, "rubric": "The test fails without the fix."}

`answer` (a number or words), `contains`, `matches` and `json` are checked without a judge; `reference` and `rubric`,
and a line with none of them, need one. It asks nothing and keeps nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from unisono.errors import StartError
from unisono.evaluate.probe.judged import Judged
from unisono.evaluate.probe.questions import Question
from unisono.evaluate.probe.verify import Check, JsonHas, NumberIs, TextIs, normal, numbers, places
from unisono.types import Json, JsonValue

KIND = "own"
MAX_TOKENS = 512
MOST_TOKENS = 32_768
MAX_WORDS = 400
"""A longer answer that does not say "the answer is" has not settled on one."""
_FREE = ("id", "kind", "max_tokens", "provenance")


@dataclass(frozen=True, slots=True, kw_only=True)
class HasAll:
    """The answer holds every phrase, as whole words, letter case and accents aside."""

    phrases: tuple[str, ...]

    def __call__(self, text: str) -> float:
        words = normal(text)
        return float(all(places(words, normal(phrase)) for phrase in self.phrases))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The regular expression is found in the answer."""

    pattern: re.Pattern[str]

    def __call__(self, text: str) -> float:
        return float(self.pattern.search(text) is not None)


def read_own(file: Path) -> tuple[Question, ...]:
    """Return the questions of a file.

    Raises:
        StartError: it cannot be read, or a line is no question.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise StartError(f"{file} cannot be read as UTF-8 text: {exc}.") from exc
    return own_questions(text.splitlines())


def own_questions(lines: Iterable[str]) -> tuple[Question, ...]:
    """Return the questions of a JSONL text; empty lines are skipped.

    Raises:
        StartError: a line is no question, with its number and what to do; or there is none.
    """
    found: dict[str, Question] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _question(_object(line))
        except ValueError as exc:
            raise StartError(f"Line {number} of the questions: {exc}") from exc
        if question.id in found:
            raise StartError(f"Line {number} of the questions repeats the id or the words of an earlier one.")
        found[question.id] = question
    if not found:
        raise StartError('There is no question: each line is an object like {"prompt": "2 + 2?", "answer": 4}.')
    return tuple(found.values())


def _object(line: str) -> Json:
    try:
        value = msgspec.json.decode(line)
    except msgspec.DecodeError as exc:
        raise ValueError(f"it is not JSON ({exc}).") from exc
    if not isinstance(value, dict):
        raise ValueError("it is not an object.")
    return value


def _question(line: Json) -> Question:
    before, prompt = _asked(line)
    named = [key for key in _CHECKS if key in line]
    if unknown := sorted(set(line) - set(_FREE) - set(_CHECKS) - {"prompt", "messages"}):
        raise ValueError(
            f"there is no key {unknown[0]!r}; there are prompt, messages, {', '.join((*_CHECKS, *_FREE))}."
        )
    if len(named) > 1:
        raise ValueError(f"give one of {' and '.join(named)}.")
    check = _CHECKS[named[0]](line[named[0]], prompt) if named else Judged()
    kind, item = _text(line, "kind", KIND), _text(line, "id", "")
    words = msgspec.json.encode([*before, prompt])
    return Question(
        id=item or f"{kind}-{sha256(words).hexdigest()[:8]}",
        kind=kind,
        prompt=prompt,
        before=before,
        check=check,
        max_tokens=_tokens(line),
    )


def _asked(line: Json) -> tuple[tuple[Json, ...], str]:
    """Return the turns before the last one, and its words."""
    if ("prompt" in line) == ("messages" in line):
        raise ValueError("give `prompt`, or `messages` that end with the user's.")
    if "prompt" in line:
        return (), _text(line, "prompt", "")
    messages = line["messages"]
    if not isinstance(messages, list) or not messages:
        raise ValueError("`messages` is a list of objects with `role` and `content`.")
    turns: list[Json] = []
    for message in messages:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise ValueError("`messages` may hold words only: `role` and a `content` of text.")
        turns.append({"role": message.get("role"), "content": message["content"]})
    if turns[-1]["role"] != "user" or not str(turns[-1]["content"]).strip():
        raise ValueError("the last of `messages` is not the user's.")
    return tuple(turns[:-1]), str(turns[-1]["content"])


def _text(line: Json, key: str, otherwise: str) -> str:
    value = line.get(key, otherwise)
    if not isinstance(value, str) or (key in line and not value.strip()):
        raise ValueError(f"`{key}` must be words.")
    return value


def _tokens(line: Json) -> int:
    value = line.get("max_tokens", MAX_TOKENS)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_TOKENS:
        raise ValueError(f"`max_tokens` must be a whole number from 1 to {MOST_TOKENS}.")
    return value


# ------------------------------------------------------------------------------------------ checks


def _answer(value: JsonValue, prompt: str) -> Check:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return NumberIs(value=float(value), given=numbers(prompt))
    if isinstance(value, str) and normal(value):
        return TextIs(accepted=(value,), max_words=MAX_WORDS)
    if isinstance(value, list) and value and all(isinstance(v, str) and normal(v) for v in value):
        return TextIs(accepted=tuple(str(v) for v in value), max_words=MAX_WORDS)
    raise ValueError("`answer` is a number, words, or a list of wordings of which one must be named.")


def _contains(value: JsonValue, _: str) -> Check:
    phrases = [value] if isinstance(value, str) else value
    if not isinstance(phrases, list) or not phrases or not all(isinstance(p, str) and normal(p) for p in phrases):
        raise ValueError("`contains` is words, or a list of them that must all be there.")
    return HasAll(phrases=tuple(str(p) for p in phrases))


def _matches(value: JsonValue, _: str) -> Check:
    try:
        return Matches(pattern=re.compile(value if isinstance(value, str) and value else "("))
    except re.error as exc:
        raise ValueError(f"`matches` is no regular expression ({exc}).") from exc


def _json(value: JsonValue, _: str) -> Check:
    if not isinstance(value, dict) or not value:
        raise ValueError("`json` is the object that the answer must hold, with words and whole numbers as values.")
    if not all(isinstance(v, (str, int)) for v in value.values()):
        raise ValueError("the values of `json` must be words or whole numbers.")
    return JsonHas(values={key: v for key, v in value.items() if isinstance(v, (str, int))})


def _reference(value: JsonValue, _: str) -> Judged:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("`reference` is a right answer in words.")
    return Judged(reference=value)


def _rubric(value: JsonValue, _: str) -> Judged:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("`rubric` says in words what a good answer does.")
    return Judged(rubric=value)


_CHECKS: Mapping[str, Callable[[JsonValue, str], Check | Judged]] = {
    "answer": _answer,
    "contains": _contains,
    "matches": _matches,
    "json": _json,
    "reference": _reference,
    "rubric": _rubric,
}
