"""What a policy may set, and what becomes of a configuration under it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.worlds import pool

from unisono.config.overlay import KEYS, read_overlay, with_overlay
from unisono.errors import RequestError


def test_nothing_set_is_the_configuration_itself() -> None:
    config = pool()
    assert with_overlay(config, {}) is config


def test_what_is_set_decides_under_a_hash_of_its_own() -> None:
    config = pool()
    other = with_overlay(config, read_overlay({"dial": 0.9, "cascade": ["fast"]}, config))
    assert (other.routing.dial, other.routing.cascade) == (0.9, ("fast",))
    assert (other.routing.margin, other.models, other.default) == (config.routing.margin, config.models, "quick")
    assert other.hash != config.hash
    assert with_overlay(config, {"dial": 0.5}).hash == config.hash  # the file says the same


def test_settings_survive_being_kept(tmp_path: Path) -> None:
    given = {"dial": 1, "handoff": {"quick": {"deep": 0.03}}, "judge": "deep", "artifact": str(tmp_path / "a")}
    kept = read_overlay(given, pool())
    assert read_overlay(kept, pool()) == kept
    assert with_overlay(pool(), kept).routing.artifact == tmp_path / "a"


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"dial": 2}, "routing.dial must be from 0 to 1"),
        ({"dail": 0.2}, "nearest: dial"),
        ({"encoder": "use"}, "not a policy's to set"),
        ({"run_code": True}, "not a policy's to set"),
        ({"judge": "nobody"}, "'nobody' is not the name of a model"),
        ({"handoff": {"quick": {"nobody": 0.1}}}, "'nobody' is not the name of a model"),
        ({"cascade": "fast"}, "routing.cascade"),
        ({"dial": "high", "margin": -1}, "routing.margin"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(settings: dict[str, object], why: str) -> None:
    with pytest.raises(RequestError, match=why):
        read_overlay(settings, pool())
    with pytest.raises(RequestError, match=why):
        with_overlay(pool(), settings)


def test_every_key_of_a_policy_is_a_key_of_routing() -> None:
    from unisono.config.keys import section_keys

    assert set(KEYS) <= {key.name for key in section_keys("routing")}
