"""What is written to a bundle is what is read from it."""

# ruff: noqa: E501 - a strategy that is one expression reads better on one line

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primitives.bundle import BundleParts, Manifest, read_bundle, write_bundle
from primitives.records import (
    Change,
    ConfigurationSnapshot,
    ContainerLog,
    Coverage,
    Edge,
    KubernetesDump,
    LogRecord,
    Metric,
    Observation,
    Probe,
    Resource,
    Series,
    Span,
    Symptom,
    Topology,
    Window,
)

times = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001
# Any script, quotes, commas, colons, YAML's and CSV's own characters: but nothing that reading would clean away.
_ALPHABET = "abzAZ019 .,:;'\"#{}[]&*!|>%@`~/\\?=-_+<>()$^äß中文🔥"
text = st.text(_ALPHABET, max_size=12).filter(lambda value: value == value.strip())
name = text.filter(bool) | st.sampled_from(
    ["no", "null", "12", "1e3", "2026-03-10T14:00:00Z", "=", "<<", "-", "~", "time"]
)
slug = st.text("abcxyz019-", min_size=1, max_size=10)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(slug, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(slug, json_values, max_size=3)
windows = st.tuples(times, times).map(lambda pair: Window(start=min(pair), end=max(pair)))


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    window = draw(windows)
    coverage = st.builds(
        lambda source, status: Coverage(
            source=source, kinds=("iam",), start=window.start, end=window.end, status=status
        ),
        name,
        st.sampled_from(["answered", "partial", "denied", "unreachable"]),
    )
    return Manifest(
        id=draw(slug),
        title=draw(text),
        query=draw(text),
        detected_at=draw(times),
        baseline=draw(st.none() | windows),
        window=window,
        symptom=draw(st.none() | st.builds(Symptom, resource=name, direction=st.sampled_from([None, "above"]))),
        platform=draw(st.sampled_from([(), ("aws",), ("kubernetes", "other")])),
        labels=draw(st.dictionaries(slug, text, max_size=2)),
        coverage=tuple(draw(st.lists(coverage, max_size=2))),
    )


@st.composite
def series(draw: st.DrawFn) -> tuple[Series, ...]:
    metric = Metric(
        name=draw(slug), kind="latency", unit="s", statistic="p95", worse="higher", limit=draw(st.none() | st.just(2.5))
    )
    found = []
    for resource in draw(st.lists(name, min_size=1, max_size=3, unique=True)):
        seconds = sorted(draw(st.sets(st.integers(1_700_000_000_000, 1_700_000_100_000), max_size=4)))
        values = draw(
            st.lists(
                st.just(0.0) | st.floats(1e-29, 1e19) | st.floats(-1e19, -1e-29),
                min_size=len(seconds),
                max_size=len(seconds),
            )
        )
        found.append(Series(resource, metric, np.array(seconds, float) / 1000, np.array(values, float)))
    return tuple(found)


def oldest_first(record: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(record, max_size=3).map(
        lambda found: tuple(sorted(found, key=lambda one: one.start if isinstance(one, Span) else one.time))
    )


@st.composite
def bundles(draw: st.DrawFn) -> BundleParts:
    samples = draw(st.just(()) | series())
    ids = draw(st.lists(name, max_size=3, unique=True))
    edge = st.builds(lambda a, b: Edge(source=a, target=b, kind="calls"), name, name)
    topology = Topology(
        resources=tuple(Resource(id=one, kind="service", attributes=draw(objects)) for one in ids),
        edges=tuple(draw(st.lists(edge, max_size=2))),
    )
    pods = st.builds(
        lambda moment, items: KubernetesDump(time=moment, kind="pods", items=items), times, st.tuples(objects)
    )
    log = ContainerLog(namespace="shop", pod="api-1", container="main", previous=draw(st.booleans()), text=draw(text))
    return BundleParts(
        manifest=draw(manifests()),
        alert=draw(json_values),
        metrics={one.metric.name: one.metric for one in samples},
        series=samples,
        topology=draw(st.sampled_from([None, topology])),
        changes=draw(
            oldest_first(st.builds(Change, time=times, id=st.none() | slug, resource=st.none() | name, kind=st.just("code"), summary=text, after=json_values))
        ),
        logs=draw(oldest_first(st.builds(LogRecord, times, name, st.sampled_from(["INFO", "FATAL"]), text, objects))),
        spans=draw(
            oldest_first(st.builds(Span, slug, slug, st.none() | slug, name, text, times, st.floats(0, 1e6), st.just("ok"), objects))
        ),
        probes=draw(oldest_first(st.builds(Probe, time=times, resource=name, probe=st.just("http_get"), result=text))),
        observations=draw(oldest_first(st.builds(Observation, time=times, resource=name, kind=slug, data=json_values))),
        configuration=draw(
            oldest_first(st.builds(ConfigurationSnapshot, time=times, resource=name, kind=slug, document=json_values))
        ),
        kubernetes=draw(st.just(()) | st.tuples(pods)),
        kubernetes_logs=draw(st.sampled_from([(), (log,)])),
        events=draw(st.none() | st.binary(max_size=20)),
        notice=draw(st.none() | text),
        other=draw(st.dictionaries(st.sampled_from(["extra.json", "folder/more.bin"]), st.binary(max_size=9), max_size=2)),
    )  # fmt: skip


def comparable(parts: BundleParts) -> tuple[Any, ...]:
    columns = [(one.resource, one.metric, one.times.tolist(), one.values.tolist()) for one in parts.series]
    return replace(parts, series=(), metrics=dict(parts.metrics), other=dict(parts.other)), columns


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(bundles(), st.sampled_from(["bundle", "bundle.incident"]))
def test_reading_gives_back_what_was_written(parts: BundleParts, filename: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, again = Path(folder) / filename, Path(folder) / f"again-{filename}"
        write_bundle(parts, path)
        read = read_bundle(path).load_all()
        assert comparable(read) == comparable(parts)
        write_bundle(read, again)
        assert _contents(path) == _contents(again)


def _contents(path: Path) -> dict[str, bytes]:
    if path.is_file():
        return {"": path.read_bytes()}
    return {str(one.relative_to(path)): one.read_bytes() for one in sorted(path.rglob("*")) if one.is_file()}


def test_the_comparison_sees_a_changed_sample() -> None:
    window = Window(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))
    metric = Metric(name="m", kind="other", unit="1", statistic="value", worse="either")
    manifest = Manifest(id="a", title="", detected_at=window.start, window=window)
    one, other = (
        BundleParts(manifest=manifest, series=(Series("r", metric, np.array([0.0]), np.array([value])),))
        for value in (1.0, math.nextafter(1.0, 2))
    )
    assert comparable(one) != comparable(other)
