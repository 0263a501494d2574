"""A real Prometheus with two hours of history in which one service suddenly became slow.

Three services and a database: storefront calls orders and catalogue, orders calls orders-db through a pool of
connections. Requests are drawn one by one from a seed (Poisson arrivals, log-normal times, first come first served for
a connection) and counted into the histograms that an OpenTelemetry exporter would show every 15 s. From `jump` on, each
order takes many queries more than before, holds its connection for as long, and others wait for one. `promtool` makes
blocks of that history, so that nobody waits for it, and a server is started on them. It goes on from there: an
exporter shows the counters as they grow, and the server scrapes it, so that the service is slow now as well.

The true numbers come from the drawn requests themselves, not from the buckets that Prometheus sees.
"""

from __future__ import annotations

import ctypes
import heapq
import math
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SCRAPE_S = 15
HISTORY_S = 2 * 3600
SLOW_S = 25 * 60
FUTURE_S = 3600
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
POOL = 10
DATABASE_LIMIT = 100
IDLE_SESSIONS = 5
ERROR_RATIO = {"calm": 0.004, "slow": 0.06}

ALERT_RULE = """
groups:
- name: latency
  interval: 1s
  rules:
  - alert: HighLatency
    expr: histogram_quantile(0.95, sum by (service, le) (rate(http_server_request_duration_seconds_bucket[1m]))) > 0.6
    labels: {severity: page}
    annotations: {summary: "p95 of {{ $labels.service }} is {{ $value | humanizeDuration }}"}
"""


CONFIG = """
global: {{scrape_interval: {seconds}s}}
rule_files: [{rules}]
scrape_configs:
- job_name: shop
  honor_labels: true
  static_configs:
  - targets: ["127.0.0.1:{port}"]
    labels: {{instance: "storefront:8080", service: storefront}}
"""


@dataclass(frozen=True)
class Truth:
    """What really happened to one service: every request's time and failure, with when it was finished."""

    finished: NDArray[np.float64]
    seconds: NDArray[np.float64]
    failed: NDArray[np.bool_]

    def between(self, start: datetime, end: datetime) -> Truth:
        inside = (self.finished > start.timestamp()) & (self.finished <= end.timestamp())
        return Truth(self.finished[inside], self.seconds[inside], self.failed[inside])

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.seconds, share))

    @property
    def average(self) -> float:
        return float(self.seconds.mean())

    @property
    def error_ratio(self) -> float:
        return float(self.failed.mean())


@dataclass(frozen=True)
class PrometheusSystem:
    """A running server and the truth behind it.

    History lies every 15 s from `start` to `end`, with `jump` in between; after `end` the server scrapes for itself.
    """

    url: str
    pid: int
    start: datetime
    jump: datetime
    end: datetime
    truth: dict[str, Truth]
    pool_in_use: dict[datetime, int]
    edges: frozenset[tuple[str, str]] = frozenset(
        {("storefront", "orders"), ("storefront", "catalogue"), ("orders", "orders-db")}
    )
    pool_limit: int = POOL
    alert: str = "HighLatency"


@dataclass
class _Exposition:
    """OpenMetrics text, family by family."""

    lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    kinds: dict[str, str] = field(default_factory=dict)

    def add(self, family: str, kind: str, suffix: str, labels: dict[str, str], value: float, at: float) -> None:
        self.kinds[family] = kind
        text = ",".join(f'{key}="{label}"' for key, label in labels.items())
        self.lines[family].append(f"{family}{suffix}{{{text}}} {value:.10g} {at:.3f}\n")

    def histogram(self, family: str, labels: dict[str, str], seconds: NDArray[np.float64], at: float) -> None:
        for bound in BUCKETS:
            count = np.count_nonzero(seconds <= bound)
            self.add(family, "histogram", "_bucket", labels | {"le": f"{bound:g}"}, count, at)
        self.add(family, "histogram", "_bucket", labels | {"le": "+Inf"}, len(seconds), at)
        self.add(family, "histogram", "_count", labels, len(seconds), at)
        self.add(family, "histogram", "_sum", labels, float(seconds.sum()), at)

    def text(self, *, stamped: bool = True) -> str:
        parts = []
        for family, lines in self.lines.items():
            parts.append(f"# TYPE {family} {self.kinds[family]}\n")
            parts.extend(lines if stamped else (line.rpartition(" ")[0] + "\n" for line in lines))
        return "".join(parts) + "# EOF\n"


class _Requests:
    """All requests of the two hours and of the next, drawn at once."""

    def __init__(self, start: float, jump: float, end: float, seed: int) -> None:
        draw = np.random.default_rng(seed)
        arrived = np.sort(draw.uniform(start, end, draw.poisson(8.0 * (end - start))))
        slow = arrived >= jump
        self.held = self._times(draw, 0.006, len(arrived)) * np.where(slow, 150, 4)
        self.connected = _first_come_first_served(arrived, self.held)
        self.queried = self.connected + self.held
        own = self._times(draw, 0.015, len(arrived))
        ordered = self.queried - arrived + own
        failed = draw.uniform(size=len(arrived)) < np.where(slow, ERROR_RATIO["slow"], ERROR_RATIO["calm"])
        self.orders = Truth(arrived + ordered, ordered, failed)
        browsed = np.sort(draw.uniform(start, end, draw.poisson(6.0 * (end - start))))
        looked = self._times(draw, 0.02, len(browsed))
        self.catalogue = Truth(browsed + looked, looked, np.zeros(len(browsed), bool))
        # A visit is an order or a look at the catalogue: the storefront's time is its own and its callee's.
        visit = np.concatenate([ordered, looked]) + self._times(draw, 0.03, len(arrived) + len(browsed))
        finished = np.concatenate([arrived, browsed]) + visit
        self.storefront = Truth(finished, visit, np.concatenate([failed, self.catalogue.failed]))

    @staticmethod
    def _times(draw: np.random.Generator, median: float, count: int) -> NDArray[np.float64]:
        return draw.lognormal(np.log(median), 0.35, count)

    def in_use(self, at: float) -> int:
        """Connections that are held at a moment."""
        return int(np.count_nonzero((self.connected <= at) & (self.queried > at)))


def _first_come_first_served(arrived: NDArray[np.float64], held: NDArray[np.float64]) -> NDArray[np.float64]:
    """When each gets one of the pool's connections."""
    free_at = [0.0] * POOL
    connected = np.empty(len(arrived))
    for number, (at, seconds) in enumerate(zip(arrived, held, strict=True)):
        connected[number] = max(at, heapq.heappop(free_at))
        heapq.heappush(free_at, connected[number] + seconds)
    return connected


def _expose(requests: _Requests, times: list[float], alert_from: float) -> tuple[_Exposition, dict[datetime, int]]:
    out, pool = _Exposition(), {}
    servers = {"storefront": requests.storefront, "orders": requests.orders, "catalogue": requests.catalogue}
    for at in times:
        for name, truth in servers.items():
            done = truth.finished <= at
            labels = {"job": "shop", "instance": f"{name}:8080", "service": name, "http_route": "/"}
            for status, chosen in (("200", done & ~truth.failed), ("503", done & truth.failed)):
                answered = labels | {"http_response_status_code": status}
                out.histogram("http_server_request_duration_seconds", answered, truth.seconds[chosen], at)
            out.add("up", "gauge", "", {"job": "shop", "instance": f"{name}:8080", "service": name}, 1, at)
        for peer in ("orders", "catalogue"):
            done = servers[peer].finished <= at
            labels = {"job": "shop", "instance": "storefront:8080", "service": "storefront", "server_address": peer}
            out.histogram("http_client_request_duration_seconds", labels, servers[peer].seconds[done], at)
        used = requests.in_use(at)
        pool[datetime.fromtimestamp(at, UTC)] = used
        orders = {"job": "shop", "instance": "orders:8080", "service": "orders"}
        queried = orders | {"server_address": "orders-db", "server_port": "5432"}
        out.histogram("db_client_operation_duration_seconds", queried, requests.held[requests.queried <= at], at)
        for state, count in (("used", used), ("idle", POOL - used)):
            out.add(
                "db_client_connections_usage", "gauge", "", orders | {"pool_name": "main", "state": state}, count, at
            )
        out.add("db_client_connections_max", "gauge", "", orders | {"pool_name": "main"}, POOL, at)
        database = {"job": "postgres", "instance": "orders-db:9187", "service": "orders-db"}
        for state, count in (("active", used), ("idle", IDLE_SESSIONS)):
            out.add("pg_stat_activity_count", "gauge", "", database | {"state": state, "datname": "orders"}, count, at)
        out.add("pg_settings_max_connections", "gauge", "", database, DATABASE_LIMIT, at)
        out.add("up", "gauge", "", database, 1, at)
        if at >= alert_from:
            labels = {"alertname": "HighLatency", "alertstate": "firing", "service": "orders", "severity": "page"}
            out.add("ALERTS", "gauge", "", labels, 1, at)
    return out, pool


def _exporter(requests: _Requests) -> ThreadingHTTPServer:
    """What the services' own exporters would show at this moment."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            exposition, _ = _expose(requests, [time.time()], math.inf)
            # The server says by itself that the target it scrapes is up.
            exposition.lines["up"] = [line for line in exposition.lines["up"] if "storefront" not in line]
            body = exposition.text(stamped=False).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@contextmanager
def _serving(server: ThreadingHTTPServer) -> Iterator[None]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def prometheus_server(
    folder: Path, *, blocks: Path | None = None, config: str = "", flags: tuple[str, ...] = ()
) -> Iterator[tuple[str, int]]:
    """A Prometheus on a free port of the loopback and on data of its own; killed for sure at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "prometheus.yml"
    file.write_text(config or "global: {scrape_interval: 15s}\n")
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={blocks or folder / 'data'}",
        "--storage.tsdb.retention.time=10y",
        *flags,
    ]
    with serving_process(command, "--web.listen-address", "/-/ready", folder / "prometheus.log") as served:
        yield served


@contextmanager
def serving_process(command: list[str], listen: str, ready: str, output: Path) -> Iterator[tuple[str, int]]:
    """The URL and the process of a server that takes its address as `listen` and answers 200 at the path `ready`."""
    port = _free_port()
    with output.open("w") as log:
        process = subprocess.Popen(
            [*command, f"{listen}=127.0.0.1:{port}"],
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl; no threads are running yet
        )
        try:
            _await_ready(f"http://127.0.0.1:{port}{ready}", process, output)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.kill()
            process.wait(10)


@contextmanager
def jumping_system(folder: Path, *, seed: int = 7, now: datetime | None = None) -> Iterator[PrometheusSystem]:
    """The system described above, whose history ends at `now` (else: at this moment)."""
    end = int((now.timestamp() if now else time.time()) // SCRAPE_S * SCRAPE_S)
    start, jump = end - HISTORY_S, end - SLOW_S
    requests = _Requests(start, jump, end + FUTURE_S, seed)
    exposition, pool = _expose(requests, [float(at) for at in range(start, end + 1, SCRAPE_S)], jump + 60)
    blocks, text = folder / "data", folder / "history.om"
    folder.mkdir(parents=True, exist_ok=True)
    text.write_text(exposition.text())
    load_history(text, blocks)
    rules = folder / "rules.yml"
    rules.write_text(ALERT_RULE)
    exporter = _exporter(requests)
    config = CONFIG.format(seconds=SCRAPE_S, rules=rules, port=exporter.server_address[1])
    with prometheus_server(folder, blocks=blocks, config=config) as (url, pid), _serving(exporter):
        yield PrometheusSystem(
            url=url,
            pid=pid,
            start=datetime.fromtimestamp(start, UTC),
            jump=datetime.fromtimestamp(jump, UTC),
            end=datetime.fromtimestamp(end, UTC),
            truth={"storefront": requests.storefront, "orders": requests.orders, "catalogue": requests.catalogue},
            pool_in_use=pool,
        )


def load_history(text: Path, blocks: Path) -> None:
    """Make blocks of an OpenMetrics file."""
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(text), str(blocks)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Ask Linux to kill this child when its parent is gone, however that went."""
    if os.uname().sysname == "Linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"it was not ready in time: {log.read_text()}")
