"""Ten thousand metrics, resources or series at once: what is linear takes a second, what is quadratic minutes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from string import ascii_lowercase

import numpy as np
import pytest

from engine.investigate.classify import classify
from primitives.analysis.comparison import Comparison, _judged_by_itself, compare
from primitives.analysis.limits import LimitsOfResource, usage_of
from primitives.analysis.naming import NameFinder
from primitives.diagnostics.registry import Arguments
from primitives.kubernetes import cluster as kubernetes_cluster
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.disruptions import find_disruptions
from primitives.kubernetes.policies import find_policies
from primitives.kubernetes.services import find_services
from primitives.kubernetes.supervision import Analyzers
from primitives.records import ConfigurationSnapshot, KubernetesDump, Metric, Series, Window

WINDOW = Window(start=datetime(2026, 3, 10, 12, tzinfo=UTC), end=datetime(2026, 3, 10, 13, tzinfo=UTC))
TIMES = WINDOW.start.timestamp() + 60.0 * np.arange(60)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when the block takes more processor time."""
    begin = time.process_time()
    yield
    assert time.process_time() - begin < seconds


def word(number: int) -> str:
    """A word of letters for each number."""
    return "".join(ascii_lowercase[number // 26**place % 26] for place in range(3))


def gauge(name: str, *, unit: str = "{connection}") -> Metric:
    return Metric(name=name, kind="saturation", unit=unit, statistic="average", worse="higher")


def compared(metric: Metric) -> Comparison:
    return Comparison("shelf", metric, TIMES, np.full(60, 9.0), TIMES, np.full(60, 5.0), None, True)


@pytest.mark.parametrize("name", ["pool_{}", "max_pool_{}"])
def test_the_limits_of_thousands_of_metrics_of_one_resource(name: str) -> None:
    metrics = [compared(gauge(name.format(word(number)))) for number in range(2_500)]
    document = {f"limits.{word(number)}.pool": 10 for number in range(5_000)}
    snapshot = ConfigurationSnapshot(time=WINDOW.start, resource="shelf", kind="pools", document=document)
    with within(5):
        limits = LimitsOfResource(metrics, [snapshot])
        usages = [usage_of(metric, limits) for metric in metrics]
    assert all(usage is not None and usage.limit == 10 for usage in usages)


def test_a_limit_is_never_the_metric_itself() -> None:
    pool, most = compared(gauge("max_pool_size")), compared(gauge("pool_limit"))
    assert usage_of(pool, LimitsOfResource([pool])) is None
    usage = usage_of(pool, LimitsOfResource([pool, most]))
    assert usage is not None
    assert usage.limit == 9.0


def test_the_names_of_tens_of_thousands_of_resources_are_looked_for_in_a_question() -> None:
    names = [f"florist{number}" for number in range(10_000)]
    with within(5):
        classified = classify(
            "florist7 latency since the deploy, florrist is slow", resources=[*names, "florist"], detected_at=WINDOW.end
        )
    assert "florist7" in classified.focus


def test_series_without_a_normal_time_are_judged_together_as_each_by_itself() -> None:
    rng = np.random.default_rng(7)
    table = rng.normal(100, 3, (400, 60))
    for row, start in enumerate(rng.integers(1, 59, 400).tolist()):
        table[row, start:] += rng.choice((0.0, 40.0, -40.0))
    metric = gauge("pool")
    series = [Series(f"r{row}", metric, TIMES, values) for row, values in enumerate(table)]
    args = Arguments(window=WINDOW, now=WINDOW.end)
    for entry, comparison in zip(series, compare(series, args), strict=True):
        calm, shift = _judged_by_itself(entry, TIMES, entry.values, args, begins=False)
        assert comparison.shift == shift
        assert np.array_equal(comparison.normal, entry.values[:calm])


def test_tens_of_thousands_of_names_are_looked_for_in_messages() -> None:
    finder = NameFinder([], [f"shop/deployment/ribbon-{number}" for number in range(30_000)])
    with within(3):
        named = [finder.pointed_at(f"SHOP/deployment/Ribbon-{number}: refused, shop", None) for number in range(1_500)]
    assert named[17] == "shop/deployment/ribbon-17"


@pytest.mark.parametrize(("text", "names"), [
    ("calling API-db:5432, api", ["api-db", "api"]),
    ("x-api api-dbx /srv/a", ["/srv/a"]),
    ("shop/api shop/api/x", ["shop/api", "shop/api"]),
    ("shop/apis", []),
])  # fmt: skip
def test_a_text_names_whole_names_the_longest_first(text: str, names: list[str]) -> None:
    finder = NameFinder([], ["apiserver", "api-db", "shop/api", "/srv/a", "api", "db-x", "rootless"])
    assert [name for _, name in finder._names_in(text)] == [name for name in names if len(name) > 3]


@pytest.mark.parametrize("kind", ["services", "networkpolicies", "poddisruptionbudgets"])
def test_selectors_that_fit_all_pods_are_a_gap_and_take_no_hours(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def named(number: int, **fields: object) -> dict[str, object]:
        return {"metadata": {"name": f"n{number}", "namespace": "shop", "labels": {"app": "x"}}, **fields}

    fitting = {"app": "x"} if kind == "services" else {"matchLabels": {"app": "x"}}
    key = "podSelector" if kind == "networkpolicies" else "selector"
    objects = [named(number, spec={key: fitting, "policyTypes": ["Egress"]}) for number in range(400)]
    pods = [named(number, status={"phase": "Running"}) for number in range(400)]
    cluster = Cluster(
        [
            KubernetesDump(time=WINDOW.end, kind="pods", items=tuple(pods)),
            KubernetesDump(time=WINDOW.end, kind=kind, items=tuple(objects)),
        ],
        WINDOW,
    )
    finders = {"services": find_services, "networkpolicies": find_policies, "poddisruptionbudgets": find_disruptions}
    analyzers = Analyzers()
    monkeypatch.setattr(kubernetes_cluster, "MOST_COMPARISONS", 30_000)
    analyzers.run(kind, lambda: finders[kind](cluster))
    assert "over 30,000 comparisons" in analyzers.failed[kind]


@pytest.mark.parametrize("name", ["node_cpu_iowait_ratio", "cpu_steal", "system.cpu.io_wait"])
def test_time_that_a_cpu_waits_has_no_full_state(name: str) -> None:
    waits = compared(gauge(name, unit="%"))
    assert usage_of(waits, LimitsOfResource([waits])) is None
    assert usage_of(compared(gauge("cpu_utilization", unit="%")), LimitsOfResource([])) is not None


@pytest.mark.parametrize("header", ["Jun 18 02:31:22 edge-01 bridge[812]: ", "<30>Jun  8 02:31:22 edge-01 bridge: "])
def test_the_host_in_a_syslog_header_is_not_blamed(header: str) -> None:
    finder = NameFinder([], ["bridge", "edge-01", "valves"])
    assert finder.pointed_at(f"{header}Error: Address already in use", "bridge") is None
    assert finder.pointed_at(f"{header}cannot reach valves", "bridge") == "valves"
    assert finder.pointed_at("cannot reach edge-01: timed out", "bridge") == "edge-01"
