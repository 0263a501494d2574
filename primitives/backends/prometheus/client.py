"""Prometheus' HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/. It only reads."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
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

_MANY_SAMPLES: Final = 2_000

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
        data, _ = await self._ask("/api/v1/label/__name__/values", params)
        if not isinstance(data, list):
            raise self._http.unreadable()
        return names.intersection(name for name in data if isinstance(name, str))

    async def at(self, expression: str, time: float) -> Reply:
        """The value of `expression` at `time` (seconds since the epoch)."""
        data, warnings = await self._ask("/api/v1/query", {"query": expression, "time": f"{time:.3f}"})
        return Reply(self._rows(data, "value"), warnings)

    async def over(self, expression: str, start: float, end: float, step: float) -> Reply:
        """The values of `expression` every `step` seconds from `start` to `end`."""
        params = {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        data, warnings = await self._ask("/api/v1/query_range", params)
        # Thousands of samples take longer to read than a person should wait for a key.
        many = _samples(data) > _MANY_SAMPLES
        rows = await asyncio.to_thread(self._rows, data, "values") if many else self._rows(data, "values")
        return Reply(rows, warnings)

    async def active_alerts(self) -> list[Mapping[str, Any]]:
        """The alerts that are pending or firing at this moment, as the API gives them."""
        data, _ = await self._ask("/api/v1/alerts", {})
        alerts = data.get("alerts") if isinstance(data, dict) else None
        if not isinstance(alerts, list):
            raise self._http.unreadable()
        return [alert for alert in alerts if isinstance(alert, dict)]

    async def version(self) -> str:
        """The server's version; empty where something compatible answers that doesn't say."""
        try:
            data, _ = await self._ask("/api/v1/status/buildinfo", {})
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

    async def _ask(self, path: str, params: dict[str, str]) -> tuple[Any, tuple[str, ...]]:
        by_post = path in ("/api/v1/query", "/api/v1/query_range")
        document = await self._http.get(path, tuple(params.items()), by_post=by_post)
        if not isinstance(document, dict):
            raise self._http.unreadable()
        if document.get("status") == "error":
            why = document.get("error")
            raise QueryRefused(
                self.source, f"refused a query: {self._http.clean(why)[:200] if isinstance(why, str) else ''}"
            )
        if document.get("status") != "success" or "data" not in document:
            raise self._http.unreadable()
        warnings = document.get("warnings")
        given = [text for text in warnings if isinstance(text, str)] if isinstance(warnings, list) else []
        return document["data"], tuple(self._http.clean(text) for text in given[:3])

    def _rows(self, data: Any, key: str) -> tuple[Row, ...]:
        try:
            return tuple(_row(result["metric"], result[key]) for result in data["result"] if key in result)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise self._http.unreadable() from None


def _samples(data: Any) -> int:
    """About how many samples the rows of an answer have: as many as the first has, for each."""
    with suppress(KeyError, TypeError, IndexError):
        return len(data["result"]) * len(data["result"][0]["values"])
    return 0


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
