"""The trained parts as a folder: `manifest.json` and `arrays.safetensors`, bound together by one hash.

safetensors, since it is one plain file with named, typed arrays, loads without copying or running code (a pickle runs
what it holds), and comes with the encoder anyway. It does not train: `learn.train` does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from unisono.errors import ArtifactError
from unisono.predict.ability import Ability
from unisono.predict.benchmarks import unpacked
from unisono.predict.caution import FULL
from unisono.predict.design import Design
from unisono.predict.domain import Domain
from unisono.predict.familiar import Familiarity
from unisono.predict.length import LengthModel
from unisono.predict.names import normal
from unisono.predict.prior import Line, OverIndex, Population
from unisono.predict.trust import MIDDLES, Trust, Trusted
from unisono.types import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 2
MANIFEST = "manifest.json"
ARRAYS = "arrays.safetensors"
SHAPES: dict[str, tuple[str, ...]] = {
    "surface_mean": ("surface",),
    "surface_scale": ("surface",),
    "centroids": ("clusters", "dim"),
    "centre": ("x",),
    "skills": ("x", "skills"),
    "difficulty": ("x",),
    "means": ("models", "k"),
    "covariances": ("models", "k", "k"),
    "n_outcomes": ("models",),
    "unsteady": ("models",),
    "at_large": ("clusters", "skills"),
    "population_mean": ("k",),
    "population_covariance": ("k", "k"),
    "length_weights": ("x",),
    "length_constants": ("models",),
    "length_sds": ("models",),
    "familiar_radius": ("clusters",),
    "familiar_fact_mean": ("clusters", "surface"),
    "familiar_fact_variance": ("clusters", "surface"),
    "familiar_quantiles": ("quantiles",),
    "trust": ("bins", "trusts"),
}
"""Every array of an artifact with the names of its axes; an axis has one length throughout."""
LATER: dict[str, float] = {"unsteady": 1.0, "at_large": 0.0}
"""What stands for an array that artifacts of earlier versions lack."""
INDEX: dict[str, tuple[str, ...]] = {
    "index_line": ("line", "k"),
    "index_covariance": ("k", "k"),
}
"""Arrays that artifacts of earlier versions lack: abilities over the index of capability."""
DOMAIN: dict[str, tuple[str, ...]] = {
    "domain_means": ("halves", "dim"),
    "domain_covariances": ("halves", "dim", "dim"),
}
"""Arrays that only the artifact of a table has: what its prompts are like (`domain`)."""
CAUTION, IN_DOMAIN = "caution", "caution_in_domain"
"""Scalars that artifacts may lack: the share of the doubt about pairs of trained models that stands (`caution`), and
that of where requests are of the table's kinds."""
SCALARS = ("logit_stretch", "length_unknown_mean", "length_unknown_sd")
LINES = ("by_size", "by_price")
BENCHMARKS = "benchmarks"
"""What the manifest calls the lines of public benchmarks and the models' figures; earlier versions have none."""

Arrays: TypeAlias = "Mapping[str, NDArray[np.generic]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What training produced, ready to predict. `id` names its contents.

    Attributes:
        in_domain: the share of the doubt that stands where requests are of the kinds of the table it was fitted on.
        domain: what that table's prompts are like; None of an artifact of no table, or of a small one.
    """

    id: str
    encoder: str
    dim: int
    ability: Ability
    length: LengthModel
    manifest: Json
    in_domain: float = FULL
    domain: Domain | None = None

    def for_domain(self) -> Artifact:
        """Return the artifact for requests of the kinds of the table that it was fitted on."""
        return replace(self, ability=replace(self.ability, caution=min(self.in_domain, self.ability.caution)))


def default_artifact_path(encoder: str = "") -> Path:
    """Return the folder of the artifact inside the package for an encoder; the default one where there is no other."""
    own = Path(__file__).parent / "for" / encoder
    return own if encoder and own.is_dir() else Path(__file__).parent / "default"


def save(folder: Path, *, arrays: Arrays, manifest: Json) -> str:
    """Write an artifact; the same contents give the same bytes.

    Args:
        folder: made when it is missing; its two files are replaced.
        arrays: every array of `SHAPES`, and those of `DOMAIN` where there is a table.
        manifest: `encoder`, `models`, `aliases`, `scalars`, `lines` and whatever else a reader should know.

    Returns:
        The artifact's id.
    """
    content, body = _packed(arrays, manifest)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ARRAYS).write_bytes(content)
    text = json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return str(body["id"])


def assembled(*, arrays: Arrays, manifest: Json) -> Artifact:
    """Return the artifact that `save` would write, without a file.

    Args:
        arrays: as for `save`.
        manifest: as for `save`.
    """
    _, body = _packed(arrays, manifest)
    return _assemble(body, arrays)


def _packed(arrays: Arrays, manifest: Json) -> tuple[bytes, Json]:
    from safetensors.numpy import save as pack

    kept = sorted([*SHAPES, *(name for name in (*INDEX, *DOMAIN) if name in arrays)])
    content = pack({name: np.ascontiguousarray(arrays[name]) for name in kept})
    body: Json = {**manifest, "format": FORMAT, "arrays_sha256": hashlib.sha256(content).hexdigest()}
    body["id"] = _id(body)
    return content, body


def load(folder: Path, *, encoder: str) -> Artifact:
    """Read and verify an artifact.

    Args:
        folder: as `save` wrote it.
        encoder: name of the encoder in use; the artifact must have been trained with it.

    Raises:
        ArtifactError: a file is missing, damaged, of another format, or bound to another encoder.
    """
    manifest = _read_manifest(folder)
    if manifest.get("format") != FORMAT:
        raise _broken(folder, f"its format is {manifest.get('format')!r}, this version reads {FORMAT}")
    if manifest.get("encoder") != encoder:
        raise ArtifactError(
            f"The artifact {folder.name!r} was trained with the encoder {manifest.get('encoder')!r}, in use is "
            f"{encoder!r}. "
            "Name an artifact for this encoder under [routing] (unisono fit --encoder), or take its own encoder."
        )
    arrays = _read_arrays(folder, manifest)
    try:
        return _assemble(manifest, arrays)
    except (KeyError, TypeError, ValueError) as exc:
        raise _broken(folder, f"its manifest lacks or misstates {exc}") from exc


def _broken(folder: Path, what: str) -> ArtifactError:
    return ArtifactError(f"The artifact {folder.name!r} cannot be used: {what}. Reinstall it or train it again.")


def _id(manifest: Json) -> str:
    rest = {key: value for key, value in manifest.items() if key != "id"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read_manifest(folder: Path) -> Json:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as exc:
        raise _broken(folder, f"{MANIFEST} cannot be read ({exc.strerror})") from exc
    except ValueError as exc:
        raise _broken(folder, f"{MANIFEST} is not JSON") from exc
    if not isinstance(manifest, dict) or manifest.get("id") != _id(manifest):
        raise _broken(folder, f"{MANIFEST} was changed after training")
    return manifest


def _read_arrays(folder: Path, manifest: Json) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load as unpack

    try:
        content = (folder / ARRAYS).read_bytes()
    except OSError as exc:
        raise _broken(folder, f"{ARRAYS} cannot be read ({exc.strerror})") from exc
    if hashlib.sha256(content).hexdigest() != manifest.get("arrays_sha256"):
        raise _broken(folder, f"{ARRAYS} is damaged")
    try:
        arrays: dict[str, NDArray[np.generic]] = unpack(content)
    except SafetensorError as exc:
        raise _broken(folder, f"{ARRAYS} is not in the safetensors format") from exc
    arrays |= _lacking(arrays)
    _check_shapes(folder, arrays)
    return arrays


def _lacking(arrays: Arrays) -> dict[str, NDArray[np.generic]]:
    """Return what an artifact of an earlier version lacks, as it was then."""
    known = [(SHAPES[name], arrays[name].shape) for name in SHAPES if name in arrays]
    lengths = {axis: n for axes, shape in known for axis, n in zip(axes, shape, strict=False)}
    return {
        name: np.full([lengths.get(axis, 0) for axis in SHAPES[name]], default)
        for name, default in LATER.items()
        if name not in arrays
    }


def _check_shapes(folder: Path, arrays: Arrays) -> None:
    lengths: dict[str, int] = {}
    whole = [group for group in (INDEX, DOMAIN) if any(name in arrays for name in group)]
    for name, axes in {**SHAPES, **{name: axes for group in whole for name, axes in group.items()}}.items():
        if name not in arrays or arrays[name].ndim != len(axes):
            raise _broken(folder, f"the array {name} is missing or has the wrong number of axes")
        for axis, length in zip(axes, arrays[name].shape, strict=True):
            if lengths.setdefault(axis, length) != length:
                raise _broken(folder, f"the array {name} has {length} {axis}, the others {lengths[axis]}")


def _assemble(manifest: Json, arrays: Arrays) -> Artifact:
    scalars = {name: _number(_part(manifest, "scalars"), name) for name in SCALARS}
    caution, in_domain = (_share(_part(manifest, "scalars"), name) for name in (CAUTION, IN_DOMAIN))
    lines = {name: _line(_part(_part(manifest, "lines"), name)) for name in LINES}
    half = {name: arrays[name].astype(np.float32) for name in SHAPES}
    full = {name: arrays[name].astype(np.float64) for name in SHAPES}
    ability = Ability(
        design=Design(
            surface_mean=half["surface_mean"],
            surface_scale=half["surface_scale"],
            centroids=half["centroids"],
            centre=half["centre"],
        ),
        skills=half["skills"],
        difficulty=half["difficulty"],
        means=full["means"],
        covariances=full["covariances"],
        n_outcomes=arrays["n_outcomes"].astype(np.int64),
        unsteady=full["unsteady"],
        at_large=half["at_large"],
        known={normal(name): place for place, name in enumerate(_names(manifest, len(full["means"])))},
        aliases={normal(key): normal(str(value)) for key, value in _part(manifest, "aliases").items()},
        population=Population(
            mean=full["population_mean"],
            covariance=full["population_covariance"],
            by_size=lines["by_size"],
            by_price=lines["by_price"],
            logit_stretch=scalars["logit_stretch"],
            over_index=_over_index(manifest, arrays),
        ),
        familiarity=Familiarity(
            radius=half["familiar_radius"],
            fact_mean=half["familiar_fact_mean"],
            fact_variance=half["familiar_fact_variance"],
            quantiles=half["familiar_quantiles"],
        ),
        trust=_trust(full["trust"]),
        caution=caution,
    )
    length = LengthModel(
        ability,
        weights=half["length_weights"],
        constants=full["length_constants"],
        sds=full["length_sds"],
        unknown_mean=scalars["length_unknown_mean"],
        unknown_sd=scalars["length_unknown_sd"],
    )
    dim = half["centroids"].shape[1]
    return Artifact(
        id=str(manifest["id"]),
        encoder=str(manifest["encoder"]),
        dim=dim,
        ability=ability,
        length=length,
        manifest=manifest,
        in_domain=in_domain,
        domain=_domain(arrays),
    )


def _over_index(manifest: Json, arrays: Arrays) -> OverIndex | None:
    if BENCHMARKS not in manifest:
        return None
    line, covariance = (arrays[name].astype(np.float64) for name in INDEX)
    return OverIndex(benchmarks=unpacked(_part(manifest, BENCHMARKS)), line=line, covariance=covariance)


def _domain(arrays: Arrays) -> Domain | None:
    if "domain_means" not in arrays:
        return None
    means, covariances = (arrays[name].astype(np.float64) for name in DOMAIN)
    return Domain(means=means, covariances=covariances)


def _share(scalars: Json, name: str) -> float:
    return _number(scalars, name) if name in scalars else FULL


def _trust(table: NDArray[np.float64]) -> Trust:
    if table.shape != (len(MIDDLES), len(Trusted._fields)):
        raise ValueError("the shape of trust")
    return Trust(table=table)


def _part(within: Json, key: str) -> Json:
    part = within[key]
    if not isinstance(part, dict):
        raise TypeError(key)
    return part


def _number(within: Json, key: str) -> float:
    value = within[key]
    if not isinstance(value, int | float):
        raise TypeError(key)
    return float(value)


def _line(part: Json) -> Line:
    return Line(**{key: _number(part, key) for key in ("intercept", "slope", "sd", "low", "high")})


def _names(manifest: Json, n: int) -> list[str]:
    names = manifest["models"]
    if not isinstance(names, list) or len(names) != n:
        raise TypeError("models")
    return [str(name) for name in names]
