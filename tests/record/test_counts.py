"""Plain counts and times read as the client library's own would."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest

from unisono.record.counts import Counts, Times

BOUNDS = (0.1, 0.5, 1.0)
SECONDS = (0.05, 0.1, 0.2, 0.5, 0.7, 3.0)


def test_a_histogram_tells_what_the_client_librarys_would() -> None:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    histogram = Histogram("t_seconds", "Seconds.", ["model"], registry=theirs, buckets=BOUNDS)
    times = Times("t_seconds", "Seconds.", ["model"], bounds=BOUNDS)
    ours.register(times)
    for seconds in SECONDS:
        histogram.labels("small").observe(seconds)
        times.add(("small",), seconds)
    assert generate_latest(ours) == _without_created(theirs)


def test_a_counter_tells_what_the_client_librarys_would_and_never_falls() -> None:
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    counter = Counter("n_total", "Number.", ["model"], registry=theirs)
    bare = Counter("bare_total", "Number.", registry=theirs)
    counts, bare_counts = Counts("n_total", "Number.", ["model"]), Counts("bare_total", "Number.")
    ours.register(counts)
    ours.register(bare_counts)
    for by in (1.0, 0.25):
        counter.labels('odd "name"').inc(by)
        counts.add(('odd "name"',), by)
    counts.add(('odd "name"',), -1.0)
    bare.inc(0.0)
    assert generate_latest(ours) == _without_created(theirs)


def _without_created(registry: CollectorRegistry) -> bytes:
    lines = generate_latest(registry).splitlines(keepends=True)
    return b"".join(line for line in lines if b"_created" not in line)
