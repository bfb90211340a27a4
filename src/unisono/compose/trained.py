"""The trained parts of a configuration or a policy as they were read: a broken one is a fault and no crash.

It trains nothing and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from unisono.config import Config
from unisono.errors import ArtifactError
from unisono.plugins import Registry
from unisono.predict import artifact as artifacts
from unisono.protocols import Encoder
from unisono.record.policies import Standing


@dataclass(frozen=True, slots=True)
class Trained:
    """The trained parts as they were read; `fault` says why they are missing."""

    encoder: Encoder | None
    artifact: artifacts.Artifact | None
    fault: str | None

    @property
    def id(self) -> str:
        """What a decision records: the artifact's id, or `none`."""
        return "none" if self.artifact is None else self.artifact.id


def read_trained(config: Config, registry: Registry) -> Trained:
    """Return encoder and artifact; a broken one is a fault and no crash: the declared default serves then.

    Raises:
        StartError: the encoder is not installed.
    """
    try:
        encoder = registry.encoder(config.encoder)
    except ArtifactError as error:
        return Trained(None, None, str(error))
    return with_artifact(config, encoder)


def with_artifact(config: Config, encoder: Encoder) -> Trained:
    """Return the encoder with the artifact that the configuration names, else the one that comes with it."""
    try:
        path = config.routing.artifact or artifacts.default_artifact_path(encoder.name)
        return Trained(encoder, artifacts.load(path, encoder=encoder.name), None)
    except ArtifactError as error:
        return Trained(encoder, None, str(error))


def as_promised(standing: Standing, parts: Trained) -> Trained:
    """Return the trained parts of a policy, or the fault that its folder holds others by now."""
    promised, found = standing.policy.artifact, parts.artifact
    if promised is None or found is None or found.id == promised:
        return parts
    why = f"{standing.policy.name} was made with the artifact {promised}; its folder holds {found.id} by now."
    return Trained(parts.encoder, None, why)
