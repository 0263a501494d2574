"""Names that a person ties, and what doctor says of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import fake_traces
from cases.fake_kubernetes import FakeKubernetes
from cases.fake_loki import NS, FakeLine, FakeLoki
from cases.fake_traces import FakeJaeger, FakeSpan

from cockpit.settings import load_settings
from cockpit.ties import check_names
from primitives.clock import SystemClock
from primitives.cross_source_names import build_resolver
from primitives.errors import UsageError
from primitives.records import Resource, Topology, Window
from primitives.resolver import RULE_WORDS
from primitives.telemetry import Answer, TopologyQuery

WORKLOAD = {"k8s.namespace.name": "bank", "k8s.deployment.name": "ledger-api"}


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    now = SystemClock().now().timestamp()
    monkeypatch.setattr(fake_traces, "NOW_US", int(now * 1e6))
    lines = [FakeLine(int((now - 60) * NS), "x", {"app": app}) for app in ("books", "mailer")]
    spans = [
        FakeSpan("a" * 32, "1" * 16, "ledger", "GET", 60, resource=WORKLOAD),
        FakeSpan("b" * 32, "2" * 16, "teller", "GET", 60),
    ]
    loki, jaeger = FakeLoki(lines), FakeJaeger(spans)
    sources = {"logs": {"kind": "loki", "url": loki.url}, "traces": {"kind": "jaeger", "url": jaeger.url}}
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps({"sources": sources, "names": {"books": "bank/deployment/ledger-api"}}))
    yield config
    loki.close()
    jaeger.close()


async def test_doctor_says_what_was_tied_why_and_what_was_left_alone(configured: Path, tmp_path: Path) -> None:
    checks = {
        check.name: (check.status, check.detail)
        for check in await check_names(load_settings(tmp_path / "x", configured))
    }
    assert checks["tied books (logs)"] == ("ok", "bank/deployment/ledger-api: the configuration says so (`names`)")
    assert checks["left alone mailer (logs)"] == ("off", "no other source names it")
    assert "left alone teller (traces)" in checks


async def test_doctor_says_the_rule_that_ties_a_clusters_workload_and_what_may_mean_two(tmp_path: Path) -> None:
    cluster, now = FakeKubernetes(), SystemClock().now().timestamp()
    twin = json.loads(json.dumps(cluster.objects["deployments"][0]))
    twin["metadata"]["name"] = "desk"
    cluster.objects["deployments"] += [twin, {**twin, "metadata": {**twin["metadata"], "namespace": "lab"}}]
    lines = [FakeLine(int((now - 60) * NS), "x", {"app": app}) for app in ("booking", "desk", "mailer")]
    loki = FakeLoki(lines)
    sources = {
        "ward": {"kind": "kubernetes", "kubeconfig": str(cluster.kubeconfig(tmp_path))},
        "logs": {"kind": "loki", "url": loki.url},
    }
    (tmp_path / "config.yaml").write_text(json.dumps({"sources": sources}))
    checks = {
        check.name: (check.status, check.detail)
        for check in await check_names(load_settings(tmp_path / "x", tmp_path / "config.yaml"))
    }
    cluster.close()
    loki.close()
    assert checks["tied booking (logs)"] == ("ok", f"clinic/deployment/booking: {RULE_WORDS['name']}")
    status, why = checks["left alone desk (logs)"]
    assert status == "warning"
    assert "clinic/deployment/desk, lab/deployment/desk" in why
    assert checks["left alone mailer (logs)"] == ("off", "no other source names it")


def answer_of(source: str, *names: str) -> Answer[Topology]:
    window = Window(start=SystemClock().now(), end=SystemClock().now())
    topology = Topology(resources=tuple(Resource(id=name) for name in names))
    return Answer(TopologyQuery(window=window), source, "answered", (topology,))


def test_a_given_tie_is_stronger_than_a_rule_and_joins_nothing_within_one_source() -> None:
    answers = [answer_of("a", "till"), answer_of("b", "shop/deployment/till-api", "other")]
    window = answers[0].query.window
    tied = build_resolver(answers, window, {"till": "shop/deployment/till-api"})
    assert (tied.resolve("till", source="a").resource, tied.resolve("till", source="a").rule) == (
        "shop/deployment/till-api", "given",
    )  # fmt: skip
    within = build_resolver([answer_of("a", "till", "stock")], window, {"till": "stock"})
    assert within.resolve("till", source="a").resource == "till"


@pytest.mark.parametrize("names", ["[a]", "{a: 3}", "{a: ''}", '{a: "b\\u202e"}', "text"])
def test_names_that_are_none_are_one_line(tmp_path: Path, names: str) -> None:
    (tmp_path / "config.yaml").write_text(f"names: {names}\n")
    with pytest.raises(UsageError, match="names: expected names with the resource"):
        load_settings(None, tmp_path / "config.yaml")
