"""A disk that is full in the middle, and what PagerDuty is told."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import payloads
import pytest
from running import TOKEN, Running, alert, settings, started, until

from engine.alerts import AlertGroup
from engine.engine import person
from engine.events import ENGINE
from engine.notify.receivers.pagerduty_api import PagerDutyApi
from engine.port import CloseIncident
from engine.serve.intake import Intake
from engine.serve.settings import PullSettings
from engine.serve.tell_back import PagerDutyBack
from engine.store.connection import Connection, Statement
from primitives.alert_payloads.pagerduty import parse
from primitives.backends.aws.queues import confirm_sns_subscription
from primitives.errors import StoreError
from primitives.outgoing import OutgoingGuard


class FullDisk:
    """Lets no write through while it is `full`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full, self.refused = False, 0
        write = Connection.write

        async def perhaps(connection: Connection, statements: Sequence[Statement]) -> None:
            if self.full and any(
                word in statement.sql for statement in statements for word in ("deliveries", "groups")
            ):
                self.refused += 1
                raise StoreError("the disk is full")
            await write(connection, statements)

        monkeypatch.setattr(Connection, "write", perhaps)


async def test_nothing_is_acknowledged_on_a_full_disk_and_nothing_counts_twice(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    disk.full = True
    assert await service.send(alert()) == 503
    disk.full = False
    await service.service._jobs.stop()
    assert await service.send(alert()) == 202
    assert await service.send(alert("Other", service="ferry")) == 202
    disk.full = True
    await service.service.reload(settings(), {})

    async def tried_twice() -> bool:
        return disk.refused >= 3

    await until(tried_twice)
    assert service.desk.groups == ()
    disk.full = False
    groups = await service.groups(lambda groups: len(groups) == 2)
    assert [(group.alerts, group.firing, group.deliveries) for group in groups] == [(1, 1, 1)] * 2


def _at_rest(group: AlertGroup) -> bool:
    return (group.state, group.noted) == ("investigated", "firing")


async def test_an_end_that_can_not_be_kept_is_noted_later_and_once(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {"alerts": [alert(name, service="ferry")["alerts"][0] for name in ("Slow", "Late")]}
    await service.send(document)
    (group,) = await service.groups(lambda groups: bool(groups) and _at_rest(groups[0]))
    intake = Intake(service.desk, settings(), {})
    keys = await service.desk.inbox.firing("alertmanager")
    assert len(keys) == 2
    disk = FullDisk(monkeypatch)
    disk.full = True
    for _ in range(2):
        with pytest.raises(StoreError):
            await intake.end_alerts(keys, service.desk.clock.now())
        with pytest.raises(StoreError):
            await service.desk.update(group.id, taken_by="ana")
        assert service.desk.groups == (group,), "what the disk doesn't have must not be shown"
    disk.full = False
    await intake.end_alerts(keys, service.desk.clock.now())
    assert (service.desk.groups[0].firing, service.desk.groups[0].open) == (0, False)
    assert await service.desk.inbox.firing("alertmanager") == set()


async def test_an_end_that_is_cancelled_halfway_is_kept_whole(
    service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.send(alert())
    await service.groups(lambda groups: bool(groups) and _at_rest(groups[0]))
    began, go_on = asyncio.Event(), asyncio.Event()
    write = Connection.write

    async def slow(connection: Connection, statements: Sequence[Statement]) -> None:
        if any("alerts" in statement.sql for statement in statements):
            began.set()
            await go_on.wait()
        await write(connection, statements)

    monkeypatch.setattr(Connection, "write", slow)
    keys = await service.desk.inbox.firing("alertmanager")
    intake = Intake(service.desk, settings(), {})
    task = asyncio.create_task(intake.end_alerts(keys, service.desk.clock.now()))
    await began.wait()
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    kept = await service.desk.inbox.group(service.desk.groups[0].id)
    assert kept is not None
    assert not kept.open
    assert await service.desk.inbox.firing("alertmanager") == set()


async def test_a_delivery_of_many_alerts_is_stored_once(service: Running) -> None:
    many = [alert(f"Slow{number}", service="ferry")["alerts"][0] for number in range(30)]
    await service.send({**alert(), "alerts": many})
    (group,) = await service.groups(lambda groups: bool(groups) and groups[0].alerts == 30)
    assert len(await service.engine.alert_payloads(group.id)) == 1


async def test_pagerduty_hears_who_has_taken_it_and_the_likely_cause_once(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    notes: list[str] = []
    calls: list[tuple[str, str, Any]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["Authorization"] == f"Token token={TOKEN}"
        body = json.loads(request.content) if request.content else None
        if request.method == "GET" and request.url.path == "/incidents":
            return httpx2.Response(200, json={"incidents": [payloads.PAGERDUTY["event"]["data"]], "more": False})
        calls.append((request.method, request.url.path, body))
        if len(calls) == 1:
            return httpx2.Response(429, headers={"Retry-After": "0"})
        assert request.headers["From"] == "ana@example.com"
        if request.method == "POST":
            notes.append(body["note"]["content"])
        return httpx2.Response(200, json={"notes": [{"content": content} for content in notes]})

    class Client(httpx2.AsyncClient):
        def __init__(self, **given: Any) -> None:
            super().__init__(transport=httpx2.MockTransport(answer), headers=given.get("headers"))

    monkeypatch.setattr(httpx2, "AsyncClient", Client)
    duty = {"kind": "pagerduty", "secret_variables": ["API_TOKEN"], "user": "ana@example.com"}
    duty |= {"every_s": 0.2, "resolve_closed": True}
    async with started(short_path, settings(listen=None, webhooks={}, pull={"duty": duty})) as service:
        (group,) = await service.groups(lambda groups: bool(groups) and groups[0].told_cause)
        await service.engine.take_alert(group.id)
        (group,) = await service.groups(lambda groups: groups[0].told_taken)
        (note,) = notes
        assert group.execution_id is not None
        assert note.startswith("CloudOps: ")
        assert group.execution_id in note
        acknowledged = {"incident": {"type": "incident_reference", "status": "acknowledged"}}
        assert ("PUT", "/incidents/PGR0VU2", acknowledged) in calls
        # As after a crash between the note and its mark: it is not written twice.
        await service.desk.update(group.id, told_cause=False)
        await service.groups(lambda groups: groups[0].told_cause)
        assert len(notes) == 1
        await service.engine.send(group.execution_id, CloseIncident(), who=person(1000))
        await service.groups(lambda groups: groups[0].told_closed)
        resolved = {"incident": {"type": "incident_reference", "status": "resolved"}}
        assert calls.count(("PUT", "/incidents/PGR0VU2", resolved)) == 1


async def test_what_nobody_allowed_to_be_resolved_or_no_person_closed_stays(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    told: list[str] = []
    monkeypatch.setattr(PagerDutyApi, "acknowledge", lambda _, number: _noted(told, f"acknowledge {number}"))
    monkeypatch.setattr(PagerDutyApi, "resolve", lambda _, number: _noted(told, f"resolve {number}"))
    for allowed, closes in ((False, person(1000)), (True, ENGINE)):
        folder = short_path / str(allowed)
        folder.mkdir()
        async with started(folder, settings(listen=None, webhooks={})) as service:
            intake = Intake(service.desk, settings(), {})
            await intake.take_alerts("duty", parse(payloads.PAGERDUTY), payloads.PAGERDUTY, service.desk.clock.now())
            (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
            assert group.execution_id is not None
            await service.desk.take(group.id, "ana")
            await service.engine.send(group.execution_id, CloseIncident(), who=closes)
            duty = PullSettings(
                kind="pagerduty", secret_variables=("API_TOKEN",), user="ana@example.com", resolve_closed=allowed
            )
            back = PagerDutyBack(service.engine, service.desk, duty, TOKEN, OutgoingGuard())
            await service.desk.update(group.id, told_cause=True)
            assert await back._tell_all()
    assert told == ["acknowledge PGR0VU2"] * 2


async def _noted(told: list[str], words: str) -> None:
    told.append(words)


_CONFIRMED = """<ConfirmSubscriptionResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><ConfirmSubscriptionResult>
<SubscriptionArn>arn:aws:sns:eu-west-1:123456789012:alarms:80289ba6</SubscriptionArn></ConfirmSubscriptionResult>
<ResponseMetadata><RequestId>075ecce8</RequestId></ResponseMetadata></ConfirmSubscriptionResponse>"""


async def test_subscriptions_are_confirmed_by_the_api_without_credentials() -> None:
    """A stand-in with the documented answer: moto can't tell whose an unsigned request is."""
    asked: list[tuple[str, dict[str, list[str]], str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            asked.append((self.path, form, self.headers.get("Authorization")))
            self.send_response(200)
            self.send_header("Content-Length", str(len(_CONFIRMED)))
            self.end_headers()
            self.wfile.write(_CONFIRMED.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        topic = "arn:aws:sns:eu-west-1:123456789012:alarms"
        await asyncio.to_thread(confirm_sns_subscription, topic, "a-token", "eu-west-1", endpoint)
    finally:
        server.shutdown()
        server.server_close()
    ((_, form, credentials),) = asked
    assert (form["Action"], form["TopicArn"], form["Token"]) == (["ConfirmSubscription"], [topic], ["a-token"])
    assert credentials is None
