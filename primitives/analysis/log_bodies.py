"""What a structured log record says: the message inside JSON or logfmt, its error, and its level.

Loggers put the event in one field and its reason in another (`msg` and `err`; OpenTelemetry: `exception.message`;
Elastic Common Schema: `error.message`); collectors wrap whole lines in one more object (`log`). Read as one text, a
message is one pattern, whatever ids stand beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from primitives.patterns import lazy_pattern
from primitives.terms import Severity

__all__ = ["Body", "read_body"]

_LONGEST: Final = 20_000
_DEEPEST: Final = 4
_MESSAGES: Final = ("message", "msg", "@message", "body", "log", "short_message", "event", "text", "textpayload")
_ERRORS: Final = (
    "error", "err", "exception", "error.message", "err.message", "exception.message", "errormessage", "error_message",
    "error.type", "exception.type", "cause", "reason", "error_description", "exc_info", "stack_trace",
    "exception.stacktrace",
)  # fmt: skip
# Beside a message these say anything: why a job ended, which rule matched.
_BESIDE: Final = ("cause", "reason")
# Serilog's compact form has `@l`, MongoDB's `s`, systemd-journald's PRIORITY.
_LEVELS: Final = (
    "level", "severity", "lvl", "loglevel", "log.level", "levelname", "severity_text", "severitytext", "@l", "priority",
    "s",
)  # fmt: skip
_NAMES: Final[Mapping[str, Severity]] = {
    "trace": "TRACE", "debug": "DEBUG", "d": "DEBUG", "info": "INFO", "information": "INFO", "notice": "INFO",
    "i": "INFO",
    "warn": "WARN", "warning": "WARN", "w": "WARN", "error": "ERROR", "err": "ERROR", "e": "ERROR", "severe": "ERROR",
    "fatal": "FATAL", "f": "FATAL", "panic": "FATAL", "critical": "FATAL", "crit": "FATAL", "alert": "FATAL",
    "emerg": "FATAL",
    # Numbers of pino and bunyan.
    "eror": "ERROR",
    "10": "TRACE", "20": "DEBUG", "30": "INFO", "40": "WARN", "50": "ERROR", "60": "FATAL",
    # Severities of syslog (RFC 5424, section 6.2.1).
    "0": "FATAL", "1": "FATAL", "2": "FATAL", "3": "ERROR", "4": "WARN", "5": "INFO", "6": "INFO", "7": "DEBUG",
}  # fmt: skip
_PAIR: Final = lazy_pattern(r'([A-Za-z_@][\w.@-]{0,60})=("(?:[^"\\]|\\.){0,4000}"|[^\s"]{0,1000})')
_MIN_PAIRS: Final = 2
# The head of a line of Kubernetes' own components (klog): level, date, time, process, place in the code.
_KLOG: Final = lazy_pattern(r"^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d{1,9} {1,9}\d{1,10} [\w.?/-]{1,100}:\d{1,6}\] ")


class Body(tuple[str, "Severity | None"]):
    """The text of a message and the level that it states itself, None where it states none."""

    __slots__ = ()

    @property
    def text(self) -> str:
        return self[0]

    @property
    def level(self) -> Severity | None:
        return self[1]


def read_body(body: str, attributes: Mapping[str, Any] | None = None) -> Body:
    """The message in `body` with the error that it, or the record's `attributes`, name. Never raises.

    A body that is no structure is its own message. An error that the message already holds isn't repeated.
    """
    message, level = _unwrapped(body) if _fields(body) is not None else (body, None)
    if match := _KLOG.match(message):
        message, level = message[match.end() :], _NAMES[match[1].lower()]
    if attributes:
        beside = {name: value for name, value in attributes.items() if name.casefold() not in _BESIDE}
        message = _joined(message, list(_texts(beside)))
    return Body((message, level))


def _joined(message: str, errors: Sequence[str]) -> str:
    """The message and the errors that it doesn't hold already."""
    for error in dict.fromkeys(errors):
        if error not in message:
            message = f"{message}: {error}" if message else error
    return message


def _unwrapped(text: str, depth: int = 0) -> tuple[str, Severity | None]:
    """What a message holds that is itself a structure, a few levels deep."""
    if depth >= _DEEPEST:
        return text, None
    fields = _fields(text)
    if fields is None:
        return text.strip(), None
    inner = _first(fields, _MESSAGES)
    message, level = _unwrapped(inner, depth + 1) if inner else ("", None)
    message = _joined(message, list(_texts(fields)))
    return message or text.strip(), level or _NAMES.get(_first(fields, _LEVELS).casefold())


def _fields(text: str) -> Mapping[str, Any] | None:
    """The fields of a JSON object or of a line of logfmt that has a message; None for everything else."""
    stripped = text.strip()
    if len(stripped) > _LONGEST:
        return None
    if stripped.startswith("{"):
        try:
            parsed = json.loads(stripped)
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict) else None
    if "=" not in stripped or not _PAIR.match(stripped):
        return None
    pairs = {name: _unquoted(value) for name, value in _PAIR.findall(stripped)}
    return pairs if len(pairs) >= _MIN_PAIRS and _first(pairs, ("msg", "message")) else None


def _unquoted(value: str) -> str:
    return value[1:-1].replace('\\"', '"') if value.startswith('"') else value


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of `names` with a text or a number, whatever its case; a nested object stands for its own message."""
    known = {str(key).casefold(): value for key, value in fields.items()}
    for name in names:
        value = known.get(name)
        if isinstance(value, dict):
            value = _first(value, (*_MESSAGES, *_ERRORS))
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value)
    return ""


def _texts(fields: Mapping[str, Any]) -> Iterator[str]:
    """The errors that fields name, each on one line."""
    known = {str(key).casefold(): value for key, value in fields.items()}
    for name in _ERRORS:
        value = known.get(name)
        if isinstance(value, dict):
            value = _first(value, (*_MESSAGES, "type", "name", "stack"))
        if isinstance(value, str) and value.strip() and not value.strip().isdigit():
            yield value.strip().split("\n", 1)[0][:1000]
