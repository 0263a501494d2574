"""Why containers crash: the revision that came before, their last words, what an init container waits for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from incident_facts import ONSET, change, found, log, opened, state_of

from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from primitives.facts import Fact
from primitives.records import Symptom

IMAGE = {"path": "spec.containers.app.image", "before": "app:1", "after": "app:2"}
VARIABLE = {"path": "spec.containers.app.env.MODE", "before": "a", "after": "b"}
CPU = {"path": "spec.containers.app.resources.limits.cpu", "before": "1", "after": "2"}


def first(*facts: Fact, about: str) -> Hypothesis:
    return rank_facts(found(*facts), opened(symptom=Symptom(resource=about))).hypotheses[0]


def revision(resource: str, *changes: dict[str, str], unready: int = 2) -> Fact:
    details = {"changes": list(changes), "new_pods": 2, "new_pods_unready": unready, "weight": "note"}
    return state_of(resource, "RevisionChanged", since=ONSET - timedelta(minutes=4), details=details)


def crash(resource: str, state: str = "CrashLoopBackOff", **details: Any) -> Fact:
    return state_of(resource, state, since=ONSET, exit_code=1, details={"weight": "symptom", **details})


@pytest.mark.parametrize(
    ("resource", "changed", "state"),
    [
        ("bakery/deployment/oven", IMAGE, "CrashLoopBackOff"),
        ("harbour/deployment/pilot", IMAGE, "KilledBySignal"),
        ("choir/deployment/score", VARIABLE, "CrashLoopBackOff"),
    ],
)
def test_pods_that_crash_since_their_revision_came_are_its_regression(
    resource: str, changed: dict[str, str], state: str
) -> None:
    best = first(revision(resource, changed), crash(resource, state), about=resource)
    assert (best.cause_id, best.resource) == ("deployment_regression", resource)


def test_the_recorded_change_of_that_revision_is_named() -> None:
    name = "bakery/deployment/oven"
    best = first(revision(name, IMAGE), crash(name), change("v2", name, minutes_before=4), about=name)
    assert (best.cause_id, best.change) == ("deployment_regression", "v2")


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        ((revision("mill/deployment/sieve", CPU), crash("mill/deployment/sieve")), "application_crash"),
        ((revision("mill/deployment/sieve", IMAGE, unready=1), crash("mill/deployment/sieve")), "application_crash"),
        (
            (revision("mill/deployment/sieve", IMAGE), crash("mill/deployment/sieve", revision="older")),
            "application_crash",
        ),
        (
            (
                revision("mill/deployment/sieve", IMAGE),
                crash("mill/deployment/sieve"),
                state_of("mill/deployment/sieve", "SecretMissing", details={"weight": "cause"}),
            ),
            "missing_secret",
        ),
    ],
    ids=["only its CPU changed", "some of its pods are well", "older pods crash", "something is missing"],
)
def test_a_revision_is_not_blamed_for(facts: tuple[Fact, ...], cause: str) -> None:
    assert first(*facts, about="mill/deployment/sieve").cause_id == cause


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("getaddrinfo ENOTFOUND tide-tables", "dns_resolution_failed"),
        ("FATAL: database files are incompatible: No space left on device", "disk_full"),
        ("", "application_crash"),
        ("goodbye", "application_crash"),
    ],
)
def test_the_last_message_of_a_container_tells_why_it_ended(words: str, cause: str) -> None:
    name = "pier/deployment/gauge"
    assert first(crash(name, last_words=words or None), about=name).cause_id == cause


def test_an_init_container_that_waits_speaks_for_what_it_waits_for() -> None:
    name = "farm/deployment/dairy"
    missing = state_of(name, "ReplicasUnavailable", details={"weight": "symptom"})
    waits = state_of(name, "InitContainerNotFinished", details={"weight": "symptom"})
    assert first(missing, waits, about=name).cause_id == "dependency_unavailable"
    assert first(missing, about=name).cause_id == "object_unhealthy"


def test_names_that_do_not_resolve_behind_a_policy_without_dns_are_its_effect() -> None:
    policy, client = "lab/networkpolicy/closed", "lab/deployment/scale"
    blocks = state_of(policy, "NetworkPolicyBlocksDns", details={"weight": "cause", "affects": [client]})
    best = first(blocks, log(client, "dns"), about=client)
    assert (best.cause_id, best.resource) == ("network_policy_blocked", policy)
    assert first(log(client, "dns"), about=client).cause_id == "dns_resolution_failed"
