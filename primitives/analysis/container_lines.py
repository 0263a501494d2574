"""Lines of containers' own logs: of which instance and which time they are, and who wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from primitives.analysis.called_addresses import peer_at
from primitives.analysis.error_families import family_of
from primitives.analysis.error_grammar import is_frame
from primitives.analysis.log_bodies import read_body
from primitives.analysis.log_lines import LAST_WORDS
from primitives.analysis.log_patterns import Line
from primitives.analysis.severities import severity_in
from primitives.analysis.symptom import find_resource
from primitives.identity import in_scope, kubernetes_id
from primitives.patterns import lazy_pattern
from primitives.records import ContainerLog, Window

__all__ = ["KnownContainers", "container_lines", "logs_of_now"]

_CONTAINER_LINES: Final = 20_000
# As `kubectl logs --timestamps` writes it; a time without a zone may be any zone's.
_UTC_TIME: Final = lazy_pattern(r"^(\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d)(?:\.\d{1,9})?Z")
_LINE_TIME: Final = lazy_pattern(r"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?\s*")


class KnownContainers(NamedTuple):
    """What is known of the containers of one scope that logged, by its own names.

    The workload of each pod, the misconfigured Service before each workload, who has an address, and the containers
    (namespace, pod, name) whose running instance is older than the window.
    """

    workloads: Mapping[str, str]
    misleading: Mapping[str, str]
    owners: Mapping[str, str]
    running: frozenset[tuple[str, str, str]]


def logs_of_now(
    logs: Sequence[ContainerLog], window: Window, running: frozenset[tuple[str, str, str]]
) -> list[ContainerLog]:
    """The logs without those of instances that ended before the window, and whose successor ran all through it.

    That it ran before is known of those that are `running`, or seen by its log; a live one is read from the window on.
    """
    followed = {_container_of(log) for log in logs if log.previous}
    through = {_container_of(log) for log in logs if not log.previous and _container_of(log) in followed
               and (_container_of(log) in running or _spans_start(log, window.start))}  # fmt: skip
    return [log for log in logs
            if not (log.previous and _container_of(log) in through and _ended_before(log, window.start))]  # fmt: skip


def _container_of(log: ContainerLog) -> tuple[str, str, str]:
    return log.namespace, log.pod, log.container


def _spans_start(log: ContainerLog, start: datetime) -> bool:
    """Whether it has dated lines from before `start` and from after it."""
    first = _first_moment(log.text.splitlines())
    return first is not None and first < start and not _ended_before(log, start)


def _ended_before(log: ContainerLog, start: datetime) -> bool:
    last = _first_moment(reversed(log.text.splitlines()))
    return last is not None and last < start


def _first_moment(lines: Iterable[str]) -> datetime | None:
    return next((moment for text in lines if (moment := _written_at(text)) is not None), None)


def container_lines(
    log: ContainerLog, known: KnownContainers, resources: Mapping[str, str], window: Window
) -> Iterator[Line]:
    """The lines of a container's log since the window began; the last words of an instance that ended are fatal."""
    pod = kubernetes_id("Pod", log.namespace, log.pod)
    owner, scoped_pod = in_scope(known.workloads.get(pod, pod), log.scope), in_scope(pod, log.scope)
    resource = owner if owner != scoped_pod else find_resource(scoped_pod, resources) or scoped_pod
    lines = [text for text in log.text.splitlines()[-_CONTAINER_LINES:] if text.strip()]
    lines = [text for text in lines if not is_frame(_LINE_TIME.sub("", text))]
    if not log.previous:
        lines = _since(lines, window.start)
    last = len(lines) - LAST_WORDS if log.previous else len(lines)
    for place, text in enumerate(lines):
        body = read_body(_LINE_TIME.sub("", text))
        severity = body.level or severity_in(text)
        # What a container wrote before it ended is why it ended, whatever level it gave it.
        if place >= last and family_of(body.text) is not None:
            severity = "FATAL"
        yield Line(None, resource, severity, body.text, peer_at(body.text, known.owners))


def _since(lines: list[str], start: datetime) -> list[str]:
    """The lines since `start`, where a log that dates its lines goes on so far; all of another one.

    A log keeps what earlier faults wrote. What a container wrote last is why it is as it is, however long ago that was.
    """
    for place, text in enumerate(lines):
        moment = _written_at(text)
        if moment is not None and moment >= start:
            return lines[place:]
    return lines


def _written_at(text: str) -> datetime | None:
    stamp = _UTC_TIME.match(text)
    try:
        return datetime.fromisoformat(f"{stamp[1]}+00:00") if stamp is not None else None
    except ValueError:
        return None
