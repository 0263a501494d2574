"""How a Prometheus' labels become one identifier for each resource, and how its times are chosen."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from primitives.backends.prometheus.alerts import build_alerts
from primitives.backends.prometheus.client import Row
from primitives.backends.prometheus.families import FAMILIES, METRIC_NAMES
from primitives.backends.prometheus.names import Names
from primitives.backends.prometheus.promql import MOST_POINTS, STEPS, choose_step, grid, rate_window
from primitives.records import Window

ONE = np.ones(1)


def row(**labels: str) -> Row:
    return Row(labels, ONE, ONE)


def names(*services: tuple[str, str, str], **kubernetes: list[Row]) -> Names:
    found = Names(str)
    found.learn_kubernetes(kubernetes)
    found.learn_services(row(namespace=space, cloudops_resource=name, pod=pod) for space, name, pod in services)
    return found


def pod(name: str, kind: str, owner: str, space: str = "shop") -> Row:
    return row(namespace=space, pod=name, created_by_kind=kind, created_by_name=owner)


def test_a_service_is_the_workload_that_owns_all_its_pods() -> None:
    found = names(
        ("shop", "api-http", "a-0"),
        ("shop", "api-http", "a-1"),
        kube_pod_info=[pod("a-0", "StatefulSet", "a"), pod("a-1", "StatefulSet", "a")],
    )
    assert found.service("shop", "api-http") == "shop/statefulset/a"
    assert found.pod("shop", "a-1") == "shop/statefulset/a"


def test_a_service_of_two_workloads_is_itself() -> None:
    found = names(
        ("shop", "api", "a-0"),
        ("shop", "api", "b-0"),
        kube_pod_info=[pod("a-0", "StatefulSet", "a"), pod("b-0", "StatefulSet", "b")],
    )
    assert found.service("shop", "api") == "api"


def test_two_replica_sets_of_a_rollout_are_one_deployment() -> None:
    owners = [
        row(namespace="shop", replicaset=name, owner_kind="Deployment", owner_name="web") for name in ("web-1", "web-2")
    ]
    pods = [pod("p1", "ReplicaSet", "web-1"), pod("p2", "ReplicaSet", "web-2")]
    found = names(("shop", "front", "p1"), ("shop", "front", "p2"), kube_pod_info=pods, kube_replicaset_owner=owners)
    assert found.service("shop", "front") == "shop/deployment/web"
    assert found.workload("shop", "ReplicaSet", "web-2") == "shop/deployment/web"


def test_without_known_owners_the_services_label_links_replica_sets_to_their_deployment() -> None:
    pods = [pod("p1", "ReplicaSet", "x-1"), pod("p2", "ReplicaSet", "x-2")]
    deployment = [row(namespace="shop", deployment="web")]
    found = names(
        ("shop", "web", "p1"), ("shop", "web", "p2"), kube_pod_info=pods, kube_deployment_spec_replicas=deployment
    )
    assert found.service("shop", "web") == "shop/deployment/web"
    assert found.workload("shop", "ReplicaSet", "x-2") == "shop/deployment/web"


@pytest.mark.parametrize(
    ("replica_set", "owner"),
    [
        ("web-5d4f8", "deployment/web"),
        ("web-blue", "replicaset/web-blue"),  # no hash: these characters are in none
        ("mail-5d4f8", "replicaset/mail-5d4f8"),  # no such Deployment is known
        ("web", "replicaset/web"),
    ],
)
def test_a_replica_set_is_a_known_deployments_where_its_name_is_the_one_that_that_would_give(
    replica_set: str, owner: str
) -> None:
    found = names(
        kube_pod_info=[pod("p1", "ReplicaSet", replica_set)],
        kube_deployment_spec_replicas=[row(namespace="shop", deployment="web")],
    )
    assert found.pod("shop", "p1") == f"shop/{owner}"


def test_a_cron_jobs_pods_are_the_cron_jobs() -> None:
    owner = [row(namespace="shop", job_name="mail-1", owner_kind="CronJob", owner_name="mail")]
    found = names(kube_pod_info=[pod("m", "Job", "mail-1")], kube_job_owner=owner)
    assert found.pod("shop", "m") == "shop/cronjob/mail"


@pytest.mark.parametrize("kind", ["", "<none>", "Node"])
def test_a_pod_that_no_workload_owns_stands_for_itself(kind: str) -> None:
    assert names(kube_pod_info=[pod("p", kind, "n1")]).pod("shop", "p") == "shop/pod/p"


def test_the_same_name_in_two_namespaces_is_two_services() -> None:
    found = names(("blue", "api", ""), ("green", "api", ""), ("green", "mail", ""))
    assert found.service("blue", "api") == "blue/api"
    assert found.service("green", "mail") == "mail"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("mail", ("mail", True)),
        ("mail:8080", ("mail", True)),
        ("mail.green.svc.cluster.local:8080", ("mail", True)),
        ("api.blue.svc", ("blue/api", True)),
        ("api", ("green/api", True)),  # the one beside the caller
        ("payments.example.com", ("payments.example.com", False)),
        ("10.0.0.7:5432", ("10.0.0.7", False)),
        ("[2001:db8::1]:5432", ("2001:db8::1", False)),
        ("2001:db8::1", ("2001:db8::1", False)),
    ],
)
def test_an_address_is_the_service_behind_it(address: str, expected: tuple[str, bool]) -> None:
    found = names(("blue", "api", ""), ("green", "api", ""), ("green", "mail", ""))
    assert found.peer(address, "green") == expected


def test_a_machine_is_a_node_where_kubernetes_knows_it() -> None:
    found = names(kube_node_info=[row(node="worker-1")])
    assert (found.node("worker-1"), found.node("nas")) == ("node/worker-1", "nas")


@given(seconds=st.floats(1, 400 * 86400), interval=st.floats(0.5, 120), current=st.none() | st.sampled_from(STEPS))
def test_the_step_never_asks_for_more_than_the_server_gives(
    seconds: float, interval: float, current: int | None
) -> None:
    step = choose_step(seconds, interval, None, current)
    assert seconds / step + 1 <= MOST_POINTS
    assert step == current or step >= interval * 0.9
    assert rate_window(step, interval) >= max(4 * interval, step)


@given(
    start=st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds + 0.25, UTC)),
    seconds=st.floats(0, 86400),
    step=st.sampled_from(STEPS),
)
def test_a_grid_never_reaches_past_the_window(start: datetime, seconds: float, step: int) -> None:
    window = Window(start=start, end=start + timedelta(seconds=seconds))
    times = grid(window, step)
    assert times.start <= times.end <= window.end.timestamp()
    assert (times.end - times.start) % step == 0


def test_a_wanted_step_is_used_if_the_server_can_give_it() -> None:
    assert choose_step(3600, 15, wanted=7) == 7
    assert choose_step(30 * 86400, 15, wanted=1) >= 30 * 86400 / MOST_POINTS


def alert_row(state: str, *minutes: int, name: str = "Slow") -> Row:
    times = np.array([60.0 * minute for minute in minutes])
    return Row({"__name__": "ALERTS", "alertname": name, "alertstate": state}, times, np.ones(len(minutes)))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([alert_row("firing", 7, 8, 9, 10)], ("firing", 7)),
        ([alert_row("pending", 5, 6), alert_row("firing", 7, 8, 9, 10)], ("firing", 5)),
        ([alert_row("firing", 1, 2, 8, 9, 10)], ("firing", 8)),  # an earlier episode is over
        ([alert_row("firing", 2, 3, 4)], ("resolved", 2)),
        ([alert_row("pending", 9, 10), alert_row("firing", 2, 3)], ("pending", 9)),
        ([alert_row("pending", 2, 3)], None),
        ([], None),
    ],
)
def test_an_alerts_state_is_that_at_the_end_of_the_window(rows: list[Row], expected: tuple[str, int] | None) -> None:
    window = Window(start=datetime.fromtimestamp(0, UTC), end=datetime.fromtimestamp(600, UTC))
    found = build_alerts(rows, [], [], grid=grid(window, 60), window=window, names=names(), clean=str)
    seen = [(one.state, one.started_at.timestamp() / 60 if one.started_at else None) for one in found]
    assert seen == ([expected] if expected else [])


def test_a_resolved_alert_says_when_it_was_last_seen_to_fire() -> None:
    window = Window(start=datetime.fromtimestamp(0, UTC), end=datetime.fromtimestamp(600, UTC))
    rows = [alert_row("firing", 2, 3, 4), alert_row("firing", 8, 9, 10, name="Full")]
    found = build_alerts(rows, [], [], grid=grid(window, 60), window=window, names=names(), clean=str)
    assert {alert.name: alert.ended_at for alert in found} == {
        "Slow": datetime.fromtimestamp(240, UTC), "Full": None,
    }  # fmt: skip


def test_of_several_starts_of_an_alert_the_earliest_counts() -> None:
    window = Window(start=datetime.fromtimestamp(0, UTC), end=datetime.fromtimestamp(600, UTC))
    since = Row({"__name__": "ALERTS_FOR_STATE", "alertname": "Slow"}, np.array([600.0]), np.array([-90.0]))
    active = [{"labels": {"alertname": "Slow"}, "state": "firing", "activeAt": "1970-01-01T00:09:00Z", "value": "nan"}]
    states = [alert_row("firing", *range(11))]
    (alert,) = build_alerts(states, [since], active, grid=grid(window, 60), window=window, names=names(), clean=str)
    assert alert.started_at == datetime.fromtimestamp(-90, UTC)
    assert alert.value is None


def test_the_page_names_every_metric_that_is_read_and_made() -> None:
    page = (Path(__file__).parents[2] / "docs" / "prometheus.md").read_text()
    made = {measure.metric.name for family in FAMILIES for measure in family.measures}
    missing = sorted(name for name in made | METRIC_NAMES if f"`{name}`" not in page)
    assert missing == []
    named_here = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    assert named_here == made


def test_making_a_backend_loads_no_http_library() -> None:
    code = (
        "import sys; from primitives.backends.prometheus import PrometheusSettings, open_prometheus;"
        "from primitives.clock import SystemClock;"
        "open_prometheus('prod', PrometheusSettings(url='http://localhost:9090'), SystemClock());"
        "sys.exit(bool({'httpx2', 'stamina'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
