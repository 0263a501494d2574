"""The files of a bundle, from a directory or a ZIP, within the limits of docs/bundles.md.

A file is known by its logical name: relative, with `/`, without a `.gz` at its end. Sizes are counted while unpacking,
because the sizes that an archive states can be wrong.
"""

from __future__ import annotations

import os
import stat
import threading
import weakref
import zipfile
import zlib
from collections.abc import Generator, Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol

from primitives.errors import BundleError
from primitives.quoting import quoted
from primitives.text import safe_line

__all__ = ["MAX_ENTRIES", "MAX_FILE_BYTES", "MAX_TOTAL_BYTES", "Files", "open_files", "shown_name"]

MAX_ENTRIES: Final = 10_000
MAX_FILE_BYTES: Final = 512 * 1024 * 1024
MAX_TOTAL_BYTES: Final = 512 * 1024 * 1024
"""Of all files together, unpacked. A ZIP of 2 MB can hold thousands of files of megabytes of zeros."""
MANIFEST: Final = "incident.yaml"
_CHUNK: Final = 1 << 20
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ENCRYPTED: Final = 0x1


class _Source(Protocol):
    def entries(self) -> Iterator[tuple[str, int]]:
        """Names and sizes in bytes of all files, as stored. Raises `BundleError` for what must not be there."""
        ...

    def stream(self, name: str) -> IO[bytes]: ...

    @property
    def folders(self) -> frozenset[str]:
        """The names of the directories; complete when `entries` has been gone through."""
        ...


class Files:
    """What files there are, by logical name. Threads may share it."""

    def __init__(self, source: _Source, stored: dict[str, str]) -> None:
        self._source = source
        self._stored = stored
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """The logical names, sorted."""
        return tuple(sorted(self._stored))

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the directories, sorted, also of empty ones."""
        return tuple(sorted(self._source.folders))

    def __contains__(self, name: str) -> bool:
        return name in self._stored

    @property
    def bytes_read(self) -> int:
        """How much was unpacked so far, of all files together; each counts once."""
        return self._total

    def read(self, name: str, most: int = MAX_FILE_BYTES) -> bytes:
        """The unpacked contents of a file that is there, of at most `most` bytes. Raises as `chunks` does."""
        contents = BytesIO()  # gives its bytes without a copy
        for chunk in self.chunks(name, most):
            contents.write(chunk)
        return contents.getvalue()

    def chunks(self, name: str, most: int = MAX_FILE_BYTES) -> Generator[bytes, None, None]:
        """The unpacked contents of a file that is there, piece by piece.

        Raises `BundleError` when it can't be read whole, or when the files read so far are too large together.
        """
        stored = self._stored[name]
        where = shown_name(stored)
        try:
            with self._source.stream(stored) as stream:
                chunks = _gunzip(stream, where) if stored.endswith(".gz") else iter(lambda: stream.read(_CHUNK), b"")
                yield from self._bounded(chunks, name, where, most)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise BundleError(where, f"is damaged ({safe_line(str(error))}); fetch or pack it again") from error
        except (OSError, NotImplementedError, RuntimeError) as error:
            raise BundleError(where, f"can't be read: {safe_line(str(error))}") from error

    def check(self, name: str) -> None:
        """Read a file that is there to its end. Raises as `chunks` does."""
        for _ in self.chunks(name):
            pass

    def _bounded(self, chunks: Iterator[bytes], name: str, where: str, most: int) -> Iterator[bytes]:
        size, most = 0, min(most, MAX_FILE_BYTES)
        for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise BundleError(where, _too_large(most))
            with self._lock:
                # A file that is read a second time counts once.
                counted = self._sizes.get(name, 0)
                self._total += max(0, size - counted)
                self._sizes[name] = max(size, counted)
                total = self._total
            if total > MAX_TOTAL_BYTES:
                raise BundleError(where, _too_large_together())
            yield chunk


def open_files(path: Path) -> Files:
    """The files of the bundle at `path`, a directory or a ZIP. Reads no contents. Raises `BundleError`."""
    try:
        if path.is_dir():
            return _index(_Directory(path.resolve()))
        if not path.exists():
            raise BundleError(shown_name(str(path)), "no such bundle; expected a directory or a .incident file")
        if not path.is_file() or not zipfile.is_zipfile(path):
            raise BundleError(shown_name(str(path)), "is neither a directory nor a ZIP; expected an incident bundle")
        return _index(_Zip(path))
    except (OSError, ValueError, RuntimeError) as error:
        # A path with a NUL byte is a ValueError, a link in a circle a RuntimeError (an OSError from Python 3.13 on).
        raise BundleError(shown_name(str(path)), f"can't be opened: {safe_line(str(error))}") from error


class _Directory:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: set[str] = set()

    @property
    def folders(self) -> frozenset[str]:
        return frozenset(self._folders)

    def entries(self) -> Iterator[tuple[str, int]]:
        for folder, folders, files in os.walk(self._root, onerror=_refuse_unreadable):
            base = Path(folder)
            for name in (*folders, *files):
                path = base / name
                relative = path.relative_to(self._root).as_posix()
                status = path.lstat()
                if stat.S_ISLNK(status.st_mode):
                    self._check_link(path, relative)
                    status = path.stat()
                    if stat.S_ISDIR(status.st_mode):
                        raise BundleError(shown_name(relative), "links to a directory; put the directory itself there")
                if stat.S_ISREG(status.st_mode):
                    yield relative, status.st_size
                elif stat.S_ISDIR(status.st_mode):
                    self._folders.add(relative)
                else:
                    raise BundleError(shown_name(relative), "is not a regular file; a bundle holds plain files only")

    def _check_link(self, path: Path, relative: str) -> None:
        try:
            target = path.resolve()
        except (OSError, RuntimeError) as error:
            raise BundleError(
                shown_name(relative), "links to itself in a circle; put the file there instead"
            ) from error
        if not target.is_relative_to(self._root):
            raise BundleError(shown_name(relative), "links to something outside the bundle; put a copy there instead")
        if not path.exists():
            raise BundleError(shown_name(relative), "links to nothing; remove the link or put the file there")

    def stream(self, name: str) -> IO[bytes]:
        return (self._root / name).open("rb")


class _Zip:
    """Stays open while its bundle is in use: to open it again costs as much as its list of entries is long."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
            raise BundleError(shown_name(path.name), f"is a damaged ZIP ({safe_line(str(error))})") from error
        # Else a collection of cycles may reach the file before its archive, and warn that nobody closed it.
        weakref.finalize(self, self._archive.close).atexit = False
        infos = self._archive.infolist()
        if len(infos) > MAX_ENTRIES:
            raise BundleError(shown_name(path.name), f"holds {len(infos):,} entries; at most {MAX_ENTRIES:,} are read")
        self._prefix = _top_folder([info.filename for info in infos])

    @property
    def folders(self) -> frozenset[str]:
        names = (info.filename.removeprefix(self._prefix) for info in self._archive.infolist())
        holding = {PurePosixPath(name.rpartition("/")[0]) for name in names}
        return frozenset(str(folder) for path in holding for folder in (path, *path.parents))

    def entries(self) -> Iterator[tuple[str, int]]:
        for info in self._archive.infolist():
            _check_member(info)
            if info.is_dir() or not info.filename.startswith(self._prefix):
                continue
            yield info.filename.removeprefix(self._prefix), info.file_size

    def stream(self, name: str) -> IO[bytes]:
        return self._archive.open(self._prefix + name)


def _check_member(info: zipfile.ZipInfo) -> None:
    # `orig_filename` is what the archive says; `filename` is what zipfile made of it (cut at a NUL byte).
    name, where = info.orig_filename, shown_name(info.orig_filename)
    parts = name.rstrip("/").split("/")
    if (
        name.startswith("/")
        or "\\" in name
        or "\0" in name
        or ":" in parts[0]
        or any(p in {"", ".", ".."} for p in parts)
    ):
        raise BundleError(where, "would be unpacked outside the bundle's directory; the bundle is refused")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise BundleError(where, "is a link; a ZIP of a bundle holds plain files only")
    if info.flag_bits & _ENCRYPTED:
        raise BundleError(where, "is encrypted; unpack it with its password and pack it without one")
    if info.file_size > MAX_FILE_BYTES:
        raise BundleError(where, _too_large(MAX_FILE_BYTES))


def _top_folder(names: list[str]) -> str:
    """The one folder that holds everything, as `zip -r bundle.incident folder` packs it, or nothing."""
    ours = [name for name in names if not name.startswith("__MACOSX/")]
    if MANIFEST in ours or f"{MANIFEST}.gz" in ours or not ours:
        return ""
    folder = ours[0].split("/")[0] + "/"
    return folder if all(name.startswith(folder) for name in ours) else ""


def _index(source: _Source) -> Files:
    stored: dict[str, str] = {}
    total = 0
    for count, (name, size) in enumerate(source.entries(), start=1):
        if count > MAX_ENTRIES:
            raise BundleError(shown_name(name), f"is one file too many; at most {MAX_ENTRIES:,} are read")
        total += size
        if total > MAX_TOTAL_BYTES:
            raise BundleError(shown_name(name), _too_large_together())
        logical = name.removesuffix(".gz")
        if logical in stored:
            both = "twice" if stored[logical] == name else "both plain and gzip-compressed"
            raise BundleError(shown_name(logical), f"is there {both}; keep one of them")
        stored[logical] = name
    return Files(source, stored)


def _gunzip(stream: IO[bytes], where: str) -> Iterator[bytes]:
    data = stream.read(_CHUNK)
    if data and not data.startswith(_GZIP_MAGIC):
        raise BundleError(where, "is named .gz but isn't gzip-compressed; compress it or drop the .gz")
    member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    while data:
        # Bounded output for each step: 1 MiB of gzip may hold 1 GiB.
        yield member.decompress(data, _CHUNK)
        data = member.unconsumed_tail
        if member.eof:
            # gzip files may be concatenated; zero padding may follow the last.
            data = (member.unused_data + (b"" if member.unused_data else stream.read(_CHUNK))).lstrip(b"\0")
            member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            if not data:
                return
        elif not data:
            data = stream.read(_CHUNK)
    if not member.eof:
        raise EOFError("it ends in the middle")


def _too_large(most: int) -> str:
    return f"is over {most // (1024 * 1024):,} MiB unpacked; cut it to the incident's time"


def _too_large_together() -> str:
    return f"makes the bundle over {MAX_TOTAL_BYTES // (1024 * 1024):,} MiB unpacked; cut it to the incident's time"


def _refuse_unreadable(error: OSError) -> None:
    raise BundleError(shown_name(error.filename or "."), f"can't be read: {error.strerror}")


def shown_name(name: str) -> str:
    """A name that may itself be hostile, fit for one line of an error."""
    return quoted(_in_utf8(name).replace("\n", "?"), 200) or "(no name)"


def _in_utf8(name: str) -> str:
    """The name with what isn't UTF-8 in it as escapes: Python keeps such bytes as halves of surrogate pairs."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
