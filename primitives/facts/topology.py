"""Facts about who depends on whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from primitives.facts.base import FactBase
from primitives.units import counted

__all__ = ["Dependencies"]


class Dependencies(FactBase):
    """The topology around the incident: `edges` as (from, to, kind), where from depends on to."""

    type: Literal["dependencies"] = "dependencies"
    resources: Mapping[str, str]
    edges: tuple[tuple[str, str, str], ...]
    inferred: bool = False

    def sentence(self) -> str:
        how = " (inferred from spans)" if self.inferred else ""
        if not self.edges:
            return f"no dependencies are known among {counted(len(self.resources), 'resource')}{how}"
        edges = counted(len(self.edges), "dependency")
        return f"{counted(len(self.resources), 'resource')} with {edges} known{how}"
