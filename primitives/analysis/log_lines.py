"""Log records as the lines that are grouped into patterns: the message inside, its level, who is talked about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from primitives.analysis.announcements import PLATFORM, announcement
from primitives.analysis.error_families import family_of
from primitives.analysis.large_stores import CountedMessage
from primitives.analysis.log_bodies import read_body
from primitives.analysis.log_patterns import Line
from primitives.analysis.severities import severity_of
from primitives.records import LogRecord

__all__ = ["LAST_WORDS", "as_counted", "as_read", "lines_of"]

LAST_WORDS: Final = 5
"""So many lines at the end of an ended instance's log say why it ended."""
_PEER_KEYS: Final = ("peer.service", "server.address", "net.peer.name", "db.instance", "upstream")
# What says no more than that it ended.
_NO_REASONS: Final = (None, "crash", "exception")


def lines_of(records: Sequence[LogRecord], counted: Sequence[CountedMessage]) -> list[Line]:
    """The records as lines to be grouped. The last lines of an ended instance that name a failure become FATAL."""
    last = _last_words(records)
    lines = [
        Line(
            record.time,
            record.resource,
            "FATAL" if id(record) in last else severity_of(record),
            record.body,
            _peer(record.attributes),
            announced=announcement(record.body, record.attributes) is not None,
        )
        for record in records
    ]
    lines += [
        Line(message.time, message.resource, message.severity, message.body, count=message.count) for message in counted
    ]
    return lines


def as_read(record: LogRecord) -> LogRecord:
    """The record with the message that its structure holds, and with the level that its writer gave it."""
    if (message := announcement(record.body, record.attributes)) is not None:
        return replace(record, body=message, attributes={**record.attributes, "source": PLATFORM})
    body = read_body(record.body, record.attributes)
    if body.text == record.body and body.level is None:
        return record
    return replace(record, body=body.text, severity=body.level or record.severity)


def as_counted(message: CountedMessage) -> CountedMessage:
    """The same of a message that the source has counted."""
    body = read_body(message.body)
    if body.text == message.body and body.level is None:
        return message
    return replace(message, body=body.text, severity=body.level or message.severity)


def _last_words(records: Sequence[LogRecord]) -> frozenset[int]:
    """Those that speak of trouble among the last ones of each instance that has ended (`kubectl logs --previous`)."""
    ended: dict[str, list[LogRecord]] = defaultdict(list)
    for record in records:
        if record.attributes.get("previous") is True and record.body.strip():
            ended[record.resource].append(record)
    last = (record for each in ended.values() for record in each[-LAST_WORDS:])
    return frozenset(id(record) for record in last if family_of(record.body) not in _NO_REASONS)


def _peer(attributes: Mapping[str, Any]) -> str | None:
    for key in _PEER_KEYS:
        value = attributes.get(key)
        if isinstance(value, str) and value:
            return value
    return None
