"""Alerts: what Prometheus' own rules said in a window, from their recorded states and from what is active now."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from primitives.backends.prometheus.client import Row
from primitives.backends.prometheus.names import Names
from primitives.backends.prometheus.promql import SERVICE_LABELS, Grid
from primitives.identity import base_name
from primitives.records import Alert, Window
from primitives.statistics import first_of_each

__all__ = ["build_alerts"]

Labels = frozenset[tuple[str, str]]
State = Literal["firing", "pending", "resolved"]

_WORKLOADS: Final = ("deployment", "statefulset", "daemonset", "replicaset")
_OURS: Final = ("__name__", "alertstate")
_MOST: Final = 1_000


class _Run(NamedTuple):
    """An alert's state at the end, and when its last run began and was last seen (seconds; NaN where not known)."""

    state: State
    began: float
    last: float


def build_alerts(
    states: Iterable[Row],
    since: Iterable[Row],
    active: Iterable[Mapping[str, Any]],
    *,
    grid: Grid,
    window: Window,
    names: Names,
    clean: Callable[[str], str],
) -> tuple[Alert, ...]:
    """The alerts of `window`, those that fire first.

    `states` are the rows of ALERTS and `since` those of ALERTS_FOR_STATE on `grid`; `active` is what the API calls
    active, where the window ends now. Nothing that began after the window's end is taken.
    """
    seen = _episodes(states, grid)
    starts = {_labels(row): float(row.values[-1]) for row in since if len(row.values)}
    details = {_api_labels(alert): alert for alert in active if _active_at(alert, window.end) is not None}
    for labels, alert in details.items():
        seen.setdefault(labels, _Run("firing" if alert.get("state") == "firing" else "pending", math.nan, math.nan))
    alerts = []
    for labels, run in seen.items():
        detail = details.get(labels, {})
        # Each may be late: the API after a restart, the first sample when the window begins in the middle of it.
        known = [run.began, starts.get(labels, math.nan), _seconds(_active_at(detail, window.end))]
        started = _moment(min((moment for moment in known if math.isfinite(moment)), default=math.nan), window.end)
        ended = _moment(run.last, window.end) if run.state == "resolved" else None
        alerts.append(_alert(dict(labels), run.state, started, ended, detail, names, clean))
    return tuple(sorted(alerts, key=_rank)[:_MOST])


def _rank(alert: Alert) -> tuple[int, str, str, list[tuple[str, str]]]:
    order = ("firing", "pending", "resolved", "unknown")
    return order.index(alert.state), alert.name, alert.resource or "", sorted(alert.labels.items())


def _episodes(states: Iterable[Row], grid: Grid) -> dict[Labels, _Run]:
    """Each alert's last run; one that was only ever pending is dropped."""
    runs: dict[Labels, dict[str, Row]] = {}
    for row in states:
        if len(row.times):
            runs.setdefault(_labels(row), {})[row.labels.get("alertstate", "")] = row
    latest: dict[Labels, _Run] = {}
    for labels, rows in runs.items():
        last = {name: row.times[-1] >= grid.end - grid.step / 2 for name, row in rows.items()}
        times = first_of_each(np.concatenate([row.times for row in rows.values()]))[0]
        state: State = "firing" if last.get("firing") else "pending" if last.get("pending") else "resolved"
        if state != "resolved" or "firing" in rows:
            latest[labels] = _Run(state, _last_run(times, grid.step), float(times[-1]))
    return latest


def _last_run(times: NDArray[np.float64], step: int) -> float:
    """The first of the last samples that follow each other without a gap."""
    gaps = np.flatnonzero(np.diff(times) > 1.5 * step)
    return float(times[gaps[-1] + 1 if len(gaps) else 0])


def _alert(
    labels: dict[str, str],
    state: State,
    started: datetime | None,
    ended: datetime | None,
    detail: Mapping[str, Any],
    names: Names,
    clean: Callable[[str], str],
) -> Alert:
    annotations = detail.get("annotations")
    texts = annotations if isinstance(annotations, dict) else {}

    def text(*keys: str) -> str:
        return next((clean(value) for key in keys if isinstance(value := texts.get(key), str) and value), "")

    return Alert(
        name=clean(labels.get("alertname", "")) or "alert without a name",
        state=state,
        resource=_resource(labels, names),
        started_at=started,
        ended_at=ended,
        severity=clean(labels["severity"]) if "severity" in labels else None,
        summary=text("summary", "message", "title"),
        description=text("description", "details"),
        value=_number(detail.get("value")),
        labels={clean(key): clean(value) for key, value in sorted(labels.items())},
    )


def _resource(labels: Mapping[str, str], names: Names) -> str | None:
    namespace = labels.get("namespace", "")
    for kind in _WORKLOADS:
        if namespace and (name := labels.get(kind)):
            return names.workload(namespace, "ReplicaSet" if kind == "replicaset" else kind, name)
    if namespace and (pod := labels.get("pod")):
        return names.pod(namespace, pod)
    # An alert's job is often that of the exporter; what it says beside it is more to the point.
    for label in SERVICE_LABELS:
        if label != "job" and (name := labels.get(label)):
            return names.service(namespace, name)
    if node := labels.get("node"):
        return names.node(node)
    job = base_name(labels.get("job", ""))
    return names.service(namespace, job) if job else None


def _labels(row: Row) -> Labels:
    return frozenset((key, value) for key, value in row.labels.items() if key not in _OURS)


def _api_labels(alert: Mapping[str, Any]) -> Labels:
    labels = alert.get("labels")
    return (
        frozenset((str(key), str(value)) for key, value in labels.items()) if isinstance(labels, dict) else frozenset()
    )


def _active_at(alert: Mapping[str, Any], end: datetime) -> datetime | None:
    """When the API's alert began; None where it began after `end`, or doesn't say."""
    text = alert.get("activeAt")
    try:
        began = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if began is None or began.tzinfo is None or began > end:
        return None
    return began.astimezone(UTC)


def _seconds(time: datetime | None) -> float:
    return math.nan if time is None else time.timestamp()


def _moment(seconds: float, end: datetime) -> datetime | None:
    try:
        return min(datetime.fromtimestamp(seconds, UTC), end)
    except (ValueError, OverflowError, OSError):
        return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
