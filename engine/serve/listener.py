"""The HTTP listener: Starlette on uvicorn. It verifies, keeps and answers; all other work comes after.

A delivery is answered 202 once it is on the disk. Whoever sends something that isn't genuine learns nothing but that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from engine.serve.desk import Desk
from engine.serve.inbox import InboxFull
from engine.serve.metrics import ServiceMetrics
from engine.serve.settings import WebhookSettings
from engine.serve.signatures import Delivery, SignatureRefused, verify
from engine.serve.sns import Notification, SnsVerifier
from engine.serve.traces import NO_TRACES
from primitives.alert_payloads.registry import BODY_LIMIT
from primitives.clock import Clock
from primitives.dataclass import dataclass
from primitives.errors import StoreError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Confirm", "Listener", "Webhook"]

_BODY_WITHIN_S: Final = 10.0
_TYPES: Final = ("application/json", "text/plain", "")
"""SNS sends JSON as text/plain; `application/...+json` is taken as well."""

Confirm = Callable[[Notification], Awaitable[None]]
"""Confirms an SNS subscription through the API."""

_log = logging.getLogger("cloudops.serve")


class _Answered(Exception):
    """A request ends with this status."""

    def __init__(self, status: int, outcome: str) -> None:
        self.status = status
        self.outcome = outcome
        super().__init__(outcome)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A path that takes deliveries, with its secrets."""

    name: str
    settings: WebhookSettings
    secrets: tuple[bytes, ...]


class _Rate:
    """A token bucket: so many requests a second, and as many at once."""

    def __init__(self, clock: Clock, per_s: float) -> None:
        self._clock = clock
        self._per_s = per_s
        self._tokens, self._at = max(per_s, 1.0), clock.monotonic()

    def allows(self) -> bool:
        now = self._clock.monotonic()
        self._tokens = min(self._tokens + (now - self._at) * self._per_s, max(self._per_s, 1.0))
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class _Endpoint:
    """A handler as an application, which Starlette calls without a wrapper that looks for its exceptions."""

    def __init__(self, handle: Callable[[Request], Awaitable[Response]]) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._handle(Request(scope, receive))
        await response(scope, receive, send)


class Listener:
    """Takes deliveries for the desk. `running` says how many investigations run, for the metrics."""

    def __init__(
        self,
        desk: Desk,
        metrics: ServiceMetrics,
        *,
        confirm: Confirm,
        running: Callable[[], int] = lambda: 0,
        sns: SnsVerifier | None = None,
    ) -> None:
        self._desk = desk
        self._metrics = metrics
        self._confirm = confirm
        self._running = running
        self._sns = sns or SnsVerifier()
        self._webhooks: Mapping[str, Webhook] = {}
        self._rates: dict[str, _Rate] = {}
        self._confirming: set[asyncio.Task[None]] = set()
        self.traces = NO_TRACES
        self.ready = True

    def use(self, webhooks: Mapping[str, Webhook]) -> None:
        """Take deliveries on these paths, and no others."""
        self._webhooks = webhooks
        clock = self._desk.clock
        self._rates = {name: _Rate(clock, webhook.settings.rate_per_s) for name, webhook in webhooks.items()}

    def application(self) -> ASGIApp:
        """The ASGI application: a bare router, because what Starlette wraps around it costs a tenth of a delivery."""
        return Router(
            [
                Route("/webhooks/{name}", _Endpoint(self._webhook), methods=["POST"]),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
                Route("/metrics", self._show_metrics),
            ]
        )

    async def close(self) -> None:
        """End what was begun beside the answers."""
        for task in self._confirming:
            task.cancel()
        await asyncio.gather(*self._confirming, return_exceptions=True)

    async def _webhook(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        webhook = self._webhooks.get(name)
        # A name that nobody configured must not become a label: anybody could make as many as they like.
        label = name if webhook is not None else "unknown"
        with self._timed(), self.traces.span("delivery", channel=label) as span:
            with self._reported(label) as report:
                if webhook is None:
                    raise _Answered(404, "unknown")
                report.status, report.outcome = await self._take(webhook, request)
            span.set_attribute("cloudops.outcome", report.outcome)
            span.set_attribute("http.response.status_code", report.status)
        headers = {"Retry-After": "5"} if report.status in (429, 503) else None
        return JSONResponse({"outcome": report.outcome}, report.status, headers)

    async def _take(self, webhook: Webhook, request: Request) -> tuple[int, str]:
        if not self._rates[webhook.name].allows():
            raise _Answered(429, "too_many")
        body = await _body(request)
        headers = {name.casefold(): value for name, value in request.headers.items()}
        delivery = Delivery(headers, body, self._desk.clock.now())
        try:
            key = await self._key(webhook, delivery)
        except SignatureRefused as refused:
            _log.warning("a delivery was refused", extra={"channel": webhook.name, "reason": str(refused)})
            raise _Answered(401, "refused") from None
        if key is None:
            return 202, "confirming"
        try:
            await self._desk.inbox.take(webhook.name, key, delivery.received_at, body)
        except InboxFull:
            raise _Answered(503, "full") from None
        except StoreError as error:
            _log.error("a delivery can't be kept", extra={"channel": webhook.name, "error": str(error)})
            raise _Answered(503, "not_kept") from None
        return 202, "accepted"

    async def _key(self, webhook: Webhook, delivery: Delivery) -> str | None:
        """The key of a genuine delivery; None for a subscription, which is confirmed. Raises `SignatureRefused`."""
        if webhook.settings.verification != "sns":
            return verify(delivery, webhook.settings, webhook.secrets)
        notification = await self._sns.verify(delivery, webhook.settings)
        if notification.kind == "Notification":
            return notification.key
        if notification.kind == "SubscriptionConfirmation":
            task = asyncio.create_task(self._confirm_quietly(notification))
            self._confirming.add(task)
            task.add_done_callback(self._confirming.discard)
        return None

    async def _confirm_quietly(self, notification: Notification) -> None:
        try:
            await self._confirm(notification)
        except Exception as error:  # Whatever the SDK raises: SNS sends its confirmation again.
            _log.exception("a subscription can't be confirmed", extra={"error": type(error).__name__})
        else:
            _log.info("a subscription was confirmed", extra={"topic": notification.topic})

    async def _healthz(self, _: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _readyz(self, _: Request) -> Response:
        return JSONResponse({"status": "ready" if self.ready else "stopping"}, 200 if self.ready else 503)

    async def _show_metrics(self, _: Request) -> Response:
        return Response(
            self._metrics.text(self._desk, self._running()), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = self._desk.clock.monotonic()
        yield
        self._metrics.answer_seconds.observe(self._desk.clock.monotonic() - began)

    @contextmanager
    def _reported(self, channel: str) -> Iterator[_Report]:
        """Turn how a request ends into an answer and a count."""
        report = _Report()
        try:
            yield report
        except _Answered as answered:
            report.status, report.outcome = answered.status, answered.outcome
        except ClientDisconnect:
            report.outcome = "gone"
        self._metrics.deliveries.labels(channel, report.outcome).inc()


@dataclass(slots=True)
class _Report:
    """How a request ended."""

    status: int = 400
    outcome: str = ""


async def _body(request: Request) -> bytes:
    """The whole body, however it is sent."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind not in _TYPES and not (kind.startswith("application/") and kind.endswith("+json")):
        raise _Answered(415, "wrong_type")
    if request.headers.get("content-encoding", "identity").casefold() != "identity":
        raise _Answered(415, "wrong_type")
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > BODY_LIMIT:
        raise _Answered(413, "too_large")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_WITHIN_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise _Answered(413, "too_large")
    except TimeoutError:
        raise _Answered(408, "too_slow") from None
    return bytes(body)
