"""A server that speaks as much of Prometheus' API as a test tells it to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cases.fake_server import FakeServer, Reply

NOW = datetime(2026, 11, 23, 20, 27, tzinfo=UTC)


def success(data: Any, **more: Any) -> Reply:
    return Reply(body=json.dumps({"status": "success", "data": data} | more).encode())


def error(status: int, kind: str, text: str) -> Reply:
    return Reply(status, json.dumps({"status": "error", "errorType": kind, "error": text}).encode())


def healthy(path: str, query: str, now: datetime = NOW) -> Reply:
    """A Prometheus that scrapes one service, which is up, and nothing else."""
    if path.endswith("/values"):
        return success(["up"])
    if path.endswith("/buildinfo"):
        return success({"version": "9.8.7"})
    if path.endswith("/alerts"):
        return success({"alerts": []})
    if path.endswith("/query"):
        return success({"resultType": "vector", "result": [{"metric": {"job": "shop"}, "value": [0, "40"]}]})
    row = {"metric": {"cloudops_resource": "shop"}, "values": [[now.timestamp() - 15, "100"], [now.timestamp(), "NaN"]]}
    return success({"resultType": "matrix", "result": [] if "ALERTS" in query else [row]})


class FakePrometheus(FakeServer):
    """Answers on a port of the loopback as it is told; keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[str, str], Reply] = healthy
        self.asked: list[tuple[str, dict[str, str]]] = []
        super().__init__()

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        parts = urlsplit(handler.path)
        self.asked.append((parts.path, dict(handler.headers)))
        encoded = body.decode() if handler.command == "POST" else parts.query
        return self.answer(parts.path, parse_qs(encoded).get("query", [""])[0])
