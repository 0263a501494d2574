"""What single lines and words of outputs say in a tool's own grammar, where the grammar of messages doesn't know it.

dig(1): the status of an answer's header. openssl-x509(1), curl -v: until when a certificate is valid. systemctl(1):
how a process ended. Amazon ECS, "Stopped tasks error messages" and "Service event
messages"; Elastic Load Balancing, "Target health status". MySQL: "InnoDB Standard Monitor" and SHOW REPLICA STATUS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from primitives.analysis.error_families import family_of
from primitives.dataclass import dataclass
from primitives.outputs.texts import Output
from primitives.patterns import lazy_pattern

__all__ = ["Sign", "lately", "moment_of_line", "signs"]

_UNTIL: Final = lazy_pattern(
    r"(?:notAfter ?=|Not After ?:|expire date:) {0,4}([A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}) GMT"
)
_STAMP: Final = lazy_pattern(r"^\W{0,2}(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)?")
_SYSLOG: Final = lazy_pattern(r"^([A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d) ")
_GRAMMAR: Final = (
    ("crash", (r"\(code=(?:killed|dumped), |essential container in task exited|"
              r"exited with (?:exit )?code [1-9]|code=exited, status=[1-9]")),
    ("unavailable", (r"Active: inactive \(dead\)|health checks failed with these codes|"
                    r"failed (?:ELB|container|EC2) health checks|no running task")),
    ("dns", r"status: (?:NXDOMAIN|SERVFAIL)"),
    ("invalid_configuration", r"status: incompatible[- ]parameters"),
    ("disk_full", r"status: storage[- ]full"),
    ("deadlock", r"\bwaiting for [a-z ]{0,30}(?:metadata )?lock\b|^Lock wait|\bLOCK WAIT\b"),
    ("replication_lag", r"(?:Seconds_Behind_(?:Master|Source)): [1-9]\d{2,}|(?:Replica|Slave)_(?:IO|SQL)_Running: No"),
)  # fmt: skip
_PATTERNS: Final = tuple((family, lazy_pattern(f"(?i){pattern}")) for family, pattern in _GRAMMAR)
_DEADLOCK: Final = "LATEST DETECTED DEADLOCK"


@dataclass(frozen=True, slots=True)
class Sign:
    """A line that tells trouble: `family` as of messages."""

    resource: str
    family: str
    line: str
    time: datetime | None = None


def signs(output: Output, lines: Sequence[str], since: datetime) -> Iterator[Sign]:
    """The lines that tell of trouble; what is dated before `since` is over."""
    for line in lately(lines, output, since):
        bare = line.strip()
        if not bare:
            continue
        time = moment_of_line(bare, output.time)
        family = _expired(bare, output.time) or next(
            (family for family, pattern in _PATTERNS if pattern.search(bare)), None
        ) or family_of(bare)  # fmt: skip
        if family:
            yield Sign(output.resource, family, bare, time)


def moment_of_line(line: str, now: datetime) -> datetime | None:
    """The moment that a line begins with: ISO 8601, or syslog's (RFC 3164), which has no year."""
    if stamp := _STAMP.match(line):
        zone = (stamp[2] or "Z").replace("Z", "+00:00")
        return _parsed(stamp[1].replace("T", " ") + zone, "%Y-%m-%d %H:%M:%S%z")
    if stamp := _SYSLOG.match(line):
        read = _parsed(f"{now.year} {stamp[1]} +0000", "%Y %b %d %H:%M:%S %z")
        if read and read.month > now.month:
            return _parsed(f"{now.year - 1} {stamp[1]} +0000", "%Y %b %d %H:%M:%S %z")
        return read
    return None


def lately(lines: Sequence[str], output: Output, since: datetime) -> Iterator[str]:
    """The lines that aren't dated before `since`; a status keeps its last deadlock for ever, so its date counts."""
    for place, line in enumerate(lines):
        if _DEADLOCK in line:
            times = [moment_of_line(below, output.time) for below in lines[place : place + 4]]
            if all(time is None or time < since for time in times):
                return
        time = moment_of_line(line.strip(), output.time)
        if time is None or time >= since:
            yield line


def _expired(line: str, now: datetime) -> str | None:
    until = _UNTIL.search(line)
    date = _parsed(" ".join(until[1].split()) + " +0000", "%b %d %H:%M:%S %Y %z") if until else None
    return "certificate" if date and date < now else None


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).astimezone(UTC)
    except ValueError:
        return None
