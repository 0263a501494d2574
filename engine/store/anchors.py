"""The last hash of every execution, kept outside the database, to detect a log that was cut off or rewritten.

The file is text, one line a commit: execution id, sequence number, hash. It is written after the commit and without
fsync: it may lag behind the database by what was committed last, and is never ahead of it. The highest sequence number
of an execution counts; an incomplete line, which a kill or a full disk leaves, is ignored.

Where the file is gone, or lines of it are none, something else than this program was at it. A line is written then that
stays, so that the audit says so for ever and not only until the next start.

A store that is closed in order keeps the digest of this file (`AnchorFile.seal`) until it is written to again: so a
line that was taken away meanwhile shows as well, which is otherwise what a kill leaves.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from engine.failpoints import failpoint
from engine.store.rows import Head
from primitives.errors import StoreError
from primitives.patterns import lazy_pattern
from primitives.text import safe_line

__all__ = ["AnchorFile"]

_LINE = lazy_pattern(r"(\S+) ([1-9][0-9]{0,17}) ([0-9a-f]{64})")
_INCOMPLETE = lazy_pattern(r"\S+(?: (?:[1-9][0-9]{0,17}(?: [0-9a-f]{0,63})?)?)?")
_BEGUN = "! begun with the store"
_LOST = "! lines were lost"
_ADDED = lazy_pattern(r"! added to (\S+) after (0|[1-9][0-9]{0,17})")
# A link in its place would let somebody else choose the file that is written.
_OWN = os.O_CLOEXEC | os.O_NOFOLLOW
_COMPACT_ABOVE = 4 * 1024 * 1024


class AnchorFile:
    """The heads file of one store. With `writable` it is created, compacted and appended to."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._path = path
        self._heads: dict[str, Head] = {}
        self._unwritten: dict[str, Head] = {}
        self._fd: int | None = None
        self._size = 0
        self._torn = False
        self._begun = False
        self._lost = False
        self._foreign = 0
        self._added: dict[str, int] = {}
        self.digest = ""
        lines = self._load()
        if writable:
            if lines > len(self._heads) + self._begun + self._lost + len(self._added):
                self._compact()
            self._open()

    def __iter__(self) -> Iterator[str]:
        return iter(self._heads)

    def __len__(self) -> int:
        return len(self._heads)

    def get(self, execution_id: str) -> Head | None:
        """The last known event of an execution."""
        return self._heads.get(execution_id)

    def problem(self, execution_id: str, last: int) -> str:
        """Why the file can't confirm an execution whose last event is `last`; empty where it can."""
        name = safe_line(self._path.name)
        if self._foreign:
            return f"the outside record ({name}) was changed: {self._foreign} lines of it, or their number"
        if execution_id in self._added:
            return f"events after {self._added[execution_id]} were added while the store was closed"
        known = self._heads.get(execution_id)
        if self._lost and known is None:
            return f"the outside record ({name}) is gone, or was: nothing confirms this log"
        if self._lost and known is not None and known.seq < last:
            return f"the outside record ({name}) was changed: it confirms {known.seq} of {last} events"
        return ""

    def expect_digest(self, sealed: str) -> bool:
        """Whether the file is as it was when the store was closed in order. Where not, it says so for good."""
        if sealed == self.digest:
            return True
        self._foreign = self._foreign or 1
        if not self._lost:
            self._lost = True
            self._note(_LOST)
        return False

    def expect_last(self, execution_id: str, last: int) -> None:
        """Note for good where a store that was closed in order holds later events than the file: they were added since.

        Where lines were lost, a missing one proves nothing.
        """
        if self._lost:
            return
        known = self._heads.get(execution_id)
        confirmed = known.seq if known is not None else 0
        if last > confirmed and execution_id not in self._added:
            self._added[execution_id] = confirmed
            line = _added_line(execution_id, confirmed)
            self._note(line if _ADDED.fullmatch(line) else _LOST)

    def seal(self) -> str:
        """Write the file to the disk, with each execution once; its digest, or an empty text where that failed."""
        if self._fd is None or self._unwritten or not self._compact():
            return ""
        self._open()
        try:
            return _digest(self._path.read_bytes())
        except OSError:
            return ""

    def expect_heads(self) -> None:
        """Say that the database holds events: a file without any head was emptied or removed."""
        if not self._heads and not self._begun and not self._lost:
            self._lost = True
            self._note(_LOST)

    def begin(self) -> None:
        """Say that the file is as old as the store: without a head it was not emptied, the first was not noted yet."""
        if not self._begun:
            self._begun = True
            self._note(_BEGUN)

    def _note(self, line: str) -> None:
        if self._fd is not None:
            with suppress(OSError):
                self._size += os.write(self._fd, f"{line}\n".encode())

    def add(self, heads: Mapping[str, Head]) -> None:
        """Append the heads that were just committed. On a full disk they are written later; the events are safe."""
        self._heads.update(heads)
        self._unwritten.update(heads)
        if self._fd is None:
            return
        lines = "".join(f"{execution_id} {head.seq} {head.hash}\n" for execution_id, head in self._unwritten.items())
        data = (b"\n" if self._torn else b"") + lines.encode()
        with suppress(OSError):
            written = os.write(self._fd, data)
            self._size += written
            self._torn = written < len(data)
            if not self._torn:
                self._unwritten.clear()
        if self._size > _COMPACT_ABOVE and not self._unwritten:
            self._compact()
            self._open()

    def forget(self, execution_ids: Iterable[str]) -> None:
        """Leave executions out from now on: they were taken out of the store. Raises `StoreError` on a full disk."""
        kept = dict(self._heads), dict(self._unwritten), dict(self._added)
        for execution_id in execution_ids:
            for known in (self._heads, self._unwritten, self._added):
                known.pop(execution_id, None)
        if self._fd is not None and not self._compact():
            self._heads, self._unwritten, self._added = kept
            raise StoreError(f"{safe_line(str(self._path))} can't be written: free some space and try again")
        self._open()

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _load(self) -> int:
        try:
            data = self._path.read_bytes()
        except OSError:
            return 0
        self.digest, text = _digest(data), data.decode("utf-8", errors="replace")
        self._torn = bool(text) and not text.endswith("\n")
        lines = text.splitlines()
        for line in lines:
            if added := _ADDED.fullmatch(line):
                self._added[added[1]] = int(added[2])
            elif line in (_BEGUN, _LOST):
                self._begun |= line == _BEGUN
                self._lost |= line == _LOST
            elif match := _LINE.fullmatch(line):
                head = Head(int(match[2]), match[3])
                known = self._heads.get(match[1])
                if known is None or head.seq > known.seq:
                    self._heads[match[1]] = head
            elif line and not (_BEGUN.startswith(line) or _INCOMPLETE.fullmatch(line)):
                self._foreign += 1
        if self._foreign:
            self._lost = True
        return len(lines)

    def _compact(self) -> bool:
        """Write each execution once; False where that can't be done."""
        fresh = self._path.with_name(self._path.name + ".new")
        with suppress(OSError):
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _OWN, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                notes = ((_BEGUN, self._begun), (_LOST, self._lost))
                file.writelines(f"{line}\n" for line, true in notes if true)
                file.writelines(f"{_added_line(name, seq)}\n" for name, seq in self._added.items())
                file.writelines(f"{name} {head.seq} {head.hash}\n" for name, head in self._heads.items())
                file.flush()
                os.fsync(file.fileno())
            failpoint("store.before_heads_replaced")
            fresh.replace(self._path)
            _sync_folder(self._path.parent)
            self._torn = False
            return True
        return False

    def _open(self) -> None:
        self.close()
        with suppress(OSError):
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _OWN, 0o600)
            self._size = os.fstat(self._fd).st_size


def _added_line(execution_id: str, after: int) -> str:
    return f"! added to {execution_id} after {after}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sync_folder(folder: Path) -> None:
    """So that the new file is the one that is there after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
