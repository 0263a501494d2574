"""The smallest bundle there is, and its parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from primitives.bundle import read_bundle
from primitives.errors import BundleError

MANIFEST = """\
format: cloudops-incident/1
id: shop-01
title: "High latency"
query: "latency spike"
detected_at: 2026-03-10T14:32:00Z
window: {from: 2026-03-10T14:00:00Z, to: 2026-03-10T14:45:00Z}
"""
LOG = {"time": "2026-03-10T14:30:00Z", "resource": "api", "severity": "ERROR", "body": "boom"}
SPAN = {
    "trace_id": "t1", "span_id": "s1", "resource": "api", "name": "GET /", "start": "2026-03-10T14:30:00Z",
    "duration_s": 1, "status": "ok",
}  # fmt: skip
CHANGE = {"time": "2026-03-10T14:25:00Z", "id": "c1", "resource": "api", "kind": "deployment", "summary": "v2"}
Make = Callable[..., Path]


def lines(*records: dict[str, object]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def problem(path: Path) -> str:
    with pytest.raises(BundleError) as raised:
        read_bundle(path).validate()
    message = str(raised.value)
    assert "\n" not in message
    return message
