"""What a policy sets over `[routing]`: checked as the file is, and put over a configuration.

It keeps no policies (`record.policies` does) and says nothing of what decides better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from unisono.config.describe import config_hash
from unisono.config.keys import section_keys
from unisono.config.kinds import Around
from unisono.config.mistake import Mistake, offer, written
from unisono.config.section import read_section
from unisono.config.source import folder_of
from unisono.config.values import Config
from unisono.config.whole import check_routing
from unisono.errors import RequestError
from unisono.types import Json, JsonValue

KEYS = (
    "dial", "margin", "switch_margin", "handoff", "explore", "explore_loss", "cascade", "members", "judge", "artifact",
    "in_domain", "predictor",
)  # fmt: skip
"""The keys of `[routing]` that a policy may set: all that change a decision, but for the encoder, which all share."""


def read_overlay(settings: Mapping[str, object], config: Config) -> Json:
    """Return the settings of a policy in the form in which they are kept.

    Args:
        settings: values as the file has them under `[routing]`.
        config: gives the models that may be named, and where relative paths start.

    Raises:
        RequestError: a key or a value is not one of a policy; the message lists every mistake.
    """
    values = _read(settings, config)
    return {name: _plain(values[name]) for name in KEYS if name in values}


def with_overlay(config: Config, settings: Mapping[str, object]) -> Config:
    """Return the configuration with a policy's settings in `[routing]`, under a hash of its own.

    Raises:
        RequestError: the settings do not fit this configuration: it has lost a model that they name.
    """
    values = _read(settings, config)
    if not values:
        return config
    routing = replace(config.routing, **values)
    routing = replace(routing, cascade=tuple(sorted(routing.cascade)))
    same = config_hash(
        default=config.default, models=config.models, routing=routing, folder=folder_of(config.file), rules=config.rules
    )
    return replace(config, routing=routing, hash=same)


def _read(settings: Mapping[str, object], config: Config) -> dict[str, Any]:
    known = {key.name: key for key in section_keys("routing") if key.name in KEYS}
    given = {name: value for name, value in settings.items() if name in known}
    around = Around(folder=folder_of(config.file), environ={})
    section = read_section(given, tuple(known.values()), path=("routing",), around=around)
    found = [*_foreign(settings), *section.mistakes, *check_routing(section, [m.name for m in config.models])]
    if found:
        raise RequestError("; ".join(f"{written(path)} {text}" for path, text in found), param="settings")
    return {name: section.values[name] for name in known if name in given}


def _foreign(settings: Mapping[str, object]) -> Iterator[Mistake]:
    for name in settings:
        if name not in KEYS:
            listed = f"; a policy sets {', '.join(KEYS)}"
            yield Mistake(("routing", str(name)[:100]), f"is not a policy's to set{offer(str(name), KEYS) or listed}")


def _plain(value: object) -> JsonValue:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple):
        return [str(part) for part in value]
    plain: JsonValue = value  # type: ignore[assignment]
    return plain
