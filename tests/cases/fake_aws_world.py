"""An AWS account in memory: answers and requests that aren't as botocore's models document them fail the test."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from primitives.actions.aws_calls import LOOKS, WRITES
from primitives.actions.aws_world import AwsPlace
from primitives.actions.execution import Call, Dispatch
from primitives.errors import SourceUnreachable

PLACE = AwsPlace("210987654321", "eu-north-1", "aws")
WHERE = {"account": PLACE.account, "region": PLACE.region}
Answer = dict[str, Any] | None | Callable[[dict[str, Any]], dict[str, Any] | None]


@cache
def model(service: str) -> Any:
    return botocore.session.Session().get_service_model(service)


def check_shape(service: str, operation: str, side: str, document: dict[str, Any]) -> None:
    """Fail where the document isn't what botocore's model says of the operation's input or output."""
    shape = getattr(model(service).operation_model(operation), f"{side}_shape")
    if shape is None:
        assert not document
        return
    report = ParamValidator().validate(document, shape)
    assert not report.has_errors(), f"{service} {operation}: {report.generate_report()}"
    assert set(document) <= set(shape.members), f"{service} {operation} has no {set(document) - set(shape.members)}"


class FakeAwsWorld:
    """Answers looks by `answers` and takes calls by `effects`, each by `service:Operation`; what isn't there is None.

    `faults` are what the next calls meet: "drop-before" and "drop-after" lose the answer, anything else refuses.
    """

    def __init__(self, answers: dict[str, Answer], effects: dict[str, Callable[[dict[str, Any]], None]]) -> None:
        self.name = "prod"
        self.answers, self.effects = answers, effects
        self.looked: set[str] = set()
        self.sent: list[Call] = []
        self.faults: list[str] = []
        self.place = PLACE
        self.time = datetime(2026, 3, 10, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    async def where(self) -> AwsPlace:
        return self.place

    async def read(self, service: str, operation: str, **parameters: Any) -> dict[str, Any] | None:
        name = f"{service}:{operation}"
        assert name in LOOKS, name
        check_shape(service, operation, "input", parameters)
        self.looked.add(name)
        answer = self.answers.get(name)
        document = answer(parameters) if callable(answer) else answer
        if document is not None:
            check_shape(service, operation, "output", document)
        return document

    async def send(self, call: Call) -> Dispatch:
        name = f"{call.api}:{call.operation}"
        assert name in WRITES, name
        request = dict(call.parameters["request"])
        check_shape(call.api, call.operation, "input", request)
        self.sent.append(call)
        fault = self.faults.pop(0) if self.faults else ""
        if fault not in ("", "drop-before", "drop-after"):
            return Dispatch(outcome="refused", detail=fault)
        if fault != "drop-before":
            self.effects[name](request)
        return Dispatch(outcome="unknown" if fault else "accepted", request_id="r-1")

    def unreachable(self, name: str) -> None:
        """Let a look fail."""

        def fail(_: dict[str, Any]) -> None:
            raise SourceUnreachable(self.name, f"{name} failed")

        self.answers[name] = fail
