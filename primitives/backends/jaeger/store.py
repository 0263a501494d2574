"""Jaeger's HTTP API: https://www.jaegertracing.io/docs/latest/architecture/apis/. It only reads.

The JSON that its own pages use has been the same for years and is what most installations answer; where there is none,
its newer API (`/api/v3`, OTLP) is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from primitives.backends.jaeger.spans import spans_of_traces
from primitives.examination import Examination
from primitives.http_source import HttpSource, NothingThere, Product, strings_of
from primitives.records import Span, Window
from primitives.side_by_side import outcomes, side_by_side
from primitives.traces.otlp import spans_of
from primitives.traces.source import Traces

if TYPE_CHECKING:
    from primitives.backends.jaeger import JaegerSettings

__all__ = ["JaegerStore"]

_PRODUCT: Final = Product("Jaeger", "/api", "put USER:PASSWORD@ into the URL or a token into CLOUDOPS_JAEGER_TOKEN")
_OWN: Final = frozenset({"jaeger-query", "jaeger-all-in-one", "jaeger"})
"""Services under which Jaeger traces itself; a question about it is asked by name."""


class JaegerStore:
    """One Jaeger. Its searches are by service: a search of all services is one for each."""

    def __init__(self, settings: JaegerSettings, *, source: str, timeout_s: float = 8.0) -> None:
        self._http = HttpSource(
            settings.endpoint, _PRODUCT, source=source, timeout_s=timeout_s, secrets=settings.secrets(),
            warning=settings.warning(),
        )  # fmt: skip
        self._v3 = False

    @property
    def address(self) -> str:
        """Where it is, without credentials."""
        return self._http.endpoint.base

    def searches(self, services: Collection[str] | None, known: Collection[str]) -> int:
        """One for each service."""
        return len(known if services is None else services)

    async def services(self, window: Window) -> tuple[str, ...]:
        """The services that it knows, of whatever time."""
        del window
        try:
            document = await self._http.get("/api/services")
            self._v3 = False
        except NothingThere:
            document = await self._http.get("/api/v3/services")
            self._v3 = True
        names = strings_of(self._field(document, "services" if self._v3 else "data"))
        return tuple(sorted(name for name in names if name not in _OWN))

    async def find(self, services: Sequence[str] | None, window: Window, most: int) -> Traces:
        """At most `most` traces of each service."""
        asked = services if services is not None else await self.services(window)
        results, failures = outcomes(await side_by_side([self._find(service, window, most) for service in asked]))
        if failures and not results:
            raise failures[0]
        return Traces(
            [span for spans, _ in results for span in spans],
            any(more for _, more in results),
            "; ".join(dict.fromkeys(failure.problem for failure in failures)),
        )

    async def links(self, window: Window) -> tuple[tuple[str, str], ...]:
        """Its dependencies, which it keeps or computes from time to time."""
        end_ms, lookback_ms = round(window.end.timestamp() * 1000), round(window.seconds * 1000)
        if self._v3:
            return ()
        document = await self._http.get("/api/dependencies", [("endTs", str(end_ms)), ("lookback", str(lookback_ms))])
        data = self._field(document, "data")
        rows = [row for row in data if isinstance(row, Mapping)] if isinstance(data, list) else []
        return tuple((str(row["parent"]), str(row["child"])) for row in rows if row.get("parent") and row.get("child"))

    async def version(self) -> str:
        """It doesn't say."""
        return ""

    def examination(self, now: datetime) -> Examination:
        """As whom it is asked, and its clock."""
        return self._http.examination(now)

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    async def _find(self, service: str, window: Window, most: int) -> tuple[list[Span], bool]:
        if self._v3:
            return await self._find_v3(service, window, most)
        start, end = (round(moment.timestamp() * 1_000_000) for moment in (window.start, window.end))
        params = [("service", service), ("start", str(start)), ("end", str(end)), ("limit", str(most))]
        data = self._field(await self._http.get("/api/traces", [*params, ("lookback", "custom")]), "data")
        if data is not None and not isinstance(data, list):
            raise self._http.unreadable()
        return list(spans_of_traces(data)), len(data or ()) >= most

    async def _find_v3(self, service: str, window: Window, most: int) -> tuple[list[Span], bool]:
        # The end is exclusive of nothing in particular: storages differ, and scopes are checked again.
        end = window.end + timedelta(microseconds=1)
        params = [
            ("query.service_name", service), ("query.num_traces", str(most)),
            ("query.start_time_min", _rfc3339(window.start)), ("query.start_time_max", _rfc3339(end)),
        ]  # fmt: skip
        try:
            body = await self._http.body("/api/v3/traces", params)
        except NothingThere:
            return [], False  # "no traces found" is a 404 there
        spans: list[Span] = []
        for line in body.splitlines():
            try:
                chunk = orjson.loads(line) if line.strip() else {}
            except ValueError:
                raise self._http.unreadable() from None
            if isinstance(chunk, Mapping):
                spans += spans_of(chunk.get("result", chunk))
        return spans, len({span.trace_id for span in spans}) >= most

    def _field(self, document: Any, name: str) -> Any:
        if not isinstance(document, Mapping) or name not in document:
            raise self._http.unreadable()
        return document[name]


def _rfc3339(moment: Any) -> str:
    return str(moment.isoformat().replace("+00:00", "Z"))
