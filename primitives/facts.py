"""Every type of fact, and the sentence for each.

A fact is data that a diagnostic found: about a resource, in a window, with values and units. The sentence is rendered
from the data by code. Reasoning takes facts and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from primitives.records import Change, Window
from primitives.telemetry import Question
from primitives.terms import (
    AnswerStatus,
    ChangeKind,
    IncidentClass,
    MetricKind,
    Polarity,
    ProbeKind,
    ResourceKind,
    Severity,
    Statistic,
    Trust,
)
from primitives.units import counted, duration, moment, quantity, reading, short_id, times

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
    "change_kind",
    "change_label",
    "change_name",
    "fact_adapter",
]


# What is left and not what is used.
_LEFT: Final = re.compile(r"(?i)\b(?:free|freeable|available|remaining|left|headroom)\b")
# A level that moved less than this part of its baseline is said to have stayed.
_STILL: Final = 0.1
_LONGEST_ID: Final = 40
_KINDS: Final = {"iam": "IAM change", "infrastructure": "Infrastructure change", "other": "Change"}


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
        before, during = self.reading(self.baseline), self.reading(self.current)
        if self.polarity == "absent":
            if before != during and abs(self.current - self.baseline) > _STILL * abs(self.baseline):
                return f"{name} did not clearly move ({during}, baseline {before})"
            return f"{name} stayed at {during} (baseline {before})"
        verb = "rose" if self.current > self.baseline else "fell"
        at = f" at {moment(self.onset)}" if self.onset else ""
        more = times(self.baseline, self.current)
        # A percentage of percentages could be either kind.
        more = "" if during.endswith("%") and more.endswith("%)") else more
        return f"{name} {verb} from {before} to {during}{at}{more}"

    def reading(self, value: float) -> str:
        """A value of this metric as a person reads it: a ratio in percent."""
        return reading(value, self.unit, self.kind, self.metric)


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
        share = f"{100 * self.ratio:.0f} % of the limit ({self.reading(self.limit)})"
        if self.reading(self.limit) == "100 %":
            share = f"{self.reading(self.peak)} (full at 100 %)"
        since = f" since {moment(self.since)}" if self.since else ""
        absent = self.polarity == "absent"
        if _LEFT.search(label(self.metric)):
            return f"{name}: {'no more than ' if absent else ''}{share} used{since}"
        return f"{name} reached no more than {share}" if absent else f"{name} at {share}{since}"

    def reading(self, value: float) -> str:
        """A value of this metric as a person reads it: a part of a whole in percent."""
        return reading(value, self.unit, "saturation") if self.limit <= 1 else quantity(value, self.unit)


class MetricMissing(FactBase):
    """A metric that used to have samples has none in the window, or none any more since a moment inside of it."""

    type: Literal["metric_missing"] = "metric_missing"
    metric: str
    kind: MetricKind
    last_seen: AwareDatetime | None = None

    def sentence(self) -> str:
        last = f" (last sample {moment(self.last_seen)})" if self.last_seen else ""
        if self.last_seen and self.window and self.last_seen >= self.window.start:
            return f"{self.resource} {label(self.metric)} has no samples since {moment(self.last_seen)}"
        return f"{self.resource} {label(self.metric)} has no samples in the window{last}"


class OwnShare(FactBase):
    """How much of a symptom a resource explains by itself, its own dependencies' part taken away.

    `own_excess` is in `unit`, at its peak (of spans: on average), weighted by how often the symptom's requests pass
    through the resource; `share` is its part of the symptom's whole excess (0 to 1, may exceed 1 where calls run side
    by side); `noise` is the same figure in normal times. Peaks come at different times, so the shares of several
    resources may overlap.
    """

    type: Literal["own_share"] = "own_share"
    symptom_resource: str
    metric: str
    unit: str
    own_excess: float
    share: float
    noise: float

    def sentence(self) -> str:
        symptom = f"{self.symptom_resource}'s {label(self.metric)}"
        if self.polarity == "absent":
            return f"{self.resource} itself accounts for none of the change in {symptom}"
        share = f"up to {100 * min(self.share, 1.0):.0f} % of the change in {symptom}"
        return f"{self.resource} itself accounts for {share} ({self.reading(self.own_excess)}; shares overlap)"

    def reading(self, value: float) -> str:
        """An excess as a person reads it: one of a part of a whole in percentage points."""
        points = 100 * value if self.unit == "1" else value
        return quantity(points, "{percentage point}") if self.unit in ("1", "%") else quantity(value, self.unit)


class Dependencies(FactBase):
    """The topology around the incident: `edges` as (from, to, kind), where from depends on to."""

    type: Literal["dependencies"] = "dependencies"
    resources: Mapping[str, str]
    edges: tuple[tuple[str, str, str], ...]
    inferred: bool = False

    def sentence(self) -> str:
        how = " (inferred from spans)" if self.inferred else ""
        if not self.edges:
            return f"no dependencies are known among {counted(len(self.resources), 'resource')}{how}"
        edges = counted(len(self.edges), "dependency")
        return f"{counted(len(self.resources), 'resource')} with {edges} known{how}"


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
            names = " or ".join(change_kind(kind) for kind in self.kinds)
            hours = f" in the {duration(self.window.seconds)} before" if self.window else ""
            return f"no {names} changes{hours} ({self.source} answered for the whole window)"
        return f"{change_name(self.change)} at {moment(self.change.time)}{_lead(self.lead_s)}"


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
        new = " (new)" if self.baseline_count == 0 else ""
        since = f" since {moment(self.first_seen)}" if self.first_seen else ""
        return f"{self.resource} logged {self.count} × {self.severity}{new} “{_short(self.template)}”{since}"


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
        return f"{self.resource} {_short(self.operation)} failed in {self.errors} of {counted(self.total, 'span')}{why}"


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
        facts.append(counted(self.restarts, "restart") if self.restarts else "")
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
        value = f" {self.reading(self.value)}" if self.value is not None else ""
        return f"{self.resource} {label(self.kind)}: {_short(self.subject)}{value}"

    def reading(self, value: float) -> str:
        """A value of this kind as a person reads it: a ratio in percent."""
        return reading(value, self.unit, name=self.kind)


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
    """A question that nobody, or not everybody, could answer.

    `instead` names a related question that was answered, so that nobody takes one for the other.
    """

    type: Literal["source_gap"] = "source_gap"
    polarity: Polarity = "unknown"
    question: Question
    status: AnswerStatus
    detail: str = ""
    instead: Question | None = None

    def sentence(self) -> str:
        what = label(self.question)
        if self.status == "not_recorded":
            only = f", only {label(self.instead)}" if self.instead else ""
            return f"no {what} were recorded{only}" if what.endswith("s") else f"no {what} was recorded{only}"
        why = f": {_short(self.detail)}" if self.detail else ""
        return f"{self.source} {self.status} for {what}{why}"


class Assertion(FactBase):
    """What an engineer said; `source` is who.

    It speaks for or against the causes that agree with all that it names: `resource`, `kind` of resource, `cause_id`,
    `cause_class`, `change`. Where it names no cause and is for something, its words are read as those of a log message.
    """

    type: Literal["assertion"] = "assertion"
    trust: Trust = "asserted"
    text: str
    speaks: Literal["for", "against"] = "for"
    cause_id: str | None = None
    cause_class: IncidentClass | None = None
    kind: ResourceKind | None = None
    change: str | None = None

    def sentence(self) -> str:
        return f"{self.source}: {_short(self.text, 400)}"


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


def change_kind(kind: ChangeKind) -> str:
    """A kind of change as a person reads it: `feature_flag` → `feature flag`, `iam` → `IAM`."""
    return "IAM" if kind == "iam" else label(kind)


def change_label(change: Change) -> str:
    """A change as a part of a sentence, by its id and its version: `deployment 0123456789ab (v2.3.1)`."""
    kind = "commit" if change.kind == "code" else change_kind(change.kind)
    name = short_id(_short(change.id or change.summary, 80))
    version = change.after.get("version") if isinstance(change.after, Mapping) else None
    known = isinstance(version, str) and version and version not in name
    return f"{kind} {name} ({_short(version, 40)})" if known else f"{kind} {name}"


def change_name(change: Change) -> str:
    """A change in one line, by its id and its summary: one change is named the same way everywhere."""
    name, summary = short_id(_short(change.id or "")), _short(change.summary)
    if len(name) > _LONGEST_ID or name in summary:
        name = ""
    kind = "Commit" if change.kind == "code" else _KINDS.get(change.kind) or label(change.kind).capitalize()
    return f"{kind} {name}: {summary}" if name else f"{kind} {summary}"


def _lead(lead_s: float | None) -> str:
    if lead_s is None:
        return ""
    return f", {duration(lead_s)} before onset" if lead_s >= 0 else f", {duration(-lead_s)} after onset"
