"""Checks that are held against each other: a front that leads to the wrong place, a machine that is gone."""

from __future__ import annotations

import pytest
from incident_facts import SEEN, found, graph, opened, state_of

from engine.reason import rank_facts
from engine.reason.checks_compared import checks_compared
from engine.reason.closed_paths import closed_paths
from engine.reason.fact_index import FactIndex
from primitives.facts import Fact, ProbeResult
from primitives.records import Symptom


def check(resource: str, target: str, result: str, *, healthy: bool = False, probe: str = "http_get") -> ProbeResult:
    return ProbeResult(resource=resource, probe=probe, target=target, result=result, healthy=healthy, **SEEN)


def claimed(*facts: Fact) -> list[tuple[str, str | None]]:
    case = FactIndex(opened(), None, found(*facts))
    return [(claim.key.cause_id, claim.key.resource) for claim in checks_compared(case) if claim.weight > 0]


FRONT = "choir/ingress/public"
BEHIND = "choir/service/scores"


@pytest.mark.parametrize("front", [FRONT, "choir/httproute/public"])
def test_a_front_that_finds_nothing_where_the_service_answers_is_misrouted(front: str) -> None:
    through = check(front, "https://choir.example/scores/7?voice=alto", "404")
    direct = check(BEHIND, "http://scores.choir.svc/scores/7?voice=alto", "200", healthy=True)
    assert claimed(through, direct) == [("ingress_misrouted", front)]


@pytest.mark.parametrize(
    ("result", "target", "direct"),
    [
        # Nobody is behind it, or too slow: that is no wrong way.
        ("503", "https://choir.example/scores/7", "http://scores/scores/7"),
        ("timed out", "https://choir.example/scores/7", "http://scores/scores/7"),
        # Another request.
        ("404", "https://choir.example/scores/7", "http://scores/scores/8"),
        # Anybody answers for the root, and no front leads to what a process says of itself.
        ("404", "https://choir.example/", "http://scores/"),
        ("404", "https://choir.example/healthz", "http://scores/healthz"),
        ("404", "https://choir.example/actuator/metrics", "http://scores/actuator/metrics"),
        # No address at all.
        ("404", "http://[choir/scores/7", "http://[choir/scores/7"),
    ],
)
def test_what_only_looks_like_it_says_nothing(result: str, target: str, direct: str) -> None:
    assert claimed(check(FRONT, target, result), check(BEHIND, direct, "200", healthy=True)) == []


def test_who_answers_neither_way_is_not_misrouted() -> None:
    assert claimed(check(FRONT, "https://choir.example/a/b", "404"), check(BEHIND, "http://scores/a/b", "404")) == []


def node(target: str, *, healthy: bool = False) -> ProbeResult:
    return check("node/east-4", target, "open" if healthy else "failed", healthy=healthy, probe="tcp_connect")


def test_a_machine_of_which_no_port_answers_is_gone_and_not_its_kubelet_alone() -> None:
    state = state_of("node/east-4", "KubeletStopped")
    assert claimed(state, node("10.0.4.4:22")) == [("node_not_ready", "node/east-4")]


def test_a_kubelet_alone_may_be_dead() -> None:
    state = state_of("node/east-4", "KubeletStopped")
    assert claimed(state, node("10.0.4.4:10250")) == []
    assert claimed(state, node("10.0.4.4:30080"), node("10.0.4.4:22", healthy=True)) == []
    assert claimed(node("10.0.4.4:22")) == []


def test_a_machine_that_refuses_a_connection_is_there() -> None:
    state = state_of("node/east-4", "KubeletStopped")
    refused = node("10.0.4.4:22").model_copy(update={"output": "connect: connection refused"})
    assert claimed(state, refused) == []
    assert claimed(state, node("https://10.0.4.4:10250/healthz")) == []


def connecting(asker: str, result: str, output: str = "", target: str = "10.8.0.3:5432") -> ProbeResult:
    return ProbeResult(resource=asker, probe="tcp_connect", target=target, result=result, healthy=result == "open",
                       output=output, **SEEN)  # fmt: skip


@pytest.mark.parametrize(
    ("failed", "elsewhere", "closed"),
    [
        (connecting("web", "failed", "timed out"), connecting("exporter", "open"), True),
        # It refuses everybody, nobody else can connect, or to something else.
        (connecting("web", "failed", "connection refused"), connecting("exporter", "open"), False),
        (connecting("web", "failed", "timed out"), connecting("exporter", "failed", "timed out"), False),
        (connecting("web", "failed", "timed out"), connecting("exporter", "open", target="10.8.0.9:80"), False),
        (connecting("web", "failed", "timed out"), connecting("web", "open"), False),
    ],
)
def test_what_one_can_reach_and_another_cannot_is_closed_to_that_one(
    failed: ProbeResult, elsewhere: ProbeResult, closed: bool
) -> None:
    known = graph({"web": "service", "exporter": "service"})
    ranking = rank_facts(found(known, failed, elsewhere), opened(Symptom(resource="web"))).hypotheses
    blocked = max((best.confidence for best in ranking if best.cause_id == "network_policy_blocked"), default=0.0)
    down = max((best.confidence for best in ranking if best.cause_id == "dependency_unavailable"), default=0.0)
    assert (blocked > down) is closed


@pytest.mark.parametrize(("direction", "asker"), [("egress", True), ("ingress", False)])
def test_a_path_that_the_askers_own_rules_close_is_told_of_the_asker(direction: str, asker: bool) -> None:
    known = graph({"web": "service", "exporter": "service", "ledger": "database"}, ("web", "ledger"))
    rule = state_of("web", "NetworkPolicyBlocked", details={"direction": direction, "weight": "cause"})
    failed, elsewhere = (connecting(name, result, target="ledger:5432") for name, result in
                         (("web", "timed out"), ("exporter", "open")))  # fmt: skip
    case = FactIndex(opened(), None, found(known, rule, failed, elsewhere))
    claims = [claim for claim in closed_paths(case) if claim.group == "closed path"]
    assert claims
    assert all((claim.key.resource == "web") is asker for claim in claims)
