"""The service: an engine with a desk, an intake, an investigator, pulls and a listener, until it is stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.act.playbooks import Playbook
from engine.engine import Engine
from engine.serve.desk import Desk
from engine.serve.intake import Channel, Intake
from engine.serve.investigator import Investigator
from engine.serve.jobs import Job, Jobs
from engine.serve.settings import PullSettings, ServeSettings, read_secrets
from engine.serve.traces import NO_TRACES, Traces, open_traces
from primitives.collector import collect_in_small_pieces
from primitives.errors import CloudopsError, StoreError, UsageError
from primitives.outgoing import OutgoingGuard
from primitives.redact import Redactor

if TYPE_CHECKING:
    from engine.serve.listener import Listener, Webhook
    from engine.serve.web_server import WebServer

__all__ = ["Service", "check_settings"]

_EXPIRE_EVERY_S: Final = 3_600.0
_LOOK_FOR_UNATTENDED_S: Final = 5.0

_log = logging.getLogger("cloudops.serve")


def check_settings(settings: ServeSettings) -> tuple[str, ...]:
    """Read every secret and mapping that the settings name; gives the secrets, so that no log has them.

    Raises `UsageError`.
    """
    _channels(settings)
    secrets = [secret for webhook in _webhooks(settings).values() for secret in webhook.secrets]
    for name, pull in settings.pull.items():
        secrets += read_secrets(pull, f"serve.pull.{name}")
    open_traces(settings.traces).close()
    if settings.tls is not None:
        from engine.serve.web_server import server_context

        server_context(settings.tls)
    return tuple(secret.decode("utf-8", "replace") for secret in secrets)


class Service:
    """Runs around `engine` from `start` to `stop`. `jobs` are what else is to run; a reload replaces them.

    `playbooks` are given to every investigation that an alert opens. `guard` says which addresses may be told of it.
    """

    def __init__(self, engine: Engine, desk: Desk) -> None:
        self.port: int | None = None
        self.playbooks: tuple[Playbook, ...] = ()
        self.guard = OutgoingGuard()
        self._engine = engine
        self._desk = desk
        self._jobs = Jobs(engine, desk.clock)
        self._settings = ServeSettings()
        self._investigator: Investigator | None = None
        self._listener: Listener | None = None
        self._server: WebServer | None = None
        self._traces = NO_TRACES

    async def start(self, settings: ServeSettings, jobs: Mapping[str, Job]) -> None:
        """Begin. Raises `UsageError` for settings that can't be used."""
        # What can be wrong is found before anything begins.
        self._traces = open_traces(settings.traces)
        own = self._own_jobs(settings)
        self._settings = settings
        if settings.listen is not None:
            await self._listen(settings)
        await self._jobs.start({**own, **jobs})
        # A service answers for weeks; no collection may keep its callers waiting.
        collect_in_small_pieces()

    async def reload(self, settings: ServeSettings, jobs: Mapping[str, Job]) -> None:
        """Go on with other settings; those that can't be used leave the old ones in force. Raises `UsageError`."""
        fixed = (self._settings.listen, self._settings.tls, self._settings.traces)
        if (settings.listen, settings.tls, settings.traces) != fixed:
            raise UsageError("`listen`, `tls` and `traces` need a restart; nothing was changed")
        webhooks = _webhooks(settings)
        own = self._own_jobs(settings)
        self._settings = settings
        if self._listener is not None:
            self._listener.use(webhooks)
        if self._server is not None:
            self._server.renew_certificate()
        await self._jobs.start({**own, **jobs})

    async def stop(self) -> None:
        """Take no more, answer what is under way, end the jobs. What waits is worked off after the next start."""
        if self._listener is not None:
            self._listener.ready = False
        if self._server is not None:
            await self._server.stop()
        if self._listener is not None:
            await self._listener.close()
        await self._jobs.stop()
        await asyncio.to_thread(self._traces.close)

    async def _listen(self, settings: ServeSettings) -> None:
        from engine.serve.listener import Listener
        from engine.serve.metrics import ServiceMetrics
        from engine.serve.subscriptions import confirm_subscription
        from engine.serve.web_server import WebServer

        self._listener = Listener(
            self._desk, ServiceMetrics(), confirm=confirm_subscription, running=self._running_investigations
        )
        self._listener.traces = self._traces
        self._listener.use(_webhooks(settings))
        self._server = WebServer(self._listener.application(), settings.address, settings.tls, self._desk.clock)
        self.port = await self._server.start()
        host, _ = settings.address
        if settings.tls is None and host not in ("127.0.0.1", "::1", "localhost"):
            _log.warning("listening without TLS on an address that others reach: put a proxy in front, or set `tls`")
        _log.info("listening", extra={"host": host, "port": self.port, "tls": settings.tls is not None})

    def _running_investigations(self) -> int:
        return self._investigator.running if self._investigator is not None else 0

    def _own_jobs(self, settings: ServeSettings) -> dict[str, Job]:
        intake = Intake(self._desk, settings, _channels(settings), Redactor(check_settings(settings)))
        investigator = self._investigator = Investigator(self._engine, self._desk, settings, self.playbooks)
        intake.traces = investigator.traces = self._traces
        jobs: dict[str, Job] = {
            "intake": lambda _: intake.run(),
            "investigator": lambda _: investigator.run(),
            "housekeeping": lambda _: self._keep_house(settings),
            "escalation": lambda _: self._escalate(settings),
            "loading": lambda _: asyncio.to_thread(_load_what_investigations_need),
        }
        for name, pull in settings.pull.items():
            secrets = read_secrets(pull, f"serve.pull.{name}")
            jobs[f"pull {name}"] = partial(_pull, self._desk, intake, name, pull, secrets, self._traces)
            if pull.kind == "pagerduty" and pull.user:
                token = secrets[0].decode("utf-8", "replace")
                jobs[f"tell {name}"] = partial(_tell_back, self._desk, pull, token, self.guard)
        return jobs

    async def _keep_house(self, settings: ServeSettings) -> None:
        """Forget what is old, and archive it."""
        while True:
            try:
                await self._desk.inbox.expire(self._desk.clock.now() - timedelta(days=settings.keep_days))
                if settings.archive is not None:
                    from engine.serve.archive import Archiver

                    with self._traces.span("archive"):
                        await Archiver(self._engine, self._desk, settings.archive, self._desk.clock).sweep()
            except StoreError as error:
                _log.warning("what is old can't be removed", extra={"error": str(error)})
            await self._desk.clock.sleep(_EXPIRE_EVERY_S)

    async def _escalate(self, settings: ServeSettings) -> None:
        """Mark what nobody takes; `on-call` rings for it, and notifications hear of it."""
        while True:
            now = self._desk.clock.now()
            for group in self._desk.groups:
                waited_s = (now - group.opened_at).total_seconds()
                unattended = group.waits_for_person and group.severity != "info" and group.escalated_at is None
                if unattended and waited_s >= settings.escalate_after_s:
                    try:
                        await self._desk.update(group.id, escalated_at=now)
                    except CloudopsError as error:
                        _log.warning("an escalation can't be kept", extra={"group": group.id, "error": str(error)})
                        continue
                    _log.warning("nobody has taken an alert", extra={"group": group.id, "waited_s": int(waited_s)})
            await self._desk.clock.sleep(_LOOK_FOR_UNATTENDED_S)


def _load_what_investigations_need() -> None:
    """Import it before the first alert comes: on the loop it would keep a sender waiting for a tenth of a second."""
    from engine.reason.catalogue import causes
    from primitives.diagnostics.registry import diagnostics

    diagnostics()
    causes()


async def _pull(
    desk: Desk,
    intake: Intake,
    name: str,
    settings: PullSettings,
    secrets: tuple[bytes, ...],
    traces: Traces,
    _: Engine,
) -> None:
    from engine.serve.pulls import Pull

    pull = Pull(desk, intake, name, settings, secrets)
    pull.traces = traces
    await pull.run()


async def _tell_back(desk: Desk, settings: PullSettings, token: str, guard: OutgoingGuard, engine: Engine) -> None:
    from engine.serve.tell_back import PagerDutyBack

    await PagerDutyBack(engine, desk, settings, token, guard).run()


def _channels(settings: ServeSettings) -> dict[str, Channel]:
    """Where deliveries come from. Raises `UsageError` for a mapping that can't be used."""
    from primitives.alert_payloads.mapping import load_mapping

    channels = {}
    for name, webhook in settings.webhooks.items():
        mapping = load_mapping(webhook.mapping.expanduser()) if webhook.mapping is not None else None
        channels[name] = Channel(name, webhook.provider, mapping)
    for name, pull in settings.pull.items():
        channels[name] = Channel(name, "", senders=pull.senders, authenticated_by=pull.authenticated_by)
    return channels


def _webhooks(settings: ServeSettings) -> dict[str, Webhook]:
    from engine.serve.listener import Webhook

    return {
        name: Webhook(name, webhook, read_secrets(webhook, f"serve.webhooks.{name}"))
        for name, webhook in settings.webhooks.items()
    }
