"""Complete answers with what was known of their requests, as far as they were kept: what lengths are learned from."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from unisono.errors import StoreError
from unisono.record.reader import Reader
from unisono.record.rows import answer_from_row
from unisono.types import Attempt, Features

log = logging.getLogger("unisono")

Lesson = tuple[str, Features, Attempt]
"""The hash of the configuration that an answer was decided by, its request's features, and the attempt."""

N_LOOKED = 5_000
"""So many of the latest decisions are looked at; of a model that is asked more seldom nothing is known at a start."""
N_ANSWERS = 24
"""Of each model: what is older has hardly any weight."""

_LATEST = """
SELECT a.decision, a.model FROM (SELECT id, at FROM decisions ORDER BY at DESC LIMIT ?) d
    JOIN attempts a ON a.decision = d.id
WHERE a.status = 'ok' AND a.output_tokens > 0 ORDER BY d.at DESC
"""


def latest_lessons(reader: Reader, fingerprints: Mapping[str, str]) -> list[tuple[Features, Attempt]]:
    """Return the latest complete answers of each model, as it is defined now, oldest first.

    Args:
        reader: of the record.
        fingerprints: of the models' definitions, by name.

    Raises:
        StoreError: the record cannot be read.
    """
    found: dict[str, list[str]] = {name: [] for name in fingerprints}
    for decision, model in reader.rows(_LATEST, (N_LOOKED,)):
        if len(ids := found.get(str(model), _FULL)) < N_ANSWERS:
            ids.append(str(decision))
    then: dict[str, Mapping[str, str]] = {}
    lessons = []
    for config_hash, features, attempt in lessons_of(reader, sorted(set(chain.from_iterable(found.values())))):
        if config_hash not in then:
            config = reader.config(config_hash)
            then[config_hash] = {} if config is None else config.fingerprints
        if then[config_hash].get(attempt.model) == fingerprints.get(attempt.model, ""):
            lessons.append((features, attempt))
    return lessons


_FULL = [""] * N_ANSWERS


def lessons_of(reader: Reader, decisions: Sequence[str]) -> Iterator[Lesson]:
    """Yield what single models answered in full in these decisions, in their order; what cannot be read is left out.

    Raises:
        StoreError: the record cannot be read.
    """
    rows = reader.answers(decisions)
    for decision in decisions:
        if (row := rows.get(decision)) is None:
            continue
        try:
            answer = answer_from_row(row)
        except StoreError:  # the learner's border: one strange row must not stop the others
            log.exception("decision=%s cannot be learned from", decision)
            continue
        attempt = answer.attempt
        if answer.single and answer.features is not None and attempt is not None and attempt.status == "ok":
            yield answer.config_hash, answer.features, attempt
