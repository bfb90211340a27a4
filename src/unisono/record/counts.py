"""Counts and times as plain numbers, told to Prometheus when it asks.

A request moves a dozen of them; the client library's own cells take a lock and three calls for each, these a look-up in
a dict. Nothing here locks: who adds from several threads does it under a lock of his own. Who collects takes copies.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Counts(Collector):
    """One counter, by its labels' values."""

    def __init__(self, name: str, text: str, labels: Sequence[str] = ()) -> None:
        """Count nothing yet; a counter without labels shows its zero."""
        self._name = name
        self._text = text
        self._labels = tuple(labels)
        self._values: defaultdict[tuple[str, ...], float] = defaultdict(float, {} if labels else {(): 0.0})

    def add(self, labels: tuple[str, ...] = (), by: float = 1.0) -> None:
        """Add to one cell; a counter never falls."""
        if by >= 0.0:
            self._values[labels] += by

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the counter."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for labels, value in list(self._values.items()):
            family.add_metric(labels, value)
        yield family


class Times(Collector):
    """One histogram of seconds, by its label's value."""

    def __init__(self, name: str, text: str, labels: Sequence[str] = (), *, bounds: Sequence[float]) -> None:
        """Know nothing yet.

        Args:
            name: of the metric.
            text: what it tells.
            labels: its label's name, or nothing.
            bounds: the upper ends of the buckets, rising.
        """
        self._name = name
        self._text = text
        self._labels = tuple(labels)
        self._bounds = tuple(bounds)
        self._names = [*map(floatToGoString, bounds), "+Inf"]
        self._cells: dict[tuple[str, ...], _Cell] = {} if labels else {(): _Cell(len(bounds) + 1)}

    def add(self, labels: tuple[str, ...], seconds: float) -> None:
        """Take in one time."""
        cell = self._cells.get(labels)
        if cell is None:
            cell = self._cells[labels] = _Cell(len(self._names))
        cell.n_in[bisect_left(self._bounds, seconds)] += 1
        cell.sum_s += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the histogram, its buckets heaped up as Prometheus wants them."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        for labels, cell in list(self._cells.items()):
            heaped = accumulate(map(float, [*cell.n_in]))
            family.add_metric(labels, list(zip(self._names, heaped, strict=True)), cell.sum_s)
        yield family


class _Cell:
    __slots__ = ("n_in", "sum_s")

    def __init__(self, n_buckets: int) -> None:
        self.n_in = [0] * n_buckets
        self.sum_s = 0.0
