"""What a configuration and an artifact mean for a decision: the same parts for serving and for recomputing.

It holds nothing that lives (providers, health, what is learned from attempts): `compose` adds that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from unisono.choose.continuity import Continuity
from unisono.choose.explore import Exploration
from unisono.choose.pattern import Patterns
from unisono.choose.utility import UtilityChooser
from unisono.config.kept import KeptConfig
from unisono.learn.plugged import plugged
from unisono.learn.voters import swayed, weighed
from unisono.predict.artifact import Artifact
from unisono.predict.ensemble import QualityEnsemble
from unisono.predict.paired import paired
from unisono.protocols import Chooser, PredictorPlugin, QualityPredictor
from unisono.router import Settings
from unisono.types import FIRST_POLICY, Features, Mode, Model, Score


def chooser_of(config: KeptConfig) -> Chooser:
    """Return the chooser that a configuration asks for."""
    return UtilityChooser(margin=config.routing.margin)


def settings_of(
    config: KeptConfig, *, artifact: str, scores: int, total_s: float = 600.0, policy: str = FIRST_POLICY
) -> Settings:
    """Return the router's settings.

    Args:
        config: what decides of the configuration.
        artifact: id of the trained parts, or `none`.
        scores: generation of the measured scores.
        total_s: limit for a whole request; it decides nothing.
        policy: id of the policy; the configuration has its overlay already.
    """
    return Settings(
        default=config.default,
        dial=config.routing.dial,
        config_hash=config.hash,
        artifact=artifact,
        total_s=total_s,
        scores=scores,
        continuity=Continuity(margin=config.routing.switch_margin, handoff=config.routing.handoff),
        patterns=Patterns(
            cascade=frozenset(Mode(mode) for mode in config.routing.cascade),
            members=config.routing.members,
            judge=config.routing.judge,
            margin=config.routing.margin,
        ),
        exploration=Exploration(share=config.routing.explore, loss=config.routing.explore_loss),
        policy=policy,
        house={rule.name: rule for rule in config.rules},
    )


def measured(
    artifact: Artifact,
    scores: Iterable[Score],
    *,
    read: Callable[[str], Features],
    models: Sequence[Model] = (),
    plugin: PredictorPlugin | None = None,
    in_domain: str = "never",
) -> QualityPredictor:
    """Return the trained predictor, or a plug-in's in its place, with every score taken in, in order.

    Args:
        artifact: the trained parts.
        scores: as `Store.scores_at` returns them.
        read: features of a bare text, such as `Understanding.text`.
        models: those that the scores are of; others are known by their names alone.
        plugin: the one that `routing.predictor` names; None for Unisono's own.
        in_domain: what `routing.in_domain` says; only `always` changes what is expected.

    Raises:
        ArtifactError: the plug-in's code failed.
    """
    counted = weighed(tuple(scores))
    rows = [(read(score.prompt) if score.features is None else score.features, score) for score in counted]
    rows = [(features, score) for features, score in rows if score.features is None or fits(artifact, features)]
    told = paired(artifact.ability, rows, {model.name: model for model in models})
    trusted = artifact.for_domain() if in_domain == "always" else artifact
    quality = QualityEnsemble(trusted, swayed=swayed(counted), told=told)
    for features, score in rows:
        quality.learn_one(features, score)
    if rows:
        quality.predict_one(rows[0][0], models)  # so that no request waits for what is worked out once
    return quality if plugin is None else plugged(plugin, ours=quality, rows=rows)


def fits(artifact: Artifact, features: Features) -> bool:
    """Say whether an artifact can read features that were kept: another encoder may have made them."""
    embedding = features.embedding
    same = embedding is None or embedding.size == artifact.dim
    return same and features.surface.size == artifact.ability.design.surface_mean.size
