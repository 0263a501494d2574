"""Made incidents that are hard to judge, the same for the same kind and seed. No such system exists.

They are evidence of how the reasoner does on what it has not seen, so no rule may be tuned to them: requests are played
one by one with time-outs, retries, caches and fallbacks, and measured as somebody's monitoring would measure them.
A fault that nobody feels is made stronger, or drawn anew: an incident has a symptom.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from cases.made_metrics import Scheme, measured, scheme
from cases.made_plans import PLANS, Draw, Extra, Plan
from cases.made_records import deployment, late, logs, moment, shifted, spans
from cases.made_traffic import Behaviour, Samples, simulate, traffic

from primitives.bundle import BundleParts, Manifest, write_bundle
from primitives.records import Change, Coverage, Edge, Metric, Resource, Series, Symptom, Topology, Window

__all__ = ["KINDS", "Scenario", "make_scenario", "write_scenario"]

KINDS: Final = tuple(PLANS)

# Step in seconds, steps before the window, steps in it.
_GRIDS: Final = ((1.0, 480, 240), (15.0, 480, 80), (60.0, 360, 45), (300.0, 432, 30))
_EPOCH: Final = 1_772_000_000.0
_STRONGER: Final = (1.0, 2.0, 4.0, 8.0)
_TRIES: Final = 20
_TRACES: Final = 40
_CHANGE_KINDS: Final = ("deployment", "configuration", "scaling", "feature_flag", "infrastructure", "iam")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A made incident: its bundle's parts, and the right answer as `truth.yaml` has it."""

    kind: str
    seed: int
    parts: BundleParts
    truth: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Grid:
    times: Samples
    before: int
    onset: int

    @property
    def step(self) -> float:
        return float(self.times[1] - self.times[0])


def make_scenario(kind: str, seed: int) -> Scenario:
    """The made incident of that kind and seed; always the same."""
    for number in range(_TRIES):
        rng = np.random.default_rng([zlib.crc32(kind.encode()), seed, number])
        made = _played(kind, seed, rng)
        if made is not None:
            return made
    raise AssertionError(f"{kind} {seed}: no fault that is felt in {_TRIES} draws")


def write_scenario(scenario: Scenario, folder: Path) -> Path:
    """Write the incident with its answer as a bundle below `folder`; returns its path."""
    path = folder / scenario.kind / scenario.parts.manifest.id
    write_bundle(scenario.parts, path)
    (path / "truth.yaml").write_text(json.dumps(scenario.truth) + "\n", encoding="utf-8")
    return path


def _played(kind: str, seed: int, rng: np.random.Generator) -> Scenario | None:
    grid = _grid(rng)
    draw = Draw(rng, grid.onset, float(grid.times[grid.onset]), grid.step)
    drawn = PLANS[kind](draw)
    how = scheme(rng)
    if drawn.counted and how.traffic == "none":
        how = replace(how, traffic="requests")
    # Below a rate of a request for every draw the same requests would be counted twice; far above it is only slower.
    draws = int(rng.choice([24, 40, 60]))
    load = {"daily": float(rng.choice([0.0, 0.2, 0.45])), "noise": float(rng.choice([0.02, 0.08])),
            "requests": float(rng.lognormal(np.log(40), 0.8))}  # fmt: skip
    state = int(rng.integers(2**31))
    for factor in _STRONGER:
        plan = drawn.stronger(factor)
        if factor > 1.0 and plan == drawn:
            return None
        again = np.random.default_rng(state)
        behaviours = _simulated(again, plan, grid, load, draws)
        series = _series(again, plan, behaviours, grid, how)
        alarms = _alarms(plan, series, grid)
        if kind == "no_fault":
            alarms = [column.metric for column in series
                      if column.resource == plan.system.entry and column.metric.kind == "latency"]  # fmt: skip
        if alarms and _all_felt(plan, grid, load, draws, state, how):
            alarm = alarms[int(again.integers(len(alarms)))]
            return _scenario(again, kind, seed, plan, behaviours, series, alarm, grid)
    return None


def _grid(rng: np.random.Generator) -> _Grid:
    step, before, inside = _GRIDS[int(rng.integers(len(_GRIDS)))]
    start = _EPOCH + float(rng.integers(0, 20_000)) * 300.0
    # The alarm's window may begin with the incident, or well before it.
    lead = 1 if rng.random() < 0.3 else int(inside * rng.uniform(0.2, 0.5))
    times = np.asarray(start + step * np.arange(before + inside), dtype=np.float64)
    return _Grid(times, before, before + lead)


def _simulated(
    rng: np.random.Generator, plan: Plan, grid: _Grid, load: Mapping[str, float], draws: int
) -> dict[str, Behaviour]:
    arrivals = {}
    for entry in (plan.system.entry, *plan.system.unrelated[:1]):
        rate = traffic(rng, grid.times, daily=load["daily"], noise=load["noise"], requests=load["requests"])
        if entry == plan.system.entry:
            rate[grid.onset :] *= plan.surge
        arrivals[entry] = rate
    return simulate(rng, plan.system, arrivals, plan.faults, draws=draws)


def _series(
    rng: np.random.Generator, plan: Plan, behaviours: Mapping[str, Behaviour], grid: _Grid, how: Scheme
) -> list[Series]:
    series = measured(
        rng, plan.system, behaviours, grid.times, how, hidden=plan.hidden, without_latency=plan.without_latency
    )
    for extra in plan.extras:
        own = (extra.resource, extra.meaning.name)
        series = [other for other in series if (other.resource, other.metric.name) != own]
        series.append(_extra(rng, extra, grid))
    return series


def _extra(rng: np.random.Generator, extra: Extra, grid: _Grid) -> Series:
    values = np.full(len(grid.times), extra.level)
    values[grid.onset :] = extra.after
    values *= np.exp(rng.normal(0.0, 0.05, len(values)))
    if extra.meaning.unit == "%":
        values = np.minimum(values, 100.0)
    return Series(extra.resource, extra.meaning, grid.times, np.round(values, 3))


def _alarms(plan: Plan, series: Iterable[Series], grid: _Grid) -> list[Metric]:
    """The entry's metrics that the fault moved enough for an alarm."""
    begin, end = grid.times[grid.onset], grid.times[-1]
    alarms = []
    for column in series:
        if column.resource != plan.system.entry or column.metric.kind not in (
            "latency",
            "errors",
            "availability",
        ):
            continue
        normal = column.values[column.times < begin]
        now = column.values[(column.times >= begin) & (column.times <= end)]
        if len(normal) < 10 or len(now) < 3:
            continue
        level, worst = float(np.median(normal)), float(np.quantile(now, 0.75))
        spread = 1.4826 * float(np.median(np.abs(normal - level)))
        if column.metric.worse == "lower":
            worst = 2 * level - float(np.quantile(now, 0.25))
        least = {"latency": 0.3 * level, "errors": 0.02, "availability": 2.0}[column.metric.kind]
        if column.metric.kind == "errors" and column.metric.unit != "1":
            least = 2.0
        if worst - level > max(least, 4 * spread):
            alarms.append(column.metric)
    return alarms


def _all_felt(plan: Plan, grid: _Grid, load: Mapping[str, float], draws: int, state: int, how: Scheme) -> bool:
    """Where all of several faults are to be found, each must be felt by itself."""
    if not plan.every:
        return True
    for fault in plan.faults:
        alone = replace(plan, faults=(fault,))
        again = np.random.default_rng(state)
        behaviours = _simulated(again, alone, grid, load, draws)
        if not _alarms(alone, _series(again, alone, behaviours, grid, how), grid):
            return False
    return True


def _scenario(
    rng: np.random.Generator,
    kind: str,
    seed: int,
    plan: Plan,
    behaviours: Mapping[str, Behaviour],
    series: Sequence[Series],
    alarm: Metric,
    grid: _Grid,
) -> Scenario:
    traced = bool(rng.random() < 0.4)
    logged = plan.logs if plan.logs is not None else bool(rng.random() < 0.5)
    window = Window(start=moment(float(grid.times[grid.before])), end=moment(float(grid.times[-1])))
    whole = Window(start=moment(float(grid.times[0])), end=window.end)
    changes = _changes(rng, plan, grid)
    lines = logs(rng, plan.system, behaviours, grid.times, rate=0.15) if logged else None
    detected = min(grid.onset + int(rng.integers(2, 6)), len(grid.times) - 1)
    manifest = Manifest(
        id=f"made-{kind.replace('_', '-')}-{seed:02}",
        title=_title(rng, plan.system.entry, alarm),
        query=_title(rng, plan.system.entry, alarm),
        detected_at=moment(float(grid.times[detected])),
        baseline=Window(start=whole.start, end=window.start) if rng.random() < 0.6 else None,
        window=window,
        symptom=_symptom(rng, plan.system.entry, alarm),
        platform=("other",),
        labels={"made": "for a test"},
        coverage=_coverage(rng, whole, changes),
    )
    drawn = BundleParts(
        manifest=manifest,
        metrics={column.metric.name: column.metric for column in series},
        series=tuple(series),
        # Where there are traces the calls may be known from them alone.
        topology=None if traced and rng.random() < 0.2 else _topology(plan),
        changes=shifted(changes, plan.skew_s) if changes is not None else None,
        logs=late(lines, plan.skew_s) if lines is not None else None,
        spans=tuple(spans(rng, plan.system, behaviours, grid.times, _traced(rng, grid))) if traced else None,
        notice="Made for a test of CloudOps; no such system exists.\n",
    )
    truth: dict[str, Any] = {"root_causes": list(plan.causes), "source": "made for a test"}
    if plan.every:
        truth["all"] = True
    if plan.decoys:
        truth["decoys"] = list(plan.decoys)
    return Scenario(kind, seed, drawn, truth)


def _traced(rng: np.random.Generator, grid: _Grid) -> list[int]:
    before = rng.integers(0, grid.onset, _TRACES)
    after = rng.integers(grid.onset, len(grid.times), _TRACES)
    return sorted(int(index) for index in (*before, *after))


def _changes(rng: np.random.Generator, plan: Plan, grid: _Grid) -> tuple[Change, ...] | None:
    """The plan's own, and some that happened long before; None where changes were not recorded."""
    if not plan.changes and rng.random() < 0.4:
        return None
    names = sorted(set(plan.system.components) - set(plan.hidden))
    long_ago = [
        deployment(
            rng,
            str(rng.choice(names)),
            float(rng.uniform(grid.times[0], grid.times[grid.before // 2])),
            "deployment" if rng.random() < 0.7 else "configuration",
        )
        for _ in range(int(rng.integers(0, 4)))
    ]
    return tuple(sorted((*long_ago, *plan.changes), key=lambda change: change.time))


def _coverage(rng: np.random.Generator, whole: Window, changes: Sequence[Change] | None) -> tuple[Coverage, ...]:
    if changes is None or rng.random() < 0.3:
        return ()
    return (Coverage(source="pipeline", kinds=_CHANGE_KINDS, start=whole.start, end=whole.end, status="answered"),)


def _symptom(rng: np.random.Generator, entry: str, alarm: Metric) -> Symptom | None:
    known = rng.random()
    if known < 0.65:
        return Symptom(resource=entry, metric=alarm.name, direction="below" if alarm.worse == "lower" else "above")
    return Symptom(resource=entry) if known < 0.85 else None


def _title(rng: np.random.Generator, entry: str, alarm: Metric) -> str:
    titles = {
        "latency": (f"{entry} is slow", f"latency spike on {entry}", f"High latency at {entry}"),
        "errors": (f"{entry} returns errors", f"Error rate of {entry} is up"),
        "availability": (f"Availability of {entry} dropped", f"requests to {entry} fail"),
    }[alarm.kind]
    return str(rng.choice(titles))


def _topology(plan: Plan) -> Topology:
    known = {name: component for name, component in plan.system.components.items() if name not in plan.hidden}
    hosts = sorted({component.host for component in known.values() if component.host})
    resources = [Resource(id=component.name, kind=component.kind) for component in known.values()]
    resources += [Resource(id=host, kind="node") for host in hosts]
    edges = {
        (component.name, call.target): "calls"
        for component in known.values()
        for call in component.calls
        if call.target in known
    }
    links = [Edge.model_validate({"from": source, "to": target, "kind": kind})
             for (source, target), kind in sorted(edges.items())]  # fmt: skip
    links += [Edge.model_validate({"from": component.name, "to": component.host, "kind": "hosts"})
              for component in known.values() if component.host]  # fmt: skip
    return Topology(resources=tuple(resources), edges=tuple(links))
