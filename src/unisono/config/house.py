"""Makes the operator's rules of a configuration. What they do to a choice stands in `choose.house`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from unisono.config.mistake import Mistake, offer
from unisono.config.section import Section
from unisono.types import Capability, HouseRule, Mode


def check_rules(rules: Sequence[Section], *, models: Sequence[str]) -> Iterator[Mistake]:
    """Yield what is wrong between rules, and between them and the pool."""
    seen: set[object] = set()
    for section in rules:
        name = section.get("name")
        if name is not None and name in seen:
            yield Mistake((*section.path, "name"), f"{name!r} is taken by an earlier table")
        seen.add(name)
        named = section.get("models")
        if named == ():
            yield Mistake((*section.path, "models"), "is empty: name who answers such requests")
        for place, model in enumerate(named or ()):
            if model not in models:
                at = (*section.path, "models", place)
                yield Mistake(at, f"{model!r} is not the name of a model in this file{offer(model, models)}")
        for place, word in enumerate(section.get("words") or ()):
            if not word.strip():
                yield Mistake((*section.path, "words", place), "is blank: every task would hold it")
        low, high = section.get("min_tokens"), section.get("max_tokens")
        if low is not None and high is not None and low > high:
            yield Mistake((*section.path, "max_tokens"), f"is below `min_tokens`, which is {low}: no prompt is both")
        if "at_least" in section.given and "tasks" not in section.given:
            yield Mistake((*section.path, "at_least"), "says how sure the kind of task must be; it needs `tasks`")


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
            scripts=tuple(section.get("scripts")),
            needs=tuple(map(Capability, section.get("needs"))),
            min_tokens=section.get("min_tokens"),
            max_tokens=section.get("max_tokens"),
        )
        for section in sections
    )
