"""Volumes that a lost node holds: where they were attached last, nobody detaches them any more.

A volume that one node at a time may use follows its pod to another node only when the old pod is known to be gone; the
kubelet of a lost node can't say so (Kubernetes: Nodes, "Non-graceful node shutdown handling").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import causes, causes_of_state
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import WorkloadState
from primitives.identity import kind_of

__all__ = ["HELD", "held_claims", "held_volumes"]

HELD: Final = "MultiAttachError"
"""The state of a pod whose volume is attached to another node."""

_STAYS: Final = "TerminatingStuck"
# A lost node may be as lost as it was before, and the pod elsewhere: the volume ties them.
_TIED: Final = 1.0


def held_volumes(case: FactIndex) -> frozenset[tuple[str | None, str | None]]:
    """Each lost node with the workloads whose volumes it may hold: one of their pods can't be removed."""
    states = [fact for _, fact in case.present(WorkloadState) if fact.bearing != "past"]
    staying = {fact.resource for fact in states if fact.state == _STAYS}
    waiting = {fact.resource for fact in states if fact.state == HELD} & staying
    lost = {fact.resource for fact in states if kind_of(fact.resource or fact.object) == "node" and _losses(fact)}
    return frozenset((node, workload) for node in lost for workload in waiting)


def held_claims(case: FactIndex) -> Iterator[Claim]:
    """That a volume can't follow its pod speaks for the lost node that holds it."""
    for node, workload in sorted(case.once(held_volumes), key=str):
        lost = {cause_id for _, fact in case.present(WorkloadState) if fact.resource == node
                for cause_id in _losses(fact)}  # fmt: skip
        for name, fact in case.present(WorkloadState):
            if fact.state == HELD and fact.resource == workload:
                for cause_id in sorted(lost):
                    yield Claim(HypothesisKey(cause_id, node), name, _TIED, "it may hold the volume", "held")


def _losses(state: WorkloadState) -> list[str]:
    """The causes that a node's state speaks for by which whatever ran there goes with it."""
    return [cause_id for cause_id, _ in causes_of_state(state.state) if causes()[cause_id].reach == "anywhere"]
