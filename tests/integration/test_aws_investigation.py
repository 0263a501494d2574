"""Whole investigations with AWS as a source: alone and offline again from the export, and beside a cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases.aws_account import DATABASE, SERVICE, build_shop, errors_alarm, trail_answer, trail_event, write_log
from cases.fake_aws import Call, FakeAws, Reply, documented, running
from cases.fake_kubernetes import FakeKubernetes, stamped
from cases.made_aws_metrics import MadeMetric, answering, stepping

SINCE = timedelta(minutes=25)
TOO_MANY = "FATAL: sorry, too many clients already"
VOLATILE = ("id", "source", "observed_at")


@pytest.fixture(scope="module")
def aws() -> Iterator[FakeAws]:
    """A shop whose database was given fewer connections 25 minutes ago."""
    with running() as fake:
        fake.places = build_shop(fake, images=("orders:1",))
        now = datetime.now(UTC)
        onset = now - SINCE
        lines = {onset + timedelta(seconds=20 * number): f"ERROR {TOO_MANY}" for number in range(60)}
        quiet = {onset - timedelta(minutes=5 * number): "INFO order was placed" for number in range(1, 60)}
        write_log(fake, "/ecs/orders", {**quiet, **lines})
        fake.rule = shop_rule(fake, onset)
        yield fake


def shop_rule(fake: FakeAws, onset: datetime) -> Any:
    at = onset.timestamp()
    front = {"LoadBalancer": fake.places["balancer"].partition("loadbalancer/")[2]}
    instance, task = {"DBInstanceIdentifier": "orders-db"}, {"ClusterName": "shop", "ServiceName": "orders"}
    metrics = answering([
        MadeMetric("AWS/ApplicationELB", "RequestCount", front, stepping(600.0, 600.0, at)),
        MadeMetric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", front, stepping(1.0, 240.0, at)),
        MadeMetric("AWS/ApplicationELB", "TargetResponseTime", front, stepping(0.12, 0.9, at)),
        MadeMetric("AWS/RDS", "DatabaseConnections", instance, stepping(14.0, 20.0, at, noise=0.0)),
        MadeMetric("AWS/RDS", "CPUUtilization", instance, stepping(22.0, 20.0, at)),
        MadeMetric("AWS/ECS", "CPUUtilization", task, stepping(31.0, 30.0, at)),
    ])  # fmt: skip
    request = {"dBParameterGroupName": "orders-pg", "parameters": [{"parameterName": "max_connections"}]}
    changed = trail_event(onset - timedelta(minutes=1), "ModifyDBParameterGroup", "rds.amazonaws.com", request)
    alarm = errors_alarm("shop-front-errors", front["LoadBalancer"], onset)
    alarms = documented("cloudwatch", "DescribeAlarms", {"MetricAlarms": [alarm]})

    def rule(call: Call) -> Reply | None:
        if call.operation == "LookupEvents" and b"ReadOnly" in call.body:
            return trail_answer(changed)
        return alarms if call.operation == "DescribeAlarms" else metrics(call)

    return rule


def cloudops(*arguments: str, folder: Path, store: str) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "cockpit", *arguments, "--store", str(folder / store), "--config", str(folder / "c.yaml"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    return document


def configured(folder: Path, **sources: dict[str, Any]) -> None:
    (folder / "c.yaml").write_text(json.dumps({"sources": sources}))


def plain_facts(report: dict[str, Any]) -> list[str]:
    """What the facts say, without where the answer came from."""
    plain = []
    for fact in report["facts"]:
        kept = {key: value for key, value in fact.items() if key not in VOLATILE}
        if fact["type"] == "source_gap":
            del kept["statement"]
        kept["data"] = {key: value for key, value in kept["data"].items() if key not in ("answers", *VOLATILE)}
        plain.append(json.dumps(kept, sort_keys=True))
    return sorted(plain)


def ranking(report: dict[str, Any], least: float = 0.05) -> list[tuple[str, str, str]]:
    """The causes that are worth naming; what is under one in a hundred may change places by a rounding."""
    causes = [each for each in report["likely_root_causes"] if each["confidence"] >= least]
    return [(each["cause_id"], each["resource"], each["change"]) for each in causes]


def test_an_alarm_by_its_name_is_explained_and_its_bundle_says_the_same(aws: FakeAws, tmp_path: Path) -> None:
    configured(tmp_path, prod=aws.settings())
    report = cloudops("investigate", "shop-front-errors", "--json", folder=tmp_path, store="a.db")
    best = report["likely_root_causes"][0]
    assert (best["cause_id"], best["resource"]) == ("connections_exhausted", DATABASE)
    symptoms = [fact for fact in report["facts"] if fact["type"] == "metric_shift" and fact["polarity"] == "present"]
    assert symptoms[0]["resource"] == aws.places["balancer"]
    assert symptoms[0]["data"]["metric"] == "error_ratio"
    changes = [fact for fact in report["facts"] if fact["type"] == "change" and fact["polarity"] == "present"]
    assert {"kim"} <= {fact["data"]["change"]["actor"] for fact in changes if fact["resource"] == DATABASE}
    # Fifteen metrics of two windows, at 0.01 USD for a thousand.
    assert 0.0 < report["cost_usd"] < 0.01
    absent = [fact for fact in report["facts"] if fact["type"] == "change" and fact["polarity"] == "absent"]
    assert any("iam" in fact["data"]["kinds"] for fact in absent)

    bundle = tmp_path / "live.incident"
    cloudops("export", report["execution_id"], str(bundle), folder=tmp_path, store="a.db")
    again = cloudops("investigate", "--incident", str(bundle), "--json", folder=tmp_path, store="b.db")
    assert ranking(again) == ranking(report)
    assert set(ranking(again, 0.0)) == set(ranking(report, 0.0))
    assert plain_facts(again) == plain_facts(report)


def test_a_cluster_shows_the_symptom_and_aws_has_the_cause(aws: FakeAws, tmp_path: Path) -> None:
    cluster = FakeKubernetes()
    container = cluster.objects["deployments"][0]["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "DATABASE_HOST", "value": aws.places["host"]}]
    cluster.objects["replicasets"][0]["spec"]["template"]["spec"]["containers"][0] = container
    cluster.objects["pods"][0]["spec"]["containers"][0] = container
    now = datetime.now(UTC)
    lines = [stamped(now - timedelta(seconds=30 * number), TOO_MANY) for number in range(30, 0, -1)]
    cluster.logs = {"booking-5d9c-aa1/app": "".join(lines).encode()}
    kubernetes = {"kind": "kubernetes", "kubeconfig": str(cluster.kubeconfig(tmp_path))}
    configured(tmp_path, ward=kubernetes, prod=aws.settings())
    report = cloudops("investigate", "booking returns errors", "--json", folder=tmp_path, store="a.db")
    cluster.close()
    graphs = [fact["data"] for fact in report["facts"] if fact["type"] == "dependencies"]
    edges = {(source, target) for graph in graphs for source, target, _ in graph["edges"]}
    # The address in the Deployment's environment is the database that AWS knows.
    assert ("clinic/deployment/booking", DATABASE) in edges
    assert any(SERVICE in graph["resources"] for graph in graphs)
    best = report["likely_root_causes"][0]
    assert (best["cause_id"], best["resource"]) == ("connections_exhausted", DATABASE)


def test_a_release_of_a_service_is_blamed_for_what_it_broke(aws: FakeAws, tmp_path: Path) -> None:
    onset, quiet = datetime.now(UTC) - SINCE, aws.rule
    front = {"LoadBalancer": aws.places["balancer"].partition("loadbalancer/")[2]}
    metrics = answering([
        MadeMetric("AWS/ApplicationELB", "RequestCount", front, stepping(600.0, 600.0, onset.timestamp())),
        MadeMetric("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", front, stepping(1.0, 240.0, onset.timestamp())),
    ])  # fmt: skip
    released = {"id": "ecs-svc/4711", "status": "PRIMARY", "createdAt": onset - timedelta(seconds=70)}
    service = {
        "serviceArn": SERVICE, "serviceName": "orders", "taskDefinition": "orders:2", "desiredCount": 2,
        "loadBalancers": [{"targetGroupArn": aws.places["group"], "containerName": "app", "containerPort": 8080}],
        "deployments": [{**released, "taskDefinition": "orders:2"}],
    }  # fmt: skip
    logged = [(onset - timedelta(minutes=n), "INFO order was placed") for n in range(1, 60)]
    logged += [(onset + timedelta(seconds=20 * n), "ERROR KeyError: 'discount' in price()") for n in range(60)]
    events = [{"timestamp": int(time.timestamp() * 1000), "message": line} for time, line in sorted(logged)]
    answers = {
        "DescribeServices": documented("ecs", "DescribeServices", {"services": [service]}),
        "FilterLogEvents": documented("logs", "FilterLogEvents", {"events": events}),
    }
    # The revision that was deployed.
    container = {"name": "app", "image": "orders:2", "memory": 256,
                 "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/orders"}}}  # fmt: skip
    aws.client("ecs").register_task_definition(family="orders", containerDefinitions=[container])
    aws.rule = lambda call: answers.get(call.operation) or metrics(call)
    try:
        configured(tmp_path, prod=aws.settings())
        report = cloudops("investigate", "front returns errors", "--json", folder=tmp_path, store="a.db")
    finally:
        aws.rule = quiet
    best = report["likely_root_causes"][0]
    assert (best["cause_id"], best["resource"]) == ("deployment_regression", SERVICE)
    assert best["change"] == "ecs-svc/4711"
