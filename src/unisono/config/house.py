"""Makes the operator's rules of a configuration. What they do to a choice stands in `choose.house`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unisono.config.access import not_known, twice
from unisono.config.mistake import Mistake
from unisono.config.section import Section
from unisono.types import Capability, HouseRule, Mode

MAX_EXAMPLES = 200
"""Sentences of `like` in one rule; each is compared with every request."""


def check_rules(rules: Sequence[Section], *, models: Sequence[str]) -> Iterator[Mistake]:
    """Yield what is wrong between rules, and between them and the pool."""
    yield from twice(rules)
    for section in rules:
        if section.get("models") == ():
            yield Mistake((*section.path, "models"), "is empty: name who answers such requests")
        yield from not_known(section, "models", models, "the name of a model in this file")
        for place, word in enumerate(section.get("words") or ()):
            if not word.strip():
                yield Mistake((*section.path, "words", place), "is blank: every task would hold it")
        yield from _wrong_examples(section)
        low, high = section.get("min_tokens"), section.get("max_tokens")
        if low is not None and high is not None and low > high:
            yield Mistake((*section.path, "max_tokens"), f"is below `min_tokens`, which is {low}: no prompt is both")
        if "at_least" in section.given and "tasks" not in section.given:
            yield Mistake((*section.path, "at_least"), "says how sure the kind of task must be; it needs `tasks`")


def _wrong_examples(section: Section) -> Iterator[Mistake]:
    """Yield what is wrong with the sentences of a rule."""
    taken: dict[str, str] = {}
    for name in ("like", "unlike"):
        for place, sentence in enumerate(section.get(name) or ()):
            bare = " ".join(sentence.casefold().split())
            if not bare:
                yield Mistake((*section.path, name, place), "is blank: write a request as a caller would")
            elif bare in taken:
                yield Mistake((*section.path, name, place), f"stands in `{taken[bare]}` already: take one out")
            taken.setdefault(bare, name)
    if len(section.get("like") or ()) > MAX_EXAMPLES:
        yield Mistake((*section.path, "like"), f"holds more than {MAX_EXAMPLES} sentences: keep those that differ most")
    for name, does in (("unlike", "parts near requests from those of `like`"), ("false_alarms", "is about `like`")):
        if name in section.given and not section.get("like"):
            yield Mistake((*section.path, name), f"{does}; give some sentences there, or take this out")


def build_rules(sections: Sequence[Section]) -> tuple[HouseRule, ...]:
    """Return the rules of sections without mistakes."""
    return tuple(
        HouseRule(
            name=section.get("name"),
            models=section.get("models"),
            modes=tuple(map(Mode, section.get("modes"))),
            keys=section.get("keys"),
            tasks=tuple(section.get("tasks")),
            at_least=section.get("at_least"),
            words=tuple(section.get("words")),
            like=tuple(section.get("like")),
            unlike=tuple(section.get("unlike")),
            false_alarms=section.get("false_alarms"),
            scripts=tuple(section.get("scripts")),
            needs=tuple(map(Capability, section.get("needs"))),
            min_tokens=section.get("min_tokens"),
            max_tokens=section.get("max_tokens"),
        )
        for section in sections
    )
