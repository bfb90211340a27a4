"""Which questions canaries ask, as a configuration says. When they are asked, `chores.watch` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unisono.config import Config

if TYPE_CHECKING:
    from unisono.evaluate.probe.questions import Question


def canaries_of(config: Config) -> tuple[Question, ...]:
    """Return what canaries may ask; nothing where they are off.

    Raises:
        StartError: the file of own questions cannot be read, or a line is no question.
    """
    if not config.canaries.every_s:
        return ()
    from unisono.evaluate import canary

    return canary.bank(config.canaries.own)
