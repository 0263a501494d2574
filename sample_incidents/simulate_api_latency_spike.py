"""Simulates the incident `api-latency-spike` and writes what its monitoring would have recorded.

The queueing itself is in api_latency_spike_model.py; here its requests are measured as a load balancer, a database
service and a tracing library would, and written into the bundle beside the parts that were written by hand. Run it
without arguments to write the files again; the seed is fixed, so they are always the same.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from api_latency_spike_model import DATABASE_CORES, DEADLINE_S, Cores, Request, Simulation

SEED = 20261014
START = datetime(2026, 10, 14, 13, 50, tzinfo=UTC)
END = datetime(2026, 10, 14, 14, 52, tzinfo=UTC)
WARM_UP_S = 60.0
"""Simulated before START and thrown away, so that the recording does not begin with empty queues."""
SAMPLE_S = 30.0
DEPLOYED_AT = datetime(2026, 10, 14, 14, 25, tzinfo=UTC)
ALARM_THRESHOLD_S = 0.8
ALARM_PERIODS = 4
ALARM_PERIOD_S = 60.0
ACCESS_LOG_EVERY = 1000
SLOW_LOG_EVERY = 200
SLOW_S = 0.5
ERROR_LOG_EVERY = 8

API, DATABASE, SEARCH, GATEWAY = "api-service", "orders-db", "search-service", "public-alb"

Samples = dict[str, list[float | None]]
"""A metric's samples by resource, one for each SAMPLE_S; None where there was nothing to measure."""


class Recording:
    """What monitoring makes of a simulation: metrics, an alarm, logs and traces, all from START to END."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.edges = np.arange(0.0, (END - START).total_seconds() + 1.0, SAMPLE_S) + WARM_UP_S
        requests = [request for request in simulation.requests if request.finished >= WARM_UP_S]
        self.requests = sorted(requests, key=lambda request: (request.finished, request.number))
        self.finished = np.array([request.finished for request in self.requests])
        self.latency_ms = np.array([request.duration_s for request in self.requests]) * 1000.0
        self.failed = np.array([request.status >= 500 for request in self.requests])
        searches = sorted(r.search for r in simulation.requests if r.search and r.search[1] >= WARM_UP_S)
        self.search_finished = np.array([end for _, end, _ in searches])
        self.search_ms = np.array([end - start for start, end, _ in searches]) * 1000.0
        self.search_failed = np.array([not succeeded for _, _, succeeded in searches])

    def metrics(self) -> dict[str, Samples]:
        """Samples by metric and resource; each covers the SAMPLE_S before its time."""
        query_finished = np.array(self.simulation.database.finished)
        query_ms = np.array(self.simulation.database.durations) * 1000.0
        waits_ms = np.array([request.pool_wait_s for request in self.requests]) * 1000.0
        queries = np.array([float(request.queries) for request in self.requests])
        counted = np.array([moment for moment, _ in self.simulation.connections])
        connections = np.array([float(count) for _, count in self.simulation.connections])
        measured = {
            API: (self.finished, self.latency_ms, self.failed),
            SEARCH: (self.search_finished, self.search_ms, self.search_failed),
        }
        table: dict[str, Samples] = {}
        for percent in (50, 95):
            at_percent = percentile(percent)
            latency = {name: self._reduce(when, ms, at_percent) for name, (when, ms, _) in measured.items()}
            latency[DATABASE] = self._reduce(query_finished, query_ms, at_percent)
            table[f"latency_p{percent}"] = latency
        table["requests"] = {name: self._reduce(when, when, number_of) for name, (when, _, _) in measured.items()}
        table["error_ratio"] = {name: self._reduce(when, bad, mean) for name, (when, _, bad) in measured.items()}
        table["availability"] = {name: self._reduce(when, ~bad, mean) for name, (when, _, bad) in measured.items()}
        for metric in table.values():
            metric[GATEWAY] = metric[API]
        table["queries"] = {DATABASE: self._reduce(query_finished, query_finished, number_of)}
        table["queries_per_request"] = {API: self._reduce(self.finished, queries, mean)}
        table["connection_wait_p95"] = {API: self._reduce(self.finished, waits_ms, percentile(95))}
        table["database_connections"] = {DATABASE: self._reduce(counted, connections, highest)}
        table["cpu_utilization"] = self._cpu()
        return table

    def _reduce(
        self, moments: np.ndarray[Any, Any], values: np.ndarray[Any, Any], how: Callable[[Any], float]
    ) -> list[float | None]:
        order = np.argsort(moments, kind="stable")
        values = values[order]
        bounds = np.searchsorted(moments[order], self.edges)
        return [how(values[a:b]) if b > a else None for a, b in pairwise(bounds)]

    def _cpu(self) -> Samples:
        share = {DATABASE: self._busy(self.simulation.database.cores, DATABASE_CORES)}
        for pod in self.simulation.pods:
            alive = (self.edges[:-1] >= pod.started_at) & (self.edges[1:] <= pod.stopped_at)
            busy = self._busy(pod.cores, 1)
            share[pod.name] = [value if up else None for value, up in zip(busy, alive, strict=True)]
        return share

    def _busy(self, cores: Cores, number: int) -> list[float | None]:
        busy, _ = np.histogram(np.array(cores.started), bins=self.edges, weights=np.array(cores.busy))
        return [float(value) for value in busy / SAMPLE_S / number * 100.0]

    def alert(self) -> dict[str, Any]:
        """The message of a CloudWatch alarm on the load balancer's p95, at the moment at which its rule fires."""
        edges = np.arange(WARM_UP_S, self.edges[-1] + 1.0, ALARM_PERIOD_S)
        bounds = np.searchsorted(self.finished, edges)
        p95 = [float(np.percentile(self.latency_ms[a:b], 95)) / 1000.0 for a, b in pairwise(bounds)]
        over = [value > ALARM_THRESHOLD_S for value in p95]
        fired = next(k for k in range(ALARM_PERIODS, len(over) + 1) if all(over[k - ALARM_PERIODS : k]))
        points = [
            f"{p95[k]:.4f} ({moment(edges[k]):%d/%m/%y %H:%M:%S})"
            for k in range(fired - 1, fired - ALARM_PERIODS - 1, -1)
        ]
        arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:api-service-latency-p95"
        return {
            "AlarmName": "api-service-latency-p95",
            "AlarmDescription": "p95 of api-service's response time, measured at the load balancer",
            "AWSAccountId": "123456789012",
            "AlarmConfigurationUpdatedTimestamp": "2026-06-02T08:11:43.120+0000",
            "NewStateValue": "ALARM",
            "NewStateReason": f"Threshold Crossed: {ALARM_PERIODS} out of the last {ALARM_PERIODS} datapoints "
            f"[{', '.join(points)}] were greater than the threshold ({ALARM_THRESHOLD_S}) "
            f"(minimum {ALARM_PERIODS} datapoints for OK -> ALARM transition).",
            "StateChangeTime": f"{moment(edges[fired]):%Y-%m-%dT%H:%M:%S}.000+0000",
            "Region": "EU (Frankfurt)",
            "AlarmArn": arn,
            "OldStateValue": "OK",
            "OKActions": [],
            "AlarmActions": ["arn:aws:sns:eu-central-1:123456789012:on-call"],
            "InsufficientDataActions": [],
            "Trigger": {
                "MetricName": "TargetResponseTime",
                "Namespace": "AWS/ApplicationELB",
                "StatisticType": "ExtendedStatistic",
                "ExtendedStatistic": "p95",
                "Unit": None,
                "Dimensions": [
                    {"name": "TargetGroup", "value": "targetgroup/api-service/943f017f100becff"},
                    {"name": "LoadBalancer", "value": "app/public-alb/50dc6c495c0c9188"},
                ],
                "Period": int(ALARM_PERIOD_S),
                "EvaluationPeriods": ALARM_PERIODS,
                "DatapointsToAlarm": ALARM_PERIODS,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": ALARM_THRESHOLD_S,
                "TreatMissingData": "missing",
                "EvaluateLowSampleCountPercentile": "",
            },
        }

    def logs(self) -> Iterator[dict[str, Any]]:
        """One access log, slow-request warning and error in so many, oldest first."""
        slow = failed = 0
        for request in self.requests:
            if request.status >= 500:
                failed += 1
                if failed % ERROR_LOG_EVERY == 0:
                    yield log_record(request, "ERROR", error_text(request))
            elif request.duration_s > SLOW_S:
                slow += 1
                if slow % SLOW_LOG_EVERY == 0:
                    yield log_record(request, "WARN", f"slow request GET /orders: {request_text(request)}")
            elif request.number % ACCESS_LOG_EVERY == 0:
                yield log_record(request, "INFO", f"GET /orders 200: {request_text(request)}")

    def spans(self) -> Iterator[dict[str, Any]]:
        """The spans of one request in TRACE_EVERY."""
        for request in self.requests:
            if request.statements is not None:
                yield from trace(request)


def percentile(percent: int) -> Callable[[Any], float]:
    """Linear between the closest ranks."""
    return lambda values: float(np.percentile(values, percent))


def mean(values: Any) -> float:
    return float(np.mean(values))


def highest(values: Any) -> float:
    return float(np.max(values))


def number_of(values: Any) -> float:
    return float(len(values))


def moment(seconds: float) -> datetime:
    """The simulation's time as a date."""
    return START + timedelta(seconds=round(seconds - WARM_UP_S, 6))


def stamp(seconds: float) -> str:
    """ISO 8601 with milliseconds."""
    return f"{moment(seconds).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def identifier(length: int, *parts: object) -> str:
    """Hexadecimal, the same on every run."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:length]


def request_text(request: Request) -> str:
    return f"{request.duration_s * 1000:.0f} ms, {request.queries} queries"


def error_text(request: Request) -> str:
    if request.status == 503:
        waited = round(request.pool_wait_s * 1000)
        return f"orders-pool - Connection is not available, request timed out after {waited}ms ({request.pool_state})"
    if request.status == 504:
        return f"GET /orders 504: deadline of {DEADLINE_S:.1f} s exceeded after {request.queries} queries"
    return "GET /orders 500: cannot parse cursor of page"


def log_record(request: Request, severity: str, body: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "http.response.status_code": request.status,
        "k8s.pod.name": request.pod.name,
        "service.version": request.pod.version.name,
    }
    if request.statements is not None:
        attributes["trace_id"] = identifier(32, SEED, request.number)
    return {
        "time": stamp(request.finished), "resource": API, "severity": severity, "body": body, "attributes": attributes,
    }  # fmt: skip


def trace(request: Request) -> Iterator[dict[str, Any]]:
    """Load balancer, api-service, and each call that it made."""
    status = "error" if request.status >= 500 else "ok"
    root, server = "a0", "b0"
    attributes = {"http.response.status_code": request.status, "service.version": request.pod.version.name}

    def span(span_id: str, parent: str | None, resource: str, name: str, start: float, end: float,
             status: str = "ok", attributes: dict[str, Any] | None = None) -> dict[str, Any]:  # fmt: skip
        record: dict[str, Any] = {"trace_id": identifier(32, SEED, request.number), "span_id": span_id}
        if parent:
            record["parent_span_id"] = parent
        record |= {"resource": resource, "name": name, "start": stamp(start), "duration_s": round(end - start, 6)}
        return record | {"status": status} | ({"attributes": attributes} if attributes else {})

    yield span(root, None, GATEWAY, "GET /orders", request.arrived, request.finished, status)
    yield span(server, root, API, "GET /orders", request.arrived, request.finished, status, attributes)
    for number, (statement, start, end) in enumerate(request.statements or ()):
        yield span(f"c{number}", server, DATABASE, statement, start, end)
    if request.search:
        start, end, succeeded = request.search
        yield span("d0", server, SEARCH, "GET /suggestions", start, end, "ok" if succeeded else "error")


def write_metric(path: Path, series: Samples, edges: Iterable[float]) -> None:
    """One CSV: six significant digits, an empty cell for no sample."""
    lines = ["time," + ",".join(series)]
    for row, edge in enumerate(edges):
        cells = ("" if values[row] is None else f"{values[row]:.6g}" for values in series.values())
        lines.append(f"{moment(edge):%Y-%m-%dT%H:%M:%SZ}," + ",".join(cells))
    write(path, lines)


def write(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def main() -> None:
    """Simulate and write."""
    parser = argparse.ArgumentParser(description="Simulate the incident api-latency-spike and write its telemetry.")
    here = Path(__file__).parent / "api-latency-spike"
    parser.add_argument("--out", type=Path, default=here, help="the bundle's directory (default: the one beside this)")
    out: Path = parser.parse_args().out
    gc.disable()  # nothing here is cyclic, and walking millions of objects takes a third of the time
    simulation = Simulation(
        SEED, (END - START).total_seconds() + WARM_UP_S, (DEPLOYED_AT - START).total_seconds() + WARM_UP_S
    )
    simulation.run()
    recording = Recording(simulation)
    for name, series in recording.metrics().items():
        write_metric(out / "metrics" / f"{name}.csv", series, recording.edges[1:])
    write(out / "alert.json", [json.dumps(recording.alert(), indent=1)])
    write(out / "logs.jsonl", (json.dumps(record) for record in recording.logs()))
    write(out / "spans.jsonl", (json.dumps(record) for record in recording.spans()))


if __name__ == "__main__":
    main()
