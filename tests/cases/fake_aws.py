"""AWS on loopback: moto's server, with answers of the test's own in front of it where moto has none or a wrong one.

The own answers are in the shapes that botocore's models document; `documented` checks them against those.
"""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unittest import mock
from urllib.error import HTTPError
from urllib.parse import parse_qs

import botocore.session
from botocore.config import Config
from botocore.validate import ParamValidator
from cases.fake_server import FakeServer, Reply
from moto.server import ThreadedMotoServer

from primitives.clock import ManualClock
from primitives.sources import define_source, open_source
from primitives.telemetry import Backend

REGION = "eu-west-1"
ACCOUNT = "123456789012"
KEYS = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
_HOP = {"connection", "content-length", "transfer-encoding", "server", "date"}


@dataclass
class Call:
    """What was asked: the service (as signed) and the operation."""

    service: str
    operation: str
    body: bytes


Rule = Callable[[Call], Reply | None]


class FakeAws(FakeServer):
    """Passes every call on to moto, unless `rule` answers it."""

    def __init__(self) -> None:
        super().__init__()
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        with mock.patch.dict(os.environ, {"MOTO_ACCOUNT_ID": ACCOUNT}):
            self.moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
            self.moto.start()
        host, port = self.moto.get_host_and_port()
        self.behind = f"http://{host}:{port}"
        self.calls: list[Call] = []
        self.places: dict[str, str] = {}
        # Whatever fails here fails again at once, and a busy machine is slow.
        self.patience = mock.patch.multiple("primitives.backends.aws.access", _ATTEMPTS=1, _READ_S=60.0)
        self.patience.start()
        self.rule: Rule = lambda call: None
        self.after: Callable[[Call, Reply], Reply] = lambda call, reply: reply
        # Moto keeps its state for the whole process.
        self.reset()

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of moto, to make what the test needs."""
        session = botocore.session.Session()
        return session.create_client(
            service, region_name=region, endpoint_url=self.behind, aws_access_key_id=KEYS["access_key_id"],
            aws_secret_access_key=KEYS["secret_access_key"], config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip

    def settings(self, **more: Any) -> dict[str, Any]:
        """The settings of a source that asks it."""
        return {"kind": "aws", "region": REGION, "endpoint_url": self.url, **KEYS, **more}

    def source(self, now: datetime, **settings: Any) -> Backend:
        """A source that asks it, with a clock that stands at `now`."""
        return open_source("prod", define_source("prod", self.settings(**settings), {}), ManualClock(now)).backend

    def reply(self, handler: Any, body: bytes) -> Reply:
        call = _call(handler, body)
        self.calls.append(call)
        answer = self.rule(call) or _without_percentiles(call) or _INSTEAD.get((call.service, call.operation))
        return self.after(call, answer if answer is not None else self._behind(handler, body))

    def asked(self, operation: str) -> int:
        """How often an operation was asked for."""
        return sum(call.operation == operation for call in self.calls)

    def reset(self) -> None:
        """Forget everything."""
        request = urllib.request.Request(f"{self.behind}/moto-api/reset", method="POST", data=b"")
        urllib.request.urlopen(request, timeout=10).close()
        self.forget_calls()

    def forget_calls(self) -> None:
        """Forget what was asked, and the rule; what moto holds stays."""
        self.calls.clear()
        self.rule = lambda call: None

    def close(self) -> None:
        super().close()
        self.moto.stop()
        self.patience.stop()

    def _behind(self, handler: Any, body: bytes) -> Reply:
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in _HOP}
        data = body if handler.command in ("POST", "PUT") else None
        request = urllib.request.Request(self.behind + handler.path, data=data, headers=headers, method=handler.command)
        for _ in range(3):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return Reply(answer.status, answer.read(), _kept(answer.headers))
            except HTTPError as error:
                return Reply(error.code, error.read(), _kept(error.headers))
            except OSError:
                continue  # a busy machine: moto had no place for one more
        return Reply(503)


def _kept(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP}


def _call(handler: Any, body: bytes) -> Call:
    """Service and operation, by the protocol's own place for them."""
    signed = handler.headers.get("Authorization", "").partition("Credential=")[2].split("/")
    service = signed[3] if len(signed) > 3 else ""
    if target := handler.headers.get("X-Amz-Target"):
        return Call(service, target.rpartition(".")[2], body)
    if "/operation/" in handler.path:
        return Call(service, handler.path.rpartition("/")[2], body)
    if action := parse_qs(body.decode("utf-8", "replace")).get("Action"):
        return Call(service, action[0], body)
    return Call(service, f"{handler.command} {handler.path}", body)


def as_json(document: Any, status: int = 200) -> Reply:
    """An answer of a service that speaks JSON."""
    return Reply(status, json.dumps(document, default=_stamp).encode(), {"Content-Type": "application/x-amz-json-1.1"})


def documented(service: str, operation: str, document: dict[str, Any]) -> Reply:
    """An answer in the shape that botocore's model documents; one that isn't fails the test that gives it."""
    model = botocore.session.Session().get_service_model(service)
    shape = model.operation_model(operation).output_shape
    report = ParamValidator().validate(document, shape)
    assert not report.has_errors(), report.generate_report()
    assert model.resolved_protocol in ("json", "rest-json")
    return as_json(document)


def _stamp(moment: Any) -> float:
    assert isinstance(moment, datetime)
    return moment.timestamp()


def refused(code: str, status: int = 400) -> Reply:
    """An error, in the shape of the JSON and of the query protocol at once: each client reads its own."""
    body = json.dumps({"__type": code, "Code": code, "message": code})
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "x-amzn-errortype": code,
        "x-amzn-query-error": f"{code};Sender",
    }
    return Reply(status, body.encode(), headers)


def refused_xml(code: str, status: int = 400) -> Reply:
    """An error of a service that speaks XML."""
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{code}</Message></Error></ErrorResponse>"
    )
    return Reply(status, body.encode(), {"Content-Type": "text/xml"})


@contextmanager
def running() -> Iterator[FakeAws]:
    """A fake that is closed at the end."""
    fake = FakeAws()
    try:
        yield fake
    finally:
        fake.close()


def _without_percentiles(call: Call) -> Reply | None:
    """Moto fails at percentiles; a metric that has none answers nothing."""
    asked = call.operation == "GetMetricData" and b'"Stat": "p' in call.body
    return as_json({"MetricDataResults": []}) if asked else None


_NO_EVENTS = b"<DescribeEventsResponse><DescribeEventsResult><Events/></DescribeEventsResult></DescribeEventsResponse>"
# What moto fails at, as a quiet account answers it.
_INSTEAD = {
    ("cloudtrail", "LookupEvents"): as_json({"Events": []}),
    ("monitoring", "DescribeAlarmHistory"): documented("cloudwatch", "DescribeAlarmHistory", {"AlarmHistoryItems": []}),
    ("servicequotas", "ListServiceQuotas"): as_json({"Quotas": []}),
    ("health", "DescribeEvents"): as_json({"events": []}),
    ("config", "SelectResourceConfig"): as_json({"Results": []}),
    ("elasticache", "DescribeEvents"): Reply(200, _NO_EVENTS, {"Content-Type": "text/xml"}),
}
