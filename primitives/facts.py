"""Every type of fact, and the sentence for each.

A fact is data that a diagnostic found: about a resource, in a window, with values and units. The sentence is rendered
from the data by code. Reasoning takes facts and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from primitives.records import Change, Window
from primitives.telemetry import Question
from primitives.terms import (
    AnswerStatus,
    ChangeKind,
    MetricKind,
    Polarity,
    ProbeKind,
    Severity,
    Statistic,
    Trust,
)
from primitives.units import duration, moment, quantity, times

__all__ = [
    "AlertState",
    "Assertion",
    "ChangeFound",
    "ConfigurationDifference",
    "Dependencies",
    "Fact",
    "FactBase",
    "LogPattern",
    "MetricAtLimit",
    "MetricMissing",
    "MetricShift",
    "Observed",
    "OwnShare",
    "ProbeResult",
    "SourceGap",
    "SpanErrors",
    "SpanShift",
    "WorkloadState",
    "fact_adapter",
]


class FactBase(BaseModel):
    """What every fact has.

    `window` is what was looked at and `observed_at` when the thing was seen; `source` names the backends and `answers`
    the recorded blobs (SHA-256, hex) that the fact was made from.
    """

    # A number that isn't one would fail later, when the fact is stored; it must fail the diagnostic that made it.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    type: str
    polarity: Polarity = "present"
    trust: Trust = "measured"
    resource: str | None = None
    window: Window | None = None
    observed_at: AwareDatetime
    source: str
    answers: tuple[str, ...] = ()

    def sentence(self) -> str:
        """The fact in one line, without its resource's history, from its data alone."""
        raise NotImplementedError(self.type)


class MetricShift(FactBase):
    """A metric's level moved away from its baseline; absent: it was looked at and did not.

    `baseline`, `current` (the level in the window) and `peak` (the worst sample) are in `unit` (UCUM). `spread` is the
    baseline's robust standard deviation (1.4826 MAD), `score` the shift in spreads, signed. `worse` says whether it
    moved in the direction that hurts. `onset` is the change point's most likely time, give or take
    `onset_uncertainty_s`.
    """

    type: Literal["metric_shift"] = "metric_shift"
    metric: str
    kind: MetricKind
    unit: str
    statistic: Statistic
    worse: bool
    baseline: float
    spread: float
    current: float
    peak: float
    score: float
    samples: int
    baseline_samples: int
    onset: AwareDatetime | None = None
    onset_uncertainty_s: float | None = None

    def sentence(self) -> str:
        name = f"{self.resource} {label(self.metric)}"
        before, now = self._level(self.baseline), self._level(self.current)
        if self.polarity == "absent":
            return f"{name} stayed at {now} (baseline {before})"
        verb = "rose" if self.current > self.baseline else "fell"
        at = f" at {moment(self.onset)}" if self.onset else ""
        return f"{name} {verb} from {before} to {now}{at}{times(self.baseline, self.current)}"

    def _level(self, value: float) -> str:
        """A ratio of requests or of a capacity is read as a percentage."""
        if self.unit == "1" and self.kind in ("errors", "availability", "saturation"):
            return quantity(100 * value, "%")
        return quantity(value, self.unit)


class MetricAtLimit(FactBase):
    """A metric came near the value at which the resource is full; absent: it kept clear of it.

    `peak`, `baseline` and `limit` are in `unit`; `ratio` is peak over limit.
    """

    type: Literal["metric_at_limit"] = "metric_at_limit"
    metric: str
    unit: str
    limit: float
    peak: float
    baseline: float | None = None
    ratio: float
    since: AwareDatetime | None = None

    def sentence(self) -> str:
        name = f"{self.resource} {label(self.metric)}"
        share = f"{100 * self.ratio:.0f} % of the limit ({quantity(self.limit, self.unit)})"
        if self.polarity == "absent":
            return f"{name} reached no more than {share}"
        since = f" since {moment(self.since)}" if self.since else ""
        return f"{name} at {share}{since}"


class MetricMissing(FactBase):
    """A metric that used to have samples has none in the window."""

    type: Literal["metric_missing"] = "metric_missing"
    metric: str
    kind: MetricKind
    last_seen: AwareDatetime | None = None

    def sentence(self) -> str:
        last = f" (last sample {moment(self.last_seen)})" if self.last_seen else ""
        return f"{self.resource} {label(self.metric)} has no samples in the window{last}"


class OwnShare(FactBase):
    """How much of a symptom a resource explains by itself, its own dependencies' part taken away.

    `own_excess` is in `unit`, weighted by how often the symptom's requests pass through the resource; `share` is the
    part of the symptom's whole excess (0 to 1, may exceed 1 where calls run side by side); `noise` is the same figure
    in normal times.
    """

    type: Literal["own_share"] = "own_share"
    symptom_resource: str
    metric: str
    unit: str
    own_excess: float
    share: float
    noise: float

    def sentence(self) -> str:
        if self.polarity == "absent":
            return f"{self.resource} explains nothing of {self.symptom_resource}'s {label(self.metric)} by itself"
        share = f"{100 * min(self.share, 1.0):.0f} %"
        excess = quantity(self.own_excess, self.unit)
        return (
            f"{self.resource} by itself explains {share} of {self.symptom_resource}'s {label(self.metric)} ({excess})"
        )


class Dependencies(FactBase):
    """The topology around the incident: `edges` as (from, to, kind), where from depends on to."""

    type: Literal["dependencies"] = "dependencies"
    resources: Mapping[str, str]
    edges: tuple[tuple[str, str, str], ...]
    inferred: bool = False

    def sentence(self) -> str:
        how = " (inferred from spans)" if self.inferred else ""
        if not self.edges:
            return f"no dependencies are known among {len(self.resources)} resources{how}"
        return f"{len(self.resources)} resources with {len(self.edges)} dependencies are known{how}"


class ChangeFound(FactBase):
    """Something was changed; absent: nothing of `kinds` was, in the window, and the source answered for all of it.

    `lead_s` is how long before the onset it happened, in seconds (negative: after it).
    """

    type: Literal["change"] = "change"
    kinds: tuple[ChangeKind, ...]
    change: Change | None = None
    lead_s: float | None = None

    def sentence(self) -> str:
        if self.change is None:
            names = " or ".join(kind.replace("_", " ") for kind in self.kinds)
            hours = f" in the {duration(self.window.seconds)} before" if self.window else ""
            return f"no {names} changes{hours} ({self.source} answered for the whole window)"
        return f"{_change_name(self.change)} at {moment(self.change.time)}{_lead(self.lead_s)}"


class ConfigurationDifference(FactBase):
    """A configuration value differs from what it was; absent: the snapshots agree."""

    type: Literal["configuration_difference"] = "configuration_difference"
    kind: str
    path: str = ""
    before: Any = None
    after: Any = None
    changed_between: Window | None = None

    def sentence(self) -> str:
        if self.polarity == "absent":
            return f"{self.resource} {self.kind} configuration did not change"
        return f"{self.resource} {self.kind} {self.path}: {_short(self.before)} → {_short(self.after)}"


class LogPattern(FactBase):
    """A pattern of log messages that is new or more frequent than before (count in the window against the baseline's).

    `family` names a known kind of error (`connection_refused`, `timeout`, `dns`, ...); `points_at` the resource that
    the messages blame, where they name one. `baseline_count` is scaled to the window's length. `ongoing` when the
    window began with it already, so that nobody saw it begin.
    """

    type: Literal["log_pattern"] = "log_pattern"
    template: str
    severity: Severity
    family: str | None = None
    count: int
    baseline_count: float | None = None
    first_seen: AwareDatetime | None = None
    last_seen: AwareDatetime | None = None
    points_at: str | None = None
    ongoing: bool = False
    example: str = ""

    def sentence(self) -> str:
        if self.polarity == "absent":
            return f"no unusual log messages from {self.resource or 'any resource'}"
        if self.count == 0:
            return f"{self.resource} stopped logging “{_short(self.template)}” ({self.baseline_count:.0f} expected)"
        new = "new: " if self.baseline_count == 0 else ""
        since = f" since {moment(self.first_seen)}" if self.first_seen else ""
        return f"{self.resource} logged {self.count} × {new}{self.severity} “{_short(self.template)}”{since}"


class SpanShift(FactBase):
    """An operation's own time (its children's taken away) moved; seconds, per span."""

    type: Literal["span_shift"] = "span_shift"
    operation: str
    baseline: float
    current: float
    calls_per_trace: float | None = None
    baseline_calls_per_trace: float | None = None
    score: float
    samples: int

    def sentence(self) -> str:
        before, now = quantity(self.baseline, "s"), quantity(self.current, "s")
        calls = ""
        if self.calls_per_trace is not None and self.baseline_calls_per_trace is not None:
            calls = f", calls a request {self.baseline_calls_per_trace:.3g} → {self.calls_per_trace:.3g}"
        return f"{self.resource} {_short(self.operation)} own time {before} → {now}{calls}"


class SpanErrors(FactBase):
    """Spans that fail by themselves: the deepest failing ones, none of whose children failed."""

    type: Literal["span_errors"] = "span_errors"
    operation: str
    errors: int
    total: int
    baseline_ratio: float | None = None
    message: str = ""

    def sentence(self) -> str:
        if self.polarity == "absent":
            return f"no span of {self.resource or 'any resource'} failed"
        why = f": {_short(self.message)}" if self.message else ""
        return f"{self.resource} {_short(self.operation)} failed in {self.errors} of {self.total} spans{why}"


class WorkloadState(FactBase):
    """The state of a Kubernetes object that matters (or, absent, that nothing is wrong with it).

    `state` is Kubernetes' own reason where it has one (`CrashLoopBackOff`, `OOMKilled`, `ImagePullBackOff`,
    `FailedScheduling`, `Unhealthy`, `NodeNotReady`) and else ours in the same style (`NoEndpoints`,
    `SelectorMismatch`). `object` is the object's identifier, `resource` the workload that owns it. `details` holds what
    identifies the fault: ports, names, limits.
    """

    type: Literal["workload_state"] = "workload_state"
    object: str
    kind: str
    state: str
    container: str | None = None
    message: str = ""
    exit_code: int | None = None
    restarts: int | None = None
    count: int = 1
    since: AwareDatetime | None = None
    details: Mapping[str, Any] = {}

    def sentence(self) -> str:
        what = f"{self.object}" + (f" container {self.container}" if self.container else "")
        if self.polarity == "absent":
            return f"{what} is healthy"
        facts = [f"exit code {self.exit_code}" if self.exit_code is not None else ""]
        facts.append(f"{self.restarts} restarts" if self.restarts else "")
        facts.append(_short(self.message))
        detail = ", ".join(fact for fact in facts if fact)
        return f"{what}: {self.state}" + (f" ({detail})" if detail else "")


class ProbeResult(FactBase):
    """The result of an active check."""

    type: Literal["probe_result"] = "probe_result"
    probe: ProbeKind
    target: str | None = None
    result: str
    healthy: bool
    output: str = ""

    def sentence(self) -> str:
        to = f" to {self.target}" if self.target else ""
        return f"{self.probe} from {self.resource}{to}: {self.result}"


class Observed(FactBase):
    """What fits nowhere else: a top SQL statement, a wait event, a monitor's state."""

    type: Literal["observation"] = "observation"
    kind: str
    subject: str
    value: float | None = None
    unit: str = "1"
    details: Mapping[str, Any] = {}

    def sentence(self) -> str:
        value = f" {quantity(self.value, self.unit)}" if self.value is not None else ""
        return f"{self.resource} {label(self.kind)}: {_short(self.subject)}{value}"


class AlertState(FactBase):
    """An alert, as its provider stated it."""

    type: Literal["alert"] = "alert"
    trust: Trust = "reported"
    name: str
    state: str
    started_at: AwareDatetime | None = None
    value: float | None = None
    summary: str = ""

    def sentence(self) -> str:
        since = f" since {moment(self.started_at)}" if self.started_at else ""
        summary = f": {_short(self.summary)}" if self.summary else ""
        return f"alert {_short(self.name)} {self.state}{since}{summary}"


class SourceGap(FactBase):
    """A question that nobody, or not everybody, could answer."""

    type: Literal["source_gap"] = "source_gap"
    polarity: Polarity = "unknown"
    question: Question
    status: AnswerStatus
    detail: str = ""

    def sentence(self) -> str:
        what = self.question.replace("_", " ")
        if self.status == "not_recorded":
            return f"no {what} were recorded" if what.endswith("s") else f"no {what} was recorded"
        why = f": {_short(self.detail)}" if self.detail else ""
        return f"{self.source} {self.status} for {what}{why}"


class Assertion(FactBase):
    """What an engineer said."""

    type: Literal["assertion"] = "assertion"
    trust: Trust = "asserted"
    text: str

    def sentence(self) -> str:
        return _short(self.text)


Fact = Annotated[
    MetricShift
    | MetricAtLimit
    | MetricMissing
    | OwnShare
    | Dependencies
    | ChangeFound
    | ConfigurationDifference
    | LogPattern
    | SpanShift
    | SpanErrors
    | WorkloadState
    | ProbeResult
    | Observed
    | AlertState
    | SourceGap
    | Assertion,
    Field(discriminator="type"),
]
"""The closed union of all facts."""

fact_adapter: TypeAdapter[Fact] = TypeAdapter(Fact)


def label(name: str) -> str:
    """A metric's or kind's name as a person reads it: `latency_p95` → `latency p95`."""
    return name.replace("_", " ")


def _short(value: Any, limit: int = 120) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _change_name(change: Change) -> str:
    return f"{label(change.kind).capitalize()} {_short(change.summary)}"


def _lead(lead_s: float | None) -> str:
    if lead_s is None:
        return ""
    return f", {duration(lead_s)} before onset" if lead_s >= 0 else f", {duration(-lead_s)} after onset"
