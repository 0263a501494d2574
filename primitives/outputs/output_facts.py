"""What engineers and other tools collected: outputs of commands and of clouds, read as what they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from primitives.analysis.asking import LOOKBACK, incident_window
from primitives.analysis.limits import NEAR_LIMIT
from primitives.analysis.naming import NameFinder
from primitives.diagnostics.registry import Arguments, DiagnosticOutput
from primitives.facts import LogPattern, MetricAtLimit, Observed, WorkloadState
from primitives.identity import parse_id
from primitives.kubernetes.containers import exit_meaning
from primitives.kubernetes.kinds import kind_of_dump
from primitives.outputs.objects import Shown, dumps_in, split_objects
from primitives.outputs.platform_states import PlatformState, platform_states
from primitives.outputs.readings import Reading, readings
from primitives.outputs.signs import Sign, signs
from primitives.outputs.structures import Said, said_in
from primitives.outputs.texts import outputs
from primitives.patterns import lazy_pattern
from primitives.records import Observation, Topology, Window
from primitives.telemetry import Answers, ObjectsQuery, Telemetry, TopologyQuery
from primitives.text import safe_line

__all__ = ["facts_of_outputs"]

_MOST: Final = 60
_MOST_OBSERVATIONS: Final = 2_000
# Tools print what was logged a while ago too; before this long before the window it is another matter.
_BEFORE: Final = timedelta(minutes=15)
_NO_MEMBERS: Final = lazy_pattern(r"(?i)^\s{0,8}consumer group \S{1,250} has no active members")
# 128 + SIGKILL; what a shell says of a command that isn't there or can't be run.
_KILLED: Final = 137
_NO_COMMAND: Final = (126, 127)


async def facts_of_outputs(
    ask: Telemetry, args: Arguments, answers: Answers[Observation]
) -> AsyncIterator[DiagnosticOutput]:
    """States of shown objects, limits that were reached, and lines that tell of trouble; of what was collected by now.

    An output is what a tool said, so that its numbers and states are measured; lines may hold anybody's words.
    """
    collected = [record for record in answers.records if record.time <= args.now][-_MOST_OBSERVATIONS:]
    if not collected:
        return
    topology = await ask.topology(TopologyQuery(window=incident_window(args)))
    shown: list[Shown] = []
    reported: list[Sign] = []
    stated_by: list[PlatformState] = []
    stalled: list[tuple[str, str]] = []
    read: list[Reading] = []
    since = incident_window(args).start - _BEFORE
    names = _names(topology.records)
    owners = _owners(topology.records)
    for output in (output for record in collected for output in outputs(record)):
        objects, rest = split_objects(output)
        shown += objects
        if output.structure is not None and not objects:
            for said in said_in(output.structure, output.resource, names, since):
                if said.code is not None:
                    yield _ended(said, owners.get(said.resource, said.resource), answers, args)
                elif said.reading is not None:
                    read.append(said.reading)
                else:
                    part = replace(output, resource=said.resource, structure=None)
                    states, lines = platform_states(part, [said.line], since)
                    stated_by += states
                    reported += signs(part, lines, since)
            continue
        stated, rest = readings(output, rest)
        read += stated
        states, rest = platform_states(output, rest, since)
        stated_by += states
        stalled += [(output.resource, line) for line in rest if _NO_MEMBERS.search(line)]
        reported += signs(output, rest, since)
    async for fact in _objects(ask, args, answers, shown, topology):
        yield fact
    for stated_state in dict.fromkeys(stated_by[:_MOST]):
        yield _state(stated_state, answers, args)
    for resource, line in dict.fromkeys(stalled[:_MOST]):
        yield _stalled(resource, line, answers, args)
    for reading in read[:_MOST]:
        yield _limit(reading, answers, args)
    finder = NameFinder(topology.records, [sign.resource for sign in reported])
    for fact in _patterns(reported, finder, answers, args):
        yield fact


def _names(topologies: Sequence[Topology]) -> dict[str, str]:
    known = [resource.id for topology in topologies for resource in topology.resources]
    return {parse_id(name).short: name for name in known} | {name: name for name in known}


async def _objects(
    ask: Telemetry, args: Arguments, answers: Answers[Observation], shown: Sequence[Shown], topology: Answers[Topology]
) -> AsyncIterator[DiagnosticOutput]:
    """What the analysis of a cluster says of the objects that outputs show and no dump holds."""
    if not shown:
        return
    from primitives.kubernetes.inspection import Inspection
    from primitives.kubernetes.scopes import clusters_of

    start = min(args.window.start, args.baseline.start if args.baseline else args.window.start) - LOOKBACK
    dumped = await ask.objects(ObjectsQuery(window=Window(start=start, end=args.now)))
    known = {kind_of_dump(dump.kind) for dump in dumped.records}
    dumps = await asyncio.to_thread(dumps_in, shown, known)
    window = Window(start=min(args.window.start, args.now), end=args.now)
    for scoped in clusters_of(dumps, window, topology.records):
        async for fact in Inspection(scoped.cluster, args, answers).facts(()):
            yield fact


def _owners(topologies: Sequence[Topology]) -> dict[str, str]:
    """The topmost owner of each resource: a pod's end is its workload's trouble, as in the analysis of a cluster."""
    above = {edge.target: edge.source for topology in topologies for edge in topology.edges if edge.kind == "owns"}
    owners: dict[str, str] = {}
    for name, owner in above.items():
        seen, top = {name}, owner
        while top in above and top not in seen:
            seen.add(top)
            top = above[top]
        owners[name] = top
    return owners


def _ended(said: Said, owner: str, answers: Answers[Any], args: Arguments) -> WorkloadState:
    """A container that ended, as states of pods tell it."""
    state = "KilledWithoutReason" if said.code == _KILLED else "ContainerFailed"
    if said.out_of_memory:
        state = "OOMKilled"
    elif said.code in _NO_COMMAND:
        state = "InvalidCommand"
    return WorkloadState(
        object=said.resource,
        kind="container",
        state=state,
        resource=owner,
        container=safe_line(said.container, limit=100) or None,
        message=safe_line(said.line, limit=400),
        exit_code=said.code,
        details={"exit_meaning": exit_meaning(said.code)},
        window=incident_window(args),
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
    )


def _state(stated: PlatformState, answers: Answers[Any], args: Arguments) -> WorkloadState:
    return WorkloadState(
        object=stated.resource,
        kind="output",
        state=stated.state,
        resource=stated.resource,
        message=safe_line(stated.line, limit=400),
        window=incident_window(args),
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
    )


def _stalled(resource: str, line: str, answers: Answers[Any], args: Arguments) -> Observed:
    """A consumer group without members, as Kafka's tool tells it."""
    return Observed(
        kind="consumer_group",
        subject=safe_line(line.strip(), limit=300),
        resource=resource,
        window=incident_window(args),
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
    )


def _limit(reading: Reading, answers: Answers[Any], args: Arguments) -> MetricAtLimit:
    ratio = reading.value / reading.limit
    return MetricAtLimit(
        polarity="present" if ratio >= NEAR_LIMIT else "absent",
        resource=reading.resource,
        window=incident_window(args),
        observed_at=args.now,
        source=answers.source,
        answers=answers.digests,
        metric=reading.metric,
        unit=reading.unit,
        limit=reading.limit,
        peak=reading.value,
        ratio=ratio,
    )


def _patterns(
    reported: Sequence[Sign], names: NameFinder, answers: Answers[Any], args: Arguments
) -> Iterator[LogPattern]:
    counts: dict[tuple[str, str], list[Sign]] = {}
    for sign in reported:
        counts.setdefault((sign.resource, sign.family), []).append(sign)
    for (resource, family), own in list(counts.items())[:_MOST]:
        first = own[0]
        times = [sign.time for sign in own if sign.time is not None]
        yield LogPattern(
            trust="reported",
            resource=resource,
            window=incident_window(args),
            observed_at=min(times, default=args.now),
            source=answers.source,
            answers=answers.digests,
            template=safe_line(first.line, limit=300),
            severity="ERROR",
            family=family,
            count=len(own),
            first_seen=min(times, default=None),
            last_seen=max(times, default=None),
            points_at=names.pointed_at(first.line, resource),
            example=safe_line(first.line, limit=300),
        )
