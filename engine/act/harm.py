"""Do no harm: why an action that changes something is not offered, although its cause is likely enough.

What only the platform knows (an autoscaler or a GitOps controller that would undo it, a rollout under way, a node that
somebody empties) is checked by each action's preflight, and freezes are the policy's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from engine.hypotheses import Hypothesis
from engine.incident import IncidentState
from engine.naming import display_names
from primitives.actions.target import Target
from primitives.facts import Dependencies
from primitives.patterns import lazy_pattern
from primitives.records import Change
from primitives.terms import IncidentClass
from primitives.text import safe_line

__all__ = ["why_not_offered"]

_MARGIN: Final = 0.1
"""The lead in confidence that a cause needs over every rival on another resource before anything is changed for it."""

_LEAST: Final = 0.1
_MIGRATION: Final = lazy_pattern(
    r"\b(?:migrations?|migrated?|schema (?:change|version|update)|(?:alter|drop|rename) (?:table|column)|"
    r"flyway|liquibase|alembic)\b"
)
# An index changes no column and no row, so it fits every revision (PostgreSQL, "Indexes: Introduction"); a unique one
# refuses rows that were fine.
_INDEX: Final = lazy_pattern(
    r"\b(?:add(?:s|ed)?|creat(?:e|es|ed)|builds?|built|drop(?:s|ped)?|re-?build) (?:an? |the )?(?:concurrent(?:ly)? )?"
    r"index(?:es)?\b"
)
_BESIDE_INDEX: Final = lazy_pattern(
    r"\bunique\b|\b(?:alter|drop|rename|add|remove)\w* (?:an? |the )?(?:tables?|columns?|constraints?|types?)\b"
    r"|\bnot null\b"
)
_MORE_COPIES: Final = ("scale_", "set_autoscaler_bounds", "set_reserved_concurrency")
_WITH_RELEASE: Final = timedelta(hours=1)
"""A migration runs up to so long before the release that needs it."""


def why_not_offered(state: IncidentState, hypothesis: Hypothesis, target: Target, primitive: str) -> str:
    """Why the action `primitive` for the hypothesis would harm, as a sentence ends; empty where nothing says so."""
    return (
        _suffers(state, hypothesis, target)
        or _unseen(state, hypothesis, target)
        or _rivalled(state, hypothesis)
        or (_migrated(target) if primitive.startswith(("rollback_", "roll_back_")) else "")
        or (_throttled(state, hypothesis, target) if primitive.startswith(_MORE_COPIES) else "")
    )


def _suffers(state: IncidentState, hypothesis: Hypothesis, target: Target) -> str:
    """It follows from a likelier cause elsewhere, which is the one to treat."""
    parents = {each.hypothesis for each in hypothesis.adjustments if each.kind == "consequence"}
    for other in state.hypotheses:
        elsewhere = other.resource is not None and other.resource != hypothesis.resource
        if other.id in parents and elsewhere and other.confidence >= hypothesis.confidence:
            return f"{_name(state, target, hypothesis.resource)} only suffers from {other.words}"
    return ""


def _unseen(state: IncidentState, hypothesis: Hypothesis, target: Target) -> str:
    """No fact about the target itself speaks for the cause."""
    cited = [state.facts[item.fact].fact for item in hypothesis.evidence_for if item.fact in state.facts]
    if not cited or any(fact.resource in (hypothesis.resource, None) for fact in cited):
        return ""
    return f"nothing that was seen on {_name(state, target, hypothesis.resource)} itself speaks for it"


def _rivalled(state: IncidentState, hypothesis: Hypothesis) -> str:
    """A cause elsewhere is about as likely, or likelier: first find out which one it is."""
    related = {each.hypothesis for each in hypothesis.adjustments if each.kind == "consequence"}
    for other in state.hypotheses:
        apart = other.resource not in (hypothesis.resource, None) and other.id not in related
        follows = any(each.kind == "consequence" and each.hypothesis == hypothesis.id for each in other.adjustments)
        if other.id != hypothesis.id and apart and not follows and other.confidence > hypothesis.confidence - _MARGIN:
            return f"{other.words} is about as likely or likelier: find out first which it is"
    return ""


def _migrated(target: Target) -> str:
    """The database was changed with the release, so the revision before may not fit it."""
    blamed = target.blamed
    for change in _migrations(target):
        if blamed is None or change is blamed or change.time >= blamed.time - _WITH_RELEASE:
            what = safe_line(change.summary or change.id or "a migration", limit=80)
            return f"a database migration came with it ({what}): the revision before may not fit the new schema"
    return ""


def _migrations(target: Target) -> Iterator[Change]:
    """The changes of the target and of what it depends on that say that they migrate a database."""
    near = {target.resource, None, *(to for source, to in _edges(target) if source == target.resource)}
    for change in target.changes:
        words = f"{change.summary} {change.id or ''}".lower()
        if change.resource in near and _MIGRATION.search(words) and not _only_an_index(words):
            yield change


def _only_an_index(words: str) -> bool:
    """Whether a migration says that it makes an index, and nothing else."""
    return _INDEX.search(words) is not None and _BESIDE_INDEX.search(words) is None


def _throttled(state: IncidentState, hypothesis: Hypothesis, target: Target) -> str:
    """What it depends on is full: more replicas would ask even more of it."""
    below = {to for source, to in _edges(target) if source == hypothesis.resource}
    for other in state.hypotheses:
        if (
            other.resource in below
            and other.cause_class is IncidentClass.RESOURCE_SATURATION
            and other.confidence >= _LEAST
        ):
            return f"{_name(state, target, other.resource)} is full ({other.words}): more replicas would ask more of it"
    return ""


def _edges(target: Target) -> Iterator[tuple[str, str]]:
    for fact in target.facts:
        if isinstance(fact, Dependencies):
            yield from ((edge[0], edge[1]) for edge in fact.edges)


def _name(state: IncidentState, target: Target, resource: str | None) -> str:
    """What a person calls a resource. Names are made of all facts, which the target's own name already was."""
    if not resource:
        return "it"
    return target.called if target.called and resource == target.resource else display_names(state)(resource)
