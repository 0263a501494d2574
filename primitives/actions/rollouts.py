"""Which rollout brought the fault, and the revision to go back to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from primitives.actions.target import Target
from primitives.dataclass import dataclass
from primitives.facts import change_label
from primitives.quantities import short_id
from primitives.records import Change

__all__ = ["Rollouts", "rollouts_of"]

_ROLLED: Final = ("RevisionChanged", "RolloutStuck", "ProgressDeadlineExceeded", "RolloutInProgress")
_BY_CHANGE: Final = "deployment_regression"
"""The cause that blames a change by its id; others that a rollout may have brought are seen on the cluster."""

_MOST_REVISIONS: Final = 2**31


@dataclass(frozen=True, slots=True)
class Rollouts:
    """The rollout that is blamed, in words, and how to get behind it.

    `number` is its own revision, where that is known. `later` deployments of the same resource followed it (None:
    nobody knows which one carried the change); `revision` is the one before it, where that is known.
    """

    blamed: str
    later: int | None
    revision: int | None
    number: int | None = None

    @property
    def can_be_undone(self) -> bool:
        """Whether it is known where to go back to: the revision by name, or the previous one as nothing followed.

        After later deployments the previous revision is none that is known to be good: it may hold the fault as well.
        """
        return self.revision is not None or self.later == 0


def rollouts_of(target: Target) -> Rollouts | None:
    """The rollouts of the target; None where no recent rollout changed it, so that there is nothing to go back to."""
    if target.cause_id == _BY_CHANGE:
        if target.change is None:
            return None
    elif not target.states(*_ROLLED):
        return None
    later, revision = _behind(target)
    return Rollouts(_words(target), later, revision, _number(target) if later == 0 else None)


def _number(target: Target) -> int | None:
    """The revision that the blamed rollout made, where its record or the cluster says it."""
    rollout = _carrier(target, target.blamed) if target.blamed is not None else None
    if rollout is not None:
        return _revision(rollout.after.get("revision")) if isinstance(rollout.after, Mapping) else None
    changed = target.states("RevisionChanged")[-1:]
    return _revision(changed[0].details.get("to_revision")) if changed else None


def _behind(target: Target) -> tuple[int | None, int | None]:
    if target.blamed is None:
        changed = target.states("RevisionChanged")[-1:]
        return 0, _revision(changed[0].details.get("from_revision")) if changed else None
    rollout = _carrier(target, target.blamed)
    if rollout is None:
        return None, None
    later = {(change.time, change.id) for change in _own(target) if change.time > rollout.time}
    return len(later), _revision(rollout.before.get("revision")) if isinstance(rollout.before, Mapping) else None


def _carrier(target: Target, blamed: Change) -> Change | None:
    """The rollout that brought a change: itself, or of a commit the first one after it; None where none is known."""
    if _is_rollout(blamed):
        return blamed
    after = [change for change in _own(target) if change.time >= blamed.time]
    return min(after, key=lambda change: (change.time, change.id or ""), default=None)


def _own(target: Target) -> list[Change]:
    return [change for change in target.changes if change.resource == target.resource and _is_rollout(change)]


def _is_rollout(change: Change) -> bool:
    """Whether it made a revision of a workload; the cluster also shows those that change only configuration."""
    return change.kind == "deployment" or (isinstance(change.after, Mapping) and "revision" in change.after)


def _revision(value: Any) -> int | None:
    """A revision: a positive whole number, which Kubernetes writes as text."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < _MOST_REVISIONS else None


def _words(target: Target) -> str:
    if target.change is None:
        return "the latest rollout"
    if target.blamed is None:
        return f"deployment {short_id(target.change)}"
    rollout = _carrier(target, target.blamed)
    if rollout is None or rollout is target.blamed:
        return change_label(target.blamed)
    return f"{change_label(rollout)}, which carried {change_label(target.blamed)},"
