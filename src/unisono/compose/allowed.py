"""What a new configuration may do to callers who are being served, and what stays valid across it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from unisono.catalog.fingerprint import fingerprint
from unisono.catalog.removal import removals
from unisono.config import Config
from unisono.config.overlay import with_overlay
from unisono.errors import RequestError, StartError
from unisono.record.policies import Policy
from unisono.types import Model


def same_models(old: Config, new: Config) -> frozenset[str]:
    """Return the names that mean the same model before and after: what was seen of those still holds."""
    before = {model.name: fingerprint(model) for model in old.models}
    return frozenset(model.name for model in new.models if before.get(model.name) == fingerprint(model))


def no_model_lost(before: Sequence[Model], config: Config) -> None:
    """Refuse to take a model from callers without notice.

    Raises:
        StartError: one would be missing.
    """
    today = datetime.now(UTC).date()
    lost = [*removals(before, config.models, today=today, forced=config.removed)]
    if lost:
        raise StartError(
            " ".join(lost) + " Or name it in `removed = [...]` at the top of the file to take it away at once."
        )


def fits(policy: Policy, config: Config) -> None:
    """Refuse a configuration that the live policy's settings do not fit.

    Raises:
        StartError: it names a model that has gone, or the like.
    """
    try:
        with_overlay(config, policy.settings)
    except RequestError as error:
        text = f"The policy {policy.name}, which is to decide, does not fit the configuration: {error}."
        raise StartError(f"{text} `unisono rollback` first, or promote another one.") from error


def same_house(old: Config, new: Config) -> None:
    """Refuse changes that a running server cannot make: where it listens and where it records.

    Raises:
        StartError: there is such a change.
    """
    moved = [name for name in ("host", "port") if getattr(old.server, name) != getattr(new.server, name)]
    moved += [name for name in ("store", "tracing") if getattr(old, name) != getattr(new, name)]
    if moved:
        raise StartError(f"A running server cannot change {', '.join(moved)}: restart it, or change this back.")
