"""Facts about Kubernetes objects."""

import operator
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.patterns import lazy_pattern
from primitives.quantities import counted
from primitives.terms import Bearing

__all__ = ["WorkloadState"]

_BY_MEMORY = ("OOMKilled", "KilledWithoutReason")
_LONGEST_DETAIL = 60
_STARTED_AGAIN = lazy_pattern(r"(?i)back-?off(?: \d\w{1,8})? restarting failed\b")


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
        facts = [*self._reasons()]
        facts.append(f"exit code {self.exit_code}" if self.exit_code is not None else "")
        facts.append(counted(self.restarts, "restart") if self.restarts else "")
        # Of a container that ended the platform says only that it starts it again.
        facts.append("" if _STARTED_AGAIN.match(self.message) else shorten(self.message))
        detail = ", ".join(fact for fact in facts if fact)
        return f"{what}: {self.state}" + (f" ({detail})" if detail else "") + self._relevance_words()

    def _reasons(self) -> Iterator[str]:
        """What of the details is why: the limit and what ran into it, the labels that are asked for."""
        if self.state in _BY_MEMORY:
            for name, words in (("memory_limit", "memory limit"), ("command", "command")):
                if value := self.details.get(name):
                    yield f"{words} {shorten(str(value), _LONGEST_DETAIL)}"
        wanted, there = self.details.get("node_selector"), self.details.get("node_labels")
        if isinstance(wanted, Mapping) and wanted:
            yield f"asks for {shorten(', '.join(f'{key}={value}' for key, value in wanted.items()), _LONGEST_DETAIL)}"
            have = there if isinstance(there, Mapping) else {}
            known = [f"{key}={value}" for key in wanted for value in have.get(key) or ()]
            if known:
                yield f"nodes have {shorten(', '.join(known), _LONGEST_DETAIL)}"

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
