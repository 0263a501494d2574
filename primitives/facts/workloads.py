"""Facts about Kubernetes objects."""

import operator
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.quantities import counted
from primitives.terms import Bearing

__all__ = ["WorkloadState"]

_BY_MEMORY = ("OOMKilled", "KilledWithoutReason")


class WorkloadState(FactBase):
    """The state of a Kubernetes object that matters (or, absent, that nothing is wrong with it).

    `state` is Kubernetes' own reason where it has one (`CrashLoopBackOff`, `OOMKilled`, `ImagePullBackOff`,
    `FailedScheduling`, `Unhealthy`, `NodeNotReady`) and else ours in the same style (`NoEndpoints`,
    `SelectorMismatch`). `object` is the object's identifier, `resource` the workload that owns it. `details` holds what
    identifies the fault: ports, names, limits. `bearing` says whether it can be why something fails now, and
    `bearing_reason`, in words, why it can't. `hurt` says whether its resource is in trouble now (replicas that are
    missing or not ready, restarts, failed checks); None: not known.
    """

    type: Literal["workload_state"] = "workload_state"
    object: str
    kind: str
    state: str
    container: str | None = None
    message: str = ""
    exit_code: int | None = None
    restarts: int | None = None
    count: int = 1
    since: AwareDatetime | None = None
    details: Mapping[str, Any] = {}
    bearing: Bearing = Field(default="active", exclude_if=lambda bearing: bearing == "active")
    bearing_reason: str = Field(default="", exclude_if=operator.not_)
    hurt: bool | None = Field(default=None, exclude_if=lambda hurt: hurt is None)

    EXAMPLE: ClassVar = {
        "resource": "shop/deployment/api",
        "object": "shop/pod/api-7b5c4d8f69-4mkzt",
        "kind": "pod",
        "state": "OOMKilled",
        "container": "app",
        "exit_code": 137,
        "restarts": 4,
    }

    def sentence(self, called: NameOf = full_name) -> str:
        what = called(self.object) + (f" container {self.container}" if self.container else "")
        if self.polarity == "absent":
            return f"{what} is healthy"
        limit = self.details.get("memory_limit") if self.state in _BY_MEMORY else None
        facts = [f"memory limit {shorten(str(limit), 20)}" if limit else ""]
        facts.append(f"exit code {self.exit_code}" if self.exit_code is not None else "")
        facts.append(counted(self.restarts, "restart") if self.restarts else "")
        facts.append(shorten(self.message))
        detail = ", ".join(fact for fact in facts if fact)
        return f"{what}: {self.state}" + (f" ({detail})" if detail else "") + self._relevance_words()

    def _relevance_words(self) -> str:
        match self.bearing:
            case "past":
                return f"; past: {self.bearing_reason}"
            case "standing":
                return f"; background: {self.bearing_reason}"
            case "active":
                return ""

    def named_resources(self) -> Iterator[str]:
        yield from super().named_resources()
        yield self.object
