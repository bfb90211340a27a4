"""Another process judges as this one does, and where it cannot, nobody waits for it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from random import Random

from tests.worlds import POOL, answer, house_at, pool

from unisono.cli.policies import scales_of
from unisono.evaluate.apart import judged_apart
from unisono.evaluate.promotion import verdict_on
from unisono.record.policies import Standing


def test_another_process_says_the_same_and_a_broken_file_says_nothing(tmp_path: Path) -> None:
    store, config = tmp_path / "record.db", tmp_path / "unisono.toml"
    house, rng = house_at(store), Random(3)
    house.config = pool(explore=0.5)
    with closing(house.store):
        router = house.router()
        for n in range(120):
            answer(house, router, rng, n)
        assert house.store.flush(timeout_s=60)
    text = POOL.format(dial=0.5, margin=0.01, price=10.0, explore=0.5)
    config.write_text(text + f'\n[store]\npath = "{store}"\n')
    with scales_of(config, None) as scales:
        known = scales.policies.known()
        live = known.state().live
        own = verdict_on(scales, Standing(policy=live.policy), live, known=known).as_json()
    told = judged_apart("config", config=config, store=store)
    assert told is not None
    assert told.pop("id") == told.pop("against_id") == "config"
    assert told == own
    config.write_text("broken")
    assert judged_apart("config", config=config, store=store) is None
