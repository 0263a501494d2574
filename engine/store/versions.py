"""Which SQLite this Python links, for `cloudops doctor`."""

from __future__ import annotations

import sqlite3

__all__ = ["sqlite_version", "sqlite_warning"]

_WAL_RESET_FIXED = (3, 51, 3)


def sqlite_version() -> str:
    """The SQLite that this Python links."""
    return sqlite3.sqlite_version


def sqlite_warning() -> str | None:
    """What is wrong with the SQLite that this Python links; None when nothing is."""
    if sqlite3.sqlite_version_info >= _WAL_RESET_FIXED:
        return None
    return (
        f"SQLite {sqlite3.sqlite_version} can corrupt a store that two programs write at once (fixed in 3.51.3): "
        "CloudOps itself never does that; don't open the store with another program while CloudOps runs"
    )
