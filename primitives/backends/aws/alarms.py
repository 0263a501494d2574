"""CloudWatch's alarms and their history, as alerts that name the metric they are about.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html, API_AlarmHistoryItem.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from primitives.alerts import METRIC_LABEL
from primitives.backends.aws.client import AwsClient, Place
from primitives.backends.aws.fields import items, moment, parsed, text
from primitives.backends.aws.metrics.families import FAMILIES
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.records import Alert, Coverage, Window
from primitives.telemetry import AlertsQuery, Answer
from primitives.text import safe_line, safe_text

__all__ = ["ask_alarms"]

_NOW: Final = timedelta(minutes=10)
_MOST: Final = 5_000
_MOST_ALERTS: Final = 200
_STATES: Final[Mapping[str, Literal["firing", "resolved"]]] = {"ALARM": "firing", "OK": "resolved"}


@dataclass(frozen=True, slots=True)
class _Turn:
    """An alarm that changed its state."""

    name: str
    time: datetime
    state: str


async def ask_alarms(client: AwsClient, place: Place, query: AlertsQuery, now: datetime) -> Answer[Alert]:
    """The alarms that fire at the window's end, and those that fired in it and were resolved."""
    window, notes = query.window, dict[str, None]()
    listing = await client.pages("cloudwatch", "DescribeAlarms", "MetricAlarms", most=_MOST, AlarmTypes=["MetricAlarm"])
    turns: dict[str, list[_Turn]] = defaultdict(list)
    try:
        history = await client.pages(
            "cloudwatch", "DescribeAlarmHistory", "AlarmHistoryItems", most=_MOST, HistoryItemType="StateUpdate",
            StartDate=window.start, EndDate=window.end, ScanBy="TimestampAscending",
        )  # fmt: skip
        for item in history.items:
            if (turn := _turn(item)) is not None and window.holds(turn.time):
                turns[turn.name].append(turn)
    except SourceError as error:
        notes[f"history of alarms: {error.problem}"] = None
    live = now - window.end <= _NOW
    alerts = [alert for alarm in listing.items if (alert := _alert(alarm, turns, window, place, live=live)) is not None]
    alerts.sort(key=lambda alert: (alert.state != "firing", alert.name))
    if len(alerts) > _MOST_ALERTS or listing.cut:
        notes[f"only {_MOST_ALERTS} alarms were read"] = None
    covered = Coverage(source=client.source, kinds=("alerts",), start=window.start, end=window.end, status="answered")
    return Answer(
        query, client.source, "partial" if notes else "answered", tuple(alerts[:_MOST_ALERTS]),
        () if notes else (covered,),
        detail="; ".join(notes) or None,
    )  # fmt: skip


def _turn(item: Any) -> _Turn | None:
    """A change of state, from the history's JSON."""
    time, state = moment(item, "Timestamp"), text(parsed(text(item, "HistoryData")), "newState", "stateValue")
    return _Turn(text(item, "AlarmName"), time, state) if time is not None and state else None


def _alert(
    alarm: Mapping[str, Any], turns: Mapping[str, Sequence[_Turn]], window: Window, place: Place, *, live: bool
) -> Alert | None:
    name = text(alarm, "AlarmName")
    own = sorted(turns.get(name, ()), key=lambda turn: turn.time)
    changed = moment(alarm, "StateTransitionedTimestamp") or moment(alarm, "StateUpdatedTimestamp")
    value = text(alarm, "StateValue") if live and (changed is None or changed <= window.end) else ""
    value = value or (own[-1].state if own else "")
    fired = [turn.time for turn in own if turn.state == "ALARM"]
    if value != "ALARM" and not fired:
        return None
    started = fired[-1] if fired else changed
    reason = text(alarm, "StateReason")
    return Alert(
        name=safe_line(name, limit=300) or "alarm without a name",
        state=_STATES.get(value, "unknown"),
        resource=_resource(alarm, place),
        started_at=min(started, window.end) if started else None,
        summary=safe_line(text(alarm, "AlarmDescription") or reason),
        description=safe_text(reason, limit=2_000),
        value=_value(alarm),
        labels=_labels(alarm),
    )


def _dimensions(alarm: Mapping[str, Any]) -> dict[str, str]:
    return {text(each, "Name"): text(each, "Value") for each in items(alarm, "Dimensions")}


def _resource(alarm: Mapping[str, Any], place: Place) -> str | None:
    """What the alarm's metric is about: of the families whose dimensions it has, the one with the most."""
    namespace, dimensions = text(alarm, "Namespace"), _dimensions(alarm)
    fitting = [each for each in FAMILIES if each.namespace == namespace and each.dimensions <= dimensions.keys()]
    best = max(fitting, key=lambda family: len(family.dimensions), default=None)
    return safe_line(best.identify(dimensions, place), limit=400) if best else next(iter(dimensions.values()), None)


def _labels(alarm: Mapping[str, Any]) -> dict[str, str]:
    namespace, name = text(alarm, "Namespace"), text(alarm, "MetricName")
    stat = text(alarm, "ExtendedStatistic") or text(alarm, "Statistic")
    dimensions = _dimensions(alarm)
    ours = [
        measure.metric.name
        for family in FAMILIES
        if family.namespace == namespace and family.dimensions <= dimensions.keys()
        for measure in sorted(family.measures, key=lambda measure: measure.stat != stat)
        if measure.name == name
    ]
    stated = {"namespace": namespace, "cloudwatch_metric": name, "statistic": stat, METRIC_LABEL: next(iter(ours), "")}
    return {safe_line(key, limit=100): safe_line(value) for key, value in {**dimensions, **stated}.items() if value}


def _value(alarm: Mapping[str, Any]) -> float | None:
    """The newest datapoint that the state's reason tells."""
    points = parsed(text(alarm, "StateReasonData")).get("recentDatapoints")
    try:
        number = float(points[-1]) if isinstance(points, list) and points else None
    except (ValueError, TypeError):
        return None
    return number if number is not None and abs(number) < 1e300 else None
