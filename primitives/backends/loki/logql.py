"""Queries in LogQL: which streams, which lines, and how they are counted.

https://grafana.com/docs/loki/latest/query/log_queries/ and .../metric_queries/. Loki wants at least one matcher that no
empty label fits, so "everything" is asked for in parts: the streams with the first label, those without it but with
the second, and so on. No stream is in two parts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import orjson

from primitives.backends.loki.levels import ANY_LEVEL, LEVEL_LABELS, level_pattern
from primitives.backends.loki.streams import IDENTITY_LABELS, Stream, namespace_label
from primitives.terms import FAILURES, Severity

__all__ = ["all_streams", "counted", "line_filters", "streams_named"]

_ANY_LABELS: Final = 5
"""How many labels stand for all where none of the known ones is there."""

_GRAVE_WORDS: Final = (
    r"(?i)\b(fatal|panic|critical|emerg|error|traceback|failed|failure|refused|denied|warn|warning)\b|exception"
)
"""What lines hold whose words make them a warning or worse: a superset of what `primitives/analysis/severities.py`
takes for one, so that Loki leaves out only what that would leave out too."""

_WARNINGS: Final = frozenset({"WARN", *FAILURES})


def all_streams(labels: Collection[str], streams: Sequence[Stream] | None = None) -> list[str]:
    """Selectors that together fit every stream, each fitting none of another's; `streams` are those known."""
    present = [label for label in IDENTITY_LABELS if label in labels] or sorted(labels)[:_ANY_LABELS]
    selectors: list[str] = []
    without: list[str] = []
    left = None if streams is None else list(streams)
    for label in present:
        if left is not None and not any(stream.get(label) for stream in left):
            continue
        absent = "".join(f', {name}=""' for name in without)
        selectors.append(f'{{{label}=~".+"{absent}}}')
        without.append(label)
        if left is not None:
            left = [stream for stream in left if not stream.get(label)]
            if not left:
                break
    return selectors


def streams_named(by_label: Mapping[str, Sequence[Stream]]) -> list[str]:
    """Selectors for chosen streams, by the label that names them. They may fit a few more streams."""
    selectors = []
    for label, streams in sorted(by_label.items()):
        matchers = [_any_of(label, {stream[label] for stream in streams})]
        spaces = {namespace_label(stream) for stream in streams}
        # Only where each stream has the same label for its namespace does it narrow them down.
        if len(spaces) == 1 and (space := spaces.pop()) and space != label:
            matchers.append(_any_of(space, {stream[space] for stream in streams}))
        selectors.append(f"{{{', '.join(matchers)}}}")
    return selectors


def line_filters(text: Sequence[str] | None, severities: Sequence[Severity] | None) -> list[str]:
    """What follows a selector so that only lines with such texts and severities come; alternatives that don't overlap.

    A line whose labels state no level is judged by its words: it passes wherever it may fit.
    """
    words = f" |~ {_quoted('(?i)(' + '|'.join(map(re.escape, text)) + ')')}" if text else ""
    if severities is None:
        return [words]
    stated = " or ".join(f"{label}=~{_quoted(level_pattern(severities))}" for label in LEVEL_LABELS)
    silent = "".join(f" | {label}!~{_quoted(ANY_LEVEL)}" for label in LEVEL_LABELS)
    grave = f" |~ {_quoted(_GRAVE_WORDS)}" if _WARNINGS.issuperset(severities) else ""
    return [f"{words} | {stated}", f"{words}{grave}{silent}"]


def counted(selector: str, filters: str, by: Iterable[str], step_s: int) -> str:
    """How many lines there were in each `step_s` seconds, by these labels."""
    return f"sum by ({', '.join(by)}) (count_over_time({selector}{filters} [{step_s}s]))"


def _any_of(label: str, values: Iterable[str]) -> str:
    chosen = sorted(values)
    if len(chosen) == 1:
        return f"{label}={_quoted(chosen[0])}"
    return f"{label}=~{_quoted('|'.join(map(re.escape, chosen)))}"


def _quoted(text: str) -> str:
    # A JSON string is one of Go's, too, but for the escapes of what is not printable, which Go reads alike.
    return orjson.dumps(text).decode()
