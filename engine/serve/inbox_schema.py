"""The tables of the inbox: a SQLite file of its own beside the store, so that no storm waits for an investigation."""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "SCHEMA", "SCHEMA_VERSION", "UPGRADES"]

APPLICATION_ID = 0x434C4F49
"""`PRAGMA application_id`: the letters CLOI."""

SCHEMA_VERSION = 2

_FIRING_INDEX = "CREATE INDEX firing_by_channel ON alerts (channel) WHERE status != 'resolved';"

UPGRADES = {2: _FIRING_INDEX}
"""What makes each format of the one before; 2: a pull asks for what fires every few seconds."""

PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA fullfsync = ON;
PRAGMA secure_delete = ON;
PRAGMA journal_size_limit = 67108864;
"""

SCHEMA = f"""
BEGIN;
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    received_at REAL NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE seen (
    key TEXT PRIMARY KEY NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX seen_by_time ON seen (at);
CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    received_at REAL NOT NULL,
    size INTEGER NOT NULL,
    problem TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE alerts (
    key TEXT PRIMARY KEY NOT NULL,
    group_id TEXT NOT NULL,
    status TEXT NOT NULL,
    changed_at REAL NOT NULL,
    seen_at REAL NOT NULL,
    times INTEGER NOT NULL,
    source_id TEXT NOT NULL,
    channel TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX alerts_by_group ON alerts (group_id);
{_FIRING_INDEX}
CREATE TABLE groups (
    id TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL,
    opened_at REAL NOT NULL,
    last_at REAL NOT NULL,
    ended_at REAL,
    document TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX groups_by_time ON groups (last_at);
CREATE TABLE payloads (
    number INTEGER PRIMARY KEY,
    group_id TEXT NOT NULL,
    received_at REAL NOT NULL,
    channel TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX payloads_by_group ON payloads (group_id);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""

INSERT_DELIVERY = """
INSERT INTO deliveries (channel, key, received_at, body)
SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM seen WHERE key = ?2)
ON CONFLICT (key) DO NOTHING
"""
SELECT_WAITING = "SELECT number, channel, key, received_at, body FROM deliveries ORDER BY number LIMIT ?"
COUNT_WAITING = "SELECT count(*), coalesce(sum(length(body)), 0) FROM deliveries"
DELETE_DELIVERY = "DELETE FROM deliveries WHERE number = ?"
INSERT_SEEN = "INSERT OR REPLACE INTO seen VALUES (?, ?)"
INSERT_QUARANTINE = "INSERT INTO quarantine (channel, received_at, size, problem, body) VALUES (?, ?, ?, ?, ?)"
SELECT_QUARANTINE = (
    "SELECT number, channel, received_at, size, problem, body FROM quarantine ORDER BY number DESC LIMIT ?"
)
COUNT_QUARANTINE = "SELECT count(*) FROM quarantine"
SELECT_SEEN = "SELECT key FROM seen WHERE key IN (SELECT value FROM json_each(?))"
SELECT_ALERTS = (
    "SELECT key, group_id, status, changed_at, seen_at, times, source_id, channel FROM alerts "
    "WHERE key IN (SELECT value FROM json_each(?))"
)
SELECT_ALERTS_OF = (
    "SELECT key, group_id, status, changed_at, seen_at, times, source_id, channel FROM alerts WHERE group_id = ? "
    "ORDER BY seen_at LIMIT ?"
)
SELECT_FIRING = "SELECT key FROM alerts WHERE channel = ? AND status != 'resolved'"
UPSERT_ALERT = "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
SELECT_GROUPS = "SELECT document FROM groups WHERE last_at >= ? ORDER BY last_at DESC LIMIT ?"
SELECT_GROUP = "SELECT document FROM groups WHERE id = ?"
SELECT_DUE = "SELECT document FROM groups WHERE state IN ('waiting', 'opening', 'running') ORDER BY opened_at LIMIT ?"
UPSERT_GROUP = "INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?, ?, ?)"
INSERT_PAYLOAD = "INSERT INTO payloads (group_id, received_at, channel, document) VALUES (?, ?, ?, ?)"
SELECT_PAYLOADS = "SELECT document FROM payloads WHERE group_id = ? ORDER BY number LIMIT ?"
EXPIRE = (
    "DELETE FROM seen WHERE at < ?1",
    "DELETE FROM quarantine WHERE received_at < ?1",
    "DELETE FROM payloads WHERE group_id IN (SELECT id FROM groups WHERE last_at < ?1 AND ended_at IS NOT NULL)",
    "DELETE FROM alerts WHERE group_id IN (SELECT id FROM groups WHERE last_at < ?1 AND ended_at IS NOT NULL)",
    "DELETE FROM groups WHERE last_at < ?1 AND ended_at IS NOT NULL",
)
