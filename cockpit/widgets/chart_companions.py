"""What stands beside a chart's own series: other percentiles of the metric, or the series of the leading cause."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from cockpit.widgets.chart import COMPANION_PERIODS, Chart, Companion, value_at
from cockpit.widgets.draw import Line, Part, sanitised
from primitives.quantities import reading

if TYPE_CHECKING:
    from datetime import datetime

    from cockpit.widgets.view import View
    from engine.incident import FoundFact, IncidentState
    from primitives.display_names import NameOf
    from primitives.records import Series

__all__ = ["Companions", "band_of", "legend", "same_metric"]

Beside = Literal["percentiles", "cause", "alone"]
"""What is drawn beside a series; the first at first."""

BESIDE_WORDS: Mapping[Beside, str] = {
    "percentiles": "the chart with the metric's other percentiles",
    "cause": "the chart with the series of the leading cause",
    "alone": "the chart of one series alone",
}

BAND_SPREADS = 3.0

_PERCENTILE = re.compile(r"_?p(\d{1,3})$")
_SAMPLES = ("⠒⠒⠒", "⠂⠂⠂", "⠂ ⠂", "⠂  ")
"""What the lines look like: the chart's own, then those of `COMPANION_PERIODS`."""


def same_metric(series: Series, fact: Any) -> bool:
    """Whether the series is another percentile of the fact's metric and resource."""
    metric, wanted = series.metric, str(fact.metric)
    return (
        series.resource == fact.resource
        and metric.name != wanted
        and _PERCENTILE.search(metric.name) is not None
        and _PERCENTILE.search(wanted) is not None
        and _PERCENTILE.sub("", metric.name) == _PERCENTILE.sub("", wanted)
        and metric.unit == getattr(fact, "unit", metric.unit)
    )


class Companions:
    """What stands beside the chart; `others` has the other percentiles of each fact's metric."""

    def __init__(self) -> None:
        self.kind: Beside = "percentiles"
        self.others: dict[str, tuple[Series, ...]] = {}

    def turn(self, state: IncidentState, charted: FoundFact | None, charts: Mapping[str, Series | str]) -> str:
        """On to the next kind, around the end; says what that is, and where there is nothing of it."""
        kinds = tuple(BESIDE_WORDS)
        self.kind = kinds[(kinds.index(self.kind) + 1) % len(kinds)]
        if charted is not None and self.kind == "percentiles" and not self.others.get(charted.id):
            return "no other percentile of this metric was recorded; V once more shows the cause's series"
        if charted is not None and self.kind == "cause" and cause_fact(state, charted, charts) is None:
            return "the leading cause has no other series; V once more shows the chart alone"
        return BESIDE_WORDS[self.kind]

    def beside(
        self,
        charted: FoundFact,
        series: Series,
        view: View,
        charts: Mapping[str, Series | str],
        ask: Callable[[str], None],
    ) -> dict[str, Any]:
        """The chart's companions, and what has a lane of its own because its unit is another; `ask` fetches samples."""
        if self.kind == "percentiles":
            return {"companions": percentiles(self.others.get(charted.id, ()))}
        assert view.state is not None
        cause = cause_fact(view.state, charted, charts) if self.kind == "cause" else None
        if cause is None:
            return {}
        ask(cause.id)
        samples = charts.get(cause.id)
        if samples is None or isinstance(samples, str):
            return {}
        companion = companion_of(cause.fact, samples, view.names)
        same = (samples.metric.unit, samples.metric.kind) == (series.metric.unit, series.metric.kind)
        return {"companions": (companion,)} if same else {"lane": companion}


def percentiles(others: Sequence[Series]) -> tuple[Companion, ...]:
    """The other percentiles, the lowest first, not more than can be told apart."""
    ranked = sorted(others, key=lambda series: int(_percentile_of(series)))
    return tuple(Companion(f"p{_percentile_of(series)}", series) for series in ranked)[: len(COMPANION_PERIODS)]


def _percentile_of(series: Series) -> str:
    match = _PERCENTILE.search(series.metric.name)
    return match[1] if match is not None else "0"


def cause_fact(state: IncidentState, charted: FoundFact, charts: Mapping[str, Series | str]) -> FoundFact | None:
    """The fact that speaks most for the leading cause and is not charted already; not one without samples."""
    for hypothesis in state.hypotheses[:1]:
        for item in hypothesis.evidence_for:
            known = state.facts.get(item.fact)
            if (
                known is None
                or known.id == charted.id
                or isinstance(charts.get(known.id), str)
                or not getattr(known.fact, "metric", None)
            ):
                continue
            same = (known.fact.resource, known.fact.metric) == (charted.fact.resource, charted.fact.metric)  # type: ignore[union-attr]
            if known.fact.answers and known.fact.resource is not None and not same:
                return known
    return None


def companion_of(fact: Any, series: Series, names: NameOf) -> Companion:
    """The series of a fact, called by its resource and metric."""
    name = f"{fact.resource_name(names)} {fact.metric.replace('_', ' ')}"
    return Companion(sanitised(name), series, band_of(fact))


def band_of(fact: Any) -> tuple[float, float] | None:
    """The normal range of a fact's metric: some robust standard deviations around its baseline."""
    if fact.type != "metric_shift":
        return None
    room = BAND_SPREADS * fact.spread or 0.05 * abs(fact.baseline)
    low = fact.baseline - room
    return (max(low, 0.0) if fact.baseline >= 0 else low), fact.baseline + room


def legend(what: Chart, own: str, moment: datetime | None) -> Line:
    """Which line is which, each with its value at `moment`, else its newest one; empty where there is one alone."""
    if not what.companions:
        return Line()
    parts: list[Part] = []
    listed = [(own, what.series), *((companion.label, companion.series) for companion in what.companions)]
    for sample, (name, series) in zip(_SAMPLES, listed, strict=False):
        value, metric = value_at(series, moment or what.end), series.metric
        words = "no sample" if value is None else reading(value, metric.unit, metric.kind, metric.name)
        parts += [(f" {sample} ", "measured" if series is what.series else "text"), (f"{sanitised(name)} ", "text"),
                  (f"{words} ", "dim")]  # fmt: skip
    return Line(parts)
