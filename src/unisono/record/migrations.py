"""The schema of the record as numbered migrations, applied one by one inside a transaction.

It does not open databases. A migration that has been released is never edited: add the next one.
"""

from __future__ import annotations

import sqlite3

from unisono.errors import StoreError

APPLICATION_ID = 0x556E6973  # "Unis": tells our files from other SQLite databases

_REQUESTS: tuple[str, ...] = (
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    "INSERT INTO settings VALUES ('salt', lower(hex(randomblob(32))))",
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, pid INTEGER NOT NULL, process TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER
    )""",
    """CREATE TABLE decisions (
        id TEXT PRIMARY KEY, run TEXT NOT NULL, at INTEGER NOT NULL, request TEXT NOT NULL,
        session TEXT NOT NULL, key TEXT NOT NULL, user TEXT, mode TEXT, pin TEXT, pattern TEXT NOT NULL,
        model TEXT, stream INTEGER NOT NULL, degraded INTEGER NOT NULL, reason TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX decisions_at ON decisions (at)",
    "CREATE INDEX decisions_user ON decisions (user) WHERE user IS NOT NULL",
    "CREATE TABLE details (decision TEXT PRIMARY KEY, body BLOB NOT NULL, features BLOB, prompt TEXT)",
    """CREATE TABLE outcomes (
        decision TEXT PRIMARY KEY, at INTEGER NOT NULL, request TEXT NOT NULL, status TEXT NOT NULL, model TEXT,
        cost_usd REAL, total_s REAL, notices TEXT, baseline_usd REAL
    ) WITHOUT ROWID""",
    "CREATE INDEX outcomes_at ON outcomes (at)",
    """CREATE TABLE attempts (
        decision TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, model TEXT NOT NULL,
        upstream_model TEXT NOT NULL, status TEXT NOT NULL, first_content_s REAL, total_s REAL,
        reported_model TEXT, input_tokens INTEGER, output_tokens INTEGER, cached_input_tokens INTEGER,
        reasoning_tokens INTEGER, cost_usd REAL, http_status INTEGER, error_code TEXT, error_text TEXT,
        PRIMARY KEY (decision, n)
    ) WITHOUT ROWID""",
)

_SCORES: tuple[str, ...] = (
    """CREATE TABLE scores (
        fingerprint TEXT NOT NULL, item TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL,
        prompt TEXT NOT NULL, score REAL NOT NULL, weight REAL NOT NULL, output_tokens INTEGER, seconds REAL,
        at INTEGER NOT NULL, PRIMARY KEY (fingerprint, item)
    )""",
    "INSERT INTO settings VALUES ('scores_generation', 0)",
)

_CONFIGS: tuple[str, ...] = (
    "CREATE TABLE configs (hash TEXT PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID",
    "ALTER TABLE scores ADD COLUMN generation INTEGER NOT NULL DEFAULT 0",
    # A score that was measured again: it counted from `generation` on, and no more from `until` on.
    """CREATE TABLE old_scores (
        fingerprint TEXT NOT NULL, item TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL,
        prompt TEXT NOT NULL, score REAL NOT NULL, weight REAL NOT NULL, output_tokens INTEGER, seconds REAL,
        at INTEGER NOT NULL, generation INTEGER NOT NULL, until INTEGER NOT NULL
    )""",
    "CREATE INDEX old_scores_fingerprint ON old_scores (fingerprint)",
)

_SESSIONS: tuple[str, ...] = (
    """CREATE TABLE sessions (
        key TEXT NOT NULL, session TEXT NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (key, session)
    ) WITHOUT ROWID""",
    "CREATE INDEX sessions_at ON sessions (at)",
)

_LIMITS: tuple[str, ...] = (
    """CREATE TABLE spending (
        name TEXT NOT NULL, holder TEXT NOT NULL, bucket INTEGER NOT NULL, amount INTEGER NOT NULL,
        PRIMARY KEY (name, holder, bucket)
    ) WITHOUT ROWID""",
)

_INCIDENTS: tuple[str, ...] = (
    """CREATE TABLE incidents (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, at INTEGER NOT NULL, last INTEGER NOT NULL,
        n INTEGER NOT NULL, policy TEXT NOT NULL, text TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX incidents_at ON incidents (at)",
    """CREATE TABLE signals (
        decision TEXT NOT NULL, kind TEXT NOT NULL, value TEXT, by TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (decision, kind, by)
    ) WITHOUT ROWID""",
)

_KEYS: tuple[str, ...] = (
    "INSERT INTO settings VALUES ('pepper', lower(hex(randomblob(32))))",
    # `digest` is a keyed hash of the key, never the key. Several rows of one name: a rotation.
    """CREATE TABLE keys (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL UNIQUE, scope BLOB NOT NULL,
        created INTEGER NOT NULL, expires INTEGER, revoked INTEGER
    ) WITHOUT ROWID""",
    # Each process adds to rows of its own, so that every other one can tell its own part from the rest.
    """CREATE TABLE spending_by_run (
        name TEXT NOT NULL, holder TEXT NOT NULL, bucket INTEGER NOT NULL, run TEXT NOT NULL, amount INTEGER NOT NULL,
        PRIMARY KEY (name, holder, bucket, run)
    ) WITHOUT ROWID""",
    "INSERT INTO spending_by_run SELECT name, holder, bucket, '', amount FROM spending",
    "DROP TABLE spending",
    "ALTER TABLE spending_by_run RENAME TO spending",
    # What requests in flight hold of a limit, as each process last said.
    """CREATE TABLE held (
        run TEXT NOT NULL, name TEXT NOT NULL, holder TEXT NOT NULL, amount INTEGER NOT NULL,
        PRIMARY KEY (run, name, holder)
    ) WITHOUT ROWID""",
)

_PARTS: tuple[str, ...] = ("ALTER TABLE attempts ADD COLUMN part TEXT",)

_LEARNING: tuple[str, ...] = (
    # Scores that come from signals: the item is the decision, and its features stand instead of a prompt.
    "ALTER TABLE scores ADD COLUMN features BLOB",
    "ALTER TABLE scores ADD COLUMN by TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE old_scores ADD COLUMN features BLOB",
    "ALTER TABLE old_scores ADD COLUMN by TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX scores_item ON scores (item) WHERE features IS NOT NULL",
    "CREATE INDEX old_scores_item ON old_scores (item) WHERE features IS NOT NULL",
    # A signal is joined when the scores say what it says.
    "ALTER TABLE signals ADD COLUMN joined INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX signals_pending ON signals (at) WHERE joined = 0",
    # Up to this generation scores have been purged: what was decided with them cannot be recomputed.
    "INSERT INTO settings VALUES ('scores_purged', -1)",
)

_MODELS: tuple[str, ...] = (
    # What became of each model of the pool: added, replaced by another, retired. The body says what was known then.
    """CREATE TABLE lineage (
        id TEXT PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, model TEXT NOT NULL, fingerprint TEXT NOT NULL,
        successor TEXT, body BLOB NOT NULL
    ) WITHOUT ROWID""",
    # Charts of how each model answers, by what it is and not by its name; one row a chart, of a bounded size.
    """CREATE TABLE drift (
        fingerprint TEXT NOT NULL, stream TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (fingerprint, stream)
    ) WITHOUT ROWID""",
    # Whole conversations and answers, only of keys that agreed that they may be exported.
    """CREATE TABLE texts (
        decision TEXT PRIMARY KEY, messages BLOB NOT NULL, answer BLOB
    ) WITHOUT ROWID""",
)

_POLICIES: tuple[str, ...] = (
    "ALTER TABLE decisions ADD COLUMN policy TEXT NOT NULL DEFAULT 'config'",
    # A policy never changes. `settings`: JSON over `[routing]`; `scores`: the generation it is frozen at.
    """CREATE TABLE policies (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, parent TEXT NOT NULL,
        settings TEXT NOT NULL, artifact TEXT, scores INTEGER
    ) WITHOUT ROWID""",
    # What happened to policies, and what is in force after it: the last row is how things stand.
    """CREATE TABLE policy_events (
        n INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, policy TEXT NOT NULL, by TEXT NOT NULL,
        why TEXT NOT NULL, live TEXT NOT NULL, held INTEGER, canary TEXT, share REAL NOT NULL, left_at INTEGER,
        verdict TEXT
    )""",
)

_SESSIONS_BY_ROW: tuple[str, ...] = (
    # Conversations have random names. With rows in the order that they came, only the short entries of the key's index
    # are written all over the file, and not the rows: .4 of the time.
    """CREATE TABLE sessions_by_row (
        key TEXT NOT NULL, session TEXT NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (key, session)
    )""",
    "INSERT INTO sessions_by_row SELECT key, session, body, at FROM sessions ORDER BY at",
    "DROP TABLE sessions",
    "ALTER TABLE sessions_by_row RENAME TO sessions",
    "CREATE INDEX sessions_at ON sessions (at)",
)

_CALLERS: tuple[str, ...] = (
    # Whose requests an event is about; a policy that was put in force for a caller decides for some callers only.
    "ALTER TABLE policy_events ADD COLUMN caller TEXT",
    # What came in force by itself was judged by everybody's requests at once: only who has no key keeps it.
    "UPDATE policy_events SET caller = 'anonymous' WHERE kind = 'promoted' AND by = 'domain guard'",
)

_FOUND_SOON: tuple[str, ...] = (
    # What a limit's window holds, several times a second, beside all that was ever counted.
    "CREATE INDEX spending_bucket ON spending (name, bucket)",
    # A key that asks for its own decisions reads no others.
    "CREATE INDEX decisions_key ON decisions (key, at)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _REQUESTS,
    _SCORES,
    (*_CONFIGS, *_SESSIONS, *_LIMITS, *_INCIDENTS),
    _KEYS,
    _PARTS,
    _LEARNING,
    _MODELS,
    _POLICIES,
    _SESSIONS_BY_ROW,
    _CALLERS,
    _FOUND_SOON,
)
"""Migration number n is at place n - 1; each is a list of single statements."""

VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the schema version of an open database; 0 for an empty one.

    Raises:
        StoreError: the database belongs to another program or to a newer Unisono.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    n_tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if owner != APPLICATION_ID and (owner or version or n_tables):
        raise StoreError("it is a SQLite database of another program. Set `store.path` to another file.")
    if version > VERSION:
        raise StoreError(
            f"it has schema version {version}, and this Unisono knows versions up to {VERSION}:"
            " a newer Unisono wrote it. Install that version, or set `store.path` to another file."
        )
    return version


def migrate(connection: sqlite3.Connection, *, upto: int = VERSION) -> None:
    """Bring a database to schema version `upto`: all of it, or, on an error, nothing.

    Args:
        connection: open for writing, in autocommit mode.
        upto: a lower version only in tests.

    Raises:
        StoreError: the database belongs to another program or to a newer Unisono.
        sqlite3.Error: SQLite refused; nothing was changed.
    """
    if version_of(connection) >= upto:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock: look again, now inside it.
        for number in range(version_of(connection) + 1, upto + 1):
            for statement in MIGRATIONS[number - 1]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
