"""What is measured of a made system: which metrics there are, what they are called, and how wrong they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from cases.made_systems import System
from cases.made_traffic import Behaviour, Samples

from primitives.records import Metric, Series

_LATENCY: Final = {
    "average": ("latency_average", "http_server_request_duration_mean", "response_time_avg"),
    "p50": ("latency_p50", "http_server_duration_p50", "response_time_median"),
    "p95": ("latency_p95", "http_server_request_duration_p95", "response_time_p95"),
    "p99": ("latency_p99", "http_server_duration_p99_ms", "response_time_p99"),
}
_CHOICES: Final = (("average",), ("p95",), ("p99",), ("p50", "p95"), ("average", "p99"), ("average", "p95"))
_ERRORS: Final = ("ratio", "percent", "availability", "count", "ratio")
_TRAFFIC: Final = ("requests", "rate", "requests", "none")


@dataclass(frozen=True, slots=True)
class Scheme:
    """Which metrics a system is measured by; drawn once a scenario."""

    latency: tuple[str, ...]
    spelling: int
    milliseconds: bool
    errors: str
    traffic: str
    cpu: bool
    memory: bool
    noise: float
    """The sigma of what measuring adds to each sample's logarithm."""
    gaps: float
    """The share of samples that are lost."""


def scheme(rng: np.random.Generator) -> Scheme:
    """A way of measuring that somebody might have."""
    return Scheme(
        latency=_CHOICES[int(rng.integers(len(_CHOICES)))],
        spelling=int(rng.integers(3)),
        milliseconds=bool(rng.random() < 0.5),
        errors=str(rng.choice(_ERRORS)),
        traffic=str(rng.choice(_TRAFFIC)),
        cpu=bool(rng.random() < 0.7),
        memory=bool(rng.random() < 0.5),
        noise=float(rng.choice([0.01, 0.05, 0.15])),
        gaps=float(rng.choice([0.0, 0.0, 0.02])),
    )


def metric(name: str, kind: str, unit: str, statistic: str, worse: str, limit: float | None = None) -> Metric:
    """What a metric means."""
    meaning: dict[str, Any] = {"kind": kind, "unit": unit, "statistic": statistic, "worse": worse, "limit": limit}
    return Metric(name=name, **meaning)


def measured(
    rng: np.random.Generator,
    system: System,
    behaviours: Mapping[str, Behaviour],
    times: Samples,
    how: Scheme,
    *,
    hidden: Collection[str] = (),
    without_latency: Collection[str] = (),
) -> list[Series]:
    """Every series that is recorded. Of the `hidden` nothing is known, of others at least not how long they take."""
    step = float(times[1] - times[0])
    found: list[Series] = []
    for name, behaviour in behaviours.items():
        if name in hidden:
            continue
        for one, values in _of_component(rng, behaviour, how, step, timed=name not in without_latency):
            lost = behaviour.down | (rng.random(len(times)) < how.gaps)
            kept = ~lost & ~np.isnan(values)
            if kept.any():
                found.append(Series(name, one, times[kept], _rounded(values[kept])))
    return found + list(_of_hosts(rng, system, behaviours, times))


def _of_component(
    rng: np.random.Generator, behaviour: Behaviour, how: Scheme, step: float, *, timed: bool
) -> Iterator[tuple[Metric, Samples]]:
    steps = len(behaviour.rate)

    def noisy(values: Samples, sigma: float = how.noise) -> Samples:
        wild = np.where(rng.random(steps) < 0.003, rng.pareto(2.0, steps), 0.0)
        return np.asarray(values * np.exp(rng.normal(0.0, sigma, steps)) * (1.0 + wild))

    if timed:
        for statistic in how.latency:
            seconds = _statistic(behaviour.latency, statistic)
            unit, factor = ("ms", 1000.0) if how.milliseconds else ("s", 1.0)
            name = _LATENCY[statistic][how.spelling]
            yield metric(name, "latency", unit, statistic, "higher"), noisy(seconds) * factor
    failed = behaviour.failed.mean(axis=1)
    count = np.maximum(behaviour.rate * step, 0.0)
    yield _errors(rng, how.errors, failed, count)
    if how.traffic == "requests":
        yield metric("requests", "traffic", "{request}", "sum", "either"), np.round(noisy(count, 0.01))
    elif how.traffic == "rate":
        yield metric("request_rate", "traffic", "{request}/s", "average", "either"), noisy(behaviour.rate, 0.01)
    if how.cpu:
        busy = 4.0 + 90.0 * np.clip(behaviour.utilisation, 0.0, 1.0)
        name = ("cpu_utilization", "cpu_usage_percent", "container_cpu_usage")[how.spelling]
        yield metric(name, "saturation", "%", "average", "higher"), np.minimum(noisy(busy, 0.05), 100.0)
    if how.memory:
        level = rng.uniform(30, 70) + np.cumsum(rng.normal(0.0, 0.15, steps))
        yield metric("memory_utilization", "saturation", "%", "average", "higher"), np.clip(level, 5.0, 97.0)


def _statistic(latency: Samples, statistic: str) -> Samples:
    if statistic == "average":
        return np.asarray(latency.mean(axis=1))
    return np.asarray(np.quantile(latency, float(statistic[1:]) / 100, axis=1))


def _errors(rng: np.random.Generator, how: str, failed: Samples, count: Samples) -> tuple[Metric, Samples]:
    if how == "count":
        counted = rng.binomial(np.round(count).astype(int), np.clip(failed, 0.0, 1.0)).astype(np.float64)
        return metric("errors", "errors", "{error}", "sum", "higher"), counted
    if how == "percent":
        return metric("error_percentage", "errors", "%", "average", "higher"), failed * 100
    if how == "availability":
        return metric("availability", "availability", "%", "average", "lower"), 100 - failed * 100
    return metric("error_rate", "errors", "1", "average", "higher"), failed


def _of_hosts(
    rng: np.random.Generator, system: System, behaviours: Mapping[str, Behaviour], times: Samples
) -> Iterator[Series]:
    hosts = sorted({one.host for one in system.components.values() if one.host})
    meaning = metric("node_cpu_utilization", "saturation", "%", "average", "higher")
    for host in hosts:
        own = [behaviours[one.name].utilisation for one in system.components.values() if one.host == host]
        busy = 15.0 + 60.0 * np.mean(own, axis=0) * np.exp(rng.normal(0.0, 0.05, len(times)))
        yield Series(host, meaning, times, _rounded(np.minimum(busy, 100.0)))


def _rounded(values: Samples) -> Samples:
    """To six digits that count, as exports have them."""
    digits = 5 - np.floor(np.log10(np.maximum(np.abs(values), 1e-9)))
    return np.asarray(np.round(values * 10**digits) / 10**digits)
