"""Expected output tokens and money per candidate, with an interval that holds four times in five.

Output tokens are what the upstream bills, reasoning included. It does not look up prices: the catalogue has them. A
model of a host that takes money is taken to cost what the dearest model of the pool does where its price is not known;
a server of one's own is free then. What a warm cache saves is `choose.continuity`'s business.

Source: adaptive conformal inference (Gibbs and Candes 2021, 2106.00170), section 2, for the width of the interval.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, hypot, log, sqrt
from typing import TypeAlias

from unisono.config.hosts import is_hosted
from unisono.predict.length import UNKNOWN, Length
from unisono.types import ASSUMED_PRICE, Attempt, Cost, Features, Model, Prices, Request

OutputLength: TypeAlias = Callable[[Features, Model], tuple[float, float, float, str]]
"""A `Length`: what to expect of the logarithm of the output tokens, before anything was seen of the model here."""

PRIOR_WEIGHT = 3.0
"""How many answers it takes to believe them more than what was expected of the prompt's length."""
DECAY = 0.98
Z_80 = 1.2816
COVERAGE = 0.8
Z_STEP = 0.05
Z_MAX = 4.0
MAX_SPREAD = 1.5
GUESSED_UNTIL = 2.5
"""Answers, decayed, from which on a length is no guess any more."""
INPUT_SPREAD = 0.12
"""Prompt tokens are estimated by length; vocabularies differ by about this much, in logarithms."""


def unknown_length(features: Features, model: Model) -> Length:
    """Return the length of an answer about which nothing is known: about 150 tokens, within a factor of three."""
    return UNKNOWN


@dataclass(slots=True, eq=False)
class _Shift:
    """Decayed mean of how far real counts lie from the expected one, in logarithms, and its variance.

    `common_` is how far those of the other models do: what is expected of this one before anything was seen of it.
    `z_` is how many deviations the interval reaches: it grows after each miss and shrinks after each hit, four times as
    fast, so that over time four answers in five lie inside whatever the distribution is.
    """

    weight_: float = 0.0
    sum_: float = 0.0
    squares_: float = 0.0
    z_: float = Z_80
    common_: float = 0.0
    known_: tuple[float, float, float, float, float] | None = None

    def add(self, residual: float, *, prior: float, worth: float = PRIOR_WEIGHT) -> None:
        missed = abs(residual - self.mean(worth)) > self.z_ * self.spread(prior, worth)
        self.z_ = min(max(self.z_ + Z_STEP * (missed - (1.0 - COVERAGE)), 0.0), Z_MAX)
        self.weight_ = DECAY * self.weight_ + 1.0
        self.sum_ = DECAY * self.sum_ + residual
        self.squares_ = DECAY * self.squares_ + residual * residual
        self.known_ = None

    def at(self, prior: float, worth: float) -> tuple[float, float, float, float, float]:
        """Return the prior deviation and its worth in answers, the mean, the spread, and how far the interval reaches.

        They are kept between answers.
        """
        known = self.known_
        if known is None or known[0] != prior or known[1] != worth:
            spread = self.spread(prior, worth)
            known = self.known_ = prior, worth, self.mean(worth), spread, self.z_ * spread
        return known

    def mean(self, worth: float) -> float:
        return (self.sum_ + worth * self.common_) / (self.weight_ + worth)

    def spread(self, prior: float, worth: float) -> float:
        own = max(self.squares_ - self.sum_ * self.sum_ / self.weight_, 0.0) if self.weight_ else 0.0
        return sqrt((own + worth * prior * prior) / (self.weight_ + worth))


_UNSEEN = _Shift()


class _Shifts:
    """The shifts of the models of a pool.

    What those have in common whose lengths are guesses is mostly the traffic's, so it holds for the others of them too.
    """

    def __init__(self) -> None:
        self._of: dict[str, _Shift] = {}
        self._guessed: set[str] = set()
        self._unseen_guess = _Shift()

    def of(self, model: str, *, guess: bool) -> _Shift:
        """Return a model's shift; `guess`: nothing else is known of its lengths."""
        return self._of.get(model) or (self._unseen_guess if guess else _UNSEEN)

    def learn(self, model: str, residual: float, *, guess: bool, prior: float, worth: float) -> None:
        shift = self._of.get(model)
        if shift is None:
            shift = self._of[model] = _Shift(common_=self._unseen_guess.common_ if guess else 0.0)
        if guess:
            self._guessed.add(model)
        shift.add(residual, prior=prior, worth=worth)
        self._share()

    def forget(self, keep: Collection[str]) -> None:
        self._of = {name: shift for name, shift in self._of.items() if name in keep}
        self._guessed &= self._of.keys()
        self._share()

    def _share(self) -> None:
        """Work out what each model's others have in common; one that shifts nothing is counted among them."""
        shifts = [self._of[name] for name in self._guessed]
        told = [(shift, shift.weight_ / (shift.weight_ + PRIOR_WEIGHT)) for shift in shifts]
        share = 1.0 + sum(own for _, own in told)
        total = sum(own * shift.sum_ / shift.weight_ for shift, own in told)
        for shift, own in ((self._unseen_guess, 0.0), *told):
            of_own = own * shift.sum_ / shift.weight_ if own else 0.0
            shift.common_, shift.known_ = (total - of_own) / (share - own), None


_Count: TypeAlias = tuple[float, float, float, float]
"""Tokens: the low end, the median, the mean, the high end."""


class TokenCost:
    """Implements `protocols.CostPredictor`: a trained length, corrected by what each model really reads and writes."""

    def __init__(self, length: OutputLength = unknown_length) -> None:
        """Start from `length`, with no correction."""
        self._length = length
        self._out = _Shifts()
        self._in: dict[str, _Shift] = {}

    def predict_one(self, request: Request, features: Features, models: Sequence[Model]) -> tuple[Cost, ...]:
        """See `protocols.CostPredictor`. The interval is for the tokens of the prompt and all answers together."""
        log_in = log(features.n_input_tokens or 1)
        n = request.n_choices
        # Most models share their counts with another.
        intos: dict[_Shift, _Count] = {}
        outs: dict[tuple[float, float, float, _Shift], _Count] = {}
        costs = []
        dearest: Prices | None = None
        for model in models:
            name, prices = model.name, model.prices
            shift = self._in.get(name, _UNSEEN)
            into = intos.get(shift)
            if into is None:
                into = intos[shift] = _count(log_in, INPUT_SPREAD, PRIOR_WEIGHT, shift)
            mean, spread, worth, evidence = self._length(features, model)
            shift = self._out.of(name, guess=bool(evidence))
            if spread > MAX_SPREAD:
                spread = MAX_SPREAD
            cap = _cap(request, model)
            written = mean, spread, cap, shift
            out = outs.get(written)
            if out is None:
                out = _capped(_count(mean, spread, worth, shift), cap)
                outs[written] = out = out if n == 1 else (out[0] * n, out[1] * n, out[2] * n, out[3] * n)
            if evidence and shift.weight_ >= GUESSED_UNTIL:
                evidence = ""
            if prices is None:
                prices = _FREE
                if is_hosted(model):
                    dearest = dearest or _dearest(models)
                    if dearest is not _FREE:
                        prices, evidence = dearest, f"{evidence}; {ASSUMED_PRICE}" if evidence else ASSUMED_PRICE
            costs.append(_priced(prices, into, out, evidence))
        return tuple(costs)

    def learn_one(self, features: Features, attempt: Attempt) -> None:
        """See `protocols.CostPredictor`. Only complete answers teach how long answers are."""
        usage = attempt.usage
        if attempt.status != "ok" or usage is None or usage.output_tokens < 1:
            return
        mean, spread, worth, evidence = self._length(features, _named(attempt.model, attempt.upstream_model))
        residual, prior = log(usage.output_tokens) - mean, min(spread, MAX_SPREAD)
        self._out.learn(attempt.model, residual, guess=bool(evidence), prior=prior, worth=worth)
        if usage.input_tokens > 0 and features.n_input_tokens > 0:
            ratio = log(usage.input_tokens / features.n_input_tokens)
            self._in.setdefault(attempt.model, _Shift()).add(ratio, prior=INPUT_SPREAD)

    def forget(self, keep: Collection[str]) -> None:
        """Drop what was seen of every model that is not among `keep`: its name means another model now, or none."""
        self._out.forget(keep)
        self._in = {name: shift for name, shift in self._in.items() if name in keep}


_FREE = Prices(usd_per_mtok_in=0.0, usd_per_mtok_out=0.0)


def _dearest(models: Sequence[Model]) -> Prices:
    """Return the highest price of a prompt and of an answer among models; nothing where none is known."""
    known = [model.prices for model in models if model.prices is not None]
    if not known:
        return _FREE
    return Prices(
        usd_per_mtok_in=max(prices.usd_per_mtok_in for prices in known),
        usd_per_mtok_out=max(prices.usd_per_mtok_out for prices in known),
        source="assumed",
    )


def _count(mean: float, prior: float, worth: float, shift: _Shift) -> _Count:
    """Return the tokens of a lognormal whose logarithm has this mean before `shift` moves it."""
    _, _, moved, spread, reach = shift.at(prior, worth)
    centre = mean + moved
    return exp(centre - reach), exp(centre), exp(centre + spread * spread / 2.0), exp(centre + reach)


def _capped(count: _Count, cap: float) -> _Count:
    low, middle, expected, high = count
    if high <= cap and expected <= cap:  # the others are below the high end
        return count
    return min(low, cap), min(middle, cap), min(expected, cap), min(high, cap)


def _priced(prices: Prices, into: _Count, out: _Count, evidence: str) -> Cost:
    """Return what an answer costs: its prompt's tokens, and its own."""
    low_in, middle_in, _, high_in = into
    low_out, middle_out, expected_out, high_out = out
    usd_in, usd_out = prices.usd_per_mtok_in / 1e6, prices.usd_per_mtok_out / 1e6
    usd_read = usd_in * middle_in
    usd = usd_read + usd_out * expected_out
    middle = usd_read + usd_out * middle_out
    # Prompt and answer err on their own, so their errors add up as legs of a triangle do.
    below = middle - hypot(usd_in * (middle_in - low_in), usd_out * (middle_out - low_out))
    above = middle + hypot(usd_in * (high_in - middle_in), usd_out * (high_out - middle_out))
    return Cost(
        usd=usd,
        low_usd=below if below < usd else usd,
        high_usd=above if above > usd else usd,
        output_tokens=expected_out,
        evidence=evidence,
    )


@lru_cache(maxsize=1024)
def _named(name: str, upstream_model: str) -> Model:
    return Model(name=name, upstream="", upstream_model=upstream_model)


def _cap(request: Request, model: Model) -> float:
    cap, own, wished = model.context_tokens, model.max_output_tokens, request.max_output_tokens
    if own is not None and own < cap:
        cap = own
    if wished is not None and wished < cap:
        cap = wished
    return float(cap) if cap > 1 else 1.0
