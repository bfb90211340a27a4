"""Joins signals into scores: late, twice or changed, each decision counts once, and what was learned can be recomputed.

Statements inside one transaction of the caller; what a signal is worth is decided in `learn.reward`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from unisono.record.rows import Value, score_row, to_us
from unisono.types import Score, Signal

MAX_PER_MODEL = 256
"""Scores from signals that count for one model; the oldest decision goes first, which is how change is followed."""

_KNOWN = "SELECT score, weight FROM scores WHERE fingerprint = ? AND item = ?"
_KEEP_OLD = (
    "INSERT INTO old_scores SELECT fingerprint, item, model, kind, prompt, score, weight, output_tokens, seconds, at,"
    " generation, ?, features, by FROM scores WHERE fingerprint = ? AND item = ? AND generation < ?"
)
_PUT = "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DROP = "DELETE FROM scores WHERE fingerprint = ? AND item = ?"
_BEYOND = "SELECT item FROM scores WHERE fingerprint = ? AND features IS NOT NULL ORDER BY item DESC LIMIT -1 OFFSET ?"
_JOINED = "UPDATE signals SET joined = 1 WHERE decision = ? AND kind = ? AND by = ? AND at = ?"
_PURGED_NOW = (
    "UPDATE settings SET value = (SELECT value FROM settings WHERE name = 'scores_generation')"
    " WHERE name = 'scores_purged'"
)
_PURGED_BEFORE = (
    "UPDATE settings SET value = max(value, coalesce("
    "(SELECT max(until) - 1 FROM old_scores WHERE item = ? AND features IS NOT NULL), -1)) WHERE name = 'scores_purged'"
)
_GROWN = "UPDATE settings SET value = value + 1 WHERE name = 'scores_generation'"


def replace_scores(
    connection: sqlite3.Connection, scores: Sequence[Score], fingerprints: Sequence[str], *, at: datetime
) -> int:
    """Put scores in the place of older ones of the same model and item; those are kept for `scores_at`.

    Args:
        connection: inside a transaction.
        scores: of any models; of the same model and item the last counts.
        fingerprints: of the definition of each score's model.
        at: now.

    Returns:
        The new generation.
    """
    connection.execute(_GROWN)
    generation = int(connection.execute("SELECT value FROM settings WHERE name = 'scores_generation'").fetchone()[0])
    rows = [
        score_row(score, fingerprint=fingerprint, at=at, generation=generation)
        for score, fingerprint in zip(scores, fingerprints, strict=True)
    ]
    keys = dict.fromkeys(row[:2] for row in rows)  # each once: what is said twice here replaces one old score
    connection.executemany(_KEEP_OLD, [(generation, *key, generation) for key in keys])
    connection.executemany(_PUT, rows)
    return generation


def join(
    connection: sqlite3.Connection,
    signals: Sequence[Signal],
    scores: Sequence[Score],
    fingerprints: Sequence[str],
    *,
    at: datetime,
) -> int:
    """Take in what signals have come to, and mark them as joined. Signals that came since then stay pending.

    Args:
        connection: inside a transaction.
        signals: as they were read.
        scores: what they come to, one per model and decision.
        fingerprints: of the definition that each score's model had when it answered.
        at: now.

    Returns:
        How many scores changed. Another process may have joined the same: then none. Nor does one of a decision that
        has been purged.
    """
    changed = [
        place
        for place, score in enumerate(scores)
        if _is_kept(connection, score) and _known(connection, score, fingerprints[place]) != (score.score, score.weight)
    ]
    if changed:
        prints = [fingerprints[place] for place in changed]
        generation = replace_scores(connection, [scores[place] for place in changed], prints, at=at)
        for fingerprint in dict.fromkeys(prints):
            _forget_oldest(connection, fingerprint, generation)
    connection.executemany(_JOINED, [(s.decision, s.kind, s.by, to_us(s.at)) for s in signals])
    return len(changed)


def purge_learned(connection: sqlite3.Connection, ids: Sequence[tuple[Value, ...]]) -> None:
    """Delete what was learned from signals about decisions, and note what cannot be recomputed now.

    Args:
        connection: inside a transaction.
        ids: rows of one value, the decision.
    """
    for one in ids:
        n_now = connection.execute("DELETE FROM scores WHERE item = ? AND features IS NOT NULL", one).rowcount
        if n_now:
            connection.execute(_PURGED_NOW)
            connection.execute(_GROWN)
        connection.execute(_PURGED_BEFORE, one)
        connection.execute("DELETE FROM old_scores WHERE item = ? AND features IS NOT NULL", one)


def _is_kept(connection: sqlite3.Connection, score: Score) -> bool:
    """Say whether the decision of a score is still there: it may have been purged since its signals were read."""
    return connection.execute("SELECT 1 FROM decisions WHERE id = ?", (score.item,)).fetchone() is not None


def _known(connection: sqlite3.Connection, score: Score, fingerprint: str) -> tuple[float, float] | None:
    row: Mapping[int, float] | None = connection.execute(_KNOWN, (fingerprint, score.item)).fetchone()
    return None if row is None else (row[0], row[1])


def _forget_oldest(connection: sqlite3.Connection, fingerprint: str, generation: int) -> None:
    beyond = [row[0] for row in connection.execute(_BEYOND, (fingerprint, MAX_PER_MODEL))]
    connection.executemany(_KEEP_OLD, [(generation, fingerprint, item, generation) for item in beyond])
    connection.executemany(_DROP, [(fingerprint, item) for item in beyond])
