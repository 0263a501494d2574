"""Changes that metrics themselves show, read from a real Prometheus with a made-up history of a bakery's systems."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_system import load_history, prometheus_server

from primitives.backends.prometheus.backend import PrometheusBackend
from primitives.backends.prometheus.endpoint import parse_endpoint
from primitives.clock import ManualClock
from primitives.records import Change, Window
from primitives.telemetry import ChangesQuery

pytestmark = pytest.mark.parts("prometheus", "promtool")

END = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
BEGAN = END - timedelta(hours=2)
STEP_S = 15


def _line(name: str, labels: str, value: float, at: datetime) -> str:
    return f"{name}{{{labels}}} {value:.12g} {at.timestamp():.0f}\n"


def _pod(replica_set: str, number: int, image: str, at: datetime) -> str:
    pod = f'namespace="bakery",pod="{replica_set}-p{number}"'
    owner = f'created_by_kind="ReplicaSet",created_by_name="{replica_set}",node="n1"'
    return _line("kube_pod_info", f"{pod},{owner}", 1, at) + _line(
        "kube_pod_container_info", f'{pod},container="main",image="{image}"', 1, at
    )


def _oven(minute: int, at: datetime) -> str:
    """A release at minute 40, undone at 60 before it was through, and the same image with another setting at 90."""
    if 40 <= minute < 60:
        sets = [("oven-5d4f8", 2, "hub/oven:1.4"), ("oven-7c6b9", 1, "hub/oven:1.5")]
    elif minute >= 90:
        sets = [("oven-6f9d8", 3, "hub/oven:1.4")]
    else:
        sets = [("oven-5d4f8", 3, "hub/oven:1.4")]
    pods = "".join(_pod(name, n, image, at) for name, count, image in sets for n in range(count))
    generation = 1 + (minute >= 40) + (minute >= 60) + (minute >= 90)
    return pods + _line("kube_deployment_metadata_generation", 'namespace="bakery",deployment="oven"', generation, at)


def _others(minute: int, at: datetime) -> str:
    lines = _line("kube_deployment_spec_replicas", 'namespace="bakery",deployment="oven"', 3, at)
    lines += _line("kube_statefulset_replicas", 'namespace="bakery",statefulset="till"', minute < 70, at)
    lines += _line("kube_node_spec_unschedulable", 'node="n1"', 20 <= minute < 30, at)
    # An autoscaler's decision, a crash loop and what never changes are nobody's change.
    lines += _line("kube_deployment_spec_replicas", 'namespace="bakery",deployment="shelf"', 2 + (minute >= 50), at)
    target = 'namespace="bakery",scaletargetref_kind="Deployment",scaletargetref_name="shelf"'
    lines += _line("kube_horizontalpodautoscaler_info", target, 1, at)
    lines += _line("process_start_time_seconds", 'job="mill",instance="m1"', BEGAN.timestamp() + minute // 10 * 600, at)
    ran_since = BEGAN.timestamp() + (80 * 60 if minute >= 80 else -3600)
    lines += _line("process_start_time_seconds", 'job="ledger",instance="l1"', ran_since, at)
    version = "2.1" if minute >= 100 else "2.0"
    return lines + _line("counter_build_info", f'job="counter",instance="c1",version="{version}"', 1, at)


def _history() -> str:
    families: dict[str, list[str]] = {}
    for second in range(0, int((END - BEGAN).total_seconds()) + 1, STEP_S):
        at = BEGAN + timedelta(seconds=second)
        up = _line("up", 'job="ledger",instance="l1"', 1, at)
        for line in (_oven(second // 60, at) + _others(second // 60, at) + up).splitlines():
            families.setdefault(line.partition("{")[0], []).append(line)
    text = "".join(f"# TYPE {name} gauge\n" + "\n".join(lines) + "\n" for name, lines in sorted(families.items()))
    return text + "# EOF\n"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("bakery")
    (folder / "history.om").write_text(_history())
    load_history(folder / "history.om", folder / "data")
    with prometheus_server(folder, blocks=folder / "data") as (address, _):
        yield address


@pytest.fixture
async def backend(url: str) -> AsyncIterator[PrometheusBackend]:
    opened = PrometheusBackend(parse_endpoint(url), clock=ManualClock(END))
    yield opened
    await opened.close()


async def changes(backend: PrometheusBackend) -> list[Change]:
    answer = await backend.ask(ChangesQuery(window=Window(start=END - timedelta(days=1), end=END)))
    assert (answer.status, answer.coverage) == ("answered", ())
    return list(answer.records)


def about(found_changes: list[Change], resource: str) -> list[tuple[str, str, int]]:
    """Kind, summary and the minute in which it came."""
    return [
        (change.kind, change.summary.partition(": ")[2], round((change.time - BEGAN).total_seconds() / 60))
        for change in found_changes
        if change.resource == resource
    ]


async def test_a_rollout_its_undoing_and_a_new_setting_are_changes_with_their_times(backend: PrometheusBackend) -> None:
    assert about(await changes(backend), "bakery/deployment/oven") == [
        ("deployment", "main hub/oven:1.4 → hub/oven:1.5", 40),
        ("deployment", "main hub/oven:1.5 → hub/oven:1.4", 60),
        ("configuration", "new pods (oven-6f9d8), the same image", 90),
    ]


async def test_times_are_known_to_a_scrape_though_a_whole_day_is_asked_for(backend: PrometheusBackend) -> None:
    (release,) = [change for change in await changes(backend) if "1.4 → hub/oven:1.5" in change.summary]
    assert 0 <= (release.time - BEGAN - timedelta(minutes=40)).total_seconds() <= 2 * STEP_S
    assert release.after == {"replica_set": "oven-7c6b9", "version": "oven:1.5"}


async def test_a_scaling_a_cordoned_node_another_version_and_a_restart_are_changes(backend: PrometheusBackend) -> None:
    told = await changes(backend)
    assert about(told, "bakery/statefulset/till") == [("scaling", "replicas 1 → 0", 70)]
    assert about(told, "node/n1") == [
        ("infrastructure", "cordoned: it takes no new pods", 20),
        ("infrastructure", "takes pods again", 30),
    ]
    assert about(told, "counter") == [("deployment", "version 2.0 → 2.1", 100)]
    assert about(told, "ledger") == [("other", "its only instance started anew", 80)]


async def test_what_an_autoscaler_does_and_what_crashes_again_and_again_are_none(backend: PrometheusBackend) -> None:
    resources = {change.resource for change in await changes(backend)}
    assert resources == {"bakery/deployment/oven", "bakery/statefulset/till", "node/n1", "counter", "ledger"}


async def test_a_history_far_shorter_than_the_window_asked_for_is_seen(backend: PrometheusBackend) -> None:
    month = Window(start=END - timedelta(days=30, seconds=1001), end=END)
    answer = await backend.ask(ChangesQuery(window=month))
    assert about(list(answer.records), "bakery/deployment/oven") == about(
        await changes(backend), "bakery/deployment/oven"
    )
