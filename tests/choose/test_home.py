"""Who stays when in doubt: the default, or the model of the role that the caller asks for."""

from __future__ import annotations

import pytest
from tests.choose.test_words import estimate

from unisono.choose.home import home_of
from unisono.types import Mode, Model, Role

ROLES = {"nano": Role.FAST_MINI, "plain": Role.FAST, "thinker": Role.DEEP, "dear": Role.PRO}
MODELS = {name: Model(name=name, upstream="scripted", upstream_model=name, role=role) for name, role in ROLES.items()}
QUALITY = {"nano": 0.6, "plain": 0.7, "thinker": 0.9, "dear": 0.9}


@pytest.mark.parametrize(
    ("mode", "default", "there", "home"),
    [
        (Mode.BALANCED, "nano", "nano plain thinker dear", "nano"),
        (Mode.DEEP, "nano", "nano plain thinker dear", "thinker"),  # as good as the dear one, and cheaper
        (Mode.DEEP, "nano", "nano plain dear", "dear"),
        (Mode.DEEP, "nano", "nano plain", "nano"),
        (Mode.DEEP, "dear", "nano plain thinker dear", "dear"),
        (Mode.PRO, "plain", "nano plain thinker", "thinker"),
        (Mode.FAST, "thinker", "nano plain thinker", "plain"),
        (Mode.FAST, "nano", "nano plain thinker", "nano"),
    ],
)
def test_the_default_stays_unless_a_mode_asks_for_a_role_that_others_have(
    mode: Mode, default: str, there: str, home: str
) -> None:
    estimates = [estimate(name, QUALITY[name], usd=1.0 + (name == "dear")) for name in there.split()]
    assert home_of(mode, estimates, MODELS, default=default) == home
