"""An observation as output: the command where it is known, its text or its structure, and the namespace it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from primitives.dataclass import dataclass
from primitives.identity import namespace_of
from primitives.outputs.calm_rules import is_calm_rule
from primitives.patterns import lazy_pattern
from primitives.records import Observation

__all__ = ["Output", "outputs"]

_TEXTS: Final = ("output", "stdout", "stderr", "text", "raw", "result", "response", "content", "body", "log", "logs",
                 "lines", "entries", "message", "description", "summary", "details", "data")  # fmt: skip
_COMMANDS: Final = ("command", "cmd", "query", "statement", "tool")
_NAMESPACE: Final = lazy_pattern(r"(?:\s-n[ =]?|\s--namespace[ =])([a-z0-9][-a-z0-9]{0,62})")
_PROMPT: Final = lazy_pattern(r"^\s{0,8}[$#>%]\s+(?=[a-z])")
_LONGEST: Final = 400_000
_MOST_LINES: Final = 5_000
_LONGEST_LINE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Output:
    """One output: `lines` of text, or `structure` where it was JSON or YAML."""

    resource: str
    time: datetime
    kind: str
    command: str
    namespace: str
    lines: tuple[str, ...] = ()
    structure: Any = None


def outputs(observation: Observation) -> Iterator[Output]:
    """The outputs that an observation holds: its text, each text of its data, and the data itself as structure."""
    data = observation.data
    if is_calm_rule(data):
        return
    command = _command(data) or (observation.kind if " " in observation.kind else "")
    for text in _texts(data):
        yield from _read(observation, command, text)
    if isinstance(data, Mapping | list | tuple):
        rest = {k: v for k, v in data.items() if k not in _COMMANDS and not _is_text(k, v)} if (
            isinstance(data, Mapping)) else data  # fmt: skip
        if rest:
            yield _output(observation, command, structure=rest)


def _is_text(key: Any, value: Any) -> bool:
    return key in _TEXTS and (isinstance(value, str) or _is_lines(value))


def _is_lines(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(line, str) for line in value)


def _command(data: Any) -> str:
    if not isinstance(data, Mapping):
        return ""
    value = next((data[key] for key in _COMMANDS if isinstance(data.get(key), str)), "")
    return str(value)[:400]


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data[:_LONGEST]
    if isinstance(data, Mapping):
        for key in _TEXTS:
            value = data.get(key)
            if isinstance(value, str):
                yield value[:_LONGEST]
            elif isinstance(value, list | tuple) and _is_lines(value):
                yield "\n".join(value)[:_LONGEST]


def _read(observation: Observation, command: str, text: str) -> Iterator[Output]:
    """The text as structure where it is JSON or a manifest; else its lines, apart after each prompt with a command."""
    structure = _structure(text)
    if structure is not None:
        yield _output(observation, command, structure=structure)
        return
    part: list[str] = []
    for line in (full[:_LONGEST_LINE].rstrip() for full in text.splitlines()[:_MOST_LINES]):
        prompt = _PROMPT.match(line)
        if prompt is None:
            part.append(line)
            continue
        if any(part):
            yield from _finished(observation, command, part)
        part, command = [], line[prompt.end() :]
    if any(part):
        yield from _finished(observation, command, part)


def _finished(observation: Observation, command: str, part: list[str]) -> Iterator[Output]:
    structure = _structure("\n".join(part))
    yield _output(observation, command, () if structure is not None else tuple(part), structure)


def _structure(text: str) -> Any:
    start = text.lstrip()[:200]
    if start[:1] in ("{", "["):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
    if start.startswith(("apiVersion:", "items:", "---\napiVersion:")):
        from primitives.outputs.manifests import read_manifests

        return read_manifests(text)
    return None


def _output(observation: Observation, command: str, lines: tuple[str, ...] = (), structure: Any = None) -> Output:
    stated = _NAMESPACE.search(" " + command)
    namespace = (stated[1] if stated else "") or namespace_of(observation.resource) or "default"
    return Output(observation.resource, observation.time, observation.kind, command, namespace, lines, structure)
