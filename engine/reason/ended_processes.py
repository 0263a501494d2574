"""A process that a signal of its own making ended: it crashed, whatever it said before.

128 and the number of a signal is what shells and container runtimes report (POSIX: Shell and Utilities, 2.8.2; Docker:
exit status); systemd writes the name (systemd.exec(5)). Only the signals that a program brings upon itself are meant:
abort, illegal instruction, bus error, floating point, segmentation violation, bad system call (signal(7)). A kill or a
termination comes from somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.reason.claims import Claim
from engine.reason.fact_index import FactIndex, more_than_usual
from engine.reason.signals import signal
from engine.reason.speakers import subject_of
from engine.reason.trust import TEXT
from primitives.facts import LogPattern
from primitives.patterns import lazy_pattern

__all__ = ["ended_processes", "is_of_killed", "killed_processes"]

_BY_SIGNAL: Final = lazy_pattern(
    r"exit(?:ed)?[ _-]?(?:code|status|with)(?: code| status)?[\"']?\s?[:= ]\s?[\"']?13(?:[2-6]|9)\b|"
    r"code=(?:dumped|killed), ?status=\d+/(?:abrt|segv|bus|ill|fpe|sys|trap)|"
    r"(?:terminated|killed) by signal:? \(?(?:sig)?(?:abrt|segv|bus|ill|fpe|[4678]|11)\b|\bcore dumped\b|"
    # C++: std::terminate calls abort (ISO C++, [except.terminate]); POSIX shells: the names of signals.
    r"\bterminate called (?:after|without|recursively)|\bsegmentation fault\b|\bsegfault at [0-9a-f]+ ip\b",
    re.IGNORECASE,
)
# Linux: what the kernel and systemd write when memory ran out.
_KILLED: Final = lazy_pattern(r"\bkill(?:ed|ing)?\b|\boom[- _]?kill", re.IGNORECASE)


def ended_processes(case: FactIndex) -> tuple[Claim, ...]:
    """Claims that a process crashes, and that its errors are its last words and no answers to requests."""
    return tuple(_crashes(case))


def killed_processes(case: FactIndex) -> tuple[Claim, ...]:
    """Claims that the kernel killed what runs on a host for its memory, as that host tells it."""
    return tuple(_kills(case))


def _crashes(case: FactIndex) -> Iterator[Claim]:
    for name, fact in case.present(LogPattern):
        if fact.count and more_than_usual(fact) and _BY_SIGNAL.search(fact.example or fact.template):
            where = subject_of(case, fact) or fact.resource
            why = "a signal of its own making ended it"
            yield from signal("ended by a signal", where, name, TEXT[fact.trust], why, "state")


def _kills(case: FactIndex) -> Iterator[Claim]:
    for name, fact in case.present(LogPattern):
        if is_of_killed(case, fact) and more_than_usual(fact):
            why = "its host tells that it was killed"
            yield from signal("killed for memory", subject_of(case, fact), name, TEXT[fact.trust], why, "messages")


def is_of_killed(case: FactIndex, fact: LogPattern) -> bool:
    """Whether a host's message tells that something which runs there was killed for its memory."""
    if fact.family != "out_of_memory" or not fact.count or not _KILLED.search(fact.example or fact.template):
        return False
    return subject_of(case, fact) is not None
