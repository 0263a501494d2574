"""What a made system leaves behind besides metrics: log lines, traces, changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from cases.made_systems import Call, System
from cases.made_traffic import Behaviour, Samples
from numpy.typing import NDArray

from primitives.records import Change, LogRecord, Span
from primitives.terms import ChangeKind, Severity, SpanStatus

_OWN_FAILURES: Final = (
    "failed to handle request {id}: IllegalStateException at Handler.java:{line}",
    "request {id} failed: unexpected state {line} in worker",
    "could not complete operation {id}: assertion failed",
)
_CALL_FAILURES: Final = (
    "call to {target} failed: 503 Service Unavailable",
    "request to {target} timed out after {ms} ms",
    "error from {target}: status 500 (request {id})",
)
_REFUSED: Final = "dial tcp {target}:8080: connection refused"
_ALWAYS: Final[tuple[tuple[Severity, str], ...]] = (
    ("WARN", "slow consumer of events, {line} waiting"),
    ("WARN", "retrying after optimistic lock failure on row {id}"),
    ("ERROR", "could not parse user agent of request {id}"),
)
_USUAL: Final = ("handled request {id} in {ms} ms", "stored {line} rows", "served {id} from version {line}")
_SUMMARIES: Final = (
    "Release {version}", "Deploy {version} (rolling update)", "Update image to {version}",
    "Promote {version} to production",
)  # fmt: skip
_PEOPLE: Final = ("deployer", "ci", "release-bot", "m.ortega", "j.lindqvist")
_MOST_LINES_A_STEP: Final = 3
_MOST_SPANS: Final = 60


def moment(seconds: float) -> datetime:
    """Seconds since the epoch, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def deployment(rng: np.random.Generator, resource: str, seconds: float, kind: ChangeKind = "deployment") -> Change:
    """A deployment (or another change) whose text says nothing of what it does."""
    version = f"v{rng.integers(1, 9)}.{rng.integers(0, 30)}.{rng.integers(0, 9)}"
    summary = str(rng.choice(_SUMMARIES)).format(version=version)
    if kind != "deployment":
        summary = f"Change of settings, ticket {rng.integers(1000, 9999)}"
    return Change(
        time=moment(seconds),
        id=f"{kind[:3]}-{rng.integers(10**6, 10**7)}",
        resource=resource,
        kind=kind,
        summary=summary,
        actor=str(rng.choice(_PEOPLE)),
        after={"version": version} if kind == "deployment" else None,
    )


def logs(
    rng: np.random.Generator, system: System, behaviours: Mapping[str, Behaviour], times: Samples, *, rate: float
) -> list[LogRecord]:
    """Lines of ordinary work (about `rate` a component a step), of what always fails, and of failures."""
    step, steps = float(times[1] - times[0]), len(times)
    found: list[LogRecord] = []

    def tell(name: str, counts: NDArray[np.int64], severity: Severity, text: str) -> None:
        for index in np.repeat(np.arange(steps), np.where(behaviours[name].down, 0, counts)):
            body = text.format(id=rng.integers(10**5, 10**6), line=rng.integers(20, 900), ms=rng.integers(3, 5000))
            when = moment(float(times[index] + rng.random() * step))
            found.append(LogRecord(when, name, severity, body, {}))

    for name, behaviour in behaviours.items():
        requests = np.minimum(behaviour.rate * step, 200.0)
        tell(name, rng.binomial(1, rate, steps), "INFO", str(rng.choice(_USUAL)))
        if rng.random() < 0.4:
            severity, text = _ALWAYS[int(rng.integers(len(_ALWAYS)))]
            tell(name, rng.binomial(1, 0.05, steps), severity, text)
        tell(name, _lines(rng, requests * behaviour.own_failing), "ERROR", str(rng.choice(_OWN_FAILURES)))
        for target, share in behaviour.blamed.items():
            lines = _lines(rng, requests * share)
            gone = behaviours[target].down
            text = str(rng.choice(_CALL_FAILURES)).replace("{target}", target)
            tell(name, np.where(gone, 0, lines), "ERROR", text)
            tell(name, np.where(gone, lines, 0), "ERROR", _REFUSED.replace("{target}", target))
    return sorted(found, key=lambda one: (one.time, one.resource, one.body))


def _lines(rng: np.random.Generator, failures: Samples) -> NDArray[np.int64]:
    return np.minimum(rng.poisson(np.clip(failures, 0.0, 50.0)), _MOST_LINES_A_STEP)


def spans(
    rng: np.random.Generator,
    system: System,
    behaviours: Mapping[str, Behaviour],
    times: Samples,
    indices: Sequence[int],
) -> list[Span]:
    """One trace for each of these steps, of what its request does on its way."""
    found: list[Span] = []
    for number, index in enumerate(indices):
        trace: list[Span] = []
        start = float(times[index] + rng.random() * (times[1] - times[0]))
        _walk(_Trace(rng, system, behaviours, int(index), f"{number:08x}", trace), system.entry, None, start)
        found += trace
    return found


class _Trace:
    """One request under way."""

    def __init__(
        self,
        rng: np.random.Generator,
        system: System,
        behaviours: Mapping[str, Behaviour],
        index: int,
        trace_id: str,
        spans: list[Span],
    ) -> None:
        self.rng, self.system, self.behaviours = rng, system, behaviours
        self.index, self.trace_id, self.spans = index, trace_id, spans

    def calls(self, name: str) -> Iterator[Call]:
        for call in self.system.components[name].calls:
            for _ in range(call.times):
                if self.rng.random() < call.share * (1.0 - call.cached):
                    yield call


def _walk(trace: _Trace, name: str, parent: str | None, start: float) -> tuple[float, bool]:
    """The seconds that the request spends in `name`, and whether it failed; writes its spans."""
    rng, one, behaviour = trace.rng, trace.system.components[name], trace.behaviours[name]
    if behaviour.down[trace.index]:
        return 0.001, True
    mine = f"{trace.trace_id}-{len(trace.spans):04x}"
    place = len(trace.spans)
    trace.spans.append(_span(trace, name, mine, parent, (start, 0.0), "ok"))
    own = one.service_s * float(behaviour.own_scale[trace.index]) * float(rng.lognormal(0.0, one.tail))
    failed = bool(rng.random() < behaviour.own_failing[trace.index])
    took = own
    for call in trace.calls(name):
        if failed or len(trace.spans) >= _MOST_SPANS:
            break
        for _ in range(1 + call.retries):
            waited, lost = _walk(trace, call.target, mine, start + took)
            lost = lost or waited > call.timeout_s
            took += min(waited, call.timeout_s)
            if not lost:
                break
        else:
            failed = not call.optional
    trace.spans[place] = _span(trace, name, mine, parent, (start, took), "error" if failed else "ok")
    return took, failed


def _span(
    trace: _Trace, name: str, span_id: str, parent: str | None, time: tuple[float, float], status: SpanStatus
) -> Span:
    start, took = time
    return Span(trace.trace_id, span_id, parent, name, f"{name} request", moment(start), round(took, 6), status, {})


def shifted(changes: Sequence[Change], seconds: float) -> tuple[Change, ...]:
    """The same changes by a clock that goes wrong by so much."""
    return tuple(one.model_copy(update={"time": one.time + timedelta(seconds=seconds)}) for one in changes)


def late(lines: Sequence[LogRecord], seconds: float) -> tuple[LogRecord, ...]:
    """The same lines by a clock that goes wrong by so much."""
    by = timedelta(seconds=seconds)
    return tuple(LogRecord(one.time + by, one.resource, one.severity, one.body, one.attributes) for one in lines)
