"""The dial means something: at one end the cheapest, at the other the best, and the bill grows in between."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from tests.worlds import draw_request, draw_situation, house_at, measure

from unisono.errors import ArtifactError, NoCandidate, RequestError
from unisono.evaluate.dial import SETTINGS, from_record, from_text, sweep
from unisono.evaluate.everyday import PROMPTS
from unisono.record.reader import Reader


def test_the_bill_and_the_expected_quality_grow_with_the_dial(tmp_path: Path) -> None:
    house, rng = house_at(tmp_path / "record.db"), Random(3)
    with closing(house.store):
        measure(house, rng)
        router = house.router()
        blank = replace(draw_request(rng, 0), model="auto", messages=(), body={"model": "auto"})
        blank = replace(blank, pin=None, wishes=replace(blank.wishes, max_cost_usd=None, models=(), ban=()))
        blank = replace(blank, wishes=replace(blank.wishes, min_quality=None, max_first_token_s=None))
        rows = sweep(router, [from_text(router, text, blank=blank) for text in PROMPTS])
    assert [row.dial for row in rows] == list(SETTINGS)
    assert all(abs(sum(row.shares.values()) - 1.0) < 1e-9 for row in rows)
    assert rows[0].usd_per_1000 < rows[-1].usd_per_1000
    assert rows[0].quality < rows[-1].quality
    assert all(a.usd_per_1000 <= b.usd_per_1000 * 1.1 for a, b in pairwise(rows))
    assert all(row.n_refused == 0 for row in rows)


def test_recorded_requests_are_decided_again_at_every_setting(tmp_path: Path) -> None:
    house, rng = house_at(tmp_path / "record.db"), Random(4)
    with closing(house.store):
        measure(house, rng)
        router, n_auto = house.router(), 0
        for n in range(120):
            request, known = draw_request(rng, n), draw_situation(rng)
            try:
                features, decision = router.decide(request, known=replace(known, retry=None))
            except (NoCandidate, RequestError):
                continue
            house.store.record_request(request, features, decision)
            n_auto += request.mode is not None
        house.store.flush()
        with closing(Reader(tmp_path / "record.db")) as reader:
            asked = from_record(router, reader, limit=1000)
        assert len(asked) == n_auto > 20
        rows = sweep(router, asked, settings=(0.0, 1.0))
        assert all(sum(row.shares.values()) == pytest.approx(1.0) for row in rows)
        assert rows[0].n_refused < n_auto


def test_nothing_to_show_is_an_error(tmp_path: Path) -> None:
    house = house_at(tmp_path / "record.db")
    with closing(house.store):
        with pytest.raises(RequestError, match="no requests"):
            sweep(house.router(), [])
        broken = house.router(broken=True)
        asked = [from_text(house.router(), "hi", blank=draw_request(Random(1), 1))]
        with pytest.raises(ArtifactError, match="declared default"):
            sweep(broken, asked)
