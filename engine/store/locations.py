"""Where a store is: a URL, or the path of a SQLite file.

| written | is |
| --- | --- |
| `/path/incidents.db`, `sqlite:///path/incidents.db` | a SQLite file |
| `memory://` | in memory, gone with its opening |
| `memory://NAME` | in memory, shared by every opening of that name in this process |
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from primitives.dataclass import dataclass
from primitives.errors import UsageError
from primitives.patterns import lazy_pattern
from primitives.text import safe_line

if TYPE_CHECKING:
    # What only compares places needs no store.
    from engine.store.rows import RowStore

__all__ = ["SCHEMES", "StoreLocation", "open_rows", "parse_location"]

_URL = lazy_pattern(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
# Up to the last @: a password may hold any character. Where an @ comes later, more is hidden than the password.
_PASSWORD = lazy_pattern(r"^([^:/?@]*):.*@", re.DOTALL)
_SECRET_PARAMETER = lazy_pattern(
    r"([?&][^=&?]{0,60}?(?:password|passwd|secret|token|key)[^=&?]{0,60}=)[^&]*", re.IGNORECASE
)
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class StoreLocation:
    """A store's place. `path` is the SQLite file's, absolute, or None; `name` is what follows any other scheme.

    Only `name` has a password that the URL holds; what is printed has `***` in its place.
    """

    scheme: str
    path: Path | None = None
    name: str = field(default="", repr=False)

    def __str__(self) -> str:
        if self.path is not None:
            return str(self.path)
        name = _PASSWORD.sub(rf"\1:{_HIDDEN}@", self.name)
        name = _SECRET_PARAMETER.sub(rf"\1{_HIDDEN}", name)
        return f"{self.scheme}://{name}"

    def exists(self) -> bool:
        """Whether there may be a store. One that nobody lets us look at is there; opening it says what is wrong."""
        if self.path is None:
            return bool(self.name)
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            pass
        return True


def parse_location(text: str | Path | StoreLocation) -> StoreLocation:
    """What `text` names. Raises `UsageError` for a scheme that no store has and for a path that can't be one."""
    if isinstance(text, StoreLocation):
        return text
    match = _URL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return _file(str(text), Path(text))
    scheme, rest = match[1].lower(), match[2]
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise UsageError(f"{safe_line(match[1])}://: no store of that kind is known; name a path, or one of {known}")
    if scheme != "sqlite":
        return StoreLocation(scheme, name=unquote(rest))
    if not rest.startswith("/") or rest == "/":
        raise UsageError(
            f"{safe_line(str(text))}: write three slashes and an absolute path: sqlite:///path/incidents.db"
        )
    return _file(str(text), Path(unquote(rest)))


async def open_rows(location: str | Path | StoreLocation) -> RowStore:
    """Open (or create) the store at `location`. Raises `UsageError`, `StoreError`."""
    place = parse_location(location)
    return await SCHEMES[place.scheme](place)


def _file(text: str, path: Path) -> StoreLocation:
    if not text:
        raise UsageError("an empty path leads to no store; give one, or leave it out")
    if "\0" in str(path):
        raise UsageError(f"{safe_line(text)}: no path holds a NUL character")
    return StoreLocation("sqlite", path=path.expanduser().absolute())


async def _open_sqlite(place: StoreLocation) -> RowStore:
    from engine.store.sqlite import SqliteRows

    assert place.path is not None
    return await SqliteRows.open(place.path)


async def _open_memory(place: StoreLocation) -> RowStore:
    from engine.store.memory import MemoryRows, shared_tables

    return MemoryRows(shared_tables(place.name) if place.name else None)


SCHEMES: dict[str, Callable[[StoreLocation], Awaitable[RowStore]]] = {"sqlite": _open_sqlite, "memory": _open_memory}
"""Every kind of store by its URL's scheme; it is imported when one is opened."""
