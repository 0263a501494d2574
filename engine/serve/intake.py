"""Works deliveries off: reads them, puts their alerts into groups, and quarantines what can't be read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from engine.alerts import AlertGroup
from engine.serve.desk import Desk
from engine.serve.groups import AlertRow, alert_key, goes_on, home_of, opened_by, with_alert
from engine.serve.inbox import Waiting, Worked
from engine.serve.settings import ServeSettings
from engine.serve.traces import NO_TRACES
from primitives.alert_payloads.mail import sender_problem
from primitives.alert_payloads.mapping import PayloadMapping
from primitives.alert_payloads.model import IncomingAlert, PayloadProblem
from primitives.alert_payloads.registry import PROVIDERS, alerts_in, decode_payload, provider_of
from primitives.dataclass import dataclass
from primitives.errors import StoreError
from primitives.redact import Redactor
from primitives.text import safe_text

__all__ = ["Channel", "Intake"]

_KEPT_PAYLOADS: Final = 20
"""Payloads of a group that are kept; a storm's later ones say the same."""
_EXCERPT: Final = 2_000
_LARGE: Final = 32 * 1024
_PAUSE_S: Final = 1.0
_IDLE_S: Final = 30.0
_GATHER_S: Final = 0.05
"""After a batch; what comes meanwhile is the next one. A transaction each for a few alerts would delay the answers."""

_ENDED: Final = IncomingAlert(provider="", fingerprint="", status="resolved", title="ended")

_log = logging.getLogger("cloudops.serve")


@dataclass(frozen=True, slots=True)
class Channel:
    """Where deliveries come from, and how they are read; of mails, whose."""

    name: str
    provider: str
    mapping: PayloadMapping | None = None
    senders: tuple[str, ...] = ()
    authenticated_by: str = ""


@dataclass(slots=True)
class _Batch:
    """What is gathered of some deliveries until it is kept.

    `payload` is what the delivery in hand says, redacted; empty until a group keeps it, and `payload_in` are the groups
    that do.
    """

    seen: list[Waiting] = field(default_factory=list)
    rows: dict[str, AlertRow] = field(default_factory=dict)
    groups: dict[str, None] = field(default_factory=dict)
    payloads: list[tuple[str, float, str, str]] = field(default_factory=list)
    quarantined: list[tuple[str, float, int, str, str]] = field(default_factory=list)
    payload: str = ""
    payload_in: set[str] = field(default_factory=set)
    before: dict[str, AlertGroup | None] = field(default_factory=dict)


class Intake:
    """The one that puts alerts into groups. `channels` are those that the configuration names now."""

    def __init__(
        self, desk: Desk, settings: ServeSettings, channels: Mapping[str, Channel], redactor: Redactor | None = None
    ) -> None:
        self._desk = desk
        self._settings = settings
        self._channels = channels
        self._redactor = redactor or Redactor()
        self.traces = NO_TRACES

    async def run(self) -> None:
        """Work off what comes in until cancelled. A store that can't be written is tried again."""
        inbox = self._desk.inbox
        while True:
            inbox.arrived.clear()
            try:
                while batch := await inbox.next_waiting():
                    with self.traces.span("work off", deliveries=len(batch)):
                        await _to_its_end(self.work(batch))
                    await self._desk.clock.sleep(_GATHER_S)
            except StoreError as error:
                _log.error("what came in can't be worked off", extra={"error": str(error)})
                await self._desk.clock.sleep(_PAUSE_S)
                continue
            try:
                async with asyncio.timeout(_IDLE_S):
                    await inbox.arrived.wait()
            except TimeoutError:
                pass

    async def work(self, deliveries: list[Waiting]) -> None:
        """Work off these deliveries, in their order. Raises `StoreError` when nothing of it could be kept."""
        batch = _Batch(list(deliveries))
        read = [(delivery, await self._read(delivery, batch)) for delivery in deliveries]
        await self._fold(read, batch)

    async def take_alerts(self, channel: str, alerts: tuple[IncomingAlert, ...], document: Any, at: datetime) -> None:
        """Fold alerts that were asked for, with the document that they stand in. Raises `StoreError`."""
        delivery = Waiting(0, channel, "", at.timestamp(), b"")
        await _to_its_end(self._fold([(delivery, (alerts, document))], _Batch()))

    async def end_alerts(self, keys: set[str], at: datetime) -> None:
        """Note the end of alerts that are listed no more, by their keys. Raises `StoreError`."""
        await _to_its_end(self._end(keys, at))

    async def _end(self, keys: set[str], at: datetime) -> None:
        batch = _Batch(rows=await self._desk.inbox.alerts(keys))
        ended: list[AlertRow] = []
        for row in batch.rows.values():
            group = await self._desk.find(row.group_id)
            if group is None or row.status == "resolved":
                continue
            batch.before.setdefault(group.id, group)
            self._desk.put(with_alert(group, _ENDED, row, self._settings, at))
            batch.groups[group.id] = None
            ended.append(row.model_copy(update={"status": "resolved", "changed_at": at.timestamp()}))
        await self._keep(batch, ended)

    async def _fold(self, read: list[tuple[Waiting, tuple[tuple[IncomingAlert, ...], Any]]], batch: _Batch) -> None:
        batch.rows = await self._desk.inbox.alerts(
            {alert_key(delivery.channel, alert) for delivery, (alerts, _) in read for alert in alerts}
        )
        named = ((each.channel, alert) for each, (alerts, _) in read for alert in alerts if alert.event_id)
        events = {self._event_key(channel, alert) for channel, alert in named}
        known = await self._desk.inbox.seen(events) if events else set()
        changed: dict[str, AlertRow] = {}
        for delivery, (alerts, document) in read:
            batch.payload, batch.payload_in = "", set()
            for alert in alerts:
                if alert.event_id:
                    if (event := self._event_key(delivery.channel, alert)) in known:
                        continue
                    known.add(event)
                    batch.seen.append(Waiting(0, delivery.channel, event, delivery.received_at, b""))
                row = await self._place(delivery, alert, document, batch)
                if row is not None:
                    batch.rows[row.key] = changed[row.key] = row
        await self._keep(batch, list(changed.values()))

    async def _keep(self, batch: _Batch, rows: list[AlertRow]) -> None:
        groups = [group for name in batch.groups if (group := self._desk.get(name)) is not None]
        try:
            await self._desk.keep(Worked(batch.seen, rows, groups, batch.payloads, batch.quarantined))
        except StoreError:
            # Nothing was kept: the same comes again, and must not count twice.
            for name, group in batch.before.items():
                self._desk.restore(name, group)
            raise

    async def _read(self, delivery: Waiting, batch: _Batch) -> tuple[tuple[IncomingAlert, ...], Any]:
        """The alerts of a delivery and the document that they stand in; what can't be read goes to quarantine."""
        try:
            large = len(delivery.body) > _LARGE
            document = (
                await asyncio.to_thread(decode_payload, delivery.body) if large else decode_payload(delivery.body)
            )
            return self._alerts(delivery.channel, document), document
        except PayloadProblem as problem:
            text = safe_text(delivery.body[: _EXCERPT * 2].decode("utf-8", "replace"), limit=_EXCERPT)
            excerpt = await asyncio.to_thread(self._redactor.redact, text)
            said = self._redactor.redact(str(problem))[:500]
            batch.quarantined.append((delivery.channel, delivery.received_at, len(delivery.body), said, excerpt))
            _log.warning("a delivery can't be read", extra={"channel": delivery.channel, "problem": said})
            return (), None

    def _alerts(self, channel: str, document: Any) -> tuple[IncomingAlert, ...]:
        known = self._channels.get(channel, Channel(channel, ""))
        if known.mapping is None and known.provider not in PROVIDERS:
            # A pull, or its configuration is gone meanwhile.
            alerts = alerts_in(provider_of(document), document)
        else:
            alerts = alerts_in(known.provider, document, known.mapping)
        for alert in alerts:
            if alert.provider == "mail":
                problem = sender_problem(alert, document, known.senders, known.authenticated_by)
                if problem:
                    raise PayloadProblem(problem)
        return alerts

    async def _place(self, delivery: Waiting, alert: IncomingAlert, document: Any, batch: _Batch) -> AlertRow | None:
        """The alert's new row, after it was put into a group; None for the end of what nobody heard of."""
        now = datetime.fromtimestamp(delivery.received_at, UTC)
        key = alert_key(delivery.channel, alert)
        before = batch.rows.get(key)
        group, is_new = await self._home(delivery.channel, alert, before, now)
        if group is None:
            return None
        batch.before.setdefault(group.id, None if is_new else group)
        if group.id != (before.group_id if before else None):
            before = None
        if group.deliveries < _KEPT_PAYLOADS and group.id not in batch.payload_in and document is not None:
            # Once for all alerts of the delivery: redaction is what costs most here.
            batch.payload_in.add(group.id)
            batch.payload = batch.payload or await asyncio.to_thread(self._redacted, document)
            batch.payloads.append((group.id, delivery.received_at, delivery.channel, batch.payload))
        # Others may have changed the group while it was redacted.
        group = with_alert(self._desk.get(group.id) or group, alert, before, self._settings, now)
        self._desk.put(group)
        batch.groups[group.id] = None
        changed = before is None or before.status != alert.status
        return AlertRow(
            key=key,
            group_id=group.id,
            status=alert.status,
            changed_at=delivery.received_at if changed or before is None else before.changed_at,
            seen_at=delivery.received_at,
            times=(before.times if before else 0) + 1,
            source_id=self._clean(alert.source_id),
            channel=delivery.channel,
        )

    def _clean(self, name: str) -> str:
        """A provider's id or name without credentials; nearly all stay as they are, and equal ones stay equal."""
        return self._redactor.redact(name) if name else ""

    def _event_key(self, channel: str, alert: IncomingAlert) -> str:
        return self._clean(f"{channel}:event:{alert.event_id}")

    def _redacted(self, document: Any) -> str:
        return orjson.dumps(self._redactor.redact_value(document)).decode()

    async def _home(
        self, channel: str, alert: IncomingAlert, before: AlertRow | None, now: datetime
    ) -> tuple[AlertGroup | None, bool]:
        """The group for an alert, and whether it was opened just now."""
        if before is not None:
            group = await self._desk.find(before.group_id)
            if group is not None and (alert.status == "resolved" or goes_on(group, now)):
                return group, False
        if alert.status == "resolved":
            return None, False
        groups = self._desk.groups
        # A group of Alertmanager's is called by the labels of its alerts, which may hold anything.
        alert = alert.model_copy(update={"group": self._clean(alert.group)})
        if (group := home_of(alert, channel, groups, self._settings, now)) is not None:
            return group, False
        clean = await asyncio.to_thread(alert.redacted, self._redactor)
        group = opened_by(clean, channel, groups, self._settings, now)
        self._desk.put(group)
        _log.info("a group of alerts was opened", extra={"group": group.id, "channel": channel, "storm": group.storm})
        return group, True


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do `work` whole, also when this task is cancelled meanwhile: it must not stop between memory and disk."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
