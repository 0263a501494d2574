"""Loki's HTTP API: https://grafana.com/docs/loki/latest/reference/loki-http-api/. It only reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from primitives.backends.loki.streams import Stream
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.http_source import AnswerTooLarge, HttpSource, NothingThere, QueryRefused, strings_of
from primitives.patterns import lazy_pattern

__all__ = ["Counts", "Line", "LokiClient", "Pattern"]

_PAGE: Final = 5_000
"""Lines asked for at once: what Loki gives at most unless its `max_entries_limit_per_query` says otherwise."""
_LEAST_PAGE: Final = 20
_TOO_MANY: Final = lazy_pattern(r"limit .{0,60}\((\d{1,9}) > (\d{1,9})\)", re.DOTALL)
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line: nanoseconds since the epoch, its text, and the labels of its stream with its structured metadata."""

    time_ns: int
    text: str
    labels: Stream


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lines with these labels came in each step: pairs of its end (seconds since the epoch) and a number."""

    labels: Stream
    samples: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that Loki detected, `<_>` standing for what varies, and how often it came from each time on."""

    text: str
    level: str
    samples: tuple[tuple[float, float], ...]


class LokiClient:
    """A connection to one Loki. Every method raises `SourceError` when there is no usable answer."""

    def __init__(self, http: HttpSource) -> None:
        self._http = http
        self._page = _PAGE

    async def labels(self, start_ns: int, end_ns: int) -> tuple[str, ...]:
        """The names of the labels that streams have in that time."""
        return strings_of(await self._data("/labels", _times(start_ns, end_ns)))

    async def streams(self, selectors: Iterable[str], start_ns: int, end_ns: int) -> tuple[Stream, ...]:
        """The labels of the streams that one of the selectors fits."""
        params = [("match[]", selector) for selector in selectors] + _times(start_ns, end_ns)
        data = await self._data("/series", params)
        if not isinstance(data, list):
            raise self._http.unreadable()
        return tuple(_labels(entry) for entry in data if isinstance(entry, Mapping))

    async def newest(self, query: str, start_ns: int, end_ns: int, most: int) -> tuple[list[Line], bool]:
        """The newest lines from `start_ns` to before `end_ns`, at most `most`; and whether there may be more."""
        limit = min(most, self._page)
        params = [("query", query), ("limit", str(limit)), ("direction", "backward"), *_times(start_ns, end_ns)]
        try:
            data = await self._data("/query_range", params)
        except AnswerTooLarge:
            if limit <= _LEAST_PAGE:
                raise
            return await self._smaller_page(query, start_ns, end_ns, most, limit // 8)
        except QueryRefused as refusal:
            allowed = _TOO_MANY.search(refusal.problem)
            if allowed is None or not 0 < int(allowed[2]) < limit:
                raise
            return await self._smaller_page(query, start_ns, end_ns, most, int(allowed[2]))
        lines = self._lines(data)
        return lines, len(lines) >= limit

    async def _smaller_page(
        self, query: str, start_ns: int, end_ns: int, most: int, page: int
    ) -> tuple[list[Line], bool]:
        self._page = max(page, 1)
        return await self.newest(query, start_ns, end_ns, most)

    async def counts(self, query: str, start_s: int, end_s: int, step_s: int) -> tuple[Counts, ...]:
        """The values of a metric query every `step_s` seconds from `start_s` to `end_s`."""
        params = [("query", query), ("step", str(step_s)), *_times(start_s * _NS, end_s * _NS)]
        data = await self._data("/query_range", params)
        return self._counts(data, "values")

    async def count(self, query: str, at_s: int) -> tuple[Counts, ...]:
        """The value of a metric query at one time."""
        data = await self._data("/query", [("query", query), ("time", str(at_s * _NS))])
        return self._counts(data, "value")

    async def patterns(self, selector: str, start_ns: int, end_ns: int, step_s: int) -> tuple[Pattern, ...] | None:
        """The patterns of the selector's lines; None where this Loki doesn't detect any."""
        params = [("query", selector), ("step", f"{step_s}s"), *_times(start_ns, end_ns)]
        try:
            data = await self._data("/patterns", params)
        except (NothingThere, QueryRefused):
            return None
        if not isinstance(data, list):
            return None
        return tuple(_pattern(entry) for entry in data if isinstance(entry, Mapping) and entry.get("pattern"))

    async def volume_bytes(self, selectors: Iterable[str], start_ns: int, end_ns: int) -> float | None:
        """How many bytes of log there are, as the index says; None where it isn't kept."""
        total = 0.0
        try:
            for selector in selectors:
                data = await self._data("/index/volume", [("query", selector), *_times(start_ns, end_ns)])
                total += sum(value for count in self._counts(data, "value") for _, value in count.samples)
        except SourceError:
            return None
        return total

    async def version(self) -> str:
        """The server's version; empty where something compatible or a gateway answers that doesn't say."""
        return await self._http.version("/loki/api/v1/status/buildinfo")

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    async def _data(self, path: str, params: Sequence[tuple[str, str]]) -> Any:
        document = await self._http.get(f"/loki/api/v1{path}", params, by_post=path in ("/series", "/query_range"))
        if not isinstance(document, Mapping) or document.get("status", "success") != "success":
            raise self._http.unreadable()
        return document.get("data", [] if path == "/labels" else None)

    def _lines(self, data: Any) -> list[Line]:
        try:
            return [
                Line(int(entry[0]), entry[1], _with_metadata(labels, entry[2:]))
                for result in data["result"]
                for labels in (_labels(result["stream"]),)
                for entry in result["values"]
                if isinstance(entry[1], str)
            ]
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise self._http.unreadable() from None

    def _counts(self, data: Any, key: str) -> tuple[Counts, ...]:
        try:
            return tuple(
                Counts(_labels(result["metric"]), _samples([result[key]] if key == "value" else result[key]))
                for result in data["result"]
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise self._http.unreadable() from None


def _times(start_ns: int, end_ns: int) -> list[tuple[str, str]]:
    return [("start", str(start_ns)), ("end", str(end_ns))]


def _labels(labels: Mapping[str, Any]) -> Stream:
    return {str(name): str(value) for name, value in labels.items()}


def _with_metadata(labels: Stream, rest: Sequence[Any]) -> Stream:
    """A line's own labels: structured metadata stands beside it where it was not joined to the stream's."""
    if not rest or not isinstance(rest[0], Mapping) or not rest[0]:
        return labels
    parts = [part for part in rest[0].values() if isinstance(part, Mapping)] or [rest[0]]
    return {**labels, **{name: value for part in parts for name, value in _labels(part).items()}}


def _samples(pairs: Sequence[Sequence[Any]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(pair[0]), float(pair[1])) for pair in pairs)


def _pattern(entry: Mapping[str, Any]) -> Pattern:
    samples = entry.get("samples")
    pairs = [pair for pair in samples if isinstance(pair, list) and len(pair) == 2] if isinstance(samples, list) else []
    return Pattern(str(entry["pattern"]), str(entry.get("level", "")), _samples(pairs))
