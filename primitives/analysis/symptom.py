"""What the incident is about: the symptom's series, its onset, and the resources around it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from primitives.analysis.graph import Graph
from primitives.analysis.history import Comparison
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments
from primitives.identity import base_name, scope_of

__all__ = ["SymptomView", "find_resource", "view_symptom"]

# What users feel, in the order in which a resource without a named metric is judged by it.
_FELT: Final = {"latency": 0, "errors": 1, "availability": 2, "traffic": 3, "saturation": 4, "other": 5}


@dataclass(frozen=True, slots=True)
class SymptomView:
    """The symptom as far as it is known: `resources` first the one the alarm named, `series` the metric it named."""

    resources: tuple[str, ...]
    series: Comparison | None

    @property
    def onset(self) -> datetime | None:
        """When the symptom's series left its baseline."""
        shift = self.series.shift if self.series else None
        return datetime.fromtimestamp(shift.onset, UTC) if shift and shift.onset is not None else None


def find_resource(name: str, known: Iterable[str]) -> str | None:
    """The known resource that `name` means: itself, else the only one that is called the same."""
    known = list(known)
    if name in known:
        return name
    called = base_name(name).casefold()
    scope = scope_of(name)
    alike = [
        resource
        for resource in known
        if base_name(resource).casefold() == called and (not scope or scope_of(resource) in ("", scope))
    ]
    return alike[0] if len(alike) == 1 else None


def view_symptom(args: Arguments, compared: list[Comparison], graph: Graph) -> SymptomView:
    """Find the symptom: what the alarm named, else the focus, else where requests enter the system."""
    with_series = {comparison.resource for comparison in compared}
    names = [args.symptom.resource] if args.symptom else []
    names += list(args.focus)
    named = [find_resource(name, with_series) or find_resource(name, graph.resources) for name in names]
    resources = tuple(dict.fromkeys(name for name in named if name)) or tuple(sorted(graph.entries()))
    metric = args.symptom.metric if args.symptom else None
    return SymptomView(resources or tuple(names), _series(resources, metric, compared))


def _series(resources: tuple[str, ...], metric: str | None, compared: list[Comparison]) -> Comparison | None:
    own = [comparison for comparison in compared if comparison.resource in resources[:1]]
    named = [comparison for comparison in own if metric is not None and comparison.metric.name == metric]
    if named:
        return named[0]
    everywhere = own or [comparison for comparison in compared if comparison.resource in resources]
    moved = [comparison for comparison in everywhere if comparison.worse]
    return min(moved, key=_user_impact, default=None)


def _user_impact(comparison: Comparison) -> tuple[int, float, str]:
    return (
        _FELT[comparison.metric.kind],
        -abs(comparison.shift.score) if comparison.shift else 0.0,
        comparison.metric.name,
    )
