"""A server that speaks as much of Prometheus' API as a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

NOW = datetime(2026, 11, 23, 20, 27, tzinfo=UTC)


@dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stall_s: float = 0.0
    declared: int | None = None


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


class FakePrometheus:
    """Answers on a port of the loopback as it is told; keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[str, str], Reply] = healthy
        self.asked: list[tuple[str, dict[str, str]]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.serve(self, urlsplit(self.path).query)

            def do_POST(self) -> None:
                fake.serve(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, handler: BaseHTTPRequestHandler, encoded: str) -> None:
        path = urlsplit(handler.path).path
        self.asked.append((path, dict(handler.headers)))
        reply = self.answer(path, parse_qs(encoded).get("query", [""])[0])
        try:
            time.sleep(reply.stall_s)
            handler.send_response(reply.status)
            length = len(reply.body) if reply.declared is None else reply.declared
            for name, value in ({"Content-Length": str(length)} | reply.headers).items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(reply.body)
        except ConnectionError:
            pass  # whoever asked has given up

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
