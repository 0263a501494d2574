"""A hostile server where a source should be: answers of wrong types, huge, slow, cut off, deep, redirecting."""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from mutations import LARGEST, mutate

__all__ = ["TOUCHED", "hostile_server"]

TOUCHED: Final = "touched"
"""The file that is there when somebody followed a redirect to another address."""
_NAMES: Final = (
    "up", "process_cpu_seconds_total", "http_requests_total", "http_request_duration_seconds_bucket", "ALERTS",
    "process_resident_memory_bytes", "container_cpu_usage_seconds_total", "kube_pod_status_phase", "node_load1",
)  # fmt: skip
_LABELS: Final = ({"job": "bouquet"}, {"job": "ribbon", "instance": "10.0.0.7:9090"}, {"cloudops_resource": "shelf"})


@contextmanager
def hostile_server(rng: random.Random, folder: Path) -> Iterator[str]:
    """A server in a process of its own, by its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(rng.randrange(10**9), folder))
    child = os.fork()
    if not child:
        with suppress(BaseException):
            server.serve_forever()
        os._exit(0)
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        server.server_close()


def _handler(seed: int, folder: Path) -> type[BaseHTTPRequestHandler]:
    wickedness = random.Random(seed).choice((0.05, 0.3, 1.0))

    class Handler(BaseHTTPRequestHandler):
        asked = 0

        def do_GET(self) -> None:
            self._serve(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._serve(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def _serve(self, encoded: str) -> None:
            if "elsewhere" in self.path or self.headers["Host"].startswith("localhost"):
                (folder / TOUCHED).touch()
            Handler.asked += 1
            rng = random.Random(seed + Handler.asked)
            data = _good(urlsplit(self.path).path, parse_qs(encoded).get("query", [""])[0])
            with suppress(OSError):
                if rng.random() < wickedness:
                    _wicked(rng, self, data)
                else:
                    _reply(self, data)

    return Handler


def _good(path: str, query: str) -> bytes:
    """What a Prometheus with three services answers."""
    now = time.time()
    if path.endswith("/values"):
        data: Any = list(_NAMES)
    elif path.endswith("/buildinfo"):
        data = {"version": "9.8.7"}
    elif path.endswith("/alerts"):
        alert = {"labels": {"alertname": "Slow", "job": "bouquet"}, "annotations": {"summary": "p95 over 2 s"}}
        data = {"alerts": [{**alert, "state": "firing", "activeAt": "2026-03-10T12:05:00Z", "value": "4.1e+00"}]}
    elif path.endswith("/query"):
        data = {"resultType": "vector", "result": [{"metric": labels, "value": [now, "40"]} for labels in _LABELS]}
    else:
        values = [[now - 30 * at, str(at % 7 + 100 * (at < 9))] for at in range(240, 0, -1)]
        rows = [{"metric": labels, "values": values} for labels in _LABELS]
        data = {"resultType": "matrix", "result": [] if "ALERTS" in query else rows}
    return json.dumps({"status": "success", "data": data}).encode()


def _wicked(rng: random.Random, handler: BaseHTTPRequestHandler, data: bytes) -> None:
    spoilt = mutate(rng, "answer.json", data)
    match rng.randrange(12):
        case 0 | 1 | 2 | 3:
            _reply(handler, spoilt)
        case 4:
            _reply(handler, data[: rng.randrange(len(data))], declared=len(data) + rng.choice((0, 5_000)))
        case 5:
            port = handler.server.server_address[1]
            place = rng.choice((f"http://localhost:{port}/elsewhere", "/elsewhere", "file:///etc/passwd", "//\x80"))
            _reply(handler, b"", rng.choice((301, 302, 307, 308)), {"Location": place})
        case 6:
            _reply(handler, data, rng.choice((0, 199, 204, 400, 401, 403, 404, 422, 429, 500, 503, 999)),
                   {"Retry-After": rng.choice(("-1", "0", "1e99", "nan", "x" * 900))})  # fmt: skip
        case 7:
            bomb = gzip.compress(b"[" * LARGEST) if rng.random() < 0.5 else b"\x1f\x8b no gzip"
            _reply(handler, bomb, headers={"Content-Encoding": rng.choice(("gzip", "deflate", "br", "x"))})
        case 8:
            piece = rng.choice((b"[", b"[],", b'{"a":', b"0,", b'"' + b"x" * 99 + b'",', b"\xff"))
            _reply(handler, b'{"status":"success","data":[' + piece * (LARGEST // len(piece)))
        case 9:
            text = data.decode()
            _reply(handler, text.encode(rng.choice(("utf-16", "utf-32", "utf-8-sig"))))
        case 10:
            handler.wfile.write(
                rng.choice((b"\x00" * 900, b"HTTP/9.9 hello\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 9_000))
            )
        case _:
            _drip(handler, data)


def _reply(
    handler: BaseHTTPRequestHandler,
    data: bytes,
    status: int = 200,
    headers: dict[str, str] | None = None,
    declared: int | None = None,
) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(data) if declared is None else declared), **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)


def _drip(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    """A byte a tenth of a second: no read ever times out."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    for byte in data:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.1)
