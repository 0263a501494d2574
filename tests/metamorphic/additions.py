"""Additions that must not change an answer, for incidents of any platform."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from bundle_files import (
    Files,
    Object,
    before,
    bystanders,
    detected,
    document,
    lines,
    manifest,
    metrics,
    objects,
    stamp,
    table,
    time_of,
    window,
    with_document,
    with_lines,
    with_table,
)

# Lines that some program writes all day long, whatever happens: their rate is the same before and in the incident.
_NOISE = {
    "INFO": ("housekeeping finished: 0 entries removed", "session summary written, nothing to report"),
    "WARN": ("configuration key 'theme.accent' is deprecated, use 'theme.primary'", "no translation for locale 'xx'"),
    "ERROR": ("favicon.ico is not in the asset manifest", "unknown feature name 'winter-banner' in user preferences"),
}
_EVERY = timedelta(minutes=2)
_MOST_LINES = 400


def idle_sources(files: Files) -> Files:
    """Sources that were asked and had nothing to say of anything that matters here; a queue that is always empty."""
    content = manifest(files)
    start, end = window(files)
    entry = {"from": stamp(before(files)), "to": stamp(end), "status": "answered"}
    extra = [{"source": "spare-flags", "kinds": ["feature_flag"], **entry}]
    result: Files = with_document(
        files, "incident.yaml", {**content, "coverage": [*(content.get("coverage") or ()), *extra]}
    )
    for name in ("probes.jsonl", "observations.jsonl"):
        result = {name: b"", **result}
    if metrics(files):
        described = document(files, "metrics.yaml")
        meaning = {"kind": "saturation", "unit": "1", "statistic": "average", "worse": "higher", "limit": 1000}
        result = with_document(result, "metrics.yaml", {**described, "spare_queue_depth": meaning})
        times = [row[0] for row in table(files, metrics(files)[0])[1:]]
        rows = [["time", "spare-queue"], *([time, "0"] for time in times)]
        result = with_table(result, "metrics/spare_queue_depth.csv", rows)
    del start
    return result


def later_deploy(files: Files) -> Files | None:
    """A deployment of something that nobody blames, after the alarm. A cause comes before its effect."""
    names = bystanders(files) or [_workload_of(files)]
    _, end = window(files)
    time = detected(files) + (end - detected(files)) / 2
    change = {
        "time": stamp(time),
        "id": "later-release-77",
        "resource": names[0] or "newsletter-sender",
        "kind": "deployment",
        "summary": "v7.7.0: new texts on the help page",
        "actor": "kim.larsen",
    }
    recorded = lines(files, "changes.jsonl")
    return with_lines(files, "changes.jsonl", sorted([*recorded, change], key=lambda one: time_of(str(one["time"]))))


def _workload_of(files: Files) -> str:
    for pod in objects(files, "pods"):
        return f"{pod['metadata'].get('namespace', 'default')}/deployment/newsletter-sender"
    return ""


def calm_metric_replicas(files: Files) -> Files | None:
    """Two more replicas of something that nobody blames, each as calm as that was in its first quarter."""
    measured = {column for name in metrics(files) for column in table(files, name)[0][1:]}
    names = [name for name in bystanders(files) if name in measured]
    if not names or "topology.yaml" not in files:
        return None
    original, copies = names[0], [f"{names[0]}-calm-{number}" for number in (1, 2)]
    result = files
    for name in metrics(files):
        header, *rows = table(files, name)
        if original not in header:
            continue
        at = header.index(original)
        cells = [row[at] for row in rows if row[at]][: max(len(rows) // 4, 1)]
        level = _median([float(cell) for cell in cells]) if cells else None
        calm = ["" if level is None else repr(level * (1 + 0.01 * math.sin(number))) for number in range(len(rows))]
        widened = [[*row, cell, cell] for row, cell in zip(rows, calm, strict=True)]
        result = with_table(result, name, [[*header, *copies], *widened])
    return _beside(result, original, copies)


def _beside(files: Files, original: str, copies: Sequence[str]) -> Files:
    """The copies in the topology: pods of the original."""
    topology = document(files, "topology.yaml")
    resources = [*topology["resources"], *({"id": copy, "kind": "pod"} for copy in copies)]
    edges = [*(topology.get("edges") or ()), *({"from": original, "to": copy, "kind": "owns"} for copy in copies)]
    return with_document(files, "topology.yaml", {**topology, "resources": resources, "edges": edges})


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def doubled_metrics(files: Files) -> Files | None:
    """Something that nobody blames exists twice, under two names, with the same telemetry."""
    names = bystanders(files)
    if not names or not metrics(files) or objects(files, "pods"):
        return None
    original, twin = names[0], f"{names[0]}-second"
    result = files
    for name in metrics(files):
        header, *rows = table(files, name)
        if original in header:
            at = header.index(original)
            result = with_table(result, name, [[*header, twin], *([*row, row[at]] for row in rows)])
    topology = document(result, "topology.yaml")
    if topology:
        resources = topology["resources"] + [
            {**entry, "id": twin} for entry in topology["resources"] if entry["id"] == original
        ]
        edges = list(topology.get("edges") or ())
        edges += [{**edge, end: twin} for edge in edges for end in ("from", "to") if edge[end] == original]
        result = with_document(result, "topology.yaml", {**topology, "resources": resources, "edges": edges})
    if "logs.jsonl" in files:
        recorded = lines(files, "logs.jsonl")
        twins = [{**record, "resource": twin} for record in recorded if record.get("resource") == original]
        result = with_lines(result, "logs.jsonl", _in_order([*recorded, *twins]))
    return result


def noise_info(files: Files) -> Files | None:
    """Lines of a program that is always so talkative, at INFO."""
    return _noisy(files, "INFO")


def noise_warn(files: Files) -> Files | None:
    """Lines of a program that always warns of the same trifles."""
    return _noisy(files, "WARN")


def noise_error(files: Files) -> Files | None:
    """Lines of a program that always calls the same trifles errors."""
    return _noisy(files, "ERROR")


def _noisy(files: Files, severity: str) -> Files | None:
    logs = sorted(name for name in files if name.startswith("kubernetes/logs/") and not name.endswith(".previous.log"))
    if "logs.jsonl" not in files and not logs:
        return None
    moments = _moments(before(files), window(files)[1])
    result = files
    if "logs.jsonl" in files:
        names = bystanders(files)
        resource = names[0] if names else "help-pages"
        bodies = _NOISE[severity]
        made: list[Object] = [
            {"time": stamp(time), "resource": resource, "severity": severity, "body": bodies[number % len(bodies)]}
            for number, time in enumerate(moments)
        ]
        result = with_lines(result, "logs.jsonl", _in_order([*lines(files, "logs.jsonl"), *made]))
    for name in logs[:1]:
        start = window(files)[0]
        text = "".join(f"{stamp(time)} {severity} {_NOISE[severity][0]}\n" for time in moments if time >= start)
        # At the top: a container's last words stay its own.
        result = {**result, name: text.encode() + result[name]}
    return result


def _moments(start: datetime, end: datetime) -> list[datetime]:
    every = max(_EVERY, (end - start) / _MOST_LINES)
    return [start + every * number for number in range(int((end - start) / every))]


def _in_order(records: Sequence[Object]) -> list[Object]:
    return sorted(records, key=lambda record: time_of(str(record["time"])))
