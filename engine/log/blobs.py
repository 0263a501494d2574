"""Recorded answers as compressed blobs, found by the digest of their bytes."""

from __future__ import annotations

import asyncio
import hashlib

import zstandard

from engine.store.rows import Blob, RowStore
from primitives.errors import StoreCorrupt, StoreError
from primitives.text import safe_line

__all__ = ["pack", "pack_blob", "read_blob", "unpack", "unpack_blob"]


def pack(data: bytes) -> bytes:
    """Compress."""
    return zstandard.ZstdCompressor(level=3).compress(data)


def unpack(data: bytes, size: int) -> bytes:
    """What `pack` compressed. Raises `ValueError` when it can't be read or isn't `size` bytes long."""
    try:
        # The frame is asked first: a damaged one must not make us reserve what it claims.
        if zstandard.frame_content_size(data) != size:
            raise ValueError("not of the recorded size")
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def pack_blob(data: bytes) -> Blob:
    """A blob's row."""
    return Blob(hashlib.sha256(data).hexdigest(), len(data), pack(data))


def unpack_blob(blob: Blob) -> bytes:
    """A blob's bytes. Raises `StoreCorrupt` when they aren't those of its digest."""
    try:
        data = unpack(blob.data, blob.size)
    except (ValueError, TypeError):
        data = b""
    if len(data) != blob.size or hashlib.sha256(data).hexdigest() != blob.digest:
        raise StoreCorrupt(f"the recorded answer {blob.digest[:12]} is damaged; run `cloudops audit verify`")
    return data


async def read_blob(rows: RowStore, digest: str) -> bytes:
    """The bytes of that digest. Raises `StoreError` when it isn't there, `StoreCorrupt` when it is damaged."""
    blob = await rows.blob(digest)
    if blob is None:
        raise StoreError(f"the store has no recorded answer {safe_line(digest)[:12]}: import its incident again")
    return await asyncio.to_thread(unpack_blob, blob)
