"""Alarms without a fault: work that was announced, a measure that changed its unit, a lead that was handed over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import NOW, ONSET, SEEN, found, log, opened, share, shift

from engine.reason import rank_facts
from engine.reason.announced_work import announced_work
from engine.reason.fact_index import FactIndex
from engine.reason.rescaled import rescaled
from engine.reason.roles import exchanged_roles
from primitives.facts import ChangeFound, Dependencies, Fact, LogPattern, MetricShift, ProbeResult
from primitives.records import Change, Symptom

KINDS = {"shop": "service", "orders": "service", "ledger": "database", "m-4": "node", "m-5": "node"}
EDGES = (("shop", "orders", "calls"), ("orders", "ledger", "reads"), ("ledger", "m-4", "hosts"),
         ("orders", "m-5", "hosts"), ("shop", "m-5", "hosts"))  # fmt: skip
ABOUT = Symptom(resource="m-4", metric="node_up", direction="below")


def announced(summary: str, resource: str = "m-4", minutes_before: float = 6, kind: str = "infrastructure",
              name: str = "w-1") -> ChangeFound:  # fmt: skip
    at = ONSET - timedelta(minutes=minutes_before)
    change = Change.model_validate(
        {"time": at, "id": name, "resource": resource, "kind": kind, "summary": summary, "actor": "operations"}
    )
    return ChangeFound(kinds=(change.kind,), change=change, resource=resource, lead_s=60 * minutes_before, **SEEN)


def known(kinds: dict[str, str] = KINDS, edges: tuple[tuple[str, str, str], ...] = EDGES) -> Dependencies:
    return Dependencies(resources=kinds, edges=edges, **SEEN)


def down(resource: str, metric: str = "node_up") -> MetricShift:
    return shift(resource, metric, kind="availability", baseline=1.0, current=0.0, unit="1", latest=0.0, latest_at=NOW)


def well(resource: str) -> MetricShift:
    return shift(resource, "latency_p95", absent=True)


def checked(healthy: bool = True, resource: str = "shop") -> ProbeResult:
    result = "open" if healthy else "status 500"
    target = "https://shop.example/"
    return ProbeResult(probe="http_get", resource=resource, target=target, result=result, healthy=healthy, **SEEN)


def first(*facts: Fact, about: Symptom = ABOUT) -> tuple[str, str | None]:
    best = rank_facts(found(*facts), opened(about)).hypotheses[0]
    return best.cause_id, best.resource


def case_of(*facts: Fact, about: Symptom = ABOUT) -> FactIndex:
    return FactIndex(opened(about), None, found(*facts))


@pytest.mark.parametrize(
    "summary",
    [
        "Planned maintenance: power supply of m-4 replaced, drained and switched off",
        "Wartungsfenster: m-4 wird für einen Tausch der Platten heruntergefahren",
        "定期メンテナンス m-4 停止",
        "Manutención: ventana. Mantenimiento programado de m-4",
    ],
)
def test_a_machine_that_is_off_as_announced_is_no_fault_while_nobody_is_hurt(summary: str) -> None:
    assert first(down("m-4"), announced(summary), well("shop"), checked(), known()) == ("false_alarm", None)


def page(text: str) -> LogPattern:
    return LogPattern(resource="shop", template=text, example=text, severity="WARN", family=None, count=40,
                      baseline_count=0.0, trust="reported", **SEEN)  # fmt: skip


def test_who_gets_the_maintenance_page_is_told_so_and_who_gets_errors_is_hurt() -> None:
    work = announced("Upgrade of ledger started, maintenance page on", "ledger")
    about = Symptom(resource="shop", metric="probe_success", direction="below")
    facts = (down("shop", "probe_success"), down("ledger", "pg_up"), work, known())
    assert first(*facts, page('"GET /" 503 214 maintenance until 23:00'), about=about) == ("false_alarm", None)
    assert announced_work(case_of(*facts, about=about)) is None
    assert announced_work(case_of(*facts, page("GET /cart 503 upstream connect error"), about=about)) is None


CALM = (well("shop"), checked(), known())


@pytest.mark.parametrize(
    "facts",
    [
        (announced("Unplanned work on m-4 after a power failure"), *CALM),
        (announced("Emergency: scheduled maintenance of m-4 brought forward"), *CALM),
        (announced("Planned maintenance of m-5", "m-5"), *CALM),
        (announced("Planned maintenance of m-4", minutes_before=600), *CALM),
        (announced("Planned maintenance of m-4", kind="deployment"), *CALM),
        (announced("Planned maintenance of m-4", minutes_before=50),
         announced("Maintenance of m-4 completed", minutes_before=10, name="w-2"), *CALM),
        (announced("Planned maintenance of m-4"), shift("shop", "error_ratio", kind="errors", unit="1"), known()),
        (announced("Planned maintenance of m-4"), log("ledger", "disk_full"), *CALM),
        (announced("Planned maintenance of m-4"), log("other", "timeout"), *CALM),
        (announced("Planned maintenance of m-4"), well("shop"), checked(healthy=False, resource="portal"), known()),
    ],
    ids=["unplanned", "emergency", "another machine", "long ago", "a deployment", "over", "callers fail", "a full disk",
         "others fail", "a check fails"],
)  # fmt: skip
def test_work_that_is_over_or_elsewhere_or_during_which_more_breaks_explains_nothing(facts: tuple[Fact, ...]) -> None:
    assert announced_work(case_of(down("m-4"), *facts)) is None


def times(resource: str, factor: float, metric: str = "slo_latency_p95", baseline: float = 0.08,
          late: timedelta = timedelta(0), kind: str = "latency") -> MetricShift:  # fmt: skip
    return shift(resource, metric, kind=kind, baseline=baseline, current=factor * baseline, onset=ONSET + late)


def raw(resource: str, baseline: float = 0.08, metric: str = "http_duration_p95", kind: str = "latency") -> MetricShift:
    return shift(resource, metric, kind=kind, baseline=baseline, absent=True)


SERVICES = {"a": 0.08, "b": 0.2, "c": 0.03, "shop": 0.5}


@pytest.mark.parametrize(("factor", "kind"), [(1000.0, "latency"), (100.0, "errors"), (0.01, "availability")])
def test_one_factor_for_all_while_a_second_measure_stays_is_another_unit(factor: float, kind: str) -> None:
    facts: list[Fact] = [times(name, factor, baseline=usual, kind=kind) for name, usual in SERVICES.items()]
    facts += [raw(name, usual, kind=kind) for name, usual in SERVICES.items()]
    about = Symptom(resource="shop", metric="slo_latency_p95", direction="above")
    assert first(*facts, share("a", 0.4), about=about) == ("false_alarm", None)
    # An alarm about something else isn't false by that; but nobody is blamed for the wrong measure.
    other = shift("b", "error_ratio", kind="errors", baseline=0.001, current=0.3, unit="1")
    asked = Symptom(resource="b", metric="error_ratio", direction="above")
    assert first(*facts, other, about=asked)[0] != "false_alarm"


@pytest.mark.parametrize(
    "facts",
    [
        # Everybody is slower, each in its own way: a shared database.
        [times("a", 900.0), raw("a"), times("b", 40.0), raw("b"), times("shop", 200.0), raw("shop")],
        # By one factor, and the second measure says so as well.
        [fact for name in SERVICES for fact in (times(name, 1000.0), times(name, 1000.0, "http_duration_p95"))],
        # There is no second measure, or one of something else.
        [times(name, 1000.0) for name in SERVICES],
        [fact for name in SERVICES for fact in (times(name, 1000.0), raw(name, 0.9))],
        # One after another, as a fault spreads.
        [fact for at, name in enumerate(SERVICES)
         for fact in (times(name, 1000.0, late=timedelta(minutes=4 * at)), raw(name))],
        # Two of them may be chance.
        [times("a", 1000.0), raw("a"), times("b", 1000.0), raw("b")],
    ],
    ids=["each its own", "both measures", "one measure", "another quantity", "one after another", "two"],
)  # fmt: skip
def test_what_gets_worse_in_other_ways_is_measured_rightly(facts: list[Fact]) -> None:
    assert rescaled(case_of(*facts)) is None


def flag(resource: str, before: float, now: float, metric: str = "cluster_is_leader") -> MetricShift:
    return shift(resource, metric, kind="other", baseline=before, current=now, unit="1", latest=now, latest_at=NOW)


@pytest.mark.parametrize("metric", ["cluster_is_leader", "repl_is_primary"])
def test_trouble_is_over_where_another_member_leads_and_not_while_none_does(metric: str) -> None:
    long_ago = ONSET - timedelta(minutes=45)
    errors = shift("shop", "error_ratio", kind="errors", baseline=0.001, current=0.5, unit="1", onset=long_ago,
                   latest=0.001, latest_at=NOW)  # fmt: skip
    lost, taken = flag("pg-0", 1, 0, metric), flag("pg-1", 0, 1, metric)
    detected = {"detected_at": NOW - timedelta(minutes=30)}
    about = Symptom(resource="shop", metric="error_ratio", direction="above")

    def cause(*facts: Fact) -> str:
        return rank_facts(found(errors, *facts), opened(about, **detected)).hypotheses[0].cause_id

    assert cause(lost, taken) == "recovered"
    assert cause(lost) != "recovered"
    assert len(exchanged_roles(case_of(lost, taken))) == 2
    assert exchanged_roles(case_of(lost, flag("pg-1", 0, 1, "other_is_leader"))) == frozenset()
