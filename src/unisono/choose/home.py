"""Whose place another model must earn: the declared default's, or that of the role that a caller asks for.

Who writes `auto:deep` has said that he wants the deep model, and who writes `auto:fast` a fast one. Where the operator
has declared which these are and the default is none of them, doubt speaks for the best expected of these. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unisono.types import Estimate, Mode, Model, Role

FITTING: Mapping[Mode, frozenset[Role]] = {
    Mode.FAST: frozenset({Role.FAST, Role.FAST_MINI}),
    Mode.DEEP: frozenset({Role.DEEP, Role.PRO}),
    Mode.PRO: frozenset({Role.DEEP, Role.PRO}),
}
"""The roles that a mode asks for; of plain `auto` none."""


def home_of(mode: Mode, estimates: Sequence[Estimate], models: Mapping[str, Model], *, default: str) -> str:
    """Return the name of the model that stays when in doubt.

    Args:
        mode: asked for, by name or in words.
        estimates: of the models that may serve.
        models: by name; `role` counts.
        default: the configured one.
    """
    roles = FITTING.get(mode)
    if roles is None or models[default].role in roles:
        return default
    fitting = [estimate for estimate in estimates if models[estimate.model].role in roles]
    if not fitting:
        return default
    return min(fitting, key=lambda e: (-e.quality.mean, e.cost.usd, e.model)).model
