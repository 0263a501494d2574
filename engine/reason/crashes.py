"""Why a container crashes, where its own state doesn't say: its last words, or the revision that came just before.

The last words are the message that its end left (Kubernetes: Determine the Reason for Pod Failure). A revision that
changed image, environment or command, whose pods never ran well while the one before did, is the first suspect
(Google SRE book, chapter 8; Kubernetes: Deployments, rolling back).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from engine.reason.catalogue import cause_of_change, causes_of_family
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import CRASHES, FactIndex
from engine.reason.trouble import Trouble
from engine.reason.trust import TEXT
from primitives.analysis.error_families import family_of
from primitives.facts import ChangeFound, WorkloadState, change_key
from primitives.patterns import lazy_pattern

__all__ = ["crash_reasons"]

# Messages of these families are about the program itself. The others are about what it calls.
_OWN: Final = frozenset({
    "crash", "exception", "missing_file", "invalid_configuration", "incompatible_version",
    "missing_object",
})  # fmt: skip
_PARTS: Final = lazy_pattern(r"\.(?:image|env|envFrom|command|args)\b")
# Log-odds: the pods of the new revision all crash, those of the one before had run.
_NEW_CRASHES: Final = 3.4
_CLEAR: Final = 0.5
# One message is not yet a pattern, as one that came once in a log (`mechanisms`).
_ONE_LINE: Final = 0.6
_SAME_CHANGE: Final = timedelta(minutes=10)


def crash_reasons(case: FactIndex, trouble: Trouble) -> Iterator[Claim]:
    """What last words and new revisions say of crashes."""
    crashes = [(name, fact) for name, fact in case.present(WorkloadState)
               if fact.state in CRASHES and trouble.factors[name][0] > _CLEAR]  # fmt: skip
    for name, fact in crashes:
        yield from _last_words(name, fact)
    for name, fact in case.present(WorkloadState):
        if fact.state == "RevisionChanged":
            yield from _since_revision(case, trouble, name, fact, [crash for _, crash in crashes])


def _last_words(name: str, crash: WorkloadState) -> Iterator[Claim]:
    words = str(crash.details.get("last_words") or "")
    family = family_of(words) if words else None
    for cause_id, weight in causes_of_family(family) if family and family != "crash" else ():
        key = HypothesisKey(cause_id, crash.resource or crash.object)
        why = f"its last words: messages of {family.replace('_', ' ')}" if family else ""
        yield Claim(key, name, _ONE_LINE * weight * TEXT["reported"], why, "messages")


def _since_revision(
    case: FactIndex, trouble: Trouble, name: str, revision: WorkloadState, crashes: list[WorkloadState]
) -> Iterator[Claim]:
    place, details = revision.resource or revision.object, revision.details
    new, unready = details.get("new_pods"), details.get("new_pods_unready")
    paths = [str(change.get("path")) for change in details.get("changes") or () if isinstance(change, dict)]
    own = [crash for crash in crashes if crash.resource == place and _is_of_newest(crash, revision)]
    if not own or not new or unready != new or not any(_PARTS.search(path) for path in paths):
        return
    if _is_explained(case, trouble, place) or not _OWN.issuperset(_families(own)):
        return
    yield Claim(
        _change_of(case, place, revision), name, _NEW_CRASHES, "only its pods crash, since they came", "rollout"
    )


def _is_of_newest(crash: WorkloadState, revision: WorkloadState) -> bool:
    """Whether it is the new revision's pods that crash, by the analysis or by the time."""
    if crash.details.get("revision") not in (None, "newest"):
        return False
    return crash.since is None or revision.since is None or crash.since >= revision.since


def _families(crashes: list[WorkloadState]) -> set[str]:
    return {str(family) for crash in crashes for family in crash.details.get("log_families") or ()}


def _is_explained(case: FactIndex, trouble: Trouble, place: str) -> bool:
    """Whether another state of the workload says why it crashes: a missing object, a wrong address, a full volume."""
    return any(
        (fact.resource or fact.object) == place
        and fact.details.get("weight") == "cause"
        and trouble.factors[name][0] > _CLEAR
        for name, fact in case.present(WorkloadState)
    )


def _change_of(case: FactIndex, place: str, revision: WorkloadState) -> HypothesisKey:
    """The recorded change that is this revision; else the regression without one."""
    for _, fact in case.present(ChangeFound):
        change = fact.change
        if change is None or change.resource != place or revision.since is None:
            continue
        if abs(change.time - revision.since) <= _SAME_CHANGE:
            return HypothesisKey(cause_of_change(change.kind), place, change_key(change))
    return HypothesisKey(cause_of_change("deployment"), place)
