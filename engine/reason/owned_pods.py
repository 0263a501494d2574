"""A cause on a Pod is told of the workload that owns it: its next Pod will have it too (INCIDENT_BUNDLE.md, resources).

Metrics and logs name Pods, changes and remediations their Deployment; apart, the evidence of each is half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.reason.claims import Claim, PlaceEvidence
from engine.reason.fact_index import FactIndex

__all__ = ["claims_of_workloads", "of_workloads"]


def claims_of_workloads(case: FactIndex, claims: Iterable[Claim]) -> Iterator[Claim]:
    """The claims, those of a Pod as claims of its workload."""
    workloads = case.graph.workloads
    for claim in claims:
        # What a change touched is known by the change itself.
        owner = workloads.get(claim.key.resource or "") if claim.key.change is None else None
        yield claim if owner is None else replace(claim, key=replace(claim.key, resource=owner))


def of_workloads(case: FactIndex, places: Iterable[PlaceEvidence]) -> Iterator[PlaceEvidence]:
    """The evidence for places, that of a Pod for its workload."""
    workloads = case.graph.workloads
    for place in places:
        owner = workloads.get(place.resource)
        yield place if owner is None else replace(place, resource=owner)
