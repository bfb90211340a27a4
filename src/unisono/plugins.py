"""The one door through which plug-ins come: built-in ones too.

A plug-in is a function `plug(registry)`. Built-ins are listed here by module name; installed packages announce theirs
under the entry-point group `unisono.plugins`. It does not build running objects: `compose` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points

from unisono.config.hosts import instead_of
from unisono.config.values import EncoderConfig
from unisono.consistency.comparers import Ask, Comparer
from unisono.errors import StartError
from unisono.protocols import Encoder, Evidence, PredictorFactory, PredictorPlugin, ProviderFactory, Rule

GROUP = "unisono.plugins"
BUILT_IN_PROVIDERS: dict[str, str] = {
    "openai": "unisono.upstream.openai:openai_provider",
    "anthropic": "unisono.upstream.anthropic:anthropic_provider",
    "local": "unisono.upstream.local:local_provider",
    "scripted": "unisono.upstream.scripted:scripted_provider",
}
"""Providers are imported when a model names them, so that a pool of hosted models loads no process code."""
OWN_PREDICTOR = "unisono"
"""The name of what expects quality where no plug-in does."""


@dataclass(slots=True)
class Registry:
    """What plug-ins have announced, by name. A name may be taken once."""

    providers: dict[str, ProviderFactory] = field(default_factory=dict)
    encoders: dict[str, Callable[[EncoderConfig], Encoder]] = field(default_factory=dict)
    predictors: dict[str, PredictorFactory] = field(default_factory=dict)
    rules: dict[str, Callable[[], Rule]] = field(default_factory=dict)
    comparers: dict[str, Callable[[Ask], Comparer]] = field(default_factory=dict)
    evidence: dict[str, Callable[[], Evidence]] = field(default_factory=dict)

    def comparer(self, name: str) -> Callable[[Ask], Comparer]:
        """Return what compares answers.

        Raises:
            StartError: nothing of that name is installed.
        """
        if name not in self.comparers:
            known = ", ".join(sorted(self.comparers))
            raise StartError(f"No comparer {name!r} is installed. Known: {known}. Mend `routing.compare`.")
        return self.comparers[name]

    def predictor(self, name: str) -> PredictorPlugin | None:
        """Return a plug-in's quality predictor; None for Unisono's own.

        Raises:
            StartError: nothing of that name is installed.
        """
        if name == OWN_PREDICTOR:
            return None
        if name not in self.predictors:
            known = ", ".join(sorted({*self.predictors, OWN_PREDICTOR}))
            raise StartError(
                f"No predictor {name!r} is installed. Known: {known}. "
                "Install its plug-in or mend `predictor` under [routing]."
            )
        return PredictorPlugin(name, self.predictors[name])

    def provider(self, name: str) -> ProviderFactory:
        """Return the factory of a provider.

        Raises:
            StartError: nothing of that name is installed.
        """
        if name not in self.providers and name in BUILT_IN_PROVIDERS:
            module, _, attribute = BUILT_IN_PROVIDERS[name].partition(":")
            self.providers[name] = getattr(import_module(module), attribute)
        if name not in self.providers:
            known = ", ".join(sorted({*self.providers, *BUILT_IN_PROVIDERS}))
            raise StartError(
                f"No provider {name!r} is installed. Known: {known}. "
                f"Install its plug-in or mend `upstream`{instead_of(name)}."
            )
        return self.providers[name]

    def encoder(self, settings: EncoderConfig) -> Encoder:
        """Build an encoder; its weights are read now.

        Raises:
            StartError: nothing of that name is installed, or something that it needs is missing.
            ArtifactError: its weights cannot be read.
        """
        self.require_encoder(settings.name)
        return self.encoders[settings.name](settings)

    def require_encoder(self, name: str) -> None:
        """Say that an encoder is installed, without reading its weights.

        Raises:
            StartError: nothing of that name is.
        """
        if name not in self.encoders:
            known = ", ".join(sorted(self.encoders))
            raise StartError(
                f"No encoder {name!r} is installed. Known: {known}. "
                "Install its plug-in or mend `encoder` under [routing]."
            )


def load() -> Registry:
    """Return a registry with the built-ins and every installed plug-in.

    Raises:
        StartError: a plug-in cannot be imported or offers no `plug`.
    """
    registry = Registry()
    _built_in(registry)
    for entry in entry_points(group=GROUP):
        try:
            entry.load()(registry)
        except (ImportError, AttributeError, TypeError) as exc:
            raise StartError(f"The plug-in {entry.name!r} cannot be loaded: {exc}. Mend or uninstall it.") from exc
    return registry


def _built_in(registry: Registry) -> None:
    for module in (
        "unisono.understand.plug",
        "unisono.upstream.plug",
        "unisono.eligible.plug",
        "unisono.execute.plug",
    ):
        import_module(module).plug(registry)
