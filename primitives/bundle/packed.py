"""Many records in little memory: those of a large bundle are kept compressed, and made again when they are asked for.

A record takes two to six times the memory of its line; compressed it takes a quarter of it. Small bundles stay as they
are, since their records are asked for many times.
"""

from __future__ import annotations

import pickle
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from io import BufferedReader, BytesIO, RawIOBase
from itertools import accumulate, pairwise
from typing import Final, TypeVar, cast, overload

import zstandard

from primitives.dataclass import dataclass

__all__ = ["KEPT_BYTES", "PackedRecords", "PartFile", "collected"]

T = TypeVar("T")

KEPT_BYTES: Final = 32 << 20
"""Bytes of a bundle of which the records are kept as they are; those that are read later are packed."""
_CHUNK_BYTES: Final = 1 << 20
_MOST_RECORDS: Final = 4_000
_STRETCH: Final = 20_000
_PIECE: Final = 200


@dataclass(frozen=True, slots=True)
class PartFile:
    """One file of a bundle, to be gone through once; `bytes_read` says how much of the whole bundle was read."""

    name: str
    chunks: Iterable[bytes]
    bytes_read: Callable[[], int]

    def collected(self, records: Iterable[T], time_of: Callable[[T], datetime] | None = None) -> Sequence[T]:
        """See `collected`."""
        return collected(records, self.bytes_read, time_of)


class PackedRecords(Sequence[T]):
    """Records in compressed chunks. Going through them unpacks one chunk at a time. Threads may share it."""

    def __init__(self, chunks: Sequence[bytes], sizes: Iterable[int]) -> None:
        self._chunks = chunks
        self._ends = list(accumulate(sizes))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[T]:
        for chunk in self._chunks:
            yield from _unpack(chunk)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        chunk = bisect_right(self._ends, at)
        records: list[T] = _unpack(self._chunks[chunk])
        return records[at - (self._ends[chunk - 1] if chunk else 0)]


def collected(
    records: Iterable[T], bytes_read: Callable[[], int], time_of: Callable[[T], datetime] | None = None
) -> Sequence[T]:
    """`records` by time, equal ones in their order; all in their order where `time_of` isn't given.

    A tuple while `bytes_read()`, how much was read of the bundle, is at most `KEPT_BYTES`; else packed.
    """
    pending: list[T] = []
    packer, flushed = _Packer(), 0
    for record in records:
        pending.append(record)
        now = bytes_read()
        if now > KEPT_BYTES and now - flushed >= _CHUNK_BYTES:
            packer.add(pending)
            pending, flushed = [], now
    if not packer.chunks:
        return tuple(pending if time_of is None else sorted(pending, key=time_of))
    packer.add(pending)
    packed: PackedRecords[T] = packer.records()
    return packed if time_of is None else _by_time(packed, time_of)


class _Packer:
    """Compresses lists of records one by one."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self._sizes: list[int] = []

    def add(self, records: Sequence[object]) -> None:
        """Pack `records`, in pieces: what was kept until the limit was reached may be long."""
        for at in range(0, len(records), _MOST_RECORDS):
            piece = list(records[at : at + _MOST_RECORDS])
            self.chunks.append(_pack(piece))
            self._sizes.append(len(piece))

    def records(self) -> PackedRecords[T]:
        return PackedRecords(self.chunks, self._sizes)


def _by_time(packed: PackedRecords[T], time_of: Callable[[T], datetime]) -> PackedRecords[T]:
    """`packed` in the order of time, with one stretch of time at once in memory. Nearly all files are in order."""
    times = array("d", (time_of(record).timestamp() for record in packed))
    if all(before <= after for before, after in pairwise(times)):
        return packed
    bounds = sorted(times)[_STRETCH::_STRETCH]
    stretches = [_Packer() for _ in range(len(bounds) + 1)]
    waiting: list[list[T]] = [[] for _ in stretches]
    for record, time in zip(packed, times, strict=True):
        at = bisect_right(bounds, time)
        waiting[at].append(record)
        if len(waiting[at]) == _PIECE:
            stretches[at].add(waiting[at])
            waiting[at] = []
    whole = _Packer()
    for stretch, last in zip(stretches, waiting, strict=True):
        earlier: PackedRecords[T] = stretch.records()
        together: list[T] = [*earlier, *last]
        together.sort(key=time_of)
        whole.add(together)
    return whole.records()


def _pack(records: list[T]) -> bytes:
    packed = BytesIO()
    with zstandard.ZstdCompressor(level=1).stream_writer(packed, closefd=False) as stream:
        pickle.dump(records, stream, pickle.HIGHEST_PROTOCOL)
    return packed.getvalue()


def _unpack(chunk: bytes) -> list[T]:
    with zstandard.ZstdDecompressor().stream_reader(chunk) as stream:
        records: list[T] = pickle.load(BufferedReader(cast("RawIOBase", stream)))  # noqa: S301 - packed by `_pack`
    return records
