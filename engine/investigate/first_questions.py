"""What every live investigation asks first: its plan is made of it. It is asked while the sources are still checked."""

from __future__ import annotations

from engine.events import IncidentOpened
from primitives.records import Window
from primitives.telemetry import AlertsQuery, ObjectsQuery, Query, SeriesQuery, TopologyQuery

__all__ = ["first_questions", "whole_window"]


def whole_window(opened: IncidentOpened) -> Window:
    """The incident's window with the baseline before it."""
    return Window(start=(opened.baseline or opened.window).start, end=opened.window.end)


def first_questions(opened: IncidentOpened, *, several: bool = False) -> list[Query]:
    """Alerts and topology of the window, and the series from which the period is chosen where nobody gave one.

    Of `several` sources also what tells which of their names mean the same thing.
    """
    whole = whole_window(opened)
    questions: list[Query] = [AlertsQuery(window=opened.window), TopologyQuery(window=opened.window)]
    questions += [] if opened.period_given else [SeriesQuery(window=whole)]
    questions += [TopologyQuery(window=whole), ObjectsQuery(window=whole)] if several else []
    return questions
