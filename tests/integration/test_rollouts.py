"""New replicas against old ones: a rollout that is worse is found, one that is not worse is not blamed."""

from __future__ import annotations

from typing import get_args

import pytest
from cases.in_memory import ranked
from cases.rollouts import Defect, Naming, beside, rollout
from cases.small_systems import ONSET, SYSTEMS, Case, System

from engine.hypotheses import Hypothesis

_DEFECTS = [defect for defect in get_args(Defect) if defect != "alike"]
_IDS = [system.name for system in SYSTEMS]


def _callers(system: System, service: str) -> list[str]:
    """Everything that depends on the service, however far."""
    callers = [service]
    for name in callers:
        callers += [source for source, target in system.calls if target == name and source not in callers]
    return callers[1:]


def _incident(case: Case, service: str, defect: Defect) -> None:
    """What the callers suffer of it: one in five of their requests meets a new replica."""
    callers = _callers(case.system, service)
    if defect == "slow":
        case.healthy(slower={service: 2.5, **dict.fromkeys(callers, 2.2)})
    elif defect == "fails":
        case.healthy(failing={service: 0.14, **dict.fromkeys(callers, 0.14)})
    else:
        # Who never answers counts no failures.
        case.healthy(failing=dict.fromkeys(callers, 0.14))


async def _answer(case: Case, *, slow: bool) -> Hypothesis:
    system = case.system
    return (await ranked(case.parts(system.entry, system.latency if slow else system.failures)))[0]


@pytest.mark.parametrize("naming", get_args(Naming))
@pytest.mark.parametrize("defect", _DEFECTS)
@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_a_rollout_whose_new_replicas_are_ill_is_to_blame(system: System, defect: Defect, naming: Naming) -> None:
    if defect == "never serves" and naming == "first seen":
        return  # Nobody knows of them.
    case = Case(system, 11)
    service = list(system.replicas)[1]
    _incident(case, service, defect)
    rollout(case, service, defect, naming=naming)
    # The others begin later and earlier, and are as good as their old replicas.
    for number, other in enumerate(beside(case, service)):
        rollout(case, other, "alike", started=ONSET - 4 + number, naming=naming)
    best = await _answer(case, slow=defect == "slow")
    assert (best.cause_id, best.resource) == ("deployment_regression", service)


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_a_canary_that_suffers_with_the_old_replicas_is_innocent(system: System) -> None:
    case = Case(system, 12)
    source, target = next(pair for pair in system.calls if pair[0] in system.replicas)
    slower = case.waiting(target, 12.0)
    case.healthy(slower=slower)
    rollout(case, source, "alike", old={"slower": slower[source]})
    best = await _answer(case, slow=True)
    assert best.change is None
    assert best.resource == target


@pytest.mark.parametrize("system", SYSTEMS, ids=_IDS)
async def test_replicas_that_were_added_against_a_fault_are_innocent(system: System) -> None:
    case = Case(system, 13)
    service = next(iter(system.replicas))
    case.healthy(failing={service: 0.3, **dict.fromkeys(_callers(system, service), 0.3)})
    rollout(case, service, "alike", started=ONSET + 4, new=2, naming="first seen", old={"failing": 0.3}, kind="scaling")
    assert (await _answer(case, slow=False)).change is None
