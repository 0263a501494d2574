"""The alarm that a question names: its own metric is then the symptom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from primitives.alerts import METRIC_LABEL
from primitives.records import Alert, Symptom, Window
from primitives.redact import Redactor
from primitives.side_by_side import side_by_side
from primitives.telemetry import AlertsQuery, Backend
from primitives.text import safe_line

__all__ = ["symptom_of_named_alarm"]

_WITHIN_S: Final = 3.0
_LEAST: Final = 4
"""Letters of a name: a shorter one is in many questions by accident."""


async def symptom_of_named_alarm(
    query: str, window: Window, backends: Sequence[Backend], redactor: Redactor, *, about: str | None = None
) -> Symptom | None:
    """The metric and resource of the alarm that the query names; None without one that has both.

    With `about` it must name that resource.

    Of several the longest name counts, then one that fires. A source that fails or is late is left out.
    """
    asked = (backend.ask(AlertsQuery(window=window)) for backend in backends if "alerts" in backend.questions)
    tasks = await side_by_side(asked, within_s=_WITHIN_S)
    answers = [task.result() for task in tasks if task is not None and task.exception() is None]
    alerts = [alert for answer in answers for alert in answer.records]
    asked_about = query.casefold()
    named = [alert for alert in alerts if _is_named(alert, asked_about)]
    if about is not None:
        named = [alert for alert in named if about in (alert.resource, *alert.labels.values())]
    if not named:
        return None
    alert = max(named, key=lambda alert: (len(alert.name), alert.state == "firing"))
    resource, metric = safe_line(alert.resource or "", limit=400), safe_line(alert.labels[METRIC_LABEL], limit=100)
    return Symptom(resource=redactor.redact(resource), metric=redactor.redact(metric))


def _is_named(alert: Alert, query: str) -> bool:
    stands_there = len(alert.name) >= _LEAST and alert.name.casefold() in query
    return stands_there and bool(alert.resource) and METRIC_LABEL in alert.labels
