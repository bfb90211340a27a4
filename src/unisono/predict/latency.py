"""Seconds to the first content and to the end, per model: from its own recent attempts, its load, the prompt's length.

    log first = base + busier * log(1 + calls in flight) + longer * log(1 + prompt tokens / 1000) + quantile of the rest

The line is decayed least squares around a prior; the rest is a decayed quantile, so that one slow answer moves little
and an upstream that is often slow is not called fast. The same without the prompt for the seconds of each further
token. Of a model that was never asked, whose host keeps its thoughts to itself, the first content comes after these.
It does not know rate limits; the breaker does what it can about dead upstreams.

Source: recursive Bayesian least squares with forgetting, as in Ljung, "System identification", section 11.2.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import accumulate
from math import exp, log, log1p

from unisono.types import Attempt, Cost, Features, Latency, Model

PRIOR_FIRST_TOKEN_S = 0.6
PRIOR_TOKEN_S = 0.015
PRIOR_BUSIER = 0.3
PRIOR_LONGER = 0.2
DECAY = 0.95
"""Weight of what was known before each new attempt: some twenty attempts are remembered."""
BASE_WEIGHT = 1.0
SLOPE_WEIGHT = 2.0
"""How many attempts it takes to believe them more than the prior: about the base, and about a slope."""
N_RESIDUALS = 64
FIRST_QUANTILE = 0.75
"""Three answers in four begin by then: what a bound on the first token is held against."""
TOKEN_QUANTILE = 0.5
PRIOR_SD = 0.4
PRIOR_QUANTILE_WEIGHT = 3.0
Z = {0.5: 0.0, 0.75: 0.6745}
WEIGHTS = tuple(DECAY**age for age in range(N_RESIDUALS))
"""Of the residuals, by how many came after."""
TOTALS = (0.0, *accumulate(WEIGHTS))
MAX_SURPRISE = 2.0
"""A single attempt moves the line by no more than a factor of seven would, however slow it was."""

STEP = log(1.25)
"""Estimates move in steps of a quarter, so that jitter in timing flips no decision."""


class _Line:
    """Logarithm of seconds over a few known quantities; see the module's docstring.

    In plain numbers: for two or three quantities numpy's calls take ten times as long, and every answer teaches.
    """

    def __init__(self, prior: Sequence[float], *, quantile: float) -> None:
        n = len(prior)
        weights = [BASE_WEIGHT, *[SLOPE_WEIGHT] * (n - 1)]
        self._weights = weights
        self._pull = [w * p for w, p in zip(weights, prior, strict=True)]
        self._squares = [[0.0] * n for _ in prior]
        self._products = [0.0] * n
        self._quantile = quantile
        self._n_added = 0
        self._residuals: deque[tuple[float, int]] = deque()  # each with its number
        self._by_size: list[tuple[float, int]] = []  # the same, sorted
        self._line = list(prior)
        self._offset: float | None = Z[quantile] * PRIOR_SD  # None when it must be worked out anew

    def add(self, known: Sequence[float], seconds: float) -> None:
        expected = _dot(self._line, known)
        surprise = log(max(seconds, 1e-4)) - expected
        if len(self._residuals) >= 3:
            surprise = min(max(surprise, -MAX_SURPRISE), MAX_SURPRISE)
        target = expected + surprise
        for a, row in zip(known, self._squares, strict=True):
            row[:] = [DECAY * square + a * b for square, b in zip(row, known, strict=True)]
        self._products = [DECAY * p + a * target for p, a in zip(self._products, known, strict=True)]
        both = [[*row] for row in self._squares]
        for place, weight in enumerate(self._weights):
            both[place][place] += weight
        self._line = solved(both, [p + pull for p, pull in zip(self._products, self._pull, strict=True)])
        self._keep(target - _dot(self._line, known))

    def seconds(self, busier: float, longer: float | None = None) -> float:
        """Return the seconds under a load, and where the line knows of it for a prompt's length."""
        if self._offset is None:
            self._offset = self._decayed_quantile()
        line = self._line
        expected = line[0] + line[1] * busier
        if longer is not None:
            expected += line[2] * longer
        return exp(round((expected + self._offset) / STEP) * STEP)

    def _keep(self, residual: float) -> None:
        self._n_added += 1
        self._residuals.append((residual, self._n_added))
        insort(self._by_size, self._residuals[-1])
        if len(self._residuals) > N_RESIDUALS:
            del self._by_size[bisect_left(self._by_size, self._residuals.popleft())]
        self._offset = None

    def _decayed_quantile(self) -> float:
        """Return the quantile of the decayed residuals, drawn to that of the prior while they are few."""
        weight = TOTALS[len(self._residuals)]
        heaped = accumulate(WEIGHTS[self._n_added - number] for _, number in self._by_size)
        place = next(place for place, sum_ in enumerate(heaped) if sum_ >= self._quantile * weight)
        found = self._by_size[place][0]
        prior = Z[self._quantile] * PRIOR_SD
        return (weight * found + PRIOR_QUANTILE_WEIGHT * prior) / (weight + PRIOR_QUANTILE_WEIGHT)


def solved(matrix: list[list[float]], values: list[float]) -> list[float]:
    """Return the solution of a positive definite system, by elimination; what it is given is used up.

    Args:
        matrix: rows, shape (n, n).
        values: shape (n,).
    """
    n = len(values)
    for top in range(n):
        for below in range(top + 1, n):
            factor = matrix[below][top] / matrix[top][top]
            matrix[below] = [x - factor * y for x, y in zip(matrix[below], matrix[top], strict=True)]
            values[below] -= factor * values[top]
    for row in reversed(range(n)):
        known = sum(matrix[row][place] * values[place] for place in range(row + 1, n))
        values[row] = (values[row] - known) / matrix[row][row]
    return values


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the inner product of two or three numbers each."""
    found = a[0] * b[0] + a[1] * b[1]
    return found + a[2] * b[2] if len(a) > 2 else found


def nobody_waits(model: str) -> int:
    """Return the load of a model that nobody else asks."""
    return 0


def all_shown(features: Features, model: Model) -> float:
    """Return the share of hidden thoughts in the answer of a model that has none."""
    return 0.0


class RecentLatency:
    """Implements `protocols.LatencyPredictor` with a decayed line and quantile per model."""

    def __init__(
        self,
        load: Callable[[str], int] = nobody_waits,
        *,
        hidden: Callable[[Features, Model], float] = all_shown,
    ) -> None:
        """Start from priors only.

        Args:
            load: how many calls are in flight to a model by its catalogue name.
            hidden: the share of the output tokens that are thought before anything of the answer comes.
        """
        self._load = load
        self._hidden = hidden
        self._unseen = (_unseen_first(), _unseen_token())
        self._first: dict[str, _Line] = {}
        self._token: dict[str, _Line] = {}

    def predict_one(self, features: Features, models: Sequence[Model], costs: Sequence[Cost]) -> tuple[Latency, ...]:
        """See `protocols.LatencyPredictor`."""
        longer = _longer(features.n_input_tokens)
        unseen_first, unseen_token = self._unseen
        told: dict[tuple[_Line, int], float] = {}  # models that were never asked share theirs
        found = []
        for model, cost in zip(models, costs, strict=True):
            name = model.name
            load = self._load(name)
            first, token = self._first.get(name, unseen_first), self._token.get(name, unseen_token)
            first_s = told.get((first, load))
            if first_s is None:
                first_s = told[first, load] = first.seconds(log1p(load), longer)
            token_s = told.get((token, load))
            if token_s is None:
                token_s = told[token, load] = token.seconds(log1p(load))
            total_s = first_s + token_s * cost.output_tokens
            if first is unseen_first:
                first_s += token_s * cost.output_tokens * self._hidden(features, model)
            found.append(Latency(first_token_s=first_s, total_s=total_s))
        return tuple(found)

    def learn_one(self, features: Features, attempt: Attempt) -> None:
        """See `protocols.LatencyPredictor`. Only attempts that ended well teach.

        The load that counts is what an attempt leaves behind. In a steady queue that has the distribution of what it
        found when it came.
        """
        self._learn(attempt, n_input_tokens=features.n_input_tokens)

    def learn(self, attempt: Attempt) -> None:
        """Take in an attempt of which no features are known: another process made it, under a load like ours."""
        if attempt.usage is not None:
            self._learn(attempt, n_input_tokens=attempt.usage.input_tokens)

    def forget(self, keep: Collection[str]) -> None:
        """Drop what was seen of every model that is not among `keep`: its name means another model now, or none."""
        self._first = {name: line for name, line in self._first.items() if name in keep}
        self._token = {name: line for name, line in self._token.items() if name in keep}

    def _learn(self, attempt: Attempt, *, n_input_tokens: int) -> None:
        if attempt.status != "ok" or attempt.first_content_s is None:
            return
        name, busier = attempt.model, log1p(self._load(attempt.model))
        rest_s = attempt.total_s - attempt.first_content_s
        n_tokens = 0 if attempt.usage is None else attempt.usage.output_tokens
        if rest_s <= 0.0 and n_tokens > 1:  # a plain answer: its first content is its end
            self._token_line(name).add((1.0, busier), attempt.total_s / n_tokens)
            return
        first = self._first.get(name) or self._first.setdefault(name, _unseen_first())
        first.add((1.0, busier, _longer(n_input_tokens)), attempt.first_content_s)
        if n_tokens > 1:
            self._token_line(name).add((1.0, busier), rest_s / (n_tokens - 1))

    def _token_line(self, name: str) -> _Line:
        return self._token.get(name) or self._token.setdefault(name, _unseen_token())


def _longer(n_input_tokens: int) -> float:
    return log1p(n_input_tokens / 1000.0)


def _unseen_first() -> _Line:
    return _Line((log(PRIOR_FIRST_TOKEN_S), PRIOR_BUSIER, PRIOR_LONGER), quantile=FIRST_QUANTILE)


def _unseen_token() -> _Line:
    return _Line((log(PRIOR_TOKEN_S), PRIOR_BUSIER), quantile=TOKEN_QUANTILE)
