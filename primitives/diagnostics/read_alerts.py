"""What alerts say in their names and texts, read as messages are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final

from primitives.analysis.asking import gaps, incident_window
from primitives.analysis.error_families import family_of
from primitives.analysis.naming import NameFinder
from primitives.analysis.symptom import find_resource
from primitives.diagnostics.registry import Arguments, DiagnosticOutput, diagnostic
from primitives.facts import AlertState
from primitives.patterns import lazy_pattern
from primitives.records import Alert
from primitives.telemetry import AlertsQuery, Answers, Telemetry, TopologyQuery
from primitives.terms import IncidentClass
from primitives.text import safe_line, words_apart

_MOST: Final = 20
_MOST_TEXT: Final = 4_000
_BETWEEN_WORDS: Final = lazy_pattern(r"[_\W]+")
# The sentences of a text: each is read by itself.
_SENTENCES: Final = lazy_pattern(r"[\n;]|[.!?](?=\s)")


@diagnostic(
    "read_alerts",
    title="What the alerts say",
    why="whoever wrote an alert knew what it would mean",
    answers=tuple(IncidentClass),
    questions=("alerts",),
    cost_s=0.5,
)
async def read_alerts(ask: Telemetry, args: Arguments) -> AsyncIterator[DiagnosticOutput]:
    """Tell every alert of the window with the kinds of error that its name, summary and description speak of."""
    window = incident_window(args)
    answers = await ask.alerts(AlertsQuery(window=window))
    topology = await ask.topology(TopologyQuery(window=window))
    known = {resource.id: resource.kind for part in topology.records for resource in part.resources}
    names = NameFinder(topology.records)
    for alert in answers.records[:_MOST]:
        resource = find_resource(alert.resource, known) or alert.resource if alert.resource else None
        yield _fact(alert, resource, names, answers, args)
    for gap in gaps((answers,), args):
        yield gap


def _fact(
    alert: Alert, resource: str | None, names: NameFinder, answers: Answers[Alert], args: Arguments
) -> AlertState:
    texts = list(_sentences(alert))
    blamed = (names.pointed_at(text, resource) for text in texts)
    return AlertState(
        resource=resource,
        window=incident_window(args),
        observed_at=min(alert.started_at or args.now, args.now),
        source=answers.source,
        answers=answers.digests,
        name=safe_line(alert.name, limit=300),
        state=alert.state,
        started_at=alert.started_at,
        value=alert.value,
        summary=safe_line(alert.summary, limit=300),
        families=tuple(dict.fromkeys(family for text in texts if (family := family_of(text)))),
        points_at=next(filter(None, blamed), None),
    )


def _sentences(alert: Alert) -> Iterator[str]:
    """The name in words, then each sentence of the summary and of the description."""
    yield " ".join(filter(None, _BETWEEN_WORDS.split(words_apart(alert.name))))
    for text in dict.fromkeys((alert.summary, alert.description)):
        yield from (part.strip() for part in _SENTENCES.split(text[:_MOST_TEXT]) if part.strip())
