"""Lines in which a platform states what became of a resource, as the states that a dump of Kubernetes has.

Amazon ECS: "Stopped tasks error messages" (CannotPullContainer) and "Service event messages" (unable to place a task);
systemctl(1) and systemd.service(5): `Active: failed`, unless the result says who killed it; `kubectl rollout status`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from primitives.dataclass import dataclass
from primitives.kubernetes.images import classify_pull_error, pull_state
from primitives.outputs.signs import lately
from primitives.outputs.texts import Output
from primitives.patterns import lazy_pattern

__all__ = ["PlatformState", "platform_states"]

_PULL: Final = lazy_pattern(r"(?i)CannotPull(?:ECR)?Container|CannotPullImageManifest")
# ECS wraps whatever the registry said in this.
_WRAPPING: Final = lazy_pattern(r"(?i)failed to resolve ref(?:erence)?")
_GRAMMAR: Final = (
    ("InsufficientMemory", r"unable to place a task.{0,400}insufficient memory"),
    ("InsufficientCPU", r"unable to place a task.{0,400}insufficient CPU"),
    ("ProgressDeadlineExceeded", r"exceeded its progress deadline"),
    ("ContainerFailed", r"^Active: failed\b(?! \(Result: (?:oom-kill|start-limit))"),
)
_PATTERNS: Final = tuple((state, lazy_pattern(f"(?i){pattern}")) for state, pattern in _GRAMMAR)


@dataclass(frozen=True, slots=True)
class PlatformState:
    """A state of `resource`, in the platform's words."""

    resource: str
    state: str
    line: str


def platform_states(output: Output, lines: Sequence[str], since: datetime) -> tuple[list[PlatformState], list[str]]:
    """The states that lines tell, each once, and the other lines."""
    stated: dict[str, PlatformState] = {}
    rest: list[str] = []
    for line in lately(lines, output, since):
        if state := _state(line.strip()):
            stated.setdefault(state, PlatformState(output.resource, state, line.strip()))
        else:
            rest.append(line)
    return list(stated.values()), rest


def _state(line: str) -> str | None:
    if _PULL.search(line):
        return pull_state("", classify_pull_error(_WRAPPING.sub("", line)))
    return next((state for state, pattern in _PATTERNS if pattern.search(line)), None)
