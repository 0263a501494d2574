"""The inputs that the fuzz run starts from: a made-up shop with every part that a bundle can have."""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["ALERTS", "ALERT_MAPPING", "CONFIGURATION", "HOSTILE", "METRIC_MAPPING", "QUERIES", "SECRET", "bundle"]

SECRET: Final = "AKIAIOSFODNN7EXAMPLE"
HOSTILE: Final = "\x1b]0;own\x07\x1b[2J\u202egpj\u200b\u009b31m\x85"

_MANIFEST: Final = """\
format: cloudops-incident/1
id: florist
title: Bouquets are late
query: "bouquet latency spike since 12:05"
detected_at: 2026-03-10T12:10:00Z
baseline: {from: 2026-03-10T11:00:00Z, to: 2026-03-10T12:00:00Z}
window: {from: 2026-03-10T12:00:00Z, to: 2026-03-10T12:20:00Z}
symptom: {resource: bouquet, metric: latency_p95}
labels: {team: flowers}
"""
_METRICS: Final = """\
latency_p95: {kind: latency, unit: s, statistic: p95, worse: higher}
errors: {kind: errors, unit: "1", statistic: sum, worse: higher}
memory: {kind: saturation, unit: By, statistic: average, worse: higher}
"""
_TOPOLOGY: Final = """\
resources:
  - {id: bouquet, kind: service}
  - {id: ribbon, kind: service}
  - {id: shelf, kind: database}
edges:
  - {from: bouquet, to: ribbon, kind: calls}
  - {from: ribbon, to: shelf, kind: calls}
"""
_BODIES: Final = (
    "could not connect to shelf:5432: connection refused",
    "request 8f3a took 5012 ms (limit 5000 ms)",
    '{"level":"error","msg":"pool exhausted: 20 of 20 in use","pool":"shelf"}',
    "java.lang.OutOfMemoryError: Java heap space\n\tat shop.Ribbon.cut(Ribbon.java:12)",
    '10.0.0.7 - - [10/Mar/2026:12:04:01 +0000] "GET /bouquet HTTP/1.1" 503 197 0.812',
)


def bundle() -> dict[str, bytes]:
    """The files of a whole bundle."""
    files = {
        "incident.yaml": _MANIFEST,
        "metrics.yaml": _METRICS,
        "topology.yaml": _TOPOLOGY,
        "metrics/latency_p95.csv": _samples(0.2, 4.0),
        "metrics/errors.csv": _samples(0, 40),
        "metrics/memory.csv": _samples(4e8, 9e8),
        "alert.json": json.dumps(ALERTS[0]),
        "truth.yaml": "root_causes: [{cause_id: unknown}]\nsource: made up\n",
        **{f"{name}.jsonl": _lines(records) for name, records in _records().items()},
        **{f"kubernetes/2026-03-10T12-10-00Z/{kind}.json": _objects(items) for kind, items in _KUBERNETES.items()},
        "kubernetes/logs/shop_ribbon-1_app.log": "2026-03-10T12:04:00Z ERROR shelf is full\nKilled\n",
    }
    return {name: text.encode() for name, text in files.items()}


def _minute(number: int) -> str:
    return f"2026-03-10T{11 + number // 60:02}:{number % 60:02}:00Z"


def _samples(normal: float, bad: float) -> str:
    rows = [f"{_minute(at)},{bad if at > 64 else normal},{normal},{normal + at % 3}" for at in range(80)]
    return "time,bouquet,ribbon,shelf\n" + "\n".join(rows) + "\n"


def _lines(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def _records() -> dict[str, list[dict[str, Any]]]:
    return {
        "logs": [
            {"time": _minute(60 + at), "resource": "ribbon", "severity": "ERROR", "body": body, "attributes": {"n": at}}
            for at, body in enumerate(_BODIES * 3)
        ],
        "spans": [_span(at) for at in range(12)],
        "changes": [
            {"time": _minute(63), "id": "c1", "resource": "ribbon", "kind": "deployment", "summary": "v7 to v8",
             "actor": "ada", "before": {"pool": 50}, "after": "-pool: 50\n+pool: 5\n"},
            {"time": _minute(20), "id": "c2", "resource": "shelf", "kind": "configuration", "summary": "ttl 5 to 60"},
        ],
        "probes": [
            {"time": _minute(66), "resource": "shelf", "probe": "tcp_connect", "target": "bouquet", "result": "failed"},
        ],
        "observations": [
            {"time": _minute(66), "resource": "ribbon", "kind": "command", "data": {
                "command": "kubectl get pods",
                "output": "NAME READY STATUS RESTARTS AGE\nribbon-1 0/1 CrashLoopBackOff 7 12m\n"}},
            {"time": _minute(66), "resource": "shelf", "kind": "df", "data":
                "Filesystem Size Used Avail Use% Mounted on\n/dev/sda1 50G 50G 0 100% /\n"},
        ],
        "configuration": [
            {"time": _minute(at), "resource": "shelf", "kind": "rds", "document": {
                "max_connections": 100 - at, "env": [{"name": "PASSWORD", "value": "hunter2"}]}}
            for at in (10, 65)
        ],
    }  # fmt: skip


def _span(at: int) -> dict[str, Any]:
    return {
        "trace_id": f"t{at // 3}", "span_id": f"s{at}", "parent_span_id": f"s{at - 1}" if at % 3 else None,
        "resource": ("bouquet", "ribbon", "shelf")[at % 3], "name": "GET /", "start": _minute(60 + at),
        "duration_s": 0.2 * at, "status": "error" if at > 8 else "ok", "attributes": {"http.status_code": 500},
    }  # fmt: skip


def _objects(items: list[dict[str, Any]]) -> str:
    return json.dumps({"kind": "List", "items": items})


_META: Final = {"namespace": "shop", "creationTimestamp": "2026-03-09T12:00:00Z", "uid": "u1", "labels": {"app": "r"}}
_KUBERNETES: Final[dict[str, list[dict[str, Any]]]] = {
    "pods": [{
        "kind": "Pod", "metadata": {"name": "ribbon-1", **_META},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "ribbon:8", "resources": {
            "limits": {"memory": "256Mi", "cpu": "500m"}}, "livenessProbe": {"httpGet": {"port": 8080}}}]},
        "status": {"phase": "Running", "containerStatuses": [{
            "name": "app", "ready": False, "restartCount": 7, "image": "ribbon:8",
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-03-10T12:06:00Z"}},
        }]},
    }],
    "deployments": [{
        "kind": "Deployment", "metadata": {"name": "ribbon", **_META}, "spec": {"replicas": 2},
        "status": {"replicas": 2, "readyReplicas": 0, "conditions": [{"type": "Available", "status": "False"}]},
    }],
    "events": [{
        "kind": "Event", "metadata": {"name": "e1", **_META}, "type": "Warning", "reason": "BackOff", "count": 12,
        "involvedObject": {"kind": "Pod", "name": "ribbon-1", "namespace": "shop"},
        "message": "Back-off restarting failed container app", "lastTimestamp": "2026-03-10T12:07:00Z",
    }],
    "nodes": [{
        "kind": "Node", "metadata": {"name": "n1", **_META},
        "status": {"conditions": [{"type": "MemoryPressure", "status": "True"}], "capacity": {"memory": "8Gi"}},
    }],
    "secrets": [{"kind": "Secret", "metadata": {"name": "key", **_META}, "data": {"password": "aHVudGVyMg=="}}],
}  # fmt: skip

ALERTS: Final[tuple[Any, ...]] = (
    {"version": "4", "status": "firing", "alerts": [{
        "status": "firing", "labels": {"alertname": "SlowBouquet", "service": "bouquet", "severity": "critical"},
        "annotations": {"summary": "p95 over 2 s"}, "startsAt": "2026-03-10T12:06:00Z", "value": 4.1}]},
    {"Type": "Notification", "Message": json.dumps({"AlarmName": "cpu", "NewStateValue": "ALARM", "Trigger": {
        "MetricName": "CPUUtilization", "Dimensions": [{"name": "DBInstanceIdentifier", "value": "shelf"}]}})},
    {"event": {"event_type": "incident.triggered", "data": {"title": "slow", "service": {"summary": "bouquet"}}}},
    {"alert_type": "error", "title": "[Triggered] bouquet", "tags": "env:prod,service:bouquet", "date": 1773144360},
    {"receiver": "x", "state": "alerting", "ruleName": "r", "evalMatches": [{"value": 1, "metric": "m", "tags": {}}]},
)  # fmt: skip
QUERIES: Final = (
    "bouquet is slow since 12:05", "errors in prod after the deployment yesterday", "why is shelf down?",
    "since 10 minutes ago unless 5xx", "12:00 to 13:00 latency p95 > 2.5s", "",
)  # fmt: skip
CONFIGURATION: Final = """\
store: incidents.db
close_after_days: 3
sources:
  prod: {backend: prometheus, url: "http://127.0.0.1:9"}
"""
ALERT_MAPPING: Final = """\
alerts: "alerts[?status]"
title: labels.alertname
summary: join(' ', [labels.service, annotations.summary])
status: status
statuses: {firing: firing, resolved: resolved}
severity: labels.severity
severities: {critical: critical}
fingerprint: fingerprint
service: labels.service
labels: labels
started_at: startsAt
link: generatorURL
"""
METRIC_MAPPING: Final = """\
service_labels: [team_service]
namespace_label: kube_namespace
metrics:
- {series: "svc:request_seconds:p95_5m", name: latency_p95, kind: latency, unit: s}
- {series: seats_left, name: seats_left, kind: saturation, unit: "{seat}", worse: lower, limit: 0, label: hall}
"""
