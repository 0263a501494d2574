"""Where a resource runs, as far as a source says so."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from primitives.records import Topology
from primitives.text import safe_line

__all__ = ["Location", "locations_of"]

_LONGEST: Final = 253


class Location(BaseModel):
    """Where a resource runs, by the attributes of the same names in its source's topology; empty where not stated.

    `platform` is who runs it (kubernetes, aws, ecs, ...) and `service` which service of it (rds, lambda, ...).
    `workload` is the kind of its Kubernetes workload in lower case, `context` the kubectl context of its cluster.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    platform: str = ""
    service: str = ""
    namespace: str = ""
    workload: str = ""
    context: str = ""
    account: str = ""
    region: str = ""


def locations_of(topologies: Iterable[Topology]) -> dict[str, Location]:
    """The locations that the topologies state, by resource. Where two statements differ, the location is unknown.

    Pods are left out: there may be thousands, and their identifiers say where they are.
    """
    locations: dict[str, set[Location]] = {}
    for topology in topologies:
        for resource in topology.resources:
            stated = _stated(resource.attributes)
            if stated and resource.kind != "pod":
                locations.setdefault(resource.id, set()).add(Location(**stated))
    # A command with the wrong context or account is worse than none.
    return {resource: stated.pop() for resource, stated in locations.items() if len(stated) == 1}


def _stated(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: safe_line(value, limit=_LONGEST)
        for name in Location.model_fields
        if isinstance(value := attributes.get(name), str) and value
    }
