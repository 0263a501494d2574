"""Kubernetes events that a cluster sent to a log store say what the events of a dump say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from recorded_incident import RecordedIncident, at, of

from primitives.kubernetes.exported_events import exported_events
from primitives.records import LogRecord

NO_ROOM = "0/4 nodes are available: 4 Insufficient memory. preemption: not helpful for scheduling."
NO_IMAGE = 'Failed to pull image "hub.example/press:9": rpc error: code = NotFound desc = manifest unknown'

POD = {"kind": "Pod", "metadata": {"namespace": "mill", "name": "press-0"}, "status": {"phase": "Running"}}


def exporter(kind: str, name: str, reason: str, message: str, namespace: str = "mill") -> str:
    """As kubernetes-event-exporter writes it."""
    about = {"kind": kind, "namespace": namespace, "name": name}
    return json.dumps({"reason": reason, "message": message, "type": "Warning", "count": 3, "involvedObject": about,
                       "lastTimestamp": at(12)})  # fmt: skip


def eventrouter(kind: str, name: str, reason: str, message: str) -> str:
    return json.dumps({"verb": "ADDED", "event": json.loads(exporter(kind, name, reason, message))})


def alloy(kind: str, name: str, reason: str, message: str) -> str:
    return f'name={name} kind={kind} namespace=mill reason={reason} type=Warning count=2 msg="{message}"'


def collector(kind: str, name: str, reason: str, message: str) -> str:
    about = {"kind": kind, "namespace": "mill", "name": name}
    return json.dumps({"object": {"kind": "Event", "reason": reason, "note": message, "type": "Warning",
                                  "regarding": about}, "type": "ADDED"})  # fmt: skip


async def states(folder: Path, *bodies: str, objects: bool = False) -> list[tuple[str, str | None]]:
    incident = RecordedIncident(folder)
    lines = [json.dumps({"time": at(12), "resource": "mill/pod/press-0", "body": body}) for body in bodies]
    incident.file("logs.jsonl", "".join(f"{line}\n" for line in lines))
    if objects:
        at_once = at(12).replace(":", "-")
        incident.file(f"kubernetes/{at_once}/pods.json", json.dumps({"kind": "PodList", "items": [POD]}))
    return [(fact.state, fact.resource) for fact in of(await incident.facts("analyze_logs"), "workload_state")]


@pytest.mark.parametrize("form", [exporter, eventrouter, collector])
@pytest.mark.parametrize(
    ("kind", "name", "reason", "message", "state"),
    [
        ("Pod", "press-0", "FailedScheduling", NO_ROOM, "InsufficientMemory"),
        ("Pod", "press-7d9f5c6b8-x2x9z", "Failed", NO_IMAGE, "ImageNotFound"),
    ],
)
async def test_each_form_of_an_exported_event_is_read(
    form: Any, kind: str, name: str, reason: str, message: str, state: str, tmp_path: Path
) -> None:
    assert state in [told for told, _ in await states(tmp_path, form(kind, name, reason, message))]


async def test_pairs_are_read_as_well(tmp_path: Path) -> None:
    told = await states(tmp_path, alloy("Pod", "press-0", "FailedScheduling", NO_ROOM))
    assert "InsufficientMemory" in [state for state, _ in told]


@pytest.mark.parametrize(
    "body",
    [
        # Programs' own logs with a reason, a message or a kind; an event of no object; broken and huge JSON.
        '{"level": "error", "reason": "timeout", "message": "no answer from the scale"}',
        '{"kind": "Order", "name": "o-1", "msg": "paid"}',
        '{"reason": "FailedScheduling", "message": "0/4 nodes are available", "involvedObject": {}}',
        '{"reason": "FailedScheduling", "message": 7, "involvedObject": {"kind": "Pod", "name": "press-0"}}',
        '{"reason": "FailedScheduling", "involvedObject": {"kind": "Pod", ',
        '{"reason": ' + "[" * 9_000 + "]" * 9_000 + "}",
        "kind=Pod reason=unknown",
    ],
)  # fmt: skip
async def test_what_is_no_event_says_nothing_of_objects(body: str, tmp_path: Path) -> None:
    assert await states(tmp_path, body) == []


async def test_where_objects_are_known_they_say_it(tmp_path: Path) -> None:
    assert await states(tmp_path, exporter("Pod", "press-0", "FailedScheduling", NO_ROOM), objects=True) == []


def test_attributes_of_the_collector_and_names_with_slashes_are_read() -> None:
    time = datetime(2026, 3, 1, 12, tzinfo=UTC)
    named = {"k8s.event.reason": "NodeNotReady", "k8s.object.kind": "Node", "k8s.object.name": "n1"}
    slashes = {"reason": "BackOff", "message": "Back-off", "type": "Warning", "involvedObject": "mill/pod/press-0"}
    records = [
        LogRecord(time, "node/n1", "WARN", "Node n1 status is now: NodeNotReady", named),
        LogRecord(time, "x", None, json.dumps(slashes), {}),
    ]
    assert [event["involvedObject"] for event in exported_events(records)] == [
        {"kind": "Node", "name": "n1", "namespace": ""},
        {"kind": "Pod", "name": "press-0", "namespace": "mill"},
    ]
