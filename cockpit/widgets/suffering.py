"""What users feel: the worst that is measured where their requests come in, of what calls the troubled one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cockpit.widgets.draw import sanitised

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cockpit.widgets.view import View
    from engine.incident import IncidentState
    from primitives.facts import MetricShift

__all__ = ["FELT", "MOST_EDGES", "entries_above", "entries_of", "felt_by_users"]

FELT = ("errors", "availability", "latency")
"""Kinds of metrics that users feel, the gravest first."""
MOST_EDGES = 20_000
"""Edges that are looked at: of a larger system the first ones."""


def felt_by_users(view: View) -> str:
    """`felt at frontend: errors 21.2 %`; empty where nobody calls the troubled one, or nothing is measured there."""
    state = view.state
    if state is None or state.opened is None or view.drill:
        return ""
    symptom = state.opened.symptom
    if symptom is None or symptom.resource is None:
        return ""
    cache = view.symptom_cache.gather(state)
    shifts: list[MetricShift] = []
    for resource in cache.entries(state, symptom.resource):
        shifts += [
            cast("MetricShift", known.fact)
            for known in cache.hurting(resource)
            if known.id not in state.asked_again and cast("MetricShift", known.fact).ended is None
        ]
    felt = [shift for shift in shifts if shift.kind in FELT]
    if not felt:
        return ""
    worst = min(felt, key=lambda shift: (FELT.index(shift.kind), -abs(shift.score)))
    value = worst.reading(worst.latest if worst.latest is not None else worst.level)
    return sanitised(f"felt at {worst.resource_name(view.names)}: {worst.kind} {value}")


def entries_above(state: IncidentState, resource: str) -> tuple[str, ...]:
    """Those that call the resource, directly or through others, and that nobody calls; nothing for an entry itself."""
    callers: dict[str, list[str]] = {}
    for source, target in _calls(state):
        callers.setdefault(target, []).append(source)
    return entries_of(callers, resource)


def entries_of(callers: Mapping[str, Sequence[str]], resource: str) -> tuple[str, ...]:
    """The same by who calls whom: the callers of each that is called."""
    seen, waiting, entries = {resource}, [resource], list[str]()
    while waiting:
        above = callers.get(waiting.pop(), ())
        for caller in above:
            if caller not in seen:
                seen.add(caller)
                waiting.append(caller)
                entries += [caller] if caller not in callers else []
    return tuple(entries)


def _calls(state: IncidentState) -> Iterable[tuple[str, str]]:
    count = 0
    for known in state.current_facts:
        if known.fact.type != "dependencies":
            continue
        for source, target, kind in known.fact.edges:
            count += 1
            if count > MOST_EDGES:
                return
            if kind == "calls" and source != target:
                yield source, target
