"""Of whom the messages of a host speak: a kernel, an init system or a container runtime writes of what runs there.

systemd names the unit (systemd.exec(5), journald), a container runtime the container (Docker Engine: events), and the
kernel the control group or the process that it killed (Linux: memory resource controller, oom-kill lines). The host
that wrote it is well enough to write. What it says of itself ("Out of memory" without a control group) stays its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from engine.reason.fact_index import COMPLAINTS, FactIndex
from primitives.facts import LogPattern
from primitives.identity import same_name
from primitives.patterns import lazy_pattern

__all__ = ["HOSTS", "subject_of"]

HOSTS: Final = frozenset({"node", "host", "vm", "instance"})
"""Kinds of resources that others run on."""

# systemd: UNIT.service, also as the last part of a control group; Docker and Podman: name=CONTAINER.
_NAMED: Final = lazy_pattern(
    r"(?<![\w.-])(?P<unit>[A-Za-z0-9][\w@.-]{0,120}?)(?:@[\w.-]{0,60})?\.(?:service|scope)\b|"
    r"\b(?:container[_ ]?name|container|name)[=:][\"' ]?(?P<container>[A-Za-z0-9][\w.-]{0,120}[A-Za-z0-9])",
    re.IGNORECASE,
)
_PROCESS: Final = lazy_pattern(r"\bkilled process \d+,? \((?P<process>[^()\s]{1,64})\)", re.IGNORECASE)
# A control group is at its own limit; without one it is the machine that ran out of memory.
_OF_GROUP: Final = lazy_pattern(
    r"\bmemory c(?:ontrol )?group|constraint_memcg|killed as a result of limit", re.IGNORECASE
)
_OF_MACHINE: Final = lazy_pattern(r"(?<!group )\bout of memory: kill|constraint_none", re.IGNORECASE)
# The init system tells of a kill within seconds.
_TOGETHER: Final = timedelta(seconds=30)


def subject_of(case: FactIndex, fact: LogPattern) -> str | None:
    """The resource on its writer's host that a message speaks of; None where it speaks of its writer, or nobody knows.

    A complaint about a call ("connection refused") is the caller's and not meant here.
    """
    host = fact.resource
    if host is None or not _is_host(case, host) or fact.family in COMPLAINTS:
        return None
    if fact.family == "out_of_memory" and _machine_ran_out(case, host):
        return None
    named = _named(case, host, fact)
    if named is None and _OF_GROUP.search(_text(fact)):
        named = _killed(case, host, fact)
    return named


def _text(fact: LogPattern) -> str:
    return fact.example or fact.template


def _is_host(case: FactIndex, name: str) -> bool:
    return name in case.hosted or case.resources.get(name) in HOSTS


def _machine_ran_out(case: FactIndex, host: str) -> bool:
    return any(fact.resource == host and fact.count and _OF_MACHINE.search(_text(fact))
               for _, fact in case.present(LogPattern))  # fmt: skip


def _named(case: FactIndex, host: str, fact: LogPattern) -> str | None:
    for match in _NAMED.finditer(_text(fact)):
        called = match["unit"] or match["container"]
        for name in _running(case, host):
            if same_name(name, called):
                return name
    return None


def _running(case: FactIndex, host: str) -> Iterator[str]:
    """What runs on a host; where that isn't known, every resource that is no host."""
    if host in case.hosted:
        yield from case.hosted[host]
    else:
        yield from (name for name in case.resources if not _is_host(case, name))


def _killed(case: FactIndex, host: str, fact: LogPattern) -> str | None:
    """Whose process the kernel killed at its group's limit: by the process's name, else by what is told beside it."""
    process = _PROCESS.search(_text(fact))
    for name in _running(case, host) if process else ():
        if process and same_name(name, process["process"]):
            return name
    told = set()
    for _, other in case.present(LogPattern):
        if other is fact or other.resource != host or other.family != fact.family or not other.count:
            continue
        if fact.first_seen and other.first_seen and abs(other.first_seen - fact.first_seen) <= _TOGETHER:
            told.add(_named(case, host, other))
    told.discard(None)
    return told.pop() if len(told) == 1 else None
