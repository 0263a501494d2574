"""A live investigation of something large: how much memory it takes, and how long the event loop stands.

A process beside us answers as the API of a cluster of 5,000 and of 10,000 pods (`benchmarks/dumps.py`: a fifth of them
ill, four events each), page by page, or as a Prometheus that has every metric family that we know, of 20 services. The
servers are those of the
tests: nothing of them is in what is measured, but what they take of the machine's time.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from benchmarks.children import own_peak_mib, private_home
from benchmarks.figures import Figure, Result, Target
from benchmarks.isolated import isolated
from benchmarks.live_sources import watch_loop
from benchmarks.options import ROOT, Options

__all__ = ["live_sizes"]

_PODS_EACH: Final = 10
_MEANT: Final = 500
"""Workloads of the cluster that the limit of memory is meant for; the larger one is to be read without a freeze."""
_SERVICES: Final = 20
_STARTS_WITHIN_S: Final = 120.0
_MEMORY: Final = Target(500)
_STANDSTILL: Final = Target(20)


def live_sizes(options: Options) -> Result:
    """5,000 and 10,000 pods, and at least 2,000 series; quick: a tenth of the pods."""
    result = Result()
    for workloads in (50, 100) if options.quick else (500, 1000):
        with _served(_serve_cluster, workloads) as server, private_home(options.scratch) as home:
            measured = isolated(_of_cluster, home, server.port)
        memory = _MEMORY if workloads <= _MEANT else None
        result.figures += _figures(f"{workloads * _PODS_EACH:,} pods", measured, memory)
    with _served(_serve_series, _SERVICES) as server, private_home(options.scratch) as home:
        measured = isolated(_of_series, home, server.port)
        # It was investigated twice.
        result.figures += _figures(f"{server.sent() // 2:,} series", measured, _MEMORY)
    return result


def _figures(name: str, measured: tuple[float, float, float, float], memory: Target | None) -> list[Figure]:
    peak, longest, spent, facts = measured
    return [
        Figure("live", f"{name}: peak memory", peak, "MiB", memory),
        Figure("live", f"{name}: longest standstill of the event loop", longest, "ms", _STANDSTILL),
        Figure("live", f"{name}: processor time until {facts:.0f} facts are told", spent, "ms"),
    ]


def _of_cluster(home: Path, port: int) -> tuple[float, float, float, float]:
    sys.path.insert(0, str(ROOT / "tests"))
    fakes = import_module("cases.fake_kubernetes")
    kubeconfig = fakes.FakeKubernetes.kubeconfig(_At(port), home)
    return asyncio.run(_investigate(home, {"kind": "kubernetes", "kubeconfig": str(kubeconfig), "context": "ward"}))


class _At:
    """Where the other process serves."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"


def _of_series(home: Path, port: int) -> tuple[float, float, float, float]:
    return asyncio.run(_investigate(home, {"kind": "prometheus", "url": f"http://127.0.0.1:{port}"}))


async def _investigate(home: Path, source: dict[str, str]) -> tuple[float, float, float, float]:
    """Peak memory in MiB, the longest standstill and the processor time in ms, and the number of facts."""
    from primitives.collector import collect_in_small_pieces
    from primitives.sources import SourceDirectory, define_source

    # As the cockpit does, whose keys wait for the loop.
    collect_in_small_pieces()
    sources = SourceDirectory(definitions={"large": define_source("large", source, {})})
    # Once to import everything: an engineer's engine has been running for a while.
    await _to_its_end(home / "warm.db", sources)
    return await _to_its_end(home / "measured.db", sources)


async def _to_its_end(store: Path, sources: Any) -> tuple[float, float, float, float]:
    from engine.engine import Engine
    from engine.follow_to_end import follow_investigation
    from engine.port import Investigate

    engine = await Engine.open(store, sources)
    longest = [0.0]
    standstill = asyncio.create_task(watch_loop(longest))
    begin = time.process_time()
    try:
        asked = Investigate(query="API latency spike in prod", sources=("large",), confirm=False)
        execution_id = await engine.investigate(asked)
        async for _ in follow_investigation(engine, execution_id):
            pass
        spent = time.process_time() - begin
        facts = len((await engine.state(execution_id)).facts)
    finally:
        standstill.cancel()
        await asyncio.gather(standstill, return_exceptions=True)
        await engine.close()
    return own_peak_mib(), 1000 * longest[0], 1000 * spent, float(facts)


class _Server:
    """A process that serves: its port, and how many series it sent."""

    def __init__(self, pipe: Connection) -> None:
        if not pipe.poll(_STARTS_WITHIN_S):
            raise RuntimeError("the server of the benchmark did not start")
        self.port: int = pipe.recv()
        self._pipe = pipe

    def sent(self) -> int:
        """The series that were sent until now."""
        self._pipe.send("sent")
        return int(self._pipe.recv())


@contextmanager
def _served(serve: Callable[[Connection, int], None], size: int) -> Iterator[_Server]:
    """A process that serves until the end of the block."""
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=serve, args=(there, size), daemon=True)
    process.start()
    try:
        yield _Server(here)
    finally:
        process.terminate()
        process.join()


def _serve_cluster(pipe: Connection, workloads: int) -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    from benchmarks.dumps import made_objects

    objects = {kind: list(made) for kind, made in made_objects(workloads, datetime.now(UTC)).items()}
    pipe.send(import_module("cases.fake_kubernetes").FakeKubernetes(objects).port)
    pipe.recv()


def _serve_series(pipe: Connection, services: int) -> None:
    sys.path.insert(0, str(ROOT / "tests"))
    fakes = import_module("cases.fake_prometheus")
    from primitives.backends.prometheus.families import CLIENTS, FAMILIES

    names = sorted({*(family.probe for family in FAMILIES), *(client.probe for client in CLIENTS)})
    sent = [0]

    class Server(fakes.FakePrometheus):  # type: ignore[misc, name-defined]
        def reply(self, handler: Any, body: bytes) -> Any:
            path, _, query = handler.path.partition("?")
            asked = {name: values[0] for name, values in parse_qs(body.decode() or query).items()}
            if path.endswith("/values"):
                return fakes.success(names)
            if not path.endswith("/query_range") or "ALERTS" in asked["query"]:
                return fakes.healthy(path, asked.get("query", ""))
            if "_info" in asked["query"]:
                return fakes.success({"resultType": "matrix", "result": []})
            sent[0] += services
            return fakes.success({"resultType": "matrix", "result": _rows(services, asked)})

    pipe.send(Server().port)
    while pipe.recv():
        pipe.send(sent[0])


def _rows(services: int, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """A series for each service at the times that are asked for; it swings a little, and that of one climbs."""
    start, end, step = (float(asked[name]) for name in ("start", "end", "step"))
    seed, rows = len(asked["query"]), []
    times = [start + step * place for place in range(int((end - start) / step) + 1)]
    for number in range(services):
        climbs = number == seed % services
        values = [
            [
                moment,
                f"{1 + 0.1 * ((int(moment) // 15 * 7 + number + seed) % 11) + (climbs and moment > end - 900) * 9:g}",
            ]
            for moment in times
        ]
        rows.append({"metric": {"cloudops_resource": f"service-{number}"}, "values": values})
    return rows
