"""Every file that the how-to page shows is a good one."""

import re
from pathlib import Path

import pytest

from unisono.config import parse_config

PAGE = (Path(__file__).parents[2] / "docs/how-to/first-config.md").read_text(encoding="utf-8")
FILES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_shows_files() -> None:
    assert len(FILES) >= 5


@pytest.mark.parametrize("text", FILES)
def test_a_shown_file_is_valid(text: str) -> None:
    parse_config(text, {"ANTHROPIC_API_KEY": "x", "UNISONO_KEY": "y"})


def test_the_hosted_model_of_the_page_has_a_published_price() -> None:
    config = parse_config(FILES[1], {"ANTHROPIC_API_KEY": "x"})
    assert [m.prices is not None for m in config.models] == [True, True]
