"""A server on a port of the loopback that answers as a test tells it to."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """`stall_s` passes before it is sent; `declared` is the length that its header claims, where that isn't true. A
    `dropped` one is none: the connection breaks.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stall_s: float = 0.0
    declared: int | None = None
    dropped: bool = False


class _Server(ThreadingHTTPServer):
    # Sources ask for many things at once; with the usual 5 some would be turned away.
    request_queue_size = 128


class FakeServer:
    """Serves until `close`; a subclass says what it replies to a request."""

    def __init__(self) -> None:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                send(self, fake.reply(self, b""))

            def do_POST(self) -> None:
                send(self, fake.reply(self, self.rfile.read(int(self.headers.get("Content-Length") or 0))))

            do_PUT = do_DELETE = do_POST  # noqa: N815 - the names that http.server calls

            do_PATCH = do_POST  # noqa: N815 - the name that http.server looks for

            def log_message(self, *_: Any) -> None:
                pass

        self.server = _Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
        """What to answer to the request that `handler` has read, with its body."""
        raise NotImplementedError

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def send(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    try:
        time.sleep(reply.stall_s)
        if reply.dropped:
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        length = len(reply.body) if reply.declared is None else reply.declared
        for name, value in ({"Content-Length": str(length)} | reply.headers).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply.body)
    except ConnectionError:
        pass  # whoever asked has given up
