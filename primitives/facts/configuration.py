"""Facts about configuration."""

from typing import Any, ClassVar, Literal

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.records import Window

__all__ = ["ConfigurationDifference"]


class ConfigurationDifference(FactBase):
    """A configuration value differs from what it was; absent: the snapshots agree."""

    type: Literal["configuration_difference"] = "configuration_difference"
    kind: str
    path: str = ""
    before: Any = None
    after: Any = None
    changed_between: Window | None = None

    EXAMPLE: ClassVar = {
        "resource": "api",
        "kind": "deployment",
        "path": "spec.replicas",
        "before": 3,
        "after": 1,
    }

    def sentence(self, called: NameOf = full_name) -> str:
        if self.polarity == "absent":
            return f"{self.resource_name(called)} {self.kind} configuration did not change"
        return f"{self.resource_name(called)} {self.kind} {self.path}: {shorten(self.before)} → {shorten(self.after)}"
