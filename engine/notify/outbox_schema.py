"""The outbox's tables and statements."""

from __future__ import annotations

from typing import Final

__all__ = ["PRAGMAS", "SCHEMA", "VERSION"]

VERSION: Final = 1

PRAGMAS: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA journal_size_limit = 16777216;
"""

SCHEMA: Final = f"""
BEGIN;
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    receiver TEXT NOT NULL,
    rule TEXT NOT NULL,
    kind TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    title TEXT NOT NULL,
    notice TEXT NOT NULL,
    made_at REAL NOT NULL,
    due_at REAL NOT NULL,
    wait_s REAL NOT NULL,
    held INTEGER NOT NULL,
    needs TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    progress TEXT NOT NULL DEFAULT '{{}}',
    ended_at REAL
);
CREATE INDEX deliveries_that_wait ON deliveries (receiver, execution_id, number) WHERE status = 'waiting';
CREATE INDEX deliveries_that_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
CREATE TABLE threads (
    receiver TEXT NOT NULL,
    execution_id TEXT NOT NULL,
    kept TEXT NOT NULL,
    PRIMARY KEY (receiver, execution_id)
);
CREATE TABLE cursors (
    execution_id TEXT PRIMARY KEY NOT NULL,
    seq INTEGER NOT NULL
);
CREATE TABLE begun (number INTEGER PRIMARY KEY CHECK (number = 1));
PRAGMA user_version = {VERSION};
COMMIT;
"""

SELECT_CURSORS: Final = "SELECT execution_id, seq FROM cursors"
SELECT_BEGUN: Final = "SELECT 1 FROM begun"
SET_BEGUN: Final = "INSERT OR IGNORE INTO begun VALUES (1)"
INSERT_CURSOR: Final = """
INSERT INTO cursors VALUES (?, ?) ON CONFLICT (execution_id) DO UPDATE SET seq = max(seq, excluded.seq)
"""
INSERT_DELIVERY: Final = """
INSERT INTO deliveries (key, receiver, rule, kind, execution_id, title, notice, made_at, due_at, wait_s, held, needs)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING
"""
SUPERSEDE: Final = """
UPDATE deliveries SET status = 'dropped', ended_at = due_at, problem = 'a later notice says more'
WHERE receiver = ?1 AND execution_id = ?2 AND status = 'waiting' AND held AND attempts = 0
    AND number < (SELECT number FROM deliveries WHERE key = ?3)
"""
# A retry that isn't due yet holds back what comes after it; what is only planned for later does not.
SELECT_HEADS: Final = """
SELECT number, key, receiver, rule, kind, execution_id, notice, attempts, made_at, due_at, needs, progress
FROM deliveries WHERE number IN (
    SELECT min(number) FROM deliveries
    WHERE receiver = ?1 AND status = 'waiting' AND (due_at <= ?2 OR attempts > 0)
    GROUP BY execution_id
) ORDER BY due_at > ?2, number LIMIT ?3
"""
SELECT_NEXT: Final = """
SELECT min(due_at) FROM deliveries WHERE receiver = ?1 AND status = 'waiting' AND (
    (due_at > ?2 AND attempts = 0) OR number IN (
        SELECT min(number) FROM deliveries
        WHERE receiver = ?1 AND status = 'waiting' AND (due_at <= ?2 OR attempts > 0)
        GROUP BY execution_id
    )
)
"""
NOTE_ATTEMPT: Final = "UPDATE deliveries SET attempts = attempts + 1, held = 0 WHERE number = ?"
SETTLE: Final = "UPDATE deliveries SET status = ?, ended_at = ?, problem = ? WHERE number = ?"
POSTPONE: Final = "UPDATE deliveries SET due_at = ?, wait_s = ?, problem = ? WHERE number = ?"
SET_PROGRESS: Final = "UPDATE deliveries SET progress = ? WHERE number = ?"
SELECT_THREAD: Final = "SELECT kept FROM threads WHERE receiver = ? AND execution_id = ?"
SET_THREAD: Final = "INSERT OR REPLACE INTO threads VALUES (?, ?, ?)"
SHIFT: Final = "UPDATE deliveries SET due_at = due_at + ? WHERE status = 'waiting' AND NOT held"
CLAMP: Final = "UPDATE deliveries SET due_at = min(due_at, ? + wait_s) WHERE status = 'waiting' AND NOT held"
FORGET: Final = "DELETE FROM deliveries WHERE status != 'waiting' AND ended_at < ?"
RETRY: Final = """
UPDATE deliveries SET status = 'waiting', attempts = 0, due_at = ?1, made_at = ?1, wait_s = 0, ended_at = NULL
WHERE key = ?2 AND status = 'dead'
"""
SELECT_DELIVERIES: Final = """
SELECT key, receiver, rule, kind, execution_id, title, status, attempts, made_at, due_at, problem
FROM deliveries ORDER BY status NOT IN ('waiting', 'dead'), coalesce(ended_at, due_at) DESC LIMIT ?
"""
