"""Requests of kinds that a table has are not told from its prompts; those of other kinds are, from a hundred on."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unisono.predict.domain import Apart, Domain, domain_of, told_apart

DIM = 64


def prompts(n: int, *kinds: int, seed: int) -> NDArray[np.float64]:
    """Return unit vectors of `n` prompts of some kinds in turn, around the kinds' middles."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(0).normal(size=(12, DIM))
    rows = middles[[kinds[place % len(kinds)] for place in range(n)]] + 2.0 * rng.normal(size=(n, DIM))
    found: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


def table(n: int = 1000, *, seed: int = 1) -> Domain:
    found = domain_of(prompts(n, *range(8), seed=seed), seed=1)
    assert found is not None
    return found


def looked(domain: Domain, rows: NDArray[np.float64]) -> Apart:
    found = told_apart(domain, list(rows.astype(np.float32)))
    assert found is not None
    return found


@pytest.mark.parametrize("n_table", [150, 1000])
@pytest.mark.parametrize("n", [100, 400])
def test_requests_of_the_tables_kinds_are_alike_however_small_the_table(n_table: int, n: int) -> None:
    found = [looked(table(n_table, seed=seed), prompts(n, *range(8), seed=seed + 100)) for seed in range(8)]
    assert sum(apart.alike for apart in found) >= 6
    assert not any(apart.unlike for apart in found)


@pytest.mark.parametrize("n", [100, 400])
def test_a_kind_that_the_table_lacks_is_told(n: int) -> None:
    found = [looked(table(), prompts(n, 9, seed=seed)) for seed in range(8)]
    assert all(apart.unlike and not apart.alike for apart in found)


def test_half_of_the_requests_being_of_a_kind_that_the_table_lacks_shows_in_the_share() -> None:
    mixed = np.concatenate((prompts(200, *range(8), seed=5), prompts(200, 9, seed=6)))
    apart = looked(table(), mixed)
    assert apart.unlike
    assert 0.25 < apart.share < 0.6


def test_too_few_requests_or_prompts_say_nothing() -> None:
    assert told_apart(table(), list(prompts(99, 9, seed=1).astype(np.float32))) is None
    assert domain_of(prompts(99, *range(8), seed=1), seed=1) is None


def test_one_prompt_again_and_again_is_unlike_a_table_of_many_and_no_error() -> None:
    same = np.tile(prompts(1, 0, seed=1), (200, 1))
    assert looked(table(), same).unlike
    domain = domain_of(same, seed=1)
    assert domain is not None
    assert looked(domain, prompts(100, 9, seed=2)).unlike
