"""Where Loki, Jaeger, Tempo, a cluster or OTLP files should be, servers and files whose good answers are spoilt."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from bases import bundle
from mutations import mutate

sys.path.append(str(Path(__file__).parents[1]))

from cases import fake_kubernetes, fake_loki, fake_traces
from cases.fake_server import FakeServer, Reply

__all__ = ["KINDS", "source_of"]

KINDS: Final = ("loki", "jaeger", "tempo", "kubernetes", "otlp_files")
_WORDS: Final = (
    "could not connect to shelf:5432: connection refused",
    "took 5012 ms",
    '{"level":"error","msg":"full"}',
)
_STATUS: Final = (0, 199, 204, 301, 400, 401, 403, 404, 410, 422, 429, 500, 503)


@contextmanager
def source_of(kind: str, rng: random.Random, folder: Path) -> Iterator[dict[str, Any]]:
    """The settings of a source of this kind, whose server is a process of its own."""
    if kind == "otlp_files":
        path = folder / "traces.jsonl"
        path.write_bytes(mutate(rng, path.name, _otlp_lines()))
        yield {"kind": kind, "path": str(path)}
        return
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        with suppress(BaseException):
            # As the parent's other children do: it dies with the round, whatever becomes of the parent.
            os.write(write, str(_served(kind, rng.randrange(10**9)).port).encode())
            os.close(write)
            threading.Event().wait()
        os._exit(0)
    os.close(write)
    try:
        port = os.read(read, 20).decode()
        os.close(read)
        yield _settings(kind, f"http://127.0.0.1:{port}", folder)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _settings(kind: str, url: str, folder: Path) -> dict[str, Any]:
    if kind != "kubernetes":
        return {"kind": kind, "url": url}
    path = folder / "kubeconfig"
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "w",
        "clusters": [{"name": "c", "cluster": {"server": url}}], "users": [{"name": "u", "user": {"token": "t4711"}}],
        "contexts": [{"name": "w", "context": {"cluster": "c", "user": "u", "namespace": "clinic"}}],
    }))  # fmt: skip
    return {"kind": kind, "kubeconfig": str(path)}


def _served(kind: str, seed: int) -> FakeServer:
    """The server, with data of now."""
    fake_loki.NOW = fake_traces.NOW = datetime.now(UTC)
    fake_traces.NOW_US = int(fake_traces.NOW.timestamp() * 1_000_000)
    lines = [fake_loki.line(30 * at, _WORDS[at % 3], app=("bouquet", "ribbon")[at % 2]) for at in range(90)]
    spans = _spans()
    base: Any = {
        "loki": fake_loki.FakeLoki, "jaeger": fake_traces.FakeJaeger, "tempo": fake_traces.FakeTempo,
        "kubernetes": fake_kubernetes.FakeKubernetes,
    }[kind]  # fmt: skip
    wickedness = random.Random(seed).choice((0.05, 0.3, 1.0))

    class Wicked(base):  # type: ignore[misc]
        count = 0

        def reply(self, handler: BaseHTTPRequestHandler, body: bytes) -> Reply:
            Wicked.count += 1
            rng = random.Random(seed + Wicked.count)
            good: Reply = super().reply(handler, body)
            return _spoilt(rng, good) if rng.random() < wickedness else good

    server: FakeServer = Wicked() if kind == "kubernetes" else Wicked(lines if kind == "loki" else spans)
    if kind == "kubernetes":
        server.logs = {"booking-1/app": b"2026-03-10T12:04:00Z ERROR full\n" * 40}  # type: ignore[attr-defined]
    return server


def _spoilt(rng: random.Random, reply: Reply) -> Reply:
    match rng.randrange(8):
        case 0:
            return Reply(rng.choice(_STATUS), reply.body)
        case 1:
            return Reply(
                body=reply.body[: rng.randrange(len(reply.body) + 1)], declared=len(reply.body) + rng.choice((0, 9))
            )
        case 2:
            return Reply(dropped=True)
        case _:
            return Reply(body=mutate(rng, "answer.json", reply.body))


def _spans() -> list[fake_traces.FakeSpan]:
    return [
        fake_traces.FakeSpan(
            f"{at // 3:032x}", f"{at + 1:016x}", ("bouquet", "ribbon", "shelf")[at % 3], "GET /", 30.0 * at, 0.2,
            f"{at:016x}" if at % 3 else "", failed=at < 9, attributes={"http.status_code": 500},
        )
        for at in range(60)
    ]  # fmt: skip


def _otlp_lines() -> bytes:
    documents = [json.dumps({"resourceSpans": [part]}) for part in fake_traces.otlp(_spans())]
    return "".join(f"{document}\n" for document in documents).encode() + bundle()["spans.jsonl"]
