"""The trained parts that ship belong each to the encoder whose name they lie under."""

from __future__ import annotations

from pathlib import Path

import pytest

from unisono.predict import artifact
from unisono.understand import embed, use

NAMES = ("multilingual-e5-small-int8-62", embed.NAME, use.NAME)


@pytest.mark.parametrize("encoder", NAMES)
def test_an_encoder_of_the_package_has_its_artifact(encoder: str) -> None:
    trained = artifact.load(artifact.default_artifact_path(encoder), encoder=encoder)
    assert trained.encoder == encoder


def test_all_of_them_are_far_below_thirty_megabytes() -> None:
    folder = Path(artifact.__file__).parent
    assert sum(file.stat().st_size for file in folder.rglob("*.safetensors")) < 1_000_000
