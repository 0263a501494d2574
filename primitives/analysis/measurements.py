"""Observations that state a metric's usual and its current value: somebody else's comparison, as metric shifts.

Monitoring tools and runbooks report so: "p95 latency, normally 18 ms, now 390 ms". Nothing of the series behind it is
known, so how clear a shift is comes from its size, and from how large it is beside the same metric's elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.metric_names import kind_of_metric
from primitives.records import Metric, Observation
from primitives.text import safe_line

__all__ = ["Measurement", "measurements"]

_METRIC: Final = ("metric", "metric_name", "measure", "name")
_NORMAL: Final = ("normal", "baseline", "usual", "expected", "typical", "before")
_CURRENT: Final = ("current", "now", "observed", "actual", "during", "value", "after")
_SINCE: Final = ("from", "since", "start", "started_at")
_SENT: Final = ("sent", "transmitted", "packets_sent", "packets_transmitted")
_BACK: Final = ("received", "returned", "packets_received")
# With fewer packets, or a smaller part of them lost, it may be chance.
_FEWEST_SENT: Final = 20
_LEAST_LOST: Final = 0.01
# A level that differs by less than this share of the usual one is no shift, whatever was reported.
_LEAST: Final = 0.3
_MOST_SCORE: Final = 40.0
_LEAST_SCORE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One reported comparison; `score` stands for how clear it is, signed."""

    resource: str
    metric: Metric
    normal: float
    current: float
    score: float
    since: datetime


def measurements(observations: Iterable[Observation]) -> list[Measurement]:
    """The reported comparisons that say that a level moved, the clearest first."""
    stated = [measured for observation in observations if (measured := _stated(observation) or _lost(observation))]
    greatest: dict[str, float] = {}
    for measured in stated:
        moved = abs(measured.current - measured.normal)
        greatest[measured.metric.name] = max(greatest.get(measured.metric.name, 0.0), moved)
    scored = [_scored(measured, greatest[measured.metric.name]) for measured in stated]
    return sorted(scored, key=lambda measured: (-abs(measured.score), measured.resource, measured.metric.name))


def _stated(observation: Observation) -> Measurement | None:
    data = observation.data
    if not isinstance(data, Mapping):
        return None
    name, normal, current = _first(data, _METRIC, str), _number(data, _NORMAL), _number(data, _CURRENT)
    if not name or normal is None or current is None or abs(current - normal) <= _LEAST * abs(normal):
        return None
    unit = data.get("unit")
    kind, worse = kind_of_metric(name)
    metric = Metric(
        name=safe_line(name, limit=120), kind=kind, unit=unit if isinstance(unit, str) and unit else "1",
        statistic="value", worse=worse,
    )  # fmt: skip
    return Measurement(observation.resource, metric, normal, current, 0.0, _since(data, observation.time))


def _lost(observation: Observation) -> Measurement | None:
    """Packets that were sent and didn't come back (ping, RFC 2680): usually none are lost."""
    data = observation.data
    if not isinstance(data, Mapping):
        return None
    sent, back = _number(data, _SENT), _number(data, _BACK)
    if sent is None or back is None or sent < _FEWEST_SENT or not 0 <= back <= (1.0 - _LEAST_LOST) * sent:
        return None
    metric = Metric(name="packet_loss", kind="errors", unit="1", statistic="value", worse="higher")
    return Measurement(observation.resource, metric, 0.0, (sent - back) / sent, 0.0, _since(data, observation.time))


def _scored(measured: Measurement, greatest: float) -> Measurement:
    """Its size in doublings, as part of the greatest move of the same metric."""
    moved = measured.current - measured.normal
    times = math.log2(1 + abs(moved) / abs(measured.normal)) if measured.normal else math.inf
    clear = min(1.0, times / 4) * abs(moved) / greatest
    score = math.copysign(_LEAST_SCORE + (_MOST_SCORE - _LEAST_SCORE) * clear, moved)
    return replace(measured, score=score)


def _first(data: Mapping[str, Any], keys: Sequence[str], kind: type) -> Any:
    return next((data[key] for key in keys if isinstance(data.get(key), kind)), None)


def _number(data: Mapping[str, Any], keys: Sequence[str]) -> float | None:
    for key in keys:
        value = data.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    return None


def _since(data: Mapping[str, Any], time: datetime) -> datetime:
    text = _first(data, _SINCE, str)
    try:
        since = datetime.fromisoformat(text) if text else time
    except ValueError:
        return time
    return since if since.tzinfo is not None and since <= time else time
