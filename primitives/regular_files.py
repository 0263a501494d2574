"""Reads files that a person names: whole, within a limit, and no pipe or device, which may never end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primitives.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_regular"]


def read_regular(path: Path, most_bytes: int, *, what: str, see: str) -> bytes:
    """A file's bytes. Raises `UsageError`, and `FileNotFoundError` where there is none.

    `what` the file should be (a policy) and where to `see` more are for the message.
    """
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is no regular file, so it can't be a {what}; {see}")
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); {see}") from None
    if len(data) > most_bytes:
        size = f"{most_bytes // 1_000_000} MB" if most_bytes >= 1_000_000 else f"{most_bytes // 1_000} kB"
        raise UsageError(f"{path}: is larger than {size}, which no {what} is; {see}")
    return data
