"""Prometheus' HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/. It only reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from primitives.backends.prometheus.endpoint import TOKEN_VARIABLE
from primitives.dataclass import dataclass
from primitives.errors import SourceError, SourceTimeout
from primitives.http_requests import Received
from primitives.http_source import HttpSource, NothingThere, Product, QueryRefused

__all__ = ["PRODUCT", "PrometheusClient", "PrometheusHttp", "Reply", "Row"]

PRODUCT: Final = Product("Prometheus", "/api/v1", f"put USER:PASSWORD@ into the URL or a token into {TOKEN_VARIABLE}")


class PrometheusHttp(HttpSource):
    """The connection. It knows the codes of Prometheus' own errors."""

    def failure(self, answer: Received) -> SourceError:
        """A query that timed out or was refused may have any status: its body says which of them it is."""
        if answer.status in (401, 403, 429):
            return super().failure(answer)
        document = _document(answer.body)
        why = self.reason(answer.body)
        because = f": {why}" if why else ""
        if document.get("errorType") in ("timeout", "canceled"):
            return SourceTimeout(self.source, f"it gave up on a query{because}: ask about a shorter time")
        if document.get("status") == "error" and 400 <= answer.status < 500:
            return QueryRefused(self.source, f"refused a query (HTTP {answer.status}){because}")
        return super().failure(answer)


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One time series of an answer: seconds since the epoch, and finite values."""

    labels: Mapping[str, str]
    times: NDArray[np.float64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """The rows that an expression gave, and what the server warned of (a store behind it that did not answer, say)."""

    rows: tuple[Row, ...]
    warnings: tuple[str, ...] = ()


class PrometheusClient:
    """A connection to one Prometheus. Every method raises `SourceError` when there is no usable answer."""

    def __init__(self, http: HttpSource) -> None:
        self._http = http

    @property
    def source(self) -> str:
        """The source's name."""
        return self._http.source

    async def metric_names(self, wanted: Iterable[str], start: float, end: float) -> frozenset[str]:
        """Those of `wanted` that have samples around the time between `start` and `end`."""
        names = frozenset(wanted)
        params = {"match[]": f'{{__name__=~"{"|".join(sorted(names))}"}}', "start": f"{start:.3f}", "end": f"{end:.3f}"}
        # A server that doesn't know `match[]` here (before 2.24) names everything it has.
        data = await self._ask("/api/v1/label/__name__/values", params)
        if not isinstance(data, list):
            raise self._http.unreadable()
        return names.intersection(name for name in data if isinstance(name, str))

    async def at(self, expression: str, time: float) -> Reply:
        """The value of `expression` at `time` (seconds since the epoch)."""
        return await self._evaluated("/api/v1/query", {"query": expression, "time": f"{time:.3f}"}, "value")

    async def over(self, expression: str, start: float, end: float, step: float) -> Reply:
        """The values of `expression` every `step` seconds from `start` to `end`."""
        params = {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return await self._evaluated("/api/v1/query_range", params, "values")

    async def active_alerts(self) -> list[Mapping[str, Any]]:
        """The alerts that are pending or firing at this moment, as the API gives them."""
        data = await self._ask("/api/v1/alerts", {})
        alerts = data.get("alerts") if isinstance(data, dict) else None
        if not isinstance(alerts, list):
            raise self._http.unreadable()
        return [alert for alert in alerts if isinstance(alert, dict)]

    async def version(self) -> str:
        """The server's version; empty where something compatible answers that doesn't say."""
        try:
            data = await self._ask("/api/v1/status/buildinfo", {})
        except NothingThere:
            await self._ask("/api/v1/query", {"query": "1"})
            return ""
        version = data.get("version") if isinstance(data, dict) else None
        return self._http.clean(version) if isinstance(version, str) else ""

    def clean(self, text: str) -> str:
        """Outside text on one line, harmless and without credentials."""
        return self._http.clean(text)

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    async def _ask(self, path: str, params: dict[str, str]) -> Any:
        return await self._http.read(path, tuple(params.items()), self._data)

    async def _evaluated(self, path: str, params: dict[str, str], key: str) -> Reply:
        def reply(document: Any) -> Reply:
            data = self._data(document)
            warnings = document.get("warnings")
            given = [text for text in warnings if isinstance(text, str)] if isinstance(warnings, list) else []
            return Reply(self._rows(data, key), tuple(self._http.clean(text) for text in given[:3]))

        return await self._http.read(path, tuple(params.items()), reply, by_post=True)

    def _data(self, document: Any) -> Any:
        """What a successful answer holds. Raises `QueryRefused` with the server's reason."""
        if not isinstance(document, dict):
            raise self._http.unreadable()
        if document.get("status") == "error":
            why = document.get("error")
            raise QueryRefused(
                self.source, f"refused a query: {self._http.clean(why)[:200] if isinstance(why, str) else ''}"
            )
        if document.get("status") != "success" or "data" not in document:
            raise self._http.unreadable()
        return document["data"]

    def _rows(self, data: Any, key: str) -> tuple[Row, ...]:
        try:
            return tuple(_row(result["metric"], result[key]) for result in data["result"] if key in result)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise self._http.unreadable() from None


def _row(labels: Mapping[str, Any], samples: Any) -> Row:
    pairs = [samples] if samples and not isinstance(samples[0], list) else samples
    times = np.array([pair[0] for pair in pairs], dtype=np.float64)
    values = np.array([float(pair[1]) for pair in pairs], dtype=np.float64)
    good = np.isfinite(values) & np.isfinite(times)
    return Row({str(name): str(value) for name, value in labels.items()}, times[good], values[good])


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = orjson.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
