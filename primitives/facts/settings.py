"""Facts about settings that contradict each other, or the platform that they are for."""

from typing import Any, ClassVar, Literal

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten

__all__ = ["SettingConflict"]


class SettingConflict(FactBase):
    """Two settings of one snapshot, or of both ends of a dependency, that don't go together; or one that can't work.

    `value` stands at `path` of the resource; `other_value` at `other_path` of `other` (none: of the same resource; no
    path: it is the platform's). `basis` is the documentation that says so. `recent` is true where the last snapshot of
    normal times did not have it, false where it had, and null where there is none.
    """

    type: Literal["setting_conflict"] = "setting_conflict"
    rule: str
    path: str
    value: Any = None
    other: str | None = None
    other_path: str = ""
    other_value: Any = None
    why: str
    basis: str
    recent: bool | None = None

    EXAMPLE: ClassVar = {
        "resource": "checkout",
        "rule": "keep_alive_too_short",
        "path": "server.keepAliveTimeout",
        "value": 5,
        "other": "front-lb",
        "other_path": "idle_timeout.timeout_seconds",
        "other_value": 60,
        "why": "it closes connections that the balancer still uses",
        "basis": "AWS: Troubleshoot your Application Load Balancers (HTTP 502)",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        own = f"{self.resource_name(called)} {self.path} = {shorten(self.value, 60)}"
        if self.other_path:
            place = f"{called(self.other)} " if self.other is not None else ""
            own += f" against {place}{self.other_path} = {shorten(self.other_value, 60)}"
        return f"{own}: {self.why}"
