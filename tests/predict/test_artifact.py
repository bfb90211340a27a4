"""The shipped artifact is whole; a damaged one is told and never half-loaded."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from unisono.errors import ArtifactError
from unisono.predict.artifact import ARRAYS, LATER, MANIFEST, default_artifact_path, load, save
from unisono.types import Features, Model
from unisono.understand.embed import NAME
from unisono.understand.surface import NAMES, surface


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_artifact_path(), tmp_path / "artifact"))


def test_the_default_artifact_is_small_and_fits_the_features() -> None:
    folder = default_artifact_path()
    artifact = load(folder, encoder=NAME)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 2_000_000
    assert artifact.manifest["surface"] == list(NAMES)
    assert len(artifact.ability.known) == len(artifact.ability.means) > 50


def test_only_permitted_sets_were_trained_on() -> None:
    manifest = json.loads((default_artifact_path() / MANIFEST).read_text())
    files = set(manifest["training"]["data_sha256"])
    assert {name.split(".")[0] for name in files} == {
        "mmlu_pro",
        "routerbench_0shot_part",
        "llmrouter_default",
        "zeroeval_math_l5",
    }
    assert all(".train." in name for name in files)


def test_saving_what_was_loaded_gives_the_same_id(copy: Path, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    manifest = json.loads((copy / MANIFEST).read_text())
    again = save(tmp_path / "again", arrays=load_file(copy / ARRAYS), manifest=manifest)
    assert again == manifest["id"]
    assert (tmp_path / "again" / ARRAYS).read_bytes() == (copy / ARRAYS).read_bytes()


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
def test_a_missing_file_is_told(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        load(copy, encoder=NAME)


@pytest.mark.parametrize("name", [MANIFEST, ARRAYS])
def test_one_changed_byte_is_told(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ArtifactError):
        load(copy, encoder=NAME)


def test_a_cut_file_is_told(copy: Path) -> None:
    (copy / ARRAYS).write_bytes((copy / ARRAYS).read_bytes()[:1000])
    with pytest.raises(ArtifactError, match="damaged"):
        load(copy, encoder=NAME)


def test_another_encoder_is_refused(copy: Path) -> None:
    with pytest.raises(ArtifactError, match="other-encoder"):
        load(copy, encoder="other-encoder")


def test_a_manifest_that_lacks_a_part_is_told(copy: Path) -> None:
    from safetensors.numpy import load_file

    manifest = json.loads((copy / MANIFEST).read_text())
    del manifest["scalars"]
    save(copy, arrays=load_file(copy / ARRAYS), manifest=manifest)
    with pytest.raises(ArtifactError, match="scalars"):
        load(copy, encoder=NAME)


def test_arrays_that_do_not_fit_each_other_are_told(copy: Path) -> None:
    from safetensors.numpy import load_file

    arrays = dict(load_file(copy / ARRAYS))
    arrays["difficulty"] = np.zeros(3, dtype=np.float32)
    save(copy, arrays=arrays, manifest=json.loads((copy / MANIFEST).read_text()))
    with pytest.raises(ArtifactError, match="difficulty"):
        load(copy, encoder=NAME)


def test_an_artifact_of_an_earlier_version_is_read_and_all_its_models_are_as_steady(copy: Path) -> None:
    from safetensors.numpy import load_file, save_file

    whole = load(copy, encoder=NAME)
    save_file({name: a for name, a in load_file(copy / ARRAYS).items() if name not in LATER}, copy / ARRAYS)
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["arrays_sha256"] = hashlib.sha256((copy / ARRAYS).read_bytes()).hexdigest()
    del manifest["id"]
    body = json.dumps(manifest, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    (copy / MANIFEST).write_text(json.dumps(manifest | {"id": hashlib.sha256(body).hexdigest()[:16]}))
    before = load(copy, encoder=NAME)
    assert (before.ability.unsteady == 1.0).all()
    assert not before.ability.at_large.any()
    assert (before.ability.means == whole.ability.means).all()


def test_lengths_are_known_per_model_and_wide_for_strangers() -> None:
    length = load(default_artifact_path(), encoder=NAME).length
    text = "Explain photosynthesis."
    features = Features(task=text, n_input_tokens=5, n_turns=1, needs=frozenset(), surface=surface(text))
    known = Model(name="a", upstream="openai", upstream_model="llama-3.1-70b-instruct")
    stranger = Model(name="b", upstream="openai", upstream_model="nobody")
    assert length.expected(features, known)[1] < length.expected(features, stranger)[1]
    assert 1 < length.expected_output_tokens(features, known) < 2000
