"""The tables of the SQLite store, and the statements on them."""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "SCHEMA", "SCHEMA_VERSION"]

APPLICATION_ID = 0x434C4F50
"""`PRAGMA application_id`: the letters CLOP."""

SCHEMA_VERSION = 1
"""`PRAGMA user_version`; a store with a higher one was written by a newer CloudOps."""

SCHEMA = f"""
BEGIN;
CREATE TABLE executions (
    number INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL UNIQUE,
    incident_id TEXT NOT NULL,
    title TEXT NOT NULL,
    query TEXT NOT NULL,
    origin TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    phase TEXT NOT NULL,
    primary_class TEXT,
    top_cause TEXT,
    confidence REAL,
    events INTEGER NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX executions_by_incident ON executions (incident_id, number);
CREATE TABLE events (
    execution_id TEXT NOT NULL REFERENCES executions (execution_id),
    incident_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    time TEXT NOT NULL,
    who TEXT NOT NULL,
    body TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (execution_id, seq)
);
CREATE TABLE blobs (
    digest TEXT PRIMARY KEY NOT NULL,
    size INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE snapshots (
    execution_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    fold TEXT NOT NULL,
    size INTEGER NOT NULL,
    digest TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (execution_id, seq)
);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""

# What the file with the last hashes was when the store was closed in order; gone while it is written to.
CREATE_SEAL = "CREATE TABLE IF NOT EXISTS seal (number INTEGER PRIMARY KEY CHECK (number = 1), heads TEXT NOT NULL)"
SELECT_SEAL = "SELECT CAST(heads AS TEXT) FROM seal"
INSERT_SEAL = "INSERT OR REPLACE INTO seal VALUES (1, ?)"
DELETE_SEAL = "DELETE FROM seal"

INSERT_EXECUTION = """
INSERT INTO executions (execution_id, incident_id, title, query, origin, opened_at, updated_at, phase, primary_class,
                        top_cause, confidence, events, hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (execution_id) DO UPDATE SET
    title = excluded.title, updated_at = excluded.updated_at, phase = excluded.phase,
    primary_class = excluded.primary_class, top_cause = excluded.top_cause, confidence = excluded.confidence,
    events = excluded.events, hash = excluded.hash
"""
# Columns by their names: a person with SQLite's shell may have added one.
INSERT_EVENT = """
INSERT INTO events (execution_id, incident_id, seq, time, who, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
# The first event of an execution in a commit is inserted only where it follows the last one that is stored.
INSERT_FIRST_EVENT = """
INSERT INTO events (execution_id, incident_id, seq, time, who, body, previous, hash)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
WHERE CASE ?3
    WHEN 1 THEN NOT EXISTS (SELECT 1 FROM events WHERE execution_id = ?1)
    ELSE (SELECT seq, hash FROM events WHERE execution_id = ?1 ORDER BY seq DESC LIMIT 1) = (?3 - 1, ?7)
END
"""
INSERT_BLOB = "INSERT INTO blobs (digest, size, data) VALUES (?, ?, ?) ON CONFLICT (digest) DO NOTHING"
INSERT_SNAPSHOT = (
    "INSERT OR REPLACE INTO snapshots (execution_id, seq, hash, fold, size, digest, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
)

SELECT_EVENTS = """
SELECT execution_id, incident_id, seq, time, who, body, previous, hash
FROM events WHERE execution_id = ? AND seq > ? ORDER BY seq LIMIT ?
"""
SELECT_TIMES = "SELECT time FROM events WHERE execution_id = ? ORDER BY seq"
SELECT_LAST = "SELECT seq, hash FROM events WHERE execution_id = ? ORDER BY seq DESC LIMIT 1"
SELECT_ANY = "SELECT 1 FROM events LIMIT 1"
SELECT_HASH = "SELECT hash FROM events WHERE execution_id = ? AND seq = ?"
SELECT_BLOB = "SELECT digest, size, data FROM blobs WHERE digest = ?"
SELECT_INDEX = """
SELECT execution_id, incident_id, title, query, origin, opened_at, updated_at, phase, primary_class, top_cause,
       confidence, events, hash
FROM executions ORDER BY number DESC LIMIT ?
"""
SELECT_COUNTS = "SELECT execution_id, events FROM executions"
SELECT_INDEXED = "SELECT events, hash FROM executions WHERE execution_id = ?"
SELECT_OF_INCIDENT = "SELECT execution_id FROM executions WHERE incident_id = ? ORDER BY number DESC"
SELECT_BY_PREFIX = (
    "SELECT execution_id FROM executions WHERE substr(execution_id, 1, ?) = ? ORDER BY number DESC LIMIT ?"
)
# A snapshot counts only where the event that it was taken after is still the same.
SELECT_SNAPSHOT = """
SELECT s.execution_id, s.seq, s.hash, s.fold, s.size, s.digest, s.data
FROM snapshots AS s JOIN events AS e ON e.execution_id = s.execution_id AND e.seq = s.seq AND e.hash = s.hash
WHERE s.execution_id = ? AND s.seq <= ? AND s.fold = ? ORDER BY s.seq DESC LIMIT 1
"""

# For taking executions out. An answer is named by these two kinds of events; one that is named by an event that came
# after `last` was looked up stays.
SELECT_LAST_ROW = "SELECT max(rowid) FROM events"
SELECT_NAMES = "SELECT execution_id FROM executions"
SELECT_ANSWERS = """
SELECT body FROM events
WHERE execution_id = ? AND (instr(body, '"answer_recorded"') OR instr(body, '"action_measured"'))
"""
TOUCH_EXECUTION = "UPDATE executions SET events = events WHERE execution_id = ? AND events = ? AND hash = ?"
DELETE_SNAPSHOTS = "DELETE FROM snapshots WHERE execution_id = ?"
DELETE_EVENTS = "DELETE FROM events WHERE execution_id = ?"
DELETE_EXECUTION = "DELETE FROM executions WHERE execution_id = ?"
DELETE_BLOB = """
DELETE FROM blobs WHERE digest = ?1 AND NOT EXISTS (SELECT 1 FROM events WHERE rowid > ?2 AND instr(body, ?1))
"""
SELECT_USED_BYTES = """
SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size
"""

# The audit reads bytes as they lie there: a damaged column may be no text at all.
SELECT_RAW = """
SELECT CAST(incident_id AS BLOB), seq, CAST(time AS BLOB), CAST(who AS BLOB), CAST(body AS BLOB),
       CAST(previous AS BLOB), CAST(hash AS BLOB),
       typeof(incident_id) || typeof(time) || typeof(who) || typeof(body) || typeof(previous) || typeof(hash)
           = 'texttexttexttexttexttext' AND typeof(seq) = 'integer'
FROM events WHERE execution_id = CAST(? AS TEXT) AND seq > ? ORDER BY seq LIMIT ?
"""
# Every execution that has events; it skips from one to the next instead of reading all.
SELECT_LOGGED = """
WITH RECURSIVE logged (id) AS (
    SELECT min(execution_id) FROM events
    UNION ALL
    SELECT (SELECT min(execution_id) FROM events WHERE execution_id > logged.id) FROM logged WHERE logged.id IS NOT NULL
)
SELECT CAST(id AS BLOB), typeof(id) = 'text' FROM logged WHERE id IS NOT NULL
"""
SELECT_LISTED = "SELECT CAST(execution_id AS BLOB), typeof(execution_id) = 'text' FROM executions"
