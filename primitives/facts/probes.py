"""Facts about active checks."""

from typing import ClassVar, Literal

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase
from primitives.terms import ProbeKind

__all__ = ["ProbeResult"]


class ProbeResult(FactBase):
    """The result of an active check."""

    type: Literal["probe_result"] = "probe_result"
    probe: ProbeKind
    target: str | None = None
    result: str
    healthy: bool
    output: str = ""

    EXAMPLE: ClassVar = {
        "resource": "api",
        "probe": "tcp_connect",
        "target": "orders-db:5432",
        "result": "failed",
        "healthy": False,
    }

    def sentence(self, called: NameOf = full_name) -> str:
        to = f" to {called(self.target)}" if self.target else ""
        return f"{self.probe} from {self.resource_name(called)}{to}: {self.result}"
