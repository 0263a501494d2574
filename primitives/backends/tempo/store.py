"""Tempo's HTTP API: https://grafana.com/docs/tempo/latest/api_docs/. It only reads.

A search (TraceQL) names traces, each of which is then read. Older versions lack the paths with v2 in them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import orjson

from primitives.examination import Examination
from primitives.http_source import HttpSource, NothingThere, Product, QueryRefused
from primitives.records import Span, Window
from primitives.side_by_side import outcomes, side_by_side
from primitives.traces.otlp import spans_of
from primitives.traces.source import Traces

if TYPE_CHECKING:
    from primitives.backends.tempo import TempoSettings

__all__ = ["TempoStore"]

_PRODUCT: Final = Product(
    "Tempo",
    "/api",
    "put USER:PASSWORD@ into the URL, a token into CLOUDOPS_TEMPO_TOKEN, or set the source's `tenant`",
)
_MOST_READ: Final = 40
"""Traces that one search reads: each costs a request."""


class TempoStore:
    """One Tempo, or one tenant of it."""

    def __init__(self, settings: TempoSettings, *, source: str, timeout_s: float = 8.0) -> None:
        self._http = HttpSource(
            settings.endpoint, _PRODUCT, source=source, timeout_s=timeout_s, secrets=settings.secrets(),
            headers=settings.headers, warning=settings.warning(),
        )  # fmt: skip
        self._v2 = True

    @property
    def address(self) -> str:
        """Where it is, without credentials."""
        return self._http.endpoint.base

    def searches(self, services: Collection[str] | None, known: Collection[str]) -> int:
        """Traces are read one by one, so that a search weighs as much as several."""
        del services, known
        return 6

    async def services(self, window: Window) -> tuple[str, ...]:
        """The services that wrote spans in that time."""
        times = _times(window)
        try:
            document = await self._http.get("/api/v2/search/tag/resource.service.name/values", times)
        except (NothingThere, QueryRefused):
            document = await self._http.get("/api/search/tag/service.name/values", times)
        values = document.get("tagValues") if isinstance(document, Mapping) else None
        if values is not None and not isinstance(values, list):
            raise self._http.unreadable()
        names = [value.get("value") if isinstance(value, Mapping) else value for value in values or ()]
        return tuple(sorted(name for name in names if isinstance(name, str) and name))

    async def find(self, services: Sequence[str] | None, window: Window, most: int) -> Traces:
        """At most `most` traces, and never more than 40: each is read by a request of its own."""
        limit = min(most, _MOST_READ)
        params = [("q", _traceql(services)), ("limit", str(limit)), ("spss", "1"), *_times(window)]
        document = await self._http.get("/api/search", params)
        rows = document.get("traces") if isinstance(document, Mapping) else None
        if rows is not None and not isinstance(rows, list):
            raise self._http.unreadable()
        ids = [row["traceID"] for row in rows or () if isinstance(row, Mapping) and isinstance(row.get("traceID"), str)]
        traces, failures = outcomes(await side_by_side([self._trace(trace) for trace in ids]))
        spans = [span for trace in traces for span in trace]
        return Traces(spans, len(ids) >= limit, "; ".join(dict.fromkeys(failure.problem for failure in failures)))

    async def links(self, window: Window) -> tuple[tuple[str, str], ...]:
        """It keeps none itself; its metrics generator writes them to a store of metrics."""
        del window
        return ()

    async def version(self) -> str:
        """Its version; empty where a gateway answers that doesn't say."""
        return await self._http.version("/api/status/buildinfo")

    def examination(self, now: datetime) -> Examination:
        """As whom it is asked, and its clock."""
        return self._http.examination(now)

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    async def _trace(self, trace: str) -> list[Span]:
        identifier = trace if re.fullmatch(r"[0-9a-fA-F]{1,32}", trace) else ""
        if not identifier:
            return []
        newer = self._v2  # another request may change it meanwhile
        try:
            document = await self._http.get(f"/api/{'v2/' if newer else ''}traces/{identifier}")
        except NothingThere:
            if not newer:
                return []  # it was compacted away meanwhile
            self._v2 = False
            return await self._trace(identifier)
        if not isinstance(document, Mapping):
            raise self._http.unreadable()
        held = document.get("trace", document)
        return list(spans_of(held))


def _traceql(services: Sequence[str] | None) -> str:
    if services is None:
        return "{}"
    return "{" + " || ".join(f"resource.service.name = {orjson.dumps(name).decode()}" for name in services) + "}"


def _times(window: Window) -> list[tuple[str, str]]:
    start, end = math.floor(window.start.timestamp()), math.ceil(window.end.timestamp())
    return [("start", str(start)), ("end", str(max(end, start + 1)))]
