"""Spans read from files of OTLP's JSON, a document a line."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from primitives.errors import SourceUnreachable
from primitives.examination import Examination
from primitives.records import Span, Window
from primitives.traces.otlp import spans_of
from primitives.traces.source import Traces

__all__ = ["OtlpFileStore"]

_MOST_BYTES: Final = 512 * 1024 * 1024
_MOST_FILES: Final = 1_000
_LONGEST_LINE: Final = 64 * 1024 * 1024


class OtlpFileStore:
    """Files of spans. They are read when first asked, and again when one of them has grown."""

    def __init__(self, path: Path, *, source: str) -> None:
        self._path = path
        self._source = source
        self._read_of: dict[Path, tuple[int, int]] = {}
        self._spans: list[Span] = []
        self._problem = ""
        self._reading = asyncio.Lock()

    @property
    def address(self) -> str:
        """The path."""
        return str(self._path)

    def searches(self, services: Collection[str] | None, known: Collection[str]) -> int:
        """So much that the whole window is one search: everything is in memory already."""
        del services, known
        return 1_000

    async def services(self, window: Window) -> tuple[str, ...]:
        """The services whose spans lie in `window`; of a file that is no longer written, the check would see none."""
        spans = await self._current()
        return tuple(sorted({_service(span) for span in spans if span.start <= window.end}))

    async def find(self, services: Sequence[str] | None, window: Window, most: int) -> Traces:
        """Every trace of the window."""
        del most
        spans = [span for span in await self._current() if window.start <= span.start <= window.end]
        if services is not None:
            chosen = {span.trace_id for span in spans if _service(span) in services}
            spans = [span for span in spans if span.trace_id in chosen]
        return Traces(spans, problem=self._problem)

    async def links(self, window: Window) -> tuple[tuple[str, str], ...]:
        """None but those that spans show."""
        del window
        return ()

    async def version(self) -> str:
        """Files have none."""
        return ""

    def examination(self, now: datetime) -> Examination:
        """Files are read as whoever runs this."""
        del now
        return Examination(notes=(self._problem,) if self._problem else ())

    async def close(self) -> None:
        """Nothing is open."""

    async def _current(self) -> list[Span]:
        async with self._reading:
            await asyncio.to_thread(self._read)
            return self._spans

    def _read(self) -> None:
        try:
            files = self._files()
            state = {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in files}
            if state == self._read_of and files:
                return
            if sum(size for size, _ in state.values()) > _MOST_BYTES:
                raise SourceUnreachable(
                    self._source, f"its files hold over {_MOST_BYTES >> 20} MiB: name one file, or let them rotate"
                )
            broken: list[str] = []
            self._spans = [span for file in files for span in _spans(file, broken)]
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceUnreachable(self._source, f"its path can't be read ({reason}): check `path`") from None
        if not files:
            raise SourceUnreachable(self._source, "its folder holds no .json or .jsonl file: check `path`")
        self._read_of = state
        self._problem = f"{len(broken)} lines are no OTLP JSON, the first in {broken[0]}" if broken else ""

    def _files(self) -> list[Path]:
        if not self._path.is_dir():
            if self._path.exists() and not self._path.is_file():
                raise SourceUnreachable(self._source, "its path is no regular file: check `path`")
            return [self._path]
        files = [file for file in self._path.iterdir() if file.suffix in (".json", ".jsonl") and file.is_file()]
        return sorted(files)[:_MOST_FILES]


def _spans(file: Path, broken: list[str]) -> Iterator[Span]:
    """The spans of a file: a document a line, or one over all of it."""
    with file.open("rb") as lines:
        head = lines.read(_LONGEST_LINE + 1)
        if len(head) <= _LONGEST_LINE:
            try:
                yield from spans_of(orjson.loads(head))
            except ValueError:
                pass
            else:
                return
        lines.seek(0)
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield from spans_of(orjson.loads(line))
            except ValueError:
                # The last line may still be written.
                if line.endswith(b"\n"):
                    broken.append(f"{file.name}:{number}")


def _service(span: Span) -> str:
    value = span.attributes.get("service.name")
    return value if isinstance(value, str) else span.resource
