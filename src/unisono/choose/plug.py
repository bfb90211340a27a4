"""Announces the built-in chooser."""

from __future__ import annotations

from unisono.choose.utility import UtilityChooser
from unisono.plugins import Registry


def plug(registry: Registry) -> None:
    """Register the chooser."""
    registry.choosers["utility"] = lambda margin: UtilityChooser(margin=margin)
