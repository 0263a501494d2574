"""A large answer is read, and a connection opened, beside the event loop: keys are answered meanwhile."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cases.fake_kubernetes import FakeKubernetes
from cases.fake_prometheus import FakePrometheus, success
from cases.fake_server import Reply

from primitives.backends.prometheus.backend import PrometheusBackend
from primitives.backends.prometheus.client import PrometheusClient
from primitives.backends.prometheus.endpoint import parse_endpoint
from primitives.clock import ManualClock
from primitives.sources import define_source, open_source

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


class Samples(FakePrometheus):
    """Answers each range with so many samples."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__()

    def reply(self, handler: Any, body: bytes) -> Reply:
        del handler, body
        values = [[1_700_000_000 + second, f"{second}.25"] for second in range(self.number)]
        return success({"resultType": "matrix", "result": [{"metric": {"job": "ward"}, "values": values}]})


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads that turn samples into numbers."""
    seen: list[int] = []
    rows = PrometheusClient._rows

    def watched(self: PrometheusClient, data: Any, key: str) -> Any:
        seen.append(threading.get_ident())
        return rows(self, data, key)

    monkeypatch.setattr(PrometheusClient, "_rows", watched)
    return seen


@pytest.mark.parametrize(("number", "beside"), [(10, False), (20_000, True)])
async def test_many_samples_are_read_beside_the_loop(number: int, beside: bool, threads: list[int]) -> None:
    server = Samples(number)
    backend = PrometheusBackend(parse_endpoint(server.url), clock=ManualClock(NOW))
    try:
        reply = await backend._client.over("up", 0.0, 1.0, 1.0)
    finally:
        await backend.close()
        server.close()
    assert [len(row.values) for row in reply.rows] == [number]
    assert (threads != [threading.get_ident()]) is beside


async def test_a_connection_to_a_cluster_is_opened_beside_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    make = httpx2.AsyncClient.__init__

    def watched(self: httpx2.AsyncClient, **settings: Any) -> None:
        seen.append(threading.get_ident())
        make(self, **settings)

    monkeypatch.setattr(httpx2.AsyncClient, "__init__", watched)
    server = FakeKubernetes()
    definition = define_source("ward", {"kind": "kubernetes", "kubeconfig": str(server.kubeconfig(tmp_path))}, {})
    backend = open_source("ward", definition, ManualClock(NOW)).backend
    try:
        assert (await backend.check()).status == "reachable"
    finally:
        await backend.close()
        server.close()
    assert seen
    assert threading.get_ident() not in seen
