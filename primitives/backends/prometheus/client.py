"""Prometheus' HTTP API: asking it politely, and saying in one line what went wrong.

API: https://prometheus.io/docs/prometheus/latest/querying/api/. Credentials come from the URL's user-info or from the
environment; they go into the request's header and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from primitives.backends.prometheus.endpoint import TOKEN_VARIABLE, Endpoint
from primitives.dataclass import dataclass
from primitives.errors import (
    SourceDenied,
    SourceError,
    SourceTimeout,
    SourceUnreachable,
    UsageError,
)
from primitives.http_requests import Received, Throttled, TransientFailure, receive, retried, retry_seconds
from primitives.redact import Redactor
from primitives.text import safe_line

if TYPE_CHECKING:
    import httpx2

__all__ = ["PrometheusClient", "QueryRefused", "Reply", "Row"]

MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
CONCURRENT_REQUESTS: Final = 6
# Longer expressions go by POST: some proxies cut URLs off at 2 KiB.
LONGEST_GET: Final = 1500


class QueryRefused(SourceError):
    """Prometheus understood the request and refused this one query: too many samples, or more than it can join."""


class _Missing(SourceUnreachable):
    """There is nothing at this path."""


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
    """A connection to one Prometheus. Every method raises `SourceError` when there is no usable answer.

    `timeout_s` bounds one request with its retries. Not more than six requests are under way at once.
    """

    def __init__(
        self, endpoint: Endpoint, *, source: str, timeout_s: float, redactor: Redactor, warning: str = ""
    ) -> None:
        self.endpoint = endpoint
        self.server_date = ""
        self.source = source
        self._warning = warning
        self._timeout_s = timeout_s
        self._redactor = redactor
        self._http: httpx2.AsyncClient | None = None
        self._slots = asyncio.Semaphore(CONCURRENT_REQUESTS)

    async def metric_names(self, wanted: Iterable[str], start: float, end: float) -> frozenset[str]:
        """Those of `wanted` that have samples around the time between `start` and `end`."""
        names = frozenset(wanted)
        params = {"match[]": f'{{__name__=~"{"|".join(sorted(names))}"}}', "start": f"{start:.3f}", "end": f"{end:.3f}"}
        # A server that doesn't know `match[]` here (before 2.24) names everything it has.
        data, _ = await self._ask("/api/v1/label/__name__/values", params)
        if not isinstance(data, list):
            raise self._unreadable()
        return names.intersection(name for name in data if isinstance(name, str))

    async def at(self, expression: str, time: float) -> Reply:
        """The value of `expression` at `time` (seconds since the epoch)."""
        data, warnings = await self._ask("/api/v1/query", {"query": expression, "time": f"{time:.3f}"})
        return Reply(self._rows(data, "value"), warnings)

    async def over(self, expression: str, start: float, end: float, step: float) -> Reply:
        """The values of `expression` every `step` seconds from `start` to `end`."""
        params = {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        data, warnings = await self._ask("/api/v1/query_range", params)
        return Reply(self._rows(data, "values"), warnings)

    async def active_alerts(self) -> list[Mapping[str, Any]]:
        """The alerts that are pending or firing at this moment, as the API gives them."""
        data, _ = await self._ask("/api/v1/alerts", {})
        alerts = data.get("alerts") if isinstance(data, dict) else None
        if not isinstance(alerts, list):
            raise self._unreadable()
        return [alert for alert in alerts if isinstance(alert, dict)]

    async def version(self) -> str:
        """The server's version; empty where something compatible answers that doesn't say."""
        try:
            data, _ = await self._ask("/api/v1/status/buildinfo", {})
        except _Missing:
            await self._ask("/api/v1/query", {"query": "1"})
            return ""
        version = data.get("version") if isinstance(data, dict) else None
        return self.clean(version) if isinstance(version, str) else ""

    async def close(self) -> None:
        """Let go of connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def clean(self, text: str) -> str:
        """Outside text on one line, harmless and without credentials."""
        return self._redactor.redact(safe_line(text))

    async def _ask(self, path: str, params: dict[str, str]) -> tuple[Any, tuple[str, ...]]:
        async with self._slots:
            return await retried(lambda: self._ask_once(path, params), timeout_s=self._timeout_s)

    async def _ask_once(self, path: str, params: dict[str, str]) -> tuple[Any, tuple[str, ...]]:
        import httpx2

        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._fetch(path, params)
        except (TimeoutError, httpx2.TimeoutException):
            raise self._timed_out() from None
        except httpx2.InvalidURL:
            # Only now it is read as IDNA (RFC 5891) wants it: whoever makes a backend needs not load all that.
            raise UsageError("the Prometheus URL names no host that can be: check it for odd characters") from None
        except httpx2.HTTPError as error:
            # The error's own text names addresses and TLS reasons; the credentials are in no URL that it has seen.
            reason = self.clean(str(error)) or type(error).__name__
            raise TransientFailure(
                self.source, f"can't be reached ({reason}): check the address and the network"
            ) from None
        return self._read(answer)

    async def _fetch(self, path: str, params: dict[str, str]) -> Received:
        http, url = self._connection(), self.endpoint.base + path
        if len(params.get("query", "")) > LONGEST_GET:
            request = http.build_request("POST", url, data=params)
        else:
            request = http.build_request("GET", url, params=params)
        answer = await receive(http, request, MAX_ANSWER_BYTES)
        self.server_date = answer.headers.get("Date", "")
        if answer.cut:
            raise QueryRefused(
                self.source,
                f"an answer was larger than {MAX_ANSWER_BYTES >> 20} MiB and was dropped: "
                "ask about fewer resources or a shorter time",
            )
        return answer

    def _connection(self) -> httpx2.AsyncClient:
        import httpx2

        if self._http is None:
            end = self.endpoint
            self._http = httpx2.AsyncClient(
                auth=httpx2.BasicAuth(end.user, end.password or "") if end.user is not None else None,
                headers={"Accept": "application/json"}
                | ({"Authorization": f"Bearer {end.token}"} if end.token else {}),
                timeout=httpx2.Timeout(self._timeout_s),
                limits=httpx2.Limits(max_connections=CONCURRENT_REQUESTS),
            )
        return self._http

    def _read(self, answer: Received) -> tuple[Any, tuple[str, ...]]:
        try:
            parsed = orjson.loads(answer.body)
        except ValueError:
            parsed = None
        document = parsed if isinstance(parsed, dict) else {}
        if answer.status != 200:
            raise self._failure(answer.status, answer.headers, document)
        if document.get("status") == "error":
            raise QueryRefused(self.source, f"refused a query: {self._reason(document)}")
        if document.get("status") != "success" or "data" not in document:
            raise self._unreadable()
        warnings = document.get("warnings")
        texts = [self.clean(text) for text in warnings if isinstance(text, str)] if isinstance(warnings, list) else []
        return document["data"], tuple(texts[:3])

    def _failure(self, status: int, headers: Mapping[str, str], document: Mapping[str, Any]) -> SourceError:
        why = self._reason(document)
        because = f": {why}" if why else ""
        if status in (401, 403):
            advice = self._warning or f"put USER:PASSWORD@ into the URL or a token into {TOKEN_VARIABLE}"
            return SourceDenied(self.source, f"access refused (HTTP {status}): {advice}")
        if status == 429:
            wait_s = retry_seconds(headers.get("Retry-After"))
            return Throttled(self.source, "it asks for fewer requests (HTTP 429): try again in a minute", wait_s)
        if document.get("errorType") in ("timeout", "canceled"):
            return SourceTimeout(self.source, f"it gave up on a query{because}: ask about a shorter time")
        if status >= 500:
            return TransientFailure(self.source, f"it failed (HTTP {status}){because}: see its own log")
        if 300 <= status < 400:
            return SourceUnreachable(
                self.source, f"it redirects (HTTP {status}; a login page?): give the API's own address"
            )
        if document.get("status") == "error":
            return QueryRefused(self.source, f"refused a query (HTTP {status}){because}")
        if status in (404, 405):
            return _Missing(
                self.source, f"no Prometheus API at its address (HTTP {status}): the URL must end where /api/v1 begins"
            )
        return SourceUnreachable(self.source, f"it answered HTTP {status}{because}: is it a Prometheus?")

    def _reason(self, document: Mapping[str, Any]) -> str:
        error = document.get("error")
        return self.clean(error)[:200] if isinstance(error, str) else ""

    def _timed_out(self) -> SourceTimeout:
        return SourceTimeout(
            self.source,
            f"no answer within {self._timeout_s:g} s: ask about a shorter time, or see whether it is overloaded",
        )

    def _unreadable(self) -> SourceUnreachable:
        return SourceUnreachable(self.source, "what it answers is not from a Prometheus API: check the address")

    def _rows(self, data: Any, key: str) -> tuple[Row, ...]:
        try:
            return tuple(_row(result["metric"], result[key]) for result in data["result"] if key in result)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise self._unreadable() from None


def _row(labels: Mapping[str, Any], samples: Any) -> Row:
    pairs = [samples] if samples and not isinstance(samples[0], list) else samples
    times = np.array([pair[0] for pair in pairs], dtype=np.float64)
    values = np.array([float(pair[1]) for pair in pairs], dtype=np.float64)
    good = np.isfinite(values) & np.isfinite(times)
    return Row({str(name): str(value) for name, value in labels.items()}, times[good], values[good])
