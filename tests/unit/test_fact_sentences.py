"""What a fact says in one line: nothing that can be misread."""

from __future__ import annotations

from typing import Any

import pytest
from incident_facts import NOW, SEEN, WINDOW, change, concluded, graph, limit, no_change, opened, shift, state_of

from primitives.analysis.asking import gaps
from primitives.diagnostics.registry import Arguments
from primitives.facts import (
    Fact,
    LogPattern,
    Observed,
    OwnShare,
    ReplicaComparison,
    ReplicaMeasure,
    SourceGap,
    SpanErrors,
    WorkloadState,
    change_label,
)
from primitives.quantities import short_id
from primitives.records import Symptom
from primitives.telemetry import Answer, Answers, ContainerLogsQuery, LogsQuery
from primitives.terms import AnswerStatus, Polarity

COMMIT = "40465f54a9e15cf6eeb6480fddef3117e9a1d8b4"


def own(share: float, excess: float = 0.496, unit: str = "s") -> OwnShare:
    return OwnShare(resource="table", symptom_resource="site", metric="latency_average", unit=unit, own_excess=excess,
                    share=share, noise=0.0, polarity="present" if share else "absent", **SEEN)  # fmt: skip


@pytest.mark.parametrize("share", [1.0, 1.62])
def test_a_share_never_reads_as_more_than_everything(share: float) -> None:
    assert own(share).sentence() == (
        "table itself accounts for up to 100 % of the change in site's latency average (496 ms; shares overlap)"
    )


def test_shares_of_failures_are_told_in_percentage_points() -> None:
    assert "(12 percentage points; shares overlap)" in own(0.57, 0.12, "1").sentence()
    assert "(12 percentage points; shares overlap)" in own(0.57, 12.0, "%").sentence()


def test_where_hardly_anything_was_recorded_before_normal_is_not_claimed() -> None:
    told = shift("api", baseline=0.2, current=1.5, baseline_samples=2)
    assert told.sentence().endswith("; what is normal is not known: 2 samples before it")
    assert not told.is_normal_known
    assert "not known" not in shift("api", baseline_samples=3).sentence()
    # What somebody reports of normal times is known, though nobody counted its samples.
    assert "not known" not in shift("api", baseline_samples=1, trust="reported").sentence()


def test_a_killed_container_tells_its_limit_and_its_command_and_no_standing_phrase() -> None:
    state = WorkloadState(
        resource="shop/pod/api", object="shop/pod/api", kind="Pod", state="OOMKilled", container="app", exit_code=137,
        message="Back-off restarting failed container app in pod api_shop(8209d63f)",
        details={"memory_limit": "50Mi", "command": "sh -c fill"}, **SEEN,
    )  # fmt: skip
    assert state.sentence() == (
        "shop/pod/api container app: OOMKilled (memory limit 50Mi, command sh -c fill, exit code 137)"
    )
    other = state.model_copy(update={"state": "CrashLoopBackOff", "message": "no such file"})
    assert other.sentence() == "shop/pod/api container app: CrashLoopBackOff (exit code 137, no such file)"


def test_labels_that_no_node_has_are_told_with_those_that_nodes_have() -> None:
    state = WorkloadState(
        resource="shop/pod/api", object="shop/pod/api", kind="Pod", state="NodeSelectorMismatch",
        message="0/1 nodes are available", details={"node_selector": {"disk": "ssd"}, "node_labels": {"disk": []}},
        **SEEN,
    )  # fmt: skip
    assert state.sentence() == "shop/pod/api: NodeSelectorMismatch (asks for disk=ssd, 0/1 nodes are available)"
    others = state.model_copy(update={"details": {"node_selector": {"disk": "ssd"}, "node_labels": {"disk": ["hdd"]}}})
    assert "(asks for disk=ssd, nodes have disk=hdd, 0/1 nodes are available)" in others.sentence()


def test_what_a_resource_has_no_part_in_is_said() -> None:
    assert own(0.0).sentence() == "table itself accounts for none of the change in site's latency average"


@pytest.mark.parametrize(
    ("baseline", "current", "told"),
    [
        (0.5, 0.727, "did not clearly move (72.7 %, baseline 50 %)"),
        (0.5, 0.52, "stayed at 52 % (baseline 50 %)"),
        (0.0, 0.0, "stayed at 0 % (baseline 0 %)"),
    ],
)
def test_only_what_stayed_is_said_to_have_stayed(baseline: float, current: float, told: str) -> None:
    fact = shift("api", "availability", kind="availability", unit="1", baseline=baseline, absent=True)
    assert fact.model_copy(update={"current": current}).sentence() == f"api availability {told}"


@pytest.mark.parametrize(
    ("metric", "unit", "full", "ratio", "told"),
    [
        ("cpu_utilization", "%", 100.0, 0.96, "db cpu utilization at 96 % (full at 100 %)"),
        ("cpu_utilization", "1", 1.0, 0.96, "db cpu utilization at 96 % (full at 100 %)"),
        ("cpu_utilization", "%", 100.0, 0.4, "db cpu utilization reached no more than 40 % (full at 100 %)"),
        ("connections", "{connection}", 500.0, 0.95, "db connections at 95 % of the limit (500 connections)"),
        ("free_storage", "By", 25 * 2.0**30, 0.97, "db free storage: 97 % of the limit (25 GiB) used"),
        ("free_storage", "By", 25 * 2.0**30, 0.3, "db free storage: no more than 30 % of the limit (25 GiB) used"),
    ],
)
def test_how_full_something_is_reads_the_same_for_any_unit(
    metric: str, unit: str, full: float, ratio: float, told: str
) -> None:
    fact = limit("db", metric, ratio).model_copy(update={"unit": unit, "limit": full, "peak": ratio * full})
    assert fact.sentence() == told


def test_a_ratio_that_was_observed_is_in_percent() -> None:
    fact = Observed(resource="api", kind="error_ratio", subject="errors of requests", value=0.254, **SEEN)
    assert fact.sentence() == "api error ratio: errors of requests 25.4 %"


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        (graph({"a": "service", "b": "service"}, ("a", "b")), "2 resources with 1 dependency known"),
        (graph({"a": "service"}), "no dependencies are known among 1 resource"),
        (SpanErrors(resource="a", operation="GET /", errors=1, total=1, **SEEN), "a GET / failed in 1 of 1 span"),
        (state_of("shop/pod/a", "CrashLoopBackOff", restarts=1), "shop/pod/a: CrashLoopBackOff (1 restart)"),
    ],
)
def test_one_is_told_in_the_singular(fact: Fact, told: str) -> None:
    assert fact.sentence() == told


@pytest.mark.parametrize(
    ("name", "summary", "kind", "told"),
    [
        ("v2.3.1", "v2.3.1: new prices", "deployment", "Deployment v2.3.1: new prices"),
        ("deploy-481", "v2.3.1: new prices", "deployment", "Deployment deploy-481: v2.3.1: new prices"),
        (COMMIT, "v7 refactor", "deployment", "Deployment 40465f54a9e1: v7 refactor"),
        (COMMIT, f"{COMMIT} refactor", "deployment", f"Deployment {COMMIT} refactor"),
        (COMMIT, "tidy", "code", "Commit 40465f54a9e1: tidy"),
        ("beta", "beta: off->on", "feature_flag", "Feature flag beta: off->on"),
        ("e-1", "AttachRolePolicy", "iam", "IAM change e-1: AttachRolePolicy"),
        ("arn:aws:" + "x" * 60, "ModifyDBInstance", "infrastructure", "Infrastructure change ModifyDBInstance"),
    ],
)
def test_a_change_is_named_by_its_short_id_and_its_summary(name: str, summary: str, kind: str, told: str) -> None:
    assert change(name, "api", kind=kind, summary=summary).sentence() == f"{told} at 14:25, 5 min before onset"


def test_a_deployment_is_one_by_its_tag_and_its_commit() -> None:
    found = change(COMMIT, "api", after={"version": "v7"}).change
    assert found is not None
    assert change_label(found) == "deployment 40465f54a9e1 (v7)"
    assert short_id("a" * 64) == "a" * 12
    assert short_id("payments-2026") == "payments-2026"


def test_kinds_of_changes_that_did_not_happen_have_their_usual_names() -> None:
    assert no_change("iam").sentence().startswith("no IAM changes in the 24 h before")
    assert "no feature flag or scaling changes" in no_change("feature_flag", "scaling").sentence()


def test_a_new_message_says_so_beside_its_severity() -> None:
    values: dict[str, Any] = {**SEEN, "resource": "api", "template": "boom", "severity": "ERROR", "count": 3}
    assert LogPattern(**values, baseline_count=0.0).sentence() == "api logged 3 × ERROR (new) “boom”"
    assert LogPattern(**values).sentence() == "api logged 3 × ERROR “boom”"


def test_an_identifier_keeps_its_case_at_the_start_of_a_finding() -> None:
    facts = (
        state_of("default/pod/checker", "ContainerFailed"),
        SourceGap(question="logs", status="not_recorded", **SEEN),
    )
    state = concluded(facts, opened(Symptom(resource="default/pod/checker")))
    told = [finding.statement for finding in state.findings]
    assert any(line.startswith("checker") for line in told)
    assert not any(line.startswith("Checker") for line in told)


def answers(query: Any, status: AnswerStatus) -> Answers[Any]:
    return Answers(query=query, parts=(Answer(query=query, source="recorded", status=status),))


def test_log_records_that_are_missing_are_told_apart_from_container_logs_that_are_there() -> None:
    logs = answers(LogsQuery(window=WINDOW), "not_recorded")
    args = Arguments(window=WINDOW, now=NOW)
    there = answers(ContainerLogsQuery(window=WINDOW), "answered")
    missing = answers(ContainerLogsQuery(window=WINDOW), "not_recorded")
    assert [gap.sentence() for gap in gaps((logs, there), args)] == ["no logs were recorded, only container logs"]
    assert [gap.sentence() for gap in gaps((logs, missing), args)] == [
        "no logs were recorded",
        "no container logs were recorded",
    ]
    kept = answers(LogsQuery(window=WINDOW), "answered")
    assert [gap.sentence() for gap in gaps((kept, missing), args)] == ["no container logs were recorded"]


@pytest.mark.parametrize(
    ("baseline", "current", "told"),
    [
        (1.0, 0.951, "fell from 100 % to 95.1 % at 14:30"),
        (0.003, 0.895, "rose from 0.3 % to 89.5 % at 14:30 (298 times)"),
    ],
)
def test_a_percentage_is_not_compared_in_percent(baseline: float, current: float, told: str) -> None:
    fact = shift("api", "error_ratio", kind="errors", unit="1", baseline=baseline, current=current)
    assert fact.sentence() == f"api error ratio {told}"


def _replicas(*measures: ReplicaMeasure, polarity: Polarity = "present", new: int = 1) -> str:
    fact = ReplicaComparison(resource="till", change="till-42", new=new, old=4, measures=measures, polarity=polarity,
                             **SEEN)  # fmt: skip
    return fact.sentence()


def test_new_replicas_are_told_beside_the_old_ones() -> None:
    failing = ReplicaMeasure(metric="success_rate", kind="availability", unit="%", verdict="worse", new=31.0, old=100.0,
                             strength=1.0)  # fmt: skip
    gone = ReplicaMeasure(metric="cpu_usage", kind="saturation", unit="%", verdict="silent", old=12.0, strength=1.0)
    same = failing.model_copy(update={"verdict": "alike", "new": 100.0, "strength": 0.0})
    assert _replicas(failing) == (
        "1 new replica of till is worse than the 4 old ones: success rate 31 % against 100 % at the same time (till-42)"
    )
    assert _replicas(gone, new=2) == (
        "2 new replicas of till are not serving: no cpu usage, the 4 old ones had some (till-42)"
    )
    assert _replicas(same, polarity="absent").endswith(
        "is like the 4 old ones at the same time: success rate 100 % against 100 %"
    )
