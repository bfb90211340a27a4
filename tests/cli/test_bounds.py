"""A figure that makes no sense is wrong use: exit code 2, and the bounds are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from unisono.cli.main import app

WRONG = (
    ("serve", "--port", "65536"),
    ("serve", "--port", "-1"),
    ("serve", "--workers", "0"),
    ("serve", "--workers", "65"),
    ("demo", "--port", "99999"),
    ("route", "hello", "--dial", "5"),
    ("route", "hello", "--dial", "-1"),
    ("config", "dial", "--last", "0"),
    ("models", "probe", "--extra-tokens", "-5"),
    ("log", "--limit", "0"),
)


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_figure_out_of_bounds_is_wrong_use(words: tuple[str, ...], tmp_path: Path) -> None:
    config = [] if words[0] == "demo" else ["--config", str(tmp_path / "unisono.toml")]
    result = CliRunner().invoke(app, [*words, *config])
    assert result.exit_code == 2, result.output
    assert "than or equal to" in " ".join(result.output.replace("│", " ").split())
