"""Planned work that raises an alarm and hurts nobody is no fault; where anybody is hurt, it is."""

from __future__ import annotations

import pytest
from incident_facts import change, found, graph, log, opened, shift

from engine.reason import rank_facts
from primitives.analysis.graph import Graph
from primitives.facts import ChangeFound, Fact
from primitives.records import Symptom


def ranked_first(host: str, metric: str, *facts: Fact) -> str:
    alarm = Symptom(resource=host, metric=metric, direction="above")
    return rank_facts(found(*facts), opened(alarm)).hypotheses[0].cause_id


def load(host: str, metric: str = "node_load5") -> Fact:
    return shift(host, metric, kind="saturation", unit="1", baseline=1.1, current=6.4)


def calm(resource: str, metric: str = "request_duration_p95", kind: str = "latency") -> Fact:
    return shift(resource, metric, kind=kind, absent=True)


def served(host: str, user: str) -> Fact:
    return graph({user: "service", host: "node"}, (user, host))


@pytest.mark.parametrize(
    ("host", "user", "summary"),
    [("backup-1", "archive", "nightly dump of all tables (cron)"),
     ("lab-disk-3", "sequencer", "zpool-scrub.timer: scheduled scrub"),
     ("search-7", "catalogue", "weekly rebuild of the index")],
)  # fmt: skip
def test_planned_work_that_hurts_nobody_is_no_fault(host: str, user: str, summary: str) -> None:
    job = change("j", host, minutes_before=2, kind="job", summary=summary)
    assert ranked_first(host, "node_load5", served(host, user), load(host), calm(user), job) == "false_alarm"


@pytest.mark.parametrize(
    "job",
    [change("j", "backup-1", minutes_before=2, kind="job", summary="one-off export, scheduled by hand"),
     change("j", "backup-1", minutes_before=2, kind="job", summary="copy for the test stage"),
     change("j", "backup-1", minutes_before=2, kind="configuration", summary="nightly settings"),
     change("j", "backup-1", minutes_before=90, kind="job", summary="nightly dump"),
     change("j", "mail-2", minutes_before=2, kind="job", summary="nightly dump")],
)  # fmt: skip
def test_work_that_nobody_planned_or_of_another_time_or_place_is_no_excuse(job: ChangeFound) -> None:
    facts = (served("backup-1", "archive"), load("backup-1"), calm("archive"), job)
    assert ranked_first("backup-1", "node_load5", *facts) != "false_alarm"


@pytest.mark.parametrize(
    "hurt",
    [[shift("archive", "request_duration_p95")], [calm("archive"), log("archive", "timeout")], [],
     [calm("backup-1", "disk_errors", "errors")],
     [calm("archive"), shift("mail-2", "failed_ratio", kind="errors", unit="%", baseline=0.1, current=9)]],
)  # fmt: skip
def test_planned_work_that_hurts_somebody_or_whose_users_are_not_measured_is_a_fault(hurt: list[Fact]) -> None:
    job = change("j", "backup-1", minutes_before=2, kind="job", summary="nightly dump")
    assert ranked_first("backup-1", "node_load5", served("backup-1", "archive"), load("backup-1"), job, *hurt) != (
        "false_alarm"
    )


def test_who_uses_a_resource_is_known_however_far() -> None:
    edges = (("a", "b", "calls"), ("b", "disk", "reads"), ("c", "disk", "reads"), ("disk", "c", "calls"))
    assert Graph({}, edges).users(["disk"]) == {"a", "b", "c"}
