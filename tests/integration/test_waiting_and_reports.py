"""Waiting is told from working, and a comparison that somebody else measured and reported counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cases.in_memory import ranked
from cases.small_systems import CPU, ONSET, SYSTEMS, Case, System, at, metric

from engine.hypotheses import Hypothesis
from primitives.analysis.measurements import measurements
from primitives.records import Observation, Resource

_IDS = [system.name for system in SYSTEMS]
_REQUESTS = metric("requests", "traffic", "{request}/s", worse="either")
_FEWER = 0.4


def _leaf(system: System) -> str:
    return system.calls[-1][1]


def _slow(system: System, seed: int, *, work: float) -> Case:
    """One resource is 60 times slower, so all get fewer requests; it uses `work` times its CPU."""
    case, slow = Case(system, seed), _leaf(system)
    case.healthy(slower=case.waiting(slow, 60.0))
    for name in system.services:
        case.measure(name, _REQUESTS, 40.0, after=40.0 * _FEWER)
        case.measure(name, CPU, 20.0, after=20.0 * (work if name == slow else _FEWER), noise=0.04)
    return case


async def _best(case: Case) -> Hypothesis:
    return (await ranked(case.parts(case.system.entry, case.system.latency)))[0]


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_what_is_slow_while_its_cpu_and_requests_fall_waits_for_its_network(system: System) -> None:
    best = await _best(_slow(system, 51, work=_FEWER))
    assert (best.cause_id, best.resource) == ("network_delay", _leaf(system))


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_what_is_slow_and_works_does_not_wait(system: System) -> None:
    best = await _best(_slow(system, 52, work=4.9))
    assert (best.cause_id, best.resource) == ("cpu_saturated", _leaf(system))


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_what_waits_for_a_full_disk_queue_has_no_slow_network(system: System) -> None:
    case = _slow(system, 53, work=_FEWER)
    case.measure(_leaf(system), metric("disk_queue_depth", "saturation", "{request}"), 0.5, after=64.0)
    best = await _best(case)
    assert (best.cause_id, best.resource) == ("io_saturated", _leaf(system))


def _reported(resource: str, name: str, normal: float, current: float) -> Observation:
    data = {"metric": name, "unit": "{segment}", "normal": normal, "current": current}
    return Observation(time=at(ONSET + 2), resource=resource, kind="measurement", data=data)


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_reported_retransmissions_name_the_host_with_most_of_them(system: System) -> None:
    case = Case(system, 54)
    case.healthy(slower={system.entry: 4.0})
    for host in ("host-a", "host-b"):
        case.resources[host] = Resource(id=host, kind="node")
    told = (_reported("host-a", "tcp_retransmissions", 0.1, 0.6), _reported("host-b", "tcp_retransmissions", 0.0, 11.0))
    parts = replace(case.parts(system.entry, system.latency), observations=told)
    hosts = [hypothesis.resource for hypothesis in await ranked(parts) if hypothesis.cause_id == "network_packet_loss"]
    assert hosts[0] == "host-b"


def test_a_report_without_a_usual_value_or_of_one_that_hardly_moved_is_no_shift() -> None:
    small = _reported("host-a", "latency_p95", 100.0, 112.0)
    lone = Observation(time=at(0), resource="db", kind="top_sql", data={"statement": "SELECT 1", "value": 3.0})
    named = Observation(time=at(0), resource="db", kind="wait_event", data={"name": "io:read", "value": 2.0})
    assert measurements((small, lone, named)) == []
