"""X-Ray's service graph: who called whom, as the traces of the last hour show it.

https://docs.aws.amazon.com/xray/latest/api/API_GetServiceGraph.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from primitives.backends.aws.fields import items, number, text, texts
from primitives.backends.aws.look import Look
from primitives.backends.aws.traces.names import CALLER, kind_of_node, resource_of_node

__all__ = ["read"]

_BACK: Final = timedelta(hours=1)
_MOST: Final = 500


async def read(look: Look) -> None:
    """The nodes and their calls. A function is two nodes, of the service and of itself: they are one resource."""
    nodes = await look.list(
        "xray", "GetServiceGraph", "Services", most=_MOST, StartTime=look.end - _BACK, EndTime=look.end
    )
    known: dict[float | None, str] = {}
    for node in nodes:
        kind = text(node, "Type")
        resource = resource_of_node(look, (*texts(node, "Names"), text(node, "Name")), kind)
        if not resource or kind == CALLER:
            continue
        known[_place(node)] = resource
        if resource not in look.resources:
            look.add_resource(resource, kind_of_node(kind))
    for node in nodes:
        source = known.get(_place(node), "")
        for edge in items(node, "Edges"):
            target = known.get(_place(edge), "")
            if source and target:
                look.add_edge(source, target)


def _place(part: Mapping[str, Any]) -> float | None:
    return number(part, "ReferenceId")
