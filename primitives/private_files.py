"""Files that their owner alone can read, from their first byte on."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["create_private"]


def create_private(path: Path) -> int:
    """Make an empty file where nothing is yet, not even a link, and return its descriptor. Raises `OSError`.

    SQLite would give it the process's usual rights, and another could read it until they are taken away.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
