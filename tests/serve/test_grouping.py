"""Which alerts are one incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.alerts import AlertGroup
from engine.serve.groups import AlertRow, goes_on, home_of, opened_by, with_alert
from engine.serve.settings import Rule, ServeSettings
from primitives.alert_payloads.model import IncomingAlert

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
SETTINGS = ServeSettings(storm_after=3)


def alert(name: str = "slow", **fields: Any) -> IncomingAlert:
    given_ = {"provider": "plain", "fingerprint": name, "status": "firing", "title": name, "severity": "error"}
    return IncomingAlert(**{**given_, **fields})


def opened(first: IncomingAlert, at: datetime = NOW, groups: tuple[AlertGroup, ...] = ()) -> AlertGroup:
    group = opened_by(first, "any", groups, SETTINGS, at)
    return with_alert(group, first, None, SETTINGS, at)


def row(group: AlertGroup, status: str) -> AlertRow:
    return AlertRow(
        key="k", group_id=group.id, status=status, changed_at=0, seen_at=0, times=1, source_id="", channel="any"
    )


def test_alerts_of_one_service_meet_within_the_window_alone() -> None:
    group = opened(alert(service="ferry"))
    other = alert("lost", service="ferry")
    assert home_of(other, "any", [group], SETTINGS, NOW + timedelta(seconds=600)) == group
    assert home_of(other, "any", [group], SETTINGS, NOW + timedelta(seconds=601)) is None
    assert home_of(alert("lost", service="pier"), "any", [group], SETTINGS, NOW) is None
    assert home_of(alert("lost"), "any", [group], SETTINGS, NOW) is None


def test_a_clock_that_was_set_back_opens_no_second_incident() -> None:
    group = opened(alert(service="ferry"))
    assert home_of(alert("lost", service="ferry"), "any", [group], SETTINGS, NOW - timedelta(days=1)) == group


def test_the_providers_own_group_counts_on_its_channel_alone() -> None:
    group = opened(alert(group='{}:{alertname="slow"}'))
    other = alert("lost", group='{}:{alertname="slow"}')
    assert home_of(other, "any", [group], SETTINGS, NOW) == group
    assert home_of(other, "elsewhere", [group], SETTINGS, NOW) is None
    everything = opened(alert(group="{}:{}"))
    assert home_of(alert("lost", group="{}:{}"), "any", [everything], SETTINGS, NOW) is None, "that names no group"


def test_a_storm_becomes_one_incident() -> None:
    groups: tuple[AlertGroup, ...] = ()
    for number in range(50):
        another = alert(f"alert {number}", service=f"service {number}")
        home = home_of(another, "any", groups, SETTINGS, NOW)
        if home is None:
            groups += (opened(another, groups=groups),)
    assert [group.storm for group in groups] == [False, False, False, True]
    later = NOW + timedelta(hours=1)
    assert home_of(alert("new", service="new"), "any", groups, SETTINGS, later) is None, "the storm is over"


def test_firing_and_resolving_in_turns_stays_one_incident() -> None:
    group = opened(alert())
    for turn in range(5):
        group = with_alert(group, alert(status="resolved"), row(group, "firing"), SETTINGS, NOW)
        assert not group.open
        assert goes_on(group, NOW + timedelta(minutes=30))
        assert not goes_on(group, NOW + timedelta(hours=2))
        group = with_alert(group, alert(), row(group, "resolved"), SETTINGS, NOW)
        assert (group.open, group.turns, group.alerts, group.firing) == (True, turn + 1, 1, 1)


def test_who_has_taken_it_has_to_take_it_again_when_it_comes_back() -> None:
    group = opened(alert()).model_copy(update={"taken_by": "ana", "taken_at": NOW, "escalated_at": NOW})
    group = with_alert(group, alert(status="resolved"), row(group, "firing"), SETTINGS, NOW)
    assert group.taken_by == "ana"
    group = with_alert(group, alert(), row(group, "resolved"), SETTINGS, NOW)
    assert (group.taken_by, group.escalated_at) == (None, None)


def test_the_worst_severity_counts_and_rules_say_what_is_investigated() -> None:
    rules = ServeSettings(rules=(Rule(services=("ferry*",), sources=("metrics",)), Rule(investigate=False)))
    noted = opened_by(alert(severity="info"), "any", (), rules, NOW)
    assert noted.state == "noted"
    due = with_alert(noted, alert("lost", severity="critical", service="Ferry-7"), None, rules, NOW)
    assert (due.state, due.sources, due.severity) == ("waiting", ("metrics",), "critical")
    assert opened_by(alert(severity="info"), "any", (), SETTINGS, NOW).state == "noted"
    assert opened_by(alert(severity="unknown"), "any", (), SETTINGS, NOW).state == "waiting"


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["firing", "acknowledged", "resolved"])), max_size=30))
def test_what_fires_is_counted_right_whatever_comes(messages: list[tuple[int, str]]) -> None:
    group = opened(alert("0"))
    states = {0: "firing"}
    for number, status in messages:
        before = row(group, states[number]) if number in states else None
        if before is None and status == "resolved":
            continue
        group = with_alert(group, alert(str(number), status=status), before, SETTINGS, NOW)
        states[number] = status
    assert group.alerts == len(states)
    assert group.firing == sum(status != "resolved" for status in states.values())
    assert group.open == (group.firing > 0)


@pytest.mark.parametrize("field", ["providers", "severities", "services", "titles"])
def test_a_rule_fits_only_where_all_of_it_does(field: str) -> None:
    fits = {"providers": ["plain"], "severities": ["error"], "services": ["ferry-*"], "titles": ["slow*"]}
    other = {"providers": ["aws"], "severities": ["info"], "services": ["pier"], "titles": ["fast"]}
    subject = alert("slow boats", service="ferry-7")
    assert Rule.model_validate(fits).fits(subject)
    assert not Rule.model_validate({**fits, field: other[field]}).fits(subject)
