"""How long an answer will be: the logarithm of its output tokens, per model and prompt.

It does not know prices, nor what answers cost here: `cost` corrects it by real usage.
"""

from __future__ import annotations

from math import exp, hypot, isnan, log
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from unisono.predict.ability import Ability
from unisono.predict.verbosity import OLDER, published_verbosities
from unisono.types import Asked, Features, Model, Thinking, Vector

if TYPE_CHECKING:
    from numpy.typing import NDArray


MAX_MODELS = 4096
MAX_LATEST = 256
TRAINED_WEIGHT, GUESS_WEIGHT = 3.0, 1.0
"""How many answers what was expected is worth: a guess is as doubtful as one answer is apart from the next."""
USUAL_SD = 0.6
"""Of single answers of one model, prompts' lengths left out."""
PLAIN_SD = 0.4
"""Doubt about the length of a plain model's answers, to which published lengths are held."""


class Length(NamedTuple):
    """Mean and standard deviation of the logarithm of the output tokens, and what that is worth.

    Attributes:
        weight: how many answers of the model it takes to believe them more.
        evidence: what a guess rests on, in words; empty where lengths were trained.
    """

    mean: float
    sd: float
    weight: float = TRAINED_WEIGHT
    evidence: str = ""


NOTHING_KNOWN = "a guess: nothing is known of its lengths"
UNKNOWN = Length(log(150.0), 1.0, evidence=NOTHING_KNOWN)
"""Of an answer about which nothing is known: about 150 tokens, within a factor of three."""


class _Told(NamedTuple):
    """What a model's own answers are expected to have, prompts left out; `thoughts`: what of the mean is thinking."""

    mean: float
    sd: float
    weight: float = TRAINED_WEIGHT
    evidence: str = ""
    thoughts: float = 0.0
    shown: bool = True


class _Lengths:
    """Remembers what is expected of each model; what a prompt adds is another matter."""

    def __init__(self) -> None:
        self._models: dict[str, tuple[Model, _Told]] = {}
        self._asked: dict[tuple[str, Thinking], tuple[Model, _Told]] = {}

    def expected(self, features: Features, model: Model) -> tuple[float, float, float, str]:
        """Return the fields of a `Length`: every decision asks for one per model."""
        asked = None if features.thinking is None else _asked(features.thinking, model)
        mean, sd, weight, evidence, thoughts, _ = self._constant(model, asked)
        mean += self._shift(features)
        if asked is not None and asked.budget_tokens is not None and thoughts > 0.0:
            mean = _within(mean, thoughts, asked.budget_tokens)
        return mean, sd, weight, evidence

    def expected_output_tokens(self, features: Features, model: Model) -> float:
        """Return the median of the output tokens."""
        return exp(self.expected(features, model)[0])

    def hidden(self, features: Features, model: Model) -> float:
        """Return the share of the output tokens that are thought before anything of the answer shows."""
        known = self._models.get(model.name)
        if features.thinking is None and known is not None and known[0] is model:  # nearly always
            told = known[1]
        else:
            told = self._constant(model, None if features.thinking is None else _asked(features.thinking, model))
        return 0.0 if told.shown else 1.0 - exp(-told.thoughts)

    def _constant(self, model: Model, asked: Thinking | None) -> _Told:
        """Return what a model's own answers are expected to have, prompts left out, and the deviation."""
        known = self._models.get(model.name) if asked is None else self._asked.get((model.name, asked))
        if known is None or (known[0] is not model and not _is(known[0], model)):
            if len(self._models) + len(self._asked) >= MAX_MODELS:
                self._models.clear()
                self._asked.clear()
            known = model, self._look_up(model, asked)
            if asked is None:
                self._models[model.name] = known
            else:
                self._asked[model.name, asked] = known
        return known[1]

    def _look_up(self, model: Model, asked: Thinking | None) -> _Told:
        raise NotImplementedError

    def _shift(self, features: Features) -> float:
        """Return what a prompt adds."""
        raise NotImplementedError


class LengthModel(_Lengths):
    """A shared ridge map of the prompt plus one constant per trained model; of others what is published."""

    def __init__(
        self,
        ability: Ability,
        *,
        weights: Vector,
        constants: NDArray[np.float64],
        sds: NDArray[np.float64],
        unknown_mean: float,
        unknown_sd: float,
    ) -> None:
        """Put the trained parts together.

        Args:
            ability: gives the design vector and the places of known models.
            weights: shape (n,).
            constants: shape (n_models,); NaN where a model's tokens were not recorded.
            sds: shape (n_models,), residual deviations of the logarithm.
            unknown_mean: the constant of a model that was never trained on and of which nothing is published.
            unknown_sd: its deviation, models' differences included.
        """
        super().__init__()
        self._ability = ability
        self._weights = weights
        self._constants = constants
        self._sds = sds
        self._unknown = _Told(unknown_mean, unknown_sd, evidence=NOTHING_KNOWN)
        self._plain: tuple[float, float] | None = None
        self._latest: dict[int, tuple[Features, float]] = {}

    def apart(self) -> LengthModel:
        """Return the same with a memory of its own: for another thread."""
        return LengthModel(
            self._ability,
            weights=self._weights,
            constants=self._constants,
            sds=self._sds,
            unknown_mean=self._unknown.mean,
            unknown_sd=self._unknown.sd,
        )

    def _look_up(self, model: Model, asked: Thinking | None) -> _Told:
        place = self._ability.place(model)
        if place is not None and not isnan(self._constants[place]):
            return _Told(float(self._constants[place]), float(self._sds[place]))
        if self._plain is None:
            self._plain = self._plain_today()
        told = _guess(model, asked, *self._plain)
        # A trained model whose tokens nobody counted is as plain as the others, unless it thinks.
        return self._unknown if told is None or (place is not None and told.thoughts == 0.0) else told

    def _plain_today(self) -> tuple[float, float]:
        """Return what a plain model of today writes on the trained prompts, and the deviation of single answers.

        The trained models say so, each less its own verbosity; their median, since some were only asked tersely.
        """
        verbosities = published_verbosities()
        known = [(name, place) for name, place in self._ability.known.items() if not isnan(self._constants[place])]
        if not known:
            return self._unknown.mean - OLDER, USUAL_SD
        own = [verbosities.of((name,)) for name, _ in known]
        places = [place for _, place in known]
        less = [OLDER if found is None else found.mean for found in own]
        return float(np.median(self._constants[places] - less)), float(np.sqrt(np.mean(self._sds[places] ** 2)))

    def _shift(self, features: Features) -> float:
        # One prompt is asked about for every model of the pool, and again when its answer teaches; it is read once.
        known = self._latest.get(id(features))
        if known is None or known[0] is not features:
            if features.surface.size == 0:
                return 0.0  # an average prompt
            if len(self._latest) >= MAX_LATEST:
                del self._latest[next(iter(self._latest))]
            known = features, float(self._ability.design.x(features) @ self._weights)
            self._latest[id(features)] = known
        return known[1]


class UntrainedLength(_Lengths):
    """What to expect where nothing was trained: what is published, or else an answer about which nothing is known."""

    def _look_up(self, model: Model, asked: Thinking | None) -> _Told:
        return _guess(model, asked, UNKNOWN.mean - OLDER, USUAL_SD) or _Told(
            UNKNOWN.mean, UNKNOWN.sd, evidence=NOTHING_KNOWN
        )

    def _shift(self, features: Features) -> float:
        return 0.0


def _guess(model: Model, asked: Thinking | None, plain: float, sd: float) -> _Told | None:
    """Return what is published of a model; None where nothing is."""
    names = (model.upstream_model, *model.reports, model.name)
    found = published_verbosities().of(names, None if asked is None else asked.effort)
    if found is None:
        return None
    return _Told(
        mean=plain + found.mean,
        sd=hypot(sd, PLAIN_SD, found.sd),
        weight=GUESS_WEIGHT,
        evidence=found.evidence,
        thoughts=0.0 if found.effort == "none" else found.mean,
        shown=found.shown or found.effort == "none",
    )


def _asked(thinking: Asked, model: Model) -> Thinking | None:
    """Return what a model's host reads of it; of an attempt whose host is not known, whatever was said."""
    if model.upstream == "anthropic":
        return thinking.anthropic
    return thinking.others if model.upstream else thinking.others or thinking.anthropic


def _within(mean: float, thoughts: float, budget_tokens: int) -> float:
    """Return the logarithm of the tokens of an answer whose thoughts have a budget."""
    answer = exp(mean - thoughts)
    return log(answer + min(exp(mean) - answer, float(budget_tokens)))


def _is(known: Model, model: Model) -> bool:
    """Say whether two models of one name are one; of an attempt's only the upstream's name is known."""
    return known.upstream_model == model.upstream_model and (not model.upstream or known.reports == model.reports)
