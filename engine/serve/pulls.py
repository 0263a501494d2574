"""Asks services for their alerts, again and again: nothing needs to be exposed for that.

What was heard of is in the inbox, so a pull goes on where it stopped: an alert that is listed no more is over. A source
that is down is asked again after growing pauses.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import orjson

from engine.serve.desk import Desk
from engine.serve.groups import alert_key
from engine.serve.intake import Intake
from engine.serve.settings import PullSettings
from engine.serve.traces import NO_TRACES
from primitives.alert_payloads import alertmanager
from primitives.alert_payloads.mail import mail_document
from primitives.alert_payloads.model import IncomingAlert, PayloadProblem
from primitives.alert_payloads.polled import datadog_monitors, pagerduty_incidents
from primitives.backends.aws.queues import Queue
from primitives.backends.mailbox import Mailbox
from primitives.endpoints import parse_url
from primitives.errors import SourceError, SourceTimeout, StoreError
from primitives.http_source import HttpSource, Params, Product
from primitives.text import safe_text

__all__ = ["Pull"]

T = TypeVar("T")
_TIMEOUT_S: Final = 15.0
_MAILBOX_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 300.0
_PAGES: Final = 10
_PAGE: Final = 100
_URLS: Final[Mapping[str, str]] = {"datadog": "https://api.datadoghq.com", "pagerduty": "https://api.pagerduty.com"}
_PRODUCTS: Final[Mapping[str, Product]] = {
    "alertmanager": Product("Alertmanager", "/api/v2", "check its token"),
    "grafana": Product("Grafana", "/api", "its service account needs to read alerts"),
    "pagerduty": Product("PagerDuty", "/incidents", "its REST API key needs to read incidents"),
    "datadog": Product("Datadog", "/api/v1", "its application key needs `monitors_read`"),
}

_log = logging.getLogger("cloudops.serve")


class Pull:
    """One configured source of alerts."""

    def __init__(self, desk: Desk, intake: Intake, name: str, settings: PullSettings, secrets: Sequence[bytes]) -> None:
        self._desk = desk
        self._intake = intake
        self._name = name
        self._settings = settings
        tokens = [secret.decode("utf-8", "replace") for secret in secrets]
        self._queue = Queue(
            settings.queue_url, region=settings.region, profile=settings.profile, endpoint_url=settings.url
        )
        self._http = _http(name, settings, tokens) if settings.kind in _PRODUCTS else None
        self._mailbox = _mailbox(name, settings, tokens) if settings.kind == "imap" else None
        self._failures = 0
        self.traces = NO_TRACES

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            while True:
                try:
                    with self.traces.span("pull", channel=self._name, kind=self._settings.kind):
                        await self.look()
                    self._failures = 0
                except (SourceError, StoreError, PayloadProblem) as error:
                    self._failures += 1
                    _log.warning("alerts can't be asked for", extra={"pull": self._name, "error": str(error)})
                await self._desk.clock.sleep(self._pause_s())
        finally:
            await self._close()

    async def look(self) -> None:
        """Ask once. Raises `SourceError`, `StoreError` or `PayloadProblem`."""
        if self._mailbox is not None:
            await self._look_into_mailbox(self._mailbox)
            return
        if self._http is None:
            await self._look_into_queue()
            return
        alerts, document = await self._listed(self._http)
        now = self._desk.clock.now()
        keys = {alert_key(self._name, alert): alert for alert in alerts}
        firing = await self._desk.inbox.firing(self._name)
        fresh = [alert for key, alert in keys.items() if key not in firing or alert.status == "acknowledged"]
        if fresh:
            await self._intake.take_alerts(self._name, tuple(fresh), document, now)
        if gone := firing - set(keys):
            await self._intake.end_alerts(gone, now)

    def _pause_s(self) -> float:
        if self._settings.kind == "sqs" and not self._failures:
            return 0.0  # a queue is waited at
        every_s = self._settings.every_s
        return float(min(every_s * 2 ** min(self._failures, 10), max(_LONGEST_PAUSE_S, every_s)))

    async def _listed(self, http: HttpSource) -> tuple[tuple[IncomingAlert, ...], Any]:
        kind = self._settings.kind
        if kind == "pagerduty":
            return await self._pages(http)
        if kind == "datadog":
            document = await http.get("/api/v1/monitor", [("page_size", "1000"), ("page", "0")])
            return datadog_monitors(document), None
        prefix = "/api/alertmanager/grafana" if kind == "grafana" else ""
        query: Params = [("active", "true"), ("silenced", "false"), ("inhibited", "false")]
        document = await http.get(f"{prefix}/api/v2/alerts", query)
        return alertmanager.parse_api(document), document

    async def _pages(self, http: HttpSource) -> tuple[tuple[IncomingAlert, ...], Any]:
        """PagerDuty's open incidents, of the chosen services."""
        alerts: list[IncomingAlert] = []
        for page in range(_PAGES):
            query = [("statuses[]", "triggered"), ("statuses[]", "acknowledged"), ("limit", str(_PAGE))]
            query += [("service_ids[]", service) for service in self._settings.services]
            document = await http.get("/incidents", [*query, ("offset", str(page * _PAGE))])
            alerts += pagerduty_incidents(document)
            if not (isinstance(document, Mapping) and document.get("more") is True):
                return tuple(alerts), document
        raise PayloadProblem(f"more than {_PAGES * _PAGE} incidents are open: choose `services`")

    async def _look_into_queue(self) -> None:
        """Keep what has come, then delete it: a message that was kept and not deleted comes again, and is known."""
        messages = await asyncio.to_thread(self._queue.receive)
        now = self._desk.clock.now()
        for message in messages:
            await self._desk.inbox.take(self._name, f"sqs:{message.number}", now, message.body.encode())
        if messages:
            await asyncio.to_thread(self._queue.delete, messages)

    async def _look_into_mailbox(self, mailbox: Mailbox) -> None:
        """Keep what has come, then mark it as seen: a mail that was kept and not marked comes again, and is known."""
        mails = await _within(mailbox, mailbox.unseen)
        now = self._desk.clock.now()
        for each in mails:
            body = await asyncio.to_thread(_mail_body, each.raw)
            await self._desk.inbox.take(self._name, each.key, now, body)
        await _within(mailbox, partial(mailbox.mark, mails))

    async def _close(self) -> None:
        if self._http is not None:
            await self._http.close()
        if self._mailbox is not None:
            self._mailbox.abort()
        await asyncio.to_thread(self._queue.close)


async def _within(mailbox: Mailbox, call: Callable[[], T]) -> T:
    """What a blocking call gives. Raises `SourceError`, also when the whole takes too long: its server may drip."""
    try:
        async with asyncio.timeout(_MAILBOX_S):
            return await asyncio.to_thread(call)
    except TimeoutError:
        raise SourceTimeout(mailbox.place[0], f"the mailbox took longer than {_MAILBOX_S:g} s") from None
    finally:
        if sys.exc_info()[0] is not None:
            mailbox.abort()


def _mail_body(raw: bytes) -> bytes:
    try:
        return orjson.dumps(mail_document(raw))
    except PayloadProblem as problem:
        return orjson.dumps(
            {"mail": {"problem": str(problem), "begins": safe_text(raw[:500].decode("utf-8", "replace"))}}
        )


def _mailbox(name: str, settings: PullSettings, tokens: list[str]) -> Mailbox:
    return Mailbox(
        name, settings.host, port=settings.port, security=settings.security, user=settings.user, password=tokens[0],
        folder=settings.folder, ca_file=settings.ca_file,
    )  # fmt: skip


def _http(name: str, settings: PullSettings, tokens: list[str]) -> HttpSource:
    """The source's API, with its credentials in the way that it wants them."""
    kind = settings.kind
    headers: dict[str, str] = {}
    token = tokens[0] if tokens else None
    if kind == "pagerduty":
        headers = {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}
    elif kind == "datadog":
        headers = {"DD-API-KEY": tokens[0], "DD-APPLICATION-KEY": tokens[-1]}
    endpoint = parse_url(
        settings.url or _URLS[kind], None if headers else token, product=_PRODUCTS[kind].name, port=443
    )
    secrets = [*tokens, *endpoint.secrets]
    return HttpSource(endpoint, _PRODUCTS[kind], source=name, timeout_s=_TIMEOUT_S, secrets=secrets, headers=headers)
