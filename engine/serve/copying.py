"""Copies a store and its inbox while they are used."""

from __future__ import annotations

import os
from pathlib import Path

from engine.serve.inbox import Inbox
from engine.store.sqlite import SqliteRows
from primitives.errors import StoreError, UsageError
from primitives.private_files import create_private

__all__ = ["copy_store"]


async def copy_store(rows: SqliteRows, inbox: Inbox | None, folder: Path) -> tuple[Path, ...]:
    """Copy both into `folder`; gives the files. Raises `UsageError` where a copy is there already, `StoreError`."""
    store = folder / rows.path.name
    names = [store, store.with_name(store.name + ".heads")]
    if inbox is not None:
        names.append(folder / inbox.path.name)
    _prepare(folder, names)
    _make_private(store)
    await rows.copy_to(store)
    if inbox is not None:
        _make_private(names[-1])
        await inbox.backup(names[-1])
    return tuple(name for name in names if name.exists())


def _prepare(folder: Path, names: list[Path]) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} can't be made ({error.strerror}): choose another folder") from error
    for name in names:
        if os.path.lexists(name):  # also a link to nothing
            raise UsageError(f"{name} is there already: choose another folder")


def _make_private(path: Path) -> None:
    try:
        os.close(create_private(path))
    except OSError as error:
        raise StoreError(f"{path} can't be made ({error.strerror}): choose another folder") from error
