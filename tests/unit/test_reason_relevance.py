"""How much a state counts, by whether it is past, background, older than the trouble, or on a workload that is well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, SEEN, found, graph, opened, shift

from engine.reason.fact_index import FactIndex
from engine.reason.ranking import rank_facts
from engine.reason.relevance_weight import state_factor
from primitives.facts import Fact, LogPattern, SourceGap, WorkloadState

HOST = {"host": "assistant", "by_comparison": True, "family": "references"}


def state(name: str, **more: Any) -> WorkloadState:
    return WorkloadState(resource="web", object="shop/pod/web-1", kind="Pod", state=name, **SEEN, **more)


def errors(template: str) -> LogPattern:
    return LogPattern(
        resource="web", template=template, example=template, severity="ERROR", count=9, baseline_count=0, **SEEN
    )


@pytest.mark.parametrize(
    ("fact", "others", "factor"),
    [
        (state("QuotaExceeded", bearing="past", bearing_reason="it has its replicas"), (), 0.0),
        (state("EnvHostUnknown", bearing="standing", bearing_reason="it is well", details=HOST), (), 0.1),
        (
            state("EnvHostUnknown", bearing="standing", bearing_reason="it is well", details=HOST),
            (errors("dial tcp: lookup assistant: no such host"),),
            1.0,
        ),
        (state("EnvHostUnknown", details=HOST, since=ONSET - timedelta(hours=3)), (shift("api"),), 0.2),
        (state("EnvHostUnknown", details=HOST, since=ONSET), (shift("api"),), 1.0),
        (state("EnvHostUnknown", details=HOST, hurt=False), (), 1.0),
        (state("LivenessProbeFailed", details={"family": "probes"}, hurt=False), (), 0.35),
        (state("LivenessProbeFailed", details={"family": "probes"}, hurt=True), (), 1.0),
        (state("LivenessProbeFailed", details={"family": "probes"}), (), 1.0),
        (state("AutoscalerAtLimit", details={"family": "workloads"}, hurt=False), (), 1.0),
    ],
)
def test_a_state_counts_by_what_it_has_to_do_with_now(
    fact: WorkloadState, others: tuple[Fact, ...], factor: float
) -> None:
    known = FactIndex(opened(), None, found(fact, *others))
    got, why = state_factor(known, fact)
    assert got == factor
    assert bool(why) is (factor < 1.0)


def idle(namespace: str, **details: Any) -> WorkloadState:
    name = f"{namespace}/deployment/old-forms"
    return WorkloadState(
        resource=name, object=name, kind="Deployment", state="ScaledToZero",
        details={"by_comparison": True, "family": "workloads", **details}, **SEEN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "others", "factor"),
    [
        (idle("museum"), (), 0.1),
        (idle("museum"), (graph({"bank/deployment/web": "workload"}),), 0.1),
        (idle("bank"), (), 1.0),
        (idle("museum", recent=True), (), 1.0),
        (idle("museum"), (graph({}, ("bank/deployment/web", "museum/deployment/old-forms")),), 1.0),
    ],
)
def test_a_setting_counts_little_when_all_that_complains_lives_elsewhere(
    fact: WorkloadState, others: tuple[Fact, ...], factor: float
) -> None:
    complaint = errors("lookup rates: no such host").model_copy(update={"resource": "bank/deployment/web"})
    assert state_factor(FactIndex(opened(), None, found(fact, complaint, *others)), fact)[0] == factor


def test_the_sentence_of_a_state_says_what_it_has_to_do_with_now() -> None:
    past = state("QuotaExceeded", bearing="past", bearing_reason="the ReplicaSet has its replicas")
    background = state("EnvHostUnknown", bearing="standing", bearing_reason="what it concerns is healthy")
    assert past.sentence().endswith("QuotaExceeded; past: the ReplicaSet has its replicas")
    assert background.sentence().endswith("EnvHostUnknown; background: what it concerns is healthy")


def test_a_state_without_bearing_is_stored_as_before() -> None:
    assert not {"bearing", "bearing_reason", "hurt"} & set(state("OOMKilled").model_dump())


def test_rules_that_failed_leave_the_first_answer_less_sure_than_a_source_that_answered_in_part() -> None:
    crash = state("CrashLoopBackOff", message="back-off")
    part = SourceGap(question="objects", status="partial", **SEEN)
    failed = SourceGap(question="objects", status="partial", fault=True, withheld=("OOMKilled",), **SEEN)

    def sure(*facts: Fact) -> float:
        return rank_facts(found(crash, *facts), opened()).hypotheses[0].confidence

    assert sure(failed) < sure(part) <= sure()
