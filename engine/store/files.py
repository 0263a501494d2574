"""The files of a SQLite store: where they may be, their permissions, and the lock."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import struct
from pathlib import Path

from engine.failpoints import failpoint
from engine.store.connection import damage
from primitives.clock import SystemClock
from primitives.dataclass import dataclass
from primitives.errors import StoreBusy, StoreCorrupt, StoreError
from primitives.private_files import create_private
from primitives.text import safe_line

__all__ = ["StoreFiles", "claim_files", "file_system", "network_problem"]

_NETWORK = {
    "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
    "ocfs2", "orangefs", "smb2", "smb3", "smbfs",
}  # fmt: skip
_NETWORK_FUSE = {
    "ceph", "davfs", "davfs2", "gcsfuse", "glusterfs", "goofys", "juicefs", "mount.davfs", "moosefs", "rclone",
    "s3fs", "seaweedfs", "smbnetfs", "sshfs",
}  # fmt: skip
# Also what sandboxes and virtual machines give a single guest, where it works.
_DOUBTFUL = {"9p", "prl_fs", "vboxsf", "virtiofs"}
_MAGIC = b"SQLite format 3\0"
_HEADER_SIZE = 100
# The database, SQLite's own files beside it, and ours.
_SUFFIXES = ("", "-wal", "-shm", ".heads", ".id", ".lock")


@dataclass(slots=True)
class StoreFiles:
    """A store's files, claimed by this process until `release`.

    `readonly` says why nothing can be written, or is empty. `warnings` are for `doctor`. `permissions` says what others
    could read until now, or still can; empty where they can't.
    """

    path: Path
    readonly: str
    warnings: tuple[str, ...]
    permissions: str
    _lock: int | None

    @property
    def heads(self) -> Path:
        """The file with the last hash of every execution."""
        return self.path.with_name(self.path.name + ".heads")

    def release(self) -> None:
        """Release the lock. The lock file stays: another process may have opened it already."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def claim_files(path: Path) -> StoreFiles:
    """Check that a store may be at `path`, create its folder (0700) and file (0600), and lock it.

    Raises `StoreError`, `StoreBusy` when another process has it, `StoreCorrupt` when it is no store.
    """
    try:
        # Beside the file itself: under another name it would get another lock.
        path = path.resolve()
    except (OSError, RuntimeError) as error:
        raise StoreError(f"{safe_line(str(path))} is a link in a circle: choose another file with --store") from error
    name = safe_line(str(path))
    try:
        if path.is_dir():
            raise StoreError(f"{name} is a folder: name a file in it, such as {safe_line(str(path / 'cloudops.db'))}")
        if path.exists() and not path.is_file():
            # A pipe would be waited for forever, a device has no end.
            raise StoreError(f"{name} is a device, a pipe or a socket: name a file with --store")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        warnings = _check_place(path)
        permissions = _check_owner(path)
        readonly = _why_readonly(path)
        lock = _lock(path.with_name(path.name + ".lock"), name, readonly=bool(readonly))
        files = StoreFiles(path, readonly, warnings, permissions, lock)
        try:
            _check_bytes(path)
        except BaseException:
            files.release()
            raise
        return files
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"{name} can't be used as a store ({reason}): choose another with --store") from error


def network_problem(kind: str) -> str:
    """Why no store may be on a file system of that kind; empty when it may."""
    remote = kind in _NETWORK or (kind.startswith("fuse.") and kind.removeprefix("fuse.") in _NETWORK_FUSE)
    return f"it lies on a network file system ({kind})" if remote else ""


def file_system(path: Path, mounts: str) -> str:
    """The kind of the file system that holds `path`, from the text of `/proc/self/mounts`; empty when unknown."""
    kind, length = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[1]))
        # A later mount covers an earlier one at the same place.
        if path.is_relative_to(place) and len(place.parts) >= length:
            kind, length = fields[2], len(place.parts)
    return kind


def _check_place(path: Path) -> tuple[str, ...]:
    try:
        # Only Linux lists its mounts there; elsewhere the place is not checked.
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ()
    kind = file_system(path.parent.resolve(), mounts)
    if kind in _DOUBTFUL:
        return (f"the store is on a file system ({kind}) that may be shared: no other machine may open it",)
    if problem := network_problem(kind):
        raise StoreError(
            f"{safe_line(str(path))}: {problem}, which SQLite can't lock: choose a local disk with --store"
        )
    return ()


def _check_owner(path: Path) -> str:
    """Refuse a file with a second name, and take away others' right to read it. Returns what was done, in words."""
    if not path.exists():
        return ""
    if path.stat().st_nlink > 1:
        raise StoreError(
            f"{safe_line(str(path))} has a second name (a hard link), which would have a lock of its own: remove one"
        )
    names = (path.with_name(path.name + suffix) for suffix in _SUFFIXES)
    opened = [name for name in names if name.is_file() and _open_to_others(name)]
    if not opened:
        return ""
    try:
        for name in opened:
            name.chmod(0o600)
    except OSError:
        return f"others can read {safe_line(str(path))}: take that right away with chmod 600"
    return f"others could read {safe_line(str(path))}: now only you can (0600)"


def _open_to_others(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and bool(status.st_mode & 0o077)


def _why_readonly(path: Path) -> str:
    if not path.exists():
        os.close(create_private(path))
        failpoint("store.file_made")
        return ""
    if not os.access(path, os.R_OK):
        raise StoreError(
            f"{safe_line(str(path))} can't be read: it belongs to somebody else; choose another with --store"
        )
    if not os.access(path, os.W_OK):
        return "the file can't be written"
    if not os.access(path.parent, os.W_OK):
        return "its folder can't be written"
    return ""


def _lock(path: Path, name: str, *, readonly: bool) -> int | None:
    try:
        flags = os.O_RDONLY if readonly else os.O_RDWR | os.O_CREAT
        lock = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if path.is_symlink():
            raise StoreError(f"{safe_line(str(path))} is a link: remove it, for it must be a file") from error
        if readonly:
            return None
        raise
    try:
        # The kernel drops the lock with the process, however it dies: a file that was left behind means nothing.
        fcntl.flock(lock, (fcntl.LOCK_SH if readonly else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 100, 0).decode(errors="replace").split()
        os.close(lock)
        who = f"process {safe_line(holder[0])}" if holder else "another process"
        raise StoreBusy(f"{name} is held by {who}: end that process, or choose another store with --store") from None
    if not readonly:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()} {SystemClock().now().isoformat(timespec='seconds')}\n".encode(), 0)
    return lock


def _check_bytes(path: Path) -> None:
    """Check that the file can be a whole SQLite database. An empty file is a new store."""
    with path.open("rb") as file:
        header = file.read(_HEADER_SIZE)
        size = os.fstat(file.fileno()).st_size
    if not header:
        return
    if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC):
        raise StoreCorrupt(f"{safe_line(str(path))} is not a CloudOps store: choose another file with --store")
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        # A checkpoint that was cut short is finished from it: until then the file may be shorter than it says.
        return
    (page_size,) = struct.unpack(">H", header[16:18])
    changes, pages, valid_for = header[24:28], header[28:32], header[92:96]
    expected = (65536 if page_size == 1 else page_size) * struct.unpack(">I", pages)[0]
    if changes == valid_for and size < expected:
        raise StoreCorrupt(damage(path, f"{expected - size} bytes at its end are missing"))
