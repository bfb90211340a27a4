"""The reference page and the table of keys say the same, and so do the providers."""

from pathlib import Path

import pytest

from unisono.config.keys import BUILT_IN, TABLE, model_keys
from unisono.config.reference import page, table_rows
from unisono.plugins import BUILT_IN_PROVIDERS
from unisono.upstream.script import KEYS as SCRIPT_KEYS

ROOT = Path(__file__).parents[2]
UNITS = {"s": "_s", "bytes": "_bytes", "tokens": ("_tokens", "tokens")}


def test_the_page_is_current() -> None:
    written = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m unisono.config.reference > docs/reference/configuration.md"


@pytest.mark.parametrize("key", TABLE, ids=lambda key: f"{key.section}.{key.name}.{'-'.join(key.upstreams)}")
def test_each_key_says_what_it_is_in_a_sentence_and_shows_its_unit(key: object) -> None:
    assert key in TABLE
    row = table_rows()[TABLE.index(key)]  # type: ignore[arg-type]
    assert str(row["text"]).endswith(".")
    unit = row["unit"]
    if unit in UNITS:
        assert str(row["key"]).endswith(UNITS[str(unit)])


def test_the_providers_of_the_table_are_those_that_come_with_unisono() -> None:
    assert set(BUILT_IN) == set(BUILT_IN_PROVIDERS)


def test_the_keys_of_a_script_are_those_that_the_scripted_provider_reads() -> None:
    options = [key for key in model_keys("scripted") if key.option]
    assert {key.name for key in options} == set(SCRIPT_KEYS)
