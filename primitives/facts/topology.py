"""Facts about who depends on whom."""

import operator
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from primitives.display_names import Naming, full_name
from primitives.facts.base import FactBase
from primitives.facts.locations import Location
from primitives.units import counted

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

    def sentence(self, called: Naming = full_name) -> str:
        del called  # no resource stands in it
        how = " (inferred from spans)" if self.inferred else ""
        if not self.edges:
            return f"no dependencies are known among {counted(len(self.resources), 'resource')}{how}"
        edges = counted(len(self.edges), "dependency")
        return f"{counted(len(self.resources), 'resource')} with {edges} known{how}"

    def named_resources(self) -> Iterator[str]:
        yield from self.resources
        # A large system has ten edges a resource: one pass in C for each end.
        yield from map(operator.itemgetter(0), self.edges)
        yield from map(operator.itemgetter(1), self.edges)
