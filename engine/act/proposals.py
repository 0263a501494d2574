"""The leading hypotheses → actions of the catalogue that answer them, on targets that are really known.

A write is only proposed for a cause that is likely enough, and is urgent only where it answers the best one: an
unlikely cause is looked into, not acted on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from engine.hypotheses import Action, Hypothesis
from engine.incident import IncidentState
from engine.reason.catalogue import causes
from primitives.facts import (
    ChangeFound,
    ConfigurationDifference,
    Dependencies,
    MetricAtLimit,
    WorkloadState,
    change_label,
)
from primitives.records import Change
from primitives.remediations.registry import Remediation, Target, remediations
from primitives.terms import IncidentClass
from primitives.text import safe_line
from primitives.units import short_id

__all__ = ["WRITE_CONFIDENCE", "is_verdict", "proposals", "withheld"]

WRITE_CONFIDENCE: Final = 0.3
"""Below this a cause is more than twice as likely wrong as right: no action that changes something is proposed."""

_MIN_CONFIDENCE: Final = 0.1
_HIGH_CONFIDENCE: Final = 0.6
_MAX_ACTIONS: Final = 5
_LOOK: Final = ("inspect_object", "inspect_database", "inspect_function")
"""Read-only actions, for what no remediation answers."""
_ROLL_BACK: Final = "rollback_deployment"
_CHOOSE: Final = "choose_revision"
"""What to do where nobody knows which revision to roll back to."""
_ROLLED: Final = frozenset({"RevisionChanged", "RolloutStuck", "ProgressDeadlineExceeded", "RolloutInProgress"})
_QUANTITY: Final = re.compile(r"(\d+)(Ki|Mi|Gi)")
# Verdicts: with one of them in the lead there is nothing to act on yet.
_VERDICTS: Final = frozenset({IncidentClass.UNKNOWN, IncidentClass.NO_FAULT})


def proposals(state: IncidentState) -> tuple[Action, ...]:
    """At most five, in the order of the hypotheses that they answer; identifiers and priorities are the caller's."""
    found: dict[str, Action] = {}
    for one in state.hypotheses:
        if one.resource is None or one.confidence < _MIN_CONFIDENCE or len(found) >= _MAX_ACTIONS:
            continue
        # What may hurt comes after a look at what it would hurt.
        for action in sorted(_of_hypothesis(state, one), key=lambda action: action.risk == "high"):
            found.setdefault(action.command, action)
    return tuple(list(found.values())[:_MAX_ACTIONS])


def withheld(state: IncidentState) -> str:
    """Why nothing is proposed that changes something, where that is for want of a likely cause; else empty."""
    if not state.hypotheses or any(action.effect != "read" for action in state.actions if action.recommended):
        return ""
    best = state.hypotheses[0]
    if best.cause_class == IncidentClass.NO_FAULT:
        return "nothing to repair: nothing seems to be wrong"
    if best.cause_class == IncidentClass.UNKNOWN:
        return "no repair is recommended yet: the cause is not known"
    if best.confidence < WRITE_CONFIDENCE:
        return f"no repair is recommended yet: the best cause has {100 * best.confidence:.0f} % confidence"
    return ""


def _of_hypothesis(state: IncidentState, one: Hypothesis) -> Iterator[Action]:
    target = _target(state, one)
    fitting = False
    for name in (*_answers(state, one), *_LOOK):
        if fitting and name in _LOOK and one.confidence >= 0.5:
            return
        remediation = remediations()[name]
        if remediation.effect != "read" and not _is_likely(state, one):
            continue
        action = _action(state, remediation, target, one)
        if action is not None:
            yield action
            if action.risk == "high":
                continue
            fitting = True
            if name not in _LOOK:
                return


def _answers(state: IncidentState, one: Hypothesis) -> list[str]:
    """The names of what answers the cause: by the cause, then by what the actions say of themselves, repairs first."""
    fitting = [remediation for remediation in remediations().values() if one.cause_id in remediation.answers]
    said = [remediation.name for remediation in sorted(fitting, key=lambda remediation: remediation.effect == "read")]
    found: list[str] = []
    for name in dict.fromkeys((*causes()[one.cause_id].remediations, *said)):
        if name != _ROLL_BACK:
            found.append(name)
        elif _can_roll_back(state, one):
            found += [name, _CHOOSE]
    return found


def _is_likely(state: IncidentState, one: Hypothesis) -> bool:
    return one.confidence >= WRITE_CONFIDENCE and not is_verdict(state.hypotheses[0])


def is_verdict(hypothesis: Hypothesis) -> bool:
    """Whether it says that nothing is wrong, or that the cause is unknown: then there is nothing to act on."""
    return hypothesis.cause_class in _VERDICTS


def _can_roll_back(state: IncidentState, one: Hypothesis) -> bool:
    """Only what a recent rollout changed can be rolled back."""
    if "deployment" in causes()[one.cause_id].blamed_for:
        return one.change is not None
    return bool(_states(state, one.resource, *_ROLLED))


def _states(state: IncidentState, resource: str | None, *names: str) -> list[WorkloadState]:
    return [
        fact for found in state.facts.values()
        if isinstance(fact := found.fact, WorkloadState) and fact.polarity == "present"
        and fact.resource == resource and fact.state in names
    ]  # fmt: skip


def _target(state: IncidentState, one: Hypothesis) -> Target:
    assert one.resource is not None
    assert state.opened is not None
    kinds: dict[str, str] = {}
    replicas = storage = None
    for found in state.facts.values():
        fact = found.fact
        if isinstance(fact, Dependencies):
            kinds.update(fact.resources)
        if fact.resource != one.resource:
            continue
        if isinstance(fact, ConfigurationDifference) and fact.path.endswith("replicas"):
            replicas = fact.before if isinstance(fact.before, int) and fact.before > 0 else replicas
        if isinstance(fact, MetricAtLimit) and fact.unit == "By" and "storage" in fact.metric:
            storage = fact.limit
    for zero in _states(state, one.resource, "ScaledToZero"):
        earlier = zero.details.get("earlier_replicas")
        replicas = earlier if isinstance(earlier, int) and earlier > 0 else 1
    killed = _states(state, one.resource, "OOMKilled")[-1:]
    later, revision = _rollouts(state, one)
    return Target(
        resource=one.resource,
        kind=kinds.get(one.resource),
        platforms=state.opened.platform,
        change=_change_words(state, one),
        container=killed[0].container if killed else None,
        memory_limit=_doubled(str(killed[0].details.get("memory_limit", ""))) if killed else None,
        replicas=replicas,
        storage_bytes=storage,
        later_deployments=later,
        revision=revision,
    )


def _rollouts(state: IncidentState, one: Hypothesis) -> tuple[int | None, int | None]:
    """How many rollouts of the resource followed the blamed one, and the revision before it; None where not known."""
    blamed = _blamed(state, one)
    if blamed is None:
        changed = _states(state, one.resource, "RevisionChanged")[-1:]
        return 0, _whole(changed[0].details.get("from_revision")) if changed else None
    rollout = _rollout_of(state, one, blamed)
    if rollout is None:
        return None, None
    later = {(change.time, change.id) for change in _own_rollouts(state, one) if change.time > rollout.time}
    return len(later), _whole(rollout.before.get("revision")) if isinstance(rollout.before, Mapping) else None


def _rollout_of(state: IncidentState, one: Hypothesis, blamed: Change) -> Change | None:
    """The rollout that brought a change: itself, or of a commit the first one after it; None where none is known."""
    if _is_rollout(blamed):
        return blamed
    after = [change for change in _own_rollouts(state, one) if change.time >= blamed.time]
    return min(after, key=lambda change: (change.time, change.id or ""), default=None)


def _own_rollouts(state: IncidentState, one: Hypothesis) -> list[Change]:
    return [change for change in _changes(state) if change.resource == one.resource and _is_rollout(change)]


def _is_rollout(change: Change) -> bool:
    """Whether it made a revision of a workload; the cluster tells of those that change configuration alone too."""
    return change.kind == "deployment" or (isinstance(change.after, Mapping) and "revision" in change.after)


def _changes(state: IncidentState) -> Iterator[Change]:
    for found in state.facts.values():
        if isinstance(found.fact, ChangeFound) and found.fact.change is not None:
            yield found.fact.change


def _blamed(state: IncidentState, one: Hypothesis) -> Change | None:
    """The change that a hypothesis blames: reasoning names it by its id, else by the start of its summary."""
    if one.change is None:
        return None
    return next((change for change in _changes(state) if one.change == (change.id or change.summary[:80])), None)


def _whole(value: Any) -> int | None:
    """A revision: a positive whole number, which Kubernetes writes as text."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 2**31 else None


def _change_words(state: IncidentState, one: Hypothesis) -> str:
    if one.change is None:
        return "the latest rollout"
    blamed = _blamed(state, one)
    if blamed is None:
        return f"deployment {short_id(one.change)}"
    rollout = _rollout_of(state, one, blamed)
    if rollout is None or rollout is blamed:
        return change_label(blamed)
    return f"{change_label(rollout)}, which carried {change_label(blamed)},"


def _doubled(quantity: str) -> str | None:
    match = _QUANTITY.fullmatch(quantity)
    return f"{2 * int(match[1])}{match[2]}" if match else None


def _action(state: IncidentState, remediation: Remediation, target: Target, one: Hypothesis) -> Action | None:
    arguments = remediation.fit(target)
    if arguments is None:
        return None
    title = remediation.told(target)
    return Action(
        id="",
        action=safe_line(title),
        priority=0,
        primitive=remediation.name,
        arguments=arguments.model_dump(mode="json"),
        command=remediation.command(arguments),
        effect=remediation.effect,
        risk=remediation.risk,
        estimated_duration_s=remediation.estimated_duration_s,
        requires_approval=remediation.requires_approval,
        hypothesis=one.id,
        urgency=_urgency(state, remediation, one),
        resource=target.resource,
    )


def _urgency(state: IncidentState, remediation: Remediation, one: Hypothesis) -> Literal["HIGH", "MEDIUM", "LOW"]:
    """As urgent as its cause is certain; HIGH only for the best one, with a known mechanism, at no high risk."""
    if remediation.effect == "read" or one.confidence < WRITE_CONFIDENCE:
        return "LOW"
    sure = one.id == state.hypotheses[0].id and one.confidence >= _HIGH_CONFIDENCE
    known = not causes()[one.cause_id].generic and remediation.risk != "high"
    return "HIGH" if sure and known else "MEDIUM"
