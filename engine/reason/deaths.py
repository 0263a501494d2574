"""Blames the last change of a workload before its containers began to die.

Most outages follow a change (Google SRE book, chapter 1), and what fails at its start or for lack of memory does so
within minutes of the rollout (Kubernetes: Deployments, progressDeadlineSeconds is ten minutes by default).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from engine.reason.claims import Claim, HypothesisKey
from engine.reason.diffs import changed_lines, traits
from engine.reason.fact_index import CRASHES, FactIndex
from primitives.facts import Observed, WorkloadState
from primitives.identity import base_name
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["died_after"]

_DEATHS: Final = CRASHES | {"OOMKilled", "KilledWithoutReason"}
# Log-odds: the change, the workload and the order agree; that nothing else changed it is already counted.
_DIED: Final = 3.6
# Practice: the first death comes with the rollout or within a few minutes of load; the last known one is later by the
# pauses between restarts.
_SOON: Final = timedelta(minutes=15)
# Clocks of different machines, and stamps in whole seconds.
_CLOCKS: Final = timedelta(seconds=5)
# The kubelet restarts at once, then after 10 s, and doubles that up to five minutes (Kubernetes: Pod Lifecycle).
_PAUSE_S: Final = 10.0
_LONGEST_PAUSE_S: Final = 300.0
_MOST_PAUSES: Final = 50
# What runs is the same after these.
_SAME_PROGRAM: Final = lazy_pattern(
    r"(?i)\breplicas?\b|\bscaled?\b|annotation|\blabels?\b|\bscheduled\b|\brestart(?:ed|s)?\b|restartedAt"
)
_TELLING: Final = lazy_pattern(r"(?i)image|env|\bv?\d+\.\d+|config|secret|memory|cache|limit|version|command|args?\b")


def died_after(case: FactIndex, key: HypothesisKey, change: Change, others: Sequence[Change]) -> Iterator[Claim]:
    """A claim where containers of the workload die since minutes after the change, and none of `others` came between.

    `others` are the changes that touch the same workload.
    """
    deaths = [(name, state, state.since) for name, state in case.present(WorkloadState)
              if state.state in _DEATHS and state.bearing == "active" and state.since is not None
              and (state.resource or state.object) == key.resource]  # fmt: skip
    if not deaths or _keeps_the_program(change) or _died_before(case, key, change.time):
        return
    for name, state, last in deaths:
        first = last - timedelta(seconds=_pauses_s(state.restarts or 0))
        if first < change.time - _CLOCKS or last - change.time > _SOON:
            continue
        if _other_container(case, key, change, state) or _later_change(change, others, last):
            continue
        yield Claim(key, name, _DIED, "it dies since minutes after this change of it", "died")
        return


def _pauses_s(restarts: int) -> float:
    """The least time that so many restarts take, in seconds."""
    pauses = range(min(max(restarts - 1, 0), _MOST_PAUSES))
    return sum(min(_PAUSE_S * 2.0**number, _LONGEST_PAUSE_S) for number in pauses)


def _keeps_the_program(change: Change) -> bool:
    """Whether it only changes how many run, what is written beside it, or starts the same again."""
    if any(trait.group == "harmless" for trait in traits(change)):
        return True
    said = "\n".join((change.summary, *changed_lines(change)))
    return bool(_SAME_PROGRAM.search(said)) and not _TELLING.search(said)


def _other_container(case: FactIndex, key: HypothesisKey, change: Change, died: WorkloadState) -> bool:
    """Whether the change names another container of the workload, and not the one that died."""
    if died.container is None:
        return False
    own = {state.container for _, state in case.of(WorkloadState)
           if state.container and (state.resource or state.object) == key.resource}  # fmt: skip
    said = "\n".join((change.summary, *changed_lines(change))).replace(base_name(key.resource or ""), "")
    return died.container not in said and any(name in said for name in own - {died.container})


def _died_before(case: FactIndex, key: HypothesisKey, moment: datetime) -> bool:
    """Whether a death of the workload is known from before the change."""
    own = {key.resource, *case.parts.get(key.resource or "", ())}
    ends = [state.since for _, state in case.present(WorkloadState)
            if state.state in _DEATHS and {state.resource, state.object} & own and state.since]  # fmt: skip
    ends += [
        fact.observed_at for _, fact in case.present(Observed) if fact.resource in own and "terminated" in fact.kind
    ]
    return any(end < moment - _CLOCKS for end in ends)


def _later_change(change: Change, others: Sequence[Change], until: datetime) -> bool:
    """Whether another change of the same workload came after it and before the death: that one is nearer."""
    return any(change.time < other.time <= until and not _keeps_the_program(other) for other in others)
