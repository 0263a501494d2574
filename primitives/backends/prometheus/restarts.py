"""Services whose processes were all started anew or replaced: outside of Kubernetes that is what a release looks like.

One process that starts again may have crashed, and one that starts again and again has. So what counts is that every
process of a service is new, within a quarter of an hour, each for the first time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from primitives.backends.prometheus.client import PrometheusClient, Row
from primitives.backends.prometheus.promql import RESOURCE, SERVICE_LABELS, named_by
from primitives.backends.prometheus.survey import Survey
from primitives.identity import base_name
from primitives.records import METRICS_ORIGIN, Change, Window
from primitives.text import safe_line

__all__ = ["find_restarts"]

_METRIC: Final = "process_start_time_seconds"
_TOGETHER_S: Final = 900.0
# A start that was measured twice differs by the clock's ticks.
_TICK_S: Final = 2.0


async def find_restarts(client: PrometheusClient, survey: Survey, window: Window) -> list[Change]:
    """Each service all of whose processes began in the window, although it ran before. Raises `SourceError`."""
    if _METRIC not in survey.present:
        return []
    end, back = window.end.timestamp(), f"[{math.ceil(window.seconds)}s]"
    now = (await client.at(_by_process(_METRIC), end)).rows
    first = (await client.at(_by_process(f"min_over_time({_METRIC}{back})", "min"), end)).rows
    again = (await client.at(_by_process(f"changes({_METRIC}{back})"), end)).rows
    changes: list[Change] = []
    for (space, name), rows in _by_service(now, survey).items():
        known = _by_service(first, survey).get((space, name), [])
        restarted = {_process(row): row.values[-1] for row in _by_service(again, survey).get((space, name), [])}
        change = _told(survey.names.service(space, name), rows, known, restarted, window)
        changes += [change] if change is not None else []
    return changes


def _by_process(vector: str, operator: str = "max") -> str:
    inner = f"{operator} by (namespace, {', '.join(SERVICE_LABELS)}, instance, pod) ({vector})"
    return f"{operator} by (namespace, {RESOURCE}, instance, pod) ({named_by(inner, SERVICE_LABELS)})"


def _by_service(rows: Sequence[Row], survey: Survey) -> Mapping[tuple[str, str], list[Row]]:
    """The processes of each service that doesn't run in Kubernetes: there pods tell more."""
    services: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        key = (row.labels.get("namespace", ""), row.labels.get(RESOURCE, ""))
        if key[1] and len(row.values) and (key[0], row.labels.get("pod", "")) not in survey.names.pods:
            services.setdefault(key, []).append(row)
    return services


def _process(row: Row) -> tuple[str, str]:
    return row.labels.get("instance", ""), row.labels.get("pod", "")


def _told(
    service: str,
    now: Sequence[Row],
    known: Sequence[Row],
    restarted: Mapping[tuple[str, str], float],
    window: Window,
) -> Change | None:
    starts = [float(row.values[-1]) for row in now]
    began, oldest = min(starts), min((float(row.values[-1]) for row in known), default=math.inf)
    all_new = began >= window.start.timestamp() and began > oldest + _TICK_S and max(starts) - began <= _TOGETHER_S
    if not all_new or any(restarted.get(_process(row), 0.0) > 1 for row in now):
        return None
    replaced = not any(restarted.get(_process(row), 0.0) for row in now)
    what = f"all {len(now)} instances" if len(now) > 1 else "its only instance"
    return Change(
        time=datetime.fromtimestamp(began, UTC),
        id=safe_line(f"{base_name(service)} {'replaced' if replaced else 'restarted'}", limit=200),
        resource=service,
        kind="deployment" if replaced else "other",
        summary=safe_line(f"{base_name(service)}: {what} {'replaced' if replaced else 'started anew'}", limit=200),
        origin=METRICS_ORIGIN,
    )
