"""What each diagnostic says of incidents small enough to judge by eye."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from recorded_incident import START, RecordedIncident, at, of

BEFORE = 120
_COVERED = {
    "source": "cloudtrail",
    "kinds": ["iam", "infrastructure"],
    "from": at(-26 * 60),
    "to": at(30),
    "status": "answered",
}


def _jump(before: float, after: float, minute: int = 10) -> list[float]:
    """A level before the window, which changes `minute` minutes into it."""
    return [before] * (BEFORE + minute) + [after] * (31 - minute)


def _shop(folder: Path, **manifest: object) -> RecordedIncident:
    incident = RecordedIncident(
        folder, symptom={"resource": "shop", "metric": "latency", "direction": "above"}, **manifest
    )
    incident.metric("latency", {"shop": _jump(200, 1500)})
    return incident


async def test_the_symptom_is_told_first_with_level_onset_and_unit(tmp_path: Path) -> None:
    incident = _shop(tmp_path)
    incident.metric("cpu", {"shop": _jump(40, 40)}, kind="saturation", unit="%")
    facts = await incident.facts("analyze_utilization")
    shift = facts[0]
    assert (shift.type, shift.polarity, shift.metric, shift.unit) == ("metric_shift", "present", "latency", "ms")
    assert (shift.baseline, shift.current, shift.peak, shift.worse) == (200, 1500, 1500, True)
    assert shift.onset == START + timedelta(minutes=10)
    assert shift.onset_uncertainty_s == 60
    assert (shift.samples, shift.baseline_samples) == (21, 120)
    assert [fact.metric for fact in of(facts, "metric_shift", "absent")] == ["cpu"]


async def test_the_newest_value_is_that_of_the_newest_sample_and_the_level_beside_it(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path, symptom={"resource": "shop", "metric": "latency", "direction": "above"})
    incident.metric("latency", {"shop": [*_jump(200, 1500)[:-1], 210.0]})
    shift = (await incident.facts("analyze_utilization"))[0]
    assert (shift.latest, shift.latest_level, shift.level_now) == (210, 1500, 1500)
    assert shift.latest_at == shift.window.end
    steady = _shop(tmp_path / "steady")
    shift = (await steady.facts("analyze_utilization"))[0]
    assert (shift.latest, shift.latest_level, shift.level_now) == (1500, None, 1500)


async def test_nothing_is_called_absent_that_was_not_measured_to_the_end(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path, symptom={"resource": "shop", "metric": "latency"})
    incident.metric("latency", {"shop": [*[200.0] * (BEFORE + 10), *[None] * 21]})
    assert not of(await incident.facts("analyze_utilization"), "metric_shift", "absent")


async def test_limits_come_from_the_metric_the_unit_a_sibling_or_the_configuration(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path, symptom={"resource": "db", "metric": "connections"})
    count = {"kind": "saturation", "unit": "{connection}"}
    incident.metric("connections", {"db": _jump(100, 480)}, limit=500, **count)
    incident.metric("cpu_utilization", {"db": _jump(30, 97)}, kind="saturation", unit="%")
    incident.metric("pool_in_use", {"db": _jump(5, 20)}, **count)
    incident.metric("pool_max_conns", {"db": _jump(20, 20)}, **(count | {"kind": "other"}))
    incident.metric(
        "free_storage_space", {"db": _jump(90 * 2**30, 4 * 2**30)}, kind="saturation", unit="By", worse="lower"
    )
    incident.metric("memory_used", {"db": _jump(2**30, 2**30)}, kind="saturation", unit="By")
    document = {"allocated_storage": 100, "limits": {"memory": "4Gi"}, "port": 5432}
    incident.lines("configuration", {"time": at(-30), "resource": "db", "kind": "db_instance", "document": document})
    facts = await incident.facts("analyze_utilization")
    full = {fact.metric: (round(fact.ratio, 4), fact.limit) for fact in of(facts, "metric_at_limit")}
    assert full == {
        "connections": (0.96, 500),
        "cpu_utilization": (0.97, 100),
        "pool_in_use": (1.0, 20),
        "free_storage_space": (0.96, 100 * 2**30),
    }
    assert [(fact.metric, fact.ratio) for fact in of(facts, "metric_at_limit", "absent")] == [("memory_used", 0.25)]
    assert {fact.since for fact in of(facts, "metric_at_limit") if fact.metric != "pool_in_use"} == {
        START + timedelta(minutes=10)
    }


async def test_other_resources_are_compared_and_silence_is_told(tmp_path: Path) -> None:
    incident = _shop(tmp_path)
    incident.topology(("shop", "cart"), ("cart", "store"))
    incident.metric(
        "errors", {"cart": _jump(0, 50), "store": _jump(0, 0)}, kind="errors", unit="{error}", statistic="sum"
    )
    incident.metric("beat", {"cart": [1.0] * BEFORE + [None] * 31}, kind="other", unit="1", worse="lower")
    facts = await incident.facts("compare_baseline")
    assert [(fact.resource, fact.metric) for fact in of(facts, "metric_shift")] == [("cart", "errors")]
    assert [(fact.resource, fact.metric) for fact in of(facts, "metric_missing")] == [("cart", "beat")]
    # The store is no direct dependency of the symptom's resource: that it stayed calm clears nobody.
    assert not of(facts, "metric_shift", "absent")


@pytest.mark.parametrize(("kind", "told"), [("saturation", ["latency"]), ("latency", [])])
async def test_where_load_raised_the_alarm_what_its_users_feel_is_told(
    kind: str, told: list[str], tmp_path: Path
) -> None:
    incident = RecordedIncident(tmp_path, symptom={"resource": "host", "metric": "load", "direction": "above"})
    incident.topology(("cart", "host"), ("shop", "store"))
    incident.metric("load", {"host": _jump(1, 9)}, kind=kind, unit="1")
    incident.metric("latency", {"cart": _jump(50, 50), "shop": _jump(50, 50)}, unit="ms")
    incident.metric("queue", {"cart": _jump(5, 5)}, kind="saturation", unit="1")
    facts = await incident.facts("compare_baseline")
    assert [fact.metric for fact in of(facts, "metric_shift", "absent") if fact.resource == "cart"] == told
    assert not [fact for fact in of(facts, "metric_shift") if fact.resource == "shop"]


async def test_without_a_baseline_the_quiet_part_of_the_window_is_normal(tmp_path: Path) -> None:
    incident = RecordedIncident(
        tmp_path, baseline=None, symptom={"resource": "shop", "metric": "latency", "direction": "above"}
    )
    incident.metric("latency", {"shop": [200.0, 210, 190, 205] * 5 + [1500.0] * 11}, first=0)
    shift = (await incident.facts("analyze_utilization"))[0]
    assert (shift.baseline, shift.current, shift.baseline_samples) == (202.5, 1500, 20)
    assert shift.onset == START + timedelta(minutes=20)


async def test_without_a_baseline_the_same_time_yesterday_is_normal(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path, baseline=None, symptom={"resource": "shop", "metric": "requests"})
    meaning = {"kind": "traffic", "unit": "{request}", "worse": "either"}
    # Busy at this hour yesterday as well, quiet in the hours before now.
    day = [50.0] * (24 * 60 + 31)
    day[:31] = [900.0] * 31
    day[-31:] = [900.0] * 31
    incident.metric("requests", {"shop": day}, first=-24 * 60, **meaning)
    facts = await incident.facts("analyze_utilization")
    assert not of(facts, "metric_shift")
    assert [fact.baseline for fact in of(facts, "metric_shift", "absent")] == [900]


async def test_changes_come_with_their_lead_the_nearest_before_the_onset_first(tmp_path: Path) -> None:
    incident = _shop(tmp_path)
    change = {"resource": "shop", "kind": "deployment"}
    incident.lines(
        "changes",
        {"time": at(5), "id": "v2", "summary": "release v2", **change},
        {"time": at(-300), "id": "v1", "summary": "release v1", **change},
        {"time": at(15), "id": "v3", "summary": "release v3", **change},
        {"time": at(-25 * 60), "id": "v0", "summary": "too old", **change},
    )
    changes = of(await incident.facts("check_recent_changes"), "change")
    assert [(fact.change.id, fact.lead_s) for fact in changes] == [("v2", 300), ("v1", 310 * 60), ("v3", -300)]


async def test_a_change_file_alone_never_proves_that_there_was_none(tmp_path: Path) -> None:
    incident = _shop(tmp_path)
    incident.lines("changes", {"time": at(5), "resource": "shop", "kind": "deployment", "summary": "release"})
    assert not of(await incident.facts("check_recent_changes"), "change", "absent")


async def test_absence_of_changes_is_told_for_the_kinds_and_the_time_that_are_covered(tmp_path: Path) -> None:
    incident = _shop(tmp_path, coverage=[_COVERED])
    incident.lines("changes", {"time": at(5), "resource": "shop", "kind": "iam", "summary": "a role"})
    absent = of(await incident.facts("check_recent_changes"), "change", "absent")
    assert [fact.kinds for fact in absent] == [("infrastructure",)]
    assert absent[0].source == "cloudtrail"
    assert absent[0].window.seconds == (24 * 60 + 30) * 60


async def test_a_source_that_was_denied_is_a_gap_and_proves_nothing(tmp_path: Path) -> None:
    denied = _COVERED | {"status": "denied", "detail": "AccessDenied on LookupEvents"}
    facts = await _shop(tmp_path, coverage=[denied]).facts("check_recent_changes")
    (gap,) = of(facts, "source_gap", "unknown")
    assert (gap.question, gap.status, gap.source) == ("changes", "denied", "cloudtrail")
    assert "AccessDenied" in gap.detail
    assert not of(facts, "change", "absent")


async def test_configuration_is_compared_by_path_and_dated_by_its_snapshots(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    snapshots = [(-60, 5000, "a"), (-30, 5000, "a"), (12, 500, "a")]
    incident.lines(
        "configuration",
        *[
            {
                "time": at(minute),
                "resource": "db",
                "kind": "parameters",
                "document": {"max_connections": size, "hosts": [{"name": name}], "resourceVersion": minute},
            }
            for minute, size, name in snapshots
        ],
        {"time": at(-60), "resource": "lb", "kind": "listener", "document": {"port": 80}},
        {"time": at(12), "resource": "lb", "kind": "listener", "document": {"port": 80}},
        {"time": at(12), "resource": "new", "kind": "listener", "document": {"port": 80}},
    )
    facts = await incident.facts("diff_configuration")
    (difference,) = of(facts, "configuration_difference")
    assert (difference.resource, difference.path, difference.before, difference.after) == (
        "db",
        "max_connections",
        5000,
        500,
    )
    assert difference.changed_between.start == START - timedelta(minutes=30)
    assert difference.changed_between.end == START + timedelta(minutes=12)
    assert [fact.resource for fact in of(facts, "configuration_difference", "absent")] == ["lb"]


async def test_a_value_that_appears_or_vanishes_is_a_difference(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    record = {"resource": "db", "kind": "parameters"}
    incident.lines(
        "configuration",
        {"time": at(-60), "document": {"replicas": 2, "list": []}, **record},
        {"time": at(12), "document": {"autoscaling": None, "list": [1]}, **record},
    )
    differences = of(await incident.facts("diff_configuration"), "configuration_difference")
    assert {fact.path: (fact.before, fact.after) for fact in differences} == {
        "autoscaling": (None, None),
        "list": ([], None),
        "list[0]": (None, 1),
        "replicas": (2, None),
    }


def _span(name: str, minute: float, status: str, parent: str | None = None, **attributes: str) -> dict[str, object]:
    return {
        "trace_id": f"t{minute}",
        "span_id": f"{name}{minute}",
        "parent_span_id": parent and f"{parent}{minute}",
        "resource": name,
        "name": "work",
        "start": at(minute),
        "duration_s": 0.1,
        "status": status,
        "attributes": attributes,
    }


async def test_only_the_deepest_failing_span_is_blamed(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    spans = []
    for minute in range(-20, 20):
        status = "error" if minute >= 10 else "ok"
        spans += [
            _span("shop", minute, status),
            _span("cart", minute, status, "shop"),
            _span("store", minute, status, "cart", **{"exception.message": "disk is full"}),
        ]
    incident.lines("spans", *spans)
    span_facts = of(await incident.facts("analyze_error_rate"), "span_errors")
    assert [(fact.resource, fact.errors, fact.total, fact.baseline_ratio) for fact in span_facts] == [
        ("store", 10, 20, 0)
    ]
    assert span_facts[0].message == "disk is full"


async def test_that_no_span_failed_is_told_only_where_spans_are_covered(tmp_path: Path) -> None:
    covered = {"source": "xray", "kinds": ["spans"], "from": at(0), "to": at(30), "status": "answered"}
    for number, coverage in enumerate(([], [covered])):
        incident = RecordedIncident(tmp_path / str(number), coverage=coverage)
        incident.lines("spans", _span("shop", 5, "ok"))
        absent = of(await incident.facts("analyze_error_rate"), "span_errors", "absent")
        assert [fact.source for fact in absent] == ["xray"] * len(coverage)


async def test_counted_errors_are_told_as_a_share_of_requests(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    count = {"statistic": "sum"}
    incident.metric("errors", {"shop": _jump(2, 40)}, kind="errors", unit="{error}", **count)
    incident.metric("requests", {"shop": _jump(200, 200)}, kind="traffic", unit="{request}", worse="either", **count)
    (ratio,) = of(await incident.facts("analyze_error_rate"), "observation")
    assert (ratio.kind, ratio.value, ratio.details["baseline"]) == ("error_ratio", 0.2, 0.01)


async def test_every_unanswered_question_is_one_gap(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    asked = {
        "analyze_utilization": {"series", "topology", "configuration"},
        "compare_baseline": {"series", "topology"},
        "check_recent_changes": {"changes"},
        "diff_configuration": {"configuration"},
        "trace_dependencies": {"series", "topology", "spans"},
        "analyze_error_rate": {"series", "spans"},
        "analyze_logs": {"logs", "container_logs"},
    }
    for name, questions in asked.items():
        facts = await incident.facts(name)
        assert sorted(fact.question for fact in of(facts, "source_gap", "unknown")) == sorted(questions)
        assert len(facts) == len(questions)
