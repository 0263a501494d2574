"""That an object is well answers a question about its being there, and none about its speed or errors."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, log, opened, state_of

from engine.hypotheses import Classification
from engine.reason import rank_facts
from primitives.facts import AlertState, Fact
from primitives.terms import IncidentClass


def _first(asked: IncidentClass, focus: tuple[str, ...], *facts: Fact) -> str:
    about = opened(None, focus=focus).model_copy(update={"symptom": None})
    classification = Classification(primary_class=asked, confidence=0.8)
    return rank_facts(found(*facts), about, classification).hypotheses[0].cause_id


@pytest.mark.parametrize("name", ["shop/deployment/till", "desk/statefulset/mailbox"])
def test_a_healthy_workload_answers_whether_it_is_there(name: str) -> None:
    assert _first(IncidentClass.AVAILABILITY_LOSS, (name,), state_of(name, "Healthy")) == "false_alarm"


@pytest.mark.parametrize("name", ["shop/deployment/till", "desk/statefulset/mailbox"])
@pytest.mark.parametrize("asked", [IncidentClass.PERFORMANCE_DEGRADATION, IncidentClass.ERROR_RATE_INCREASE])
def test_a_healthy_workload_may_be_slow_or_answer_with_errors(name: str, asked: IncidentClass) -> None:
    assert _first(asked, (name,), state_of(name, "Healthy")) == "unknown"


@pytest.mark.parametrize("service", ["shop/service/till", "desk/service/mail"])
def test_a_service_without_endpoints_is_no_false_alarm(service: str) -> None:
    standing = state_of(service, "NoEndpoints", bearing="standing", bearing_reason="no workload is affected")
    well = state_of("node/one", "Healthy")
    assert _first(IncidentClass.AVAILABILITY_LOSS, (), standing, well) != "false_alarm"


@pytest.mark.parametrize("name", ["Watchdog", "DeadMansSwitch"])
def test_an_alert_that_always_fires_is_no_fault(name: str) -> None:
    assert _first(IncidentClass.UNKNOWN, (), AlertState(name=name, state="firing", **SEEN)) == "false_alarm"


@pytest.mark.parametrize("name", ["HardwareWatchdogExpired", "DiskWatchdog"])
def test_an_alert_of_a_watchdog_that_ran_out_is_one(name: str) -> None:
    assert _first(IncidentClass.UNKNOWN, (), AlertState(name=name, state="firing", **SEEN)) != "false_alarm"


def test_an_alert_that_always_fires_excuses_nothing_else() -> None:
    alert = AlertState(name="Watchdog", state="firing", **SEEN)
    crashed = state_of("shop/deployment/till", "OOMKilled")
    assert (
        _first(IncidentClass.UNKNOWN, (), alert, crashed, log("shop/deployment/till", "out_of_memory")) != "false_alarm"
    )
