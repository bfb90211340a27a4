"""The record: what was decided and how it ended, in SQLite and as metrics."""
