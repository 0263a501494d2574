"""Facts about who depends on whom."""

import operator
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import ClassVar, Literal

from pydantic import Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase
from primitives.facts.locations import Location
from primitives.quantities import counted

__all__ = ["Dependencies"]


class Dependencies(FactBase):
    """The topology around the incident: `edges` as (from, to, kind), where from depends on to.

    `locations` says of some resources where they run, as far as their sources state it.
    """

    type: Literal["dependencies"] = "dependencies"
    resources: Mapping[str, str]
    edges: tuple[tuple[str, str, str], ...]
    inferred: bool = False
    # Left out where nothing is stated: so were they before there were any, and hashes cover the bytes.
    locations: Mapping[str, Location] = Field(default={}, exclude_if=operator.not_)

    EXAMPLE: ClassVar = {
        "resources": {"api": "service", "orders-db": "database"},
        "edges": [("api", "orders-db", "calls")],
    }

    def sentence(self, called: NameOf = full_name) -> str:
        del called  # it names no resource
        how = " (inferred from spans)" if self.inferred else ""
        if not self.edges:
            return f"no dependencies are known among {counted(len(self.resources), 'resource')}{how}"
        edges = counted(len(self.edges), "dependency")
        return f"{counted(len(self.resources), 'resource')} with {edges} known{how}"

    def named_resources(self) -> Iterator[str]:
        return iter(self._named)

    @cached_property
    def _named(self) -> tuple[str, ...]:
        """Each resource once: a large system has ten edges a resource, and every ranking asks for the names."""
        ends = (end for source, target, _ in self.edges for end in (source, target))
        return tuple(dict.fromkeys((*self.resources, *ends)))
