"""Facts by hand for the tests of reasoning, interpretation and reports: short to write, complete to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.events import (
    IncidentOpened,
    InvestigationFinished,
    PlannedStep,
)
from engine.hypotheses import Classification
from engine.incident import FoundFact, IncidentState, Step
from engine.state.investigation import InvestigationState
from primitives.facts import (
    ChangeFound,
    Dependencies,
    Fact,
    Location,
    LogPattern,
    MetricAtLimit,
    MetricShift,
    OwnShare,
    WorkloadState,
)
from primitives.records import Change, Symptom, Window
from primitives.terms import IncidentClass

ONSET = datetime(2026, 10, 14, 14, 30, tzinfo=UTC)
NOW = ONSET + timedelta(minutes=20)
WINDOW = Window(start=ONSET - timedelta(minutes=10), end=NOW)
SEEN: dict[str, Any] = {"observed_at": NOW, "source": "test", "window": WINDOW}


def opened(symptom: Symptom | None = None, **more: Any) -> IncidentOpened:
    """An incident on Kubernetes and AWS, about the latency of `api` unless said otherwise."""
    about = symptom or Symptom(resource="api", metric="latency_p95", direction="above")
    values: dict[str, Any] = {
        "title": "api is slow", "query": "api latency", "origin": "recorded", "detected_at": ONSET, "now": NOW,
        "window": WINDOW, "symptom": about, "platform": ("aws", "kubernetes"), **more,
    }  # fmt: skip
    return IncidentOpened(**values)


def shift(resource: str, metric: str = "latency_p95", *, kind: str = "latency", baseline: float = 0.2,
          current: float = 1.5, unit: str = "s", absent: bool = False, score: float = 40.0,
          **more: Any) -> MetricShift:  # fmt: skip
    """A metric that got worse at the onset, or (absent) stayed."""
    values: dict[str, Any] = {
        "resource": resource, "metric": metric, "kind": kind, "unit": unit, "statistic": "p95", "worse": not absent,
        "baseline": baseline, "spread": baseline / 20, "current": baseline if absent else current,
        "peak": current, "score": 0.0 if absent else score, "samples": 40, "baseline_samples": 60,
        "onset": None if absent else ONSET, "polarity": "absent" if absent else "present", **SEEN, **more,
    }  # fmt: skip
    return MetricShift(**values)


def share(resource: str, part: float) -> OwnShare:
    """How much of the symptom `resource` explains by itself; nothing where `part` is 0."""
    return OwnShare(resource=resource, symptom_resource="api", metric="latency_p95", unit="s", own_excess=1.3 * part,
                    share=part, noise=0.01, polarity="present" if part else "absent", **SEEN)  # fmt: skip


def limit(resource: str, metric: str, ratio: float, baseline: float = 0.3) -> MetricAtLimit:
    """A metric at `ratio` of its limit of 100; absent below 80 %."""
    return MetricAtLimit(resource=resource, metric=metric, unit="1", limit=100.0, peak=100 * ratio,
                         baseline=100 * baseline, ratio=ratio, polarity="present" if ratio >= 0.8 else "absent",
                         **SEEN)  # fmt: skip


def change(name: str, resource: str | None, *, minutes_before: float = 5, kind: str = "deployment",
           summary: str = "a new version", after: Any = None) -> ChangeFound:  # fmt: skip
    """Something changed so many minutes before the onset."""
    at = ONSET - timedelta(minutes=minutes_before)
    document = {"time": at, "id": name, "resource": resource, "kind": kind, "summary": summary, "after": after}
    record = Change.model_validate(document)
    return ChangeFound(kinds=(record.kind,), change=record, resource=resource, lead_s=60.0 * minutes_before, **SEEN)


def no_change(*kinds: str) -> ChangeFound:
    """Nothing of these kinds was changed in the day before."""
    window = Window(start=ONSET - timedelta(hours=24), end=ONSET)
    values: dict[str, Any] = {**SEEN, "window": window, "source": "CloudTrail"}
    return ChangeFound(kinds=kinds, polarity="absent", **values)


def log(resource: str, family: str, count: int = 20, *, points_at: str | None = None) -> LogPattern:
    """New errors of a family."""
    return LogPattern(resource=resource, template=f"{family} happened", severity="ERROR", family=family, count=count,
                      baseline_count=0.0, points_at=points_at, trust="reported", **SEEN)  # fmt: skip


DEPLOYED = Location(platform="kubernetes", namespace="shop", workload="deployment")
"""Where the services of `graph` run unless said otherwise."""


def graph(
    kinds: Mapping[str, str], *edges: tuple[str, str], locations: Mapping[str, Location] | None = None
) -> Dependencies:
    """A topology of calls; its services and workloads are Deployments in the namespace shop unless said otherwise."""
    usual = {name: DEPLOYED for name, kind in kinds.items() if kind in ("service", "workload")}
    return Dependencies(
        resources=dict(kinds), edges=tuple((source, target, "calls") for source, target in edges),
        locations=usual if locations is None else locations, **SEEN,
    )  # fmt: skip


def state_of(resource: str, state: str, **more: Any) -> WorkloadState:
    """A Kubernetes object's state; absent where it is healthy."""
    polarity = "absent" if state == "Healthy" else "present"
    return WorkloadState(resource=resource, object=resource, kind="Pod", state=state, polarity=polarity, **SEEN, **more)


def found(*facts: Fact) -> tuple[FoundFact, ...]:
    """The facts as the journal would number them."""
    return tuple(FoundFact(f"F{number}", "S1", f"key{number}", fact) for number, fact in enumerate(facts, start=1))


STORY: tuple[Fact, ...] = (
    shift("api"),
    shift("db", "connections", kind="saturation", baseline=47, current=95, unit="{connection}"),
    limit("db", "connections", 0.95, 0.47),
    change("v2.3.1", "api"),
    change("v5", "search", minutes_before=500),
    no_change("infrastructure"),
    graph({"api": "workload", "db": "database", "search": "service"}, ("api", "db"), ("api", "search")),
    share("api", 1.0),
    share("db", 0.0),
    share("search", 0.0),
    log("api", "too_many_connections"),
)
"""A deployment that exhausts the connections of the database."""


def state_with(facts: Sequence[Fact], about: IncidentOpened | None = None) -> IncidentState:
    """A state that holds `facts`, all of step S1, not yet ranked."""
    step = Step(PlannedStep(id="S1", primitive="compare_baseline", target="api", arguments={}, effect="read",
                            reason="why"),
                status="completed", summary="done", started_at=NOW, duration_s=0.5)  # fmt: skip
    numbered = found(*facts)
    step.facts = [one.id for one in numbered]
    known = Classification(primary_class=IncidentClass.PERFORMANCE_DEGRADATION, confidence=0.8)
    investigation = InvestigationState(
        phase="completed", classification=known, steps={"S1": step}, facts={one.id: one for one in numbered}
    )
    return IncidentState(
        execution_id="exec-00000001", incident_id="inc-1", opened=about or opened(), opened_at=NOW, updated_at=NOW,
        investigation=investigation,
    )  # fmt: skip


def concluded(facts: Sequence[Fact], about: IncidentOpened | None = None) -> IncidentState:
    """The same, ranked, interpreted and finished."""
    from engine.investigate.interpret import conclude_findings
    from engine.reason import rank

    state = state_with(facts, about)
    ranking = rank(state)
    done = state.investigation
    done.hypotheses, done.would_change = ranking.hypotheses, ranking.would_change
    conclusion = conclude_findings(state)
    done.findings, done.gaps, done.concluded = conclusion.findings, conclusion.gaps, True
    state.remediation.apply(conclusion)
    done.finished = InvestigationFinished(status="completed", duration_s=1.2)
    return state
