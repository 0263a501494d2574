"""Asking services for their alerts: loopback stand-ins with the documented shapes, and moto for SQS."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import payloads
import pytest
from mails import NAGIOS, SENDER, ses_notification
from mails import mail as mail_of
from running import TOKEN, settings, started, until

from primitives.outgoing import OutgoingGuard


class Api:
    """Answers with what `answers` has for the path; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.status = 200


@contextmanager
def served(api: Api) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.casefold(): value for name, value in self.headers.items()}
            self.rfile.read(int(headers.get("content-length", 0)))
            api.asked.append((parts.path, parse_qs(parts.query), headers))
            body = json.dumps(api.answers.get(parts.path, {})).encode()
            self.send_response(api.status if parts.path in api.answers else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    monkeypatch.setenv("API_TOKEN", TOKEN)
    return {"secret_variables": ["API_TOKEN"]}


def pulling(**pull: Any) -> Any:
    return settings(listen=None, webhooks={}, pull={"it": {"every_s": 0.2, **pull}})


async def test_pagerdutys_open_incidents(short_path: Path, token: dict[str, list[str]]) -> None:
    api, incident = Api(), payloads.PAGERDUTY["event"]["data"]
    api.answers["/incidents"] = {"incidents": [incident], "more": False}
    with served(api) as url:
        chosen = pulling(kind="pagerduty", url=url, services=["PF9KMXH"], **token)
        async with started(short_path, chosen) as service:
            (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
            assert (group.title, group.service) == ("Ticket sales are slow", "ticket-api")
            path, query, headers = api.asked[0]
            assert (path, query["service_ids[]"], query["statuses[]"]) == (
                "/incidents",
                ["PF9KMXH"],
                ["triggered", "acknowledged"],
            )
            assert headers["authorization"] == f"Token token={TOKEN}"
            api.answers["/incidents"] = {"incidents": [{**incident, "status": "acknowledged"}], "more": False}
            await service.groups(lambda groups: groups[0].taken_by == "pagerduty")
            api.answers["/incidents"] = {"incidents": [], "more": False}
            await service.groups(lambda groups: not groups[0].open)


async def test_pagerduty_is_told_only_at_an_address_that_may_be_reached(
    short_path: Path, token: dict[str, list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    api = Api()
    notes = "/incidents/PGR0VU2/notes"
    api.answers["/incidents"] = {"incidents": [payloads.PAGERDUTY["event"]["data"]], "more": False}
    api.answers[notes] = {"notes": []}

    async def refused() -> bool:
        return any("this machine itself" in getattr(record, "error", "") for record in caplog.records)

    with served(api) as url:
        chosen = pulling(kind="pagerduty", url=url, user="ana@example.com", **token)
        async with started(short_path, chosen) as service:
            await until(refused)
            assert notes not in [path for path, _, _ in api.asked]
            assert not service.desk.groups[0].told_cause
            service.service.guard = OutgoingGuard(["127.0.0.1"])
            await service.service.reload(chosen, {})
            await service.groups(lambda groups: groups[0].told_cause)
            assert [path for path, _, _ in api.asked if path != "/incidents"] == [notes, notes]


async def test_datadogs_monitors(short_path: Path, token: dict[str, list[str]]) -> None:
    api = Api()
    monitor = {
        "id": 91498, "name": "Too many errors", "overall_state": "Alert", "priority": 2, "message": "5xx over 4 %",
        "tags": ["service:reading-room", "env:prod"], "overall_state_modified": "2026-03-10T14:44:00.000000+00:00",
    }  # fmt: skip
    api.answers["/api/v1/monitor"] = [monitor, {**monitor, "id": 2, "overall_state": "OK"}]
    with served(api) as url:
        async with started(short_path, pulling(kind="datadog", url=url, **token)) as service:
            (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
            assert (group.title, group.service, group.severity, group.alerts) == (
                "Too many errors",
                "reading-room",
                "error",
                1,
            )
            assert api.asked[0][2]["dd-api-key"] == TOKEN
            api.answers["/api/v1/monitor"] = [{**monitor, "overall_state": "OK"}]
            await service.groups(lambda groups: not groups[0].open)


async def test_grafanas_own_alertmanager(short_path: Path, token: dict[str, list[str]]) -> None:
    api = Api()
    alert = {**payloads.GRAFANA["alerts"][0], "status": {"state": "active", "silencedBy": [], "inhibitedBy": []}}
    api.answers["/api/alertmanager/grafana/api/v2/alerts"] = [alert]
    with served(api) as url:
        async with started(short_path, pulling(kind="grafana", url=url, **token)) as service:
            (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
            assert group.title == "Queue grows"
            assert api.asked[0][2]["authorization"] == f"Bearer {TOKEN}"


async def test_a_source_that_fails_ends_no_alert(short_path: Path, token: dict[str, list[str]]) -> None:
    api = Api()
    api.answers["/incidents"] = {"incidents": [payloads.PAGERDUTY["event"]["data"]], "more": False}
    with served(api) as url:
        async with started(short_path, pulling(kind="pagerduty", url=url, **token)) as service:
            await service.groups(lambda groups: len(groups) == 1)
            asked = len(api.asked)
            api.status = 500

            async def asked_again() -> bool:
                return len(api.asked) > asked + 1

            await until(asked_again)
            assert service.desk.groups[0].open
            assert service.desk.groups[0].deliveries == 1


async def test_alarms_in_a_queue(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.session import Session
    from moto.server import ThreadedMotoServer

    for name, value in {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
        monkeypatch.setenv(name, value)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    sqs, sns = (
        Session().create_client(name, region_name="eu-west-1", endpoint_url=endpoint) for name in ("sqs", "sns")
    )
    try:
        queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = sns.create_topic(Name="alarms")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        sns.publish(TopicArn=topic, Message=json.dumps(payloads.ALARM), Subject="ALARM")
        chosen = pulling(kind="sqs", url=endpoint, queue_url=queue, region="eu-west-1", senders=[SENDER])
        async with started(short_path, chosen) as service:
            (group,) = await service.groups(lambda groups: bool(groups) and groups[0].state == "investigated")
            assert (group.title, group.service) == ("loans-db-connections", "loans-db")
            sns.publish(TopicArn=topic, Message=json.dumps({**payloads.ALARM, "NewStateValue": "OK"}))
            sqs.send_message(QueueUrl=queue, MessageBody="no alarm at all")
            await service.groups(lambda groups: not groups[0].open)

            async def emptied() -> bool:
                names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
                left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
                return all(left[name] == "0" for name in names)

            await until(emptied)
            # A message is deleted once it is kept; it is read after that.
            await service.groups(lambda groups: True)
            assert await service.desk.inbox.quarantine_size() == 1
            # Mails that SES received come the same way, from the named senders.
            for mail in (ses_notification(NAGIOS), ses_notification(mail_of("Slow", sender="eve@evil.example"))):
                sns.publish(TopicArn=topic, Message=json.dumps(mail))
            groups = await service.groups(lambda groups: len(groups) == 2)
            assert {group.provider for group in groups} == {"aws", "mail"}

            async def refused() -> bool:
                return await service.desk.inbox.quarantine_size() == 2

            await until(refused)
            assert "not among `senders`" in (await service.engine.quarantined())[0].problem
    finally:
        sqs.close()
        sns.close()
        moto.stop()
