"""The settings of one resource by their names, however its platform writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from primitives.analysis.configuration import flatten
from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.quantities import parse_binary, parse_setting_time
from primitives.records import ConfigurationSnapshot

__all__ = ["Setting", "Settings", "in_bytes", "in_seconds", "settings_of"]

# Lists of pairs: environments, AWS attributes, RDS parameters.
_PAIR_NAMES: Final = ("Key", "key", "Name", "name", "ParameterName")
_PAIR_VALUES: Final = ("Value", "value", "ParameterValue")
_LONGEST_TEXT: Final = 20_000
_WORD: Final = lazy_pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_UNIT: Final = r"(?: (?:in )?(?P<unit>ms|millis|milliseconds|s|secs?|seconds|m|mins?|minutes|h|hours))?$"
_TIME: Final = lazy_pattern(r"^\s{0,9}(\d{1,12}(?:\.\d{1,6})?)\s{0,3}([a-z]{0,12})\s{0,9}$", re.IGNORECASE)
# Without a unit, nobody waits for a request for longer than this many seconds: it is in milliseconds (as Node's is).
_LONGEST_S: Final = 1000.0
_KUBERNETES: Final = frozenset({"apiVersion", "kind"})


@dataclass(frozen=True, slots=True)
class Setting:
    """One leaf: where it stands, the words of its path, and its value."""

    path: str
    words: str
    value: Any

    @property
    def number(self) -> float | None:
        """Its value where it is a number, also one written as text."""
        if isinstance(self.value, bool):
            return None
        try:
            number = float(self.value)
        except (TypeError, ValueError):
            return None
        return number if abs(number) < 1e15 else None


@dataclass(frozen=True)
class Settings:
    """All that is set for a resource, from the newest document of each kind. A manifest is read by other rules."""

    resource: str
    kinds: frozenset[str]
    time: datetime
    leaves: tuple[Setting, ...]
    is_manifest: bool = False

    def all(self, name: str) -> Iterator[Setting]:
        """Those whose path ends in words that the pattern matches, and perhaps a unit."""
        pattern = re.compile(rf"\b(?:{name}){_UNIT}")
        return (leaf for leaf in self.leaves if pattern.search(leaf.words))

    def number(self, name: str) -> tuple[Setting, float] | None:
        """The only number of that name; None where there is none, or where several differ."""
        numbers = [(leaf, leaf.number) for leaf in self.all(name)]
        numbered = [(leaf, number) for leaf, number in numbers if number is not None]
        return numbered[0] if len({number for _, number in numbered}) == 1 else None

    def seconds(self, name: str) -> tuple[Setting, float] | None:
        """The only duration of that name, in seconds."""
        timed = [(leaf, taken) for leaf in self.all(name) if (taken := in_seconds(leaf)) is not None]
        return timed[0] if len({taken for _, taken in timed}) == 1 else None

    @cached_property
    def about(self) -> str:
        """The words of its kinds."""
        return " ".join(_words(kind) for kind in sorted(self.kinds))


def settings_of(snapshots: Iterable[ConfigurationSnapshot]) -> dict[str, Settings]:
    """The settings of each resource, from the newest of its documents of each kind."""
    newest: dict[str, dict[str, ConfigurationSnapshot]] = {}
    for snapshot in sorted(snapshots, key=lambda snapshot: snapshot.time):
        newest.setdefault(snapshot.resource, {})[snapshot.kind] = snapshot
    return {resource: _settings(resource, kinds) for resource, kinds in newest.items()}


def in_seconds(leaf: Setting) -> float | None:
    """A duration by the unit of its name or value; without one, seconds, or milliseconds where they would be hours."""
    match = _TIME.match(str(leaf.value)) if not isinstance(leaf.value, bool) else None
    if match is None:
        return None
    named = re.search(rf"\w{_UNIT}", leaf.words)
    unit = match[2].lower() or ((named and named["unit"]) or "")
    number = float(match[1])
    if not unit:
        return number / 1000 if number >= _LONGEST_S else number
    return parse_setting_time(number, unit)


def in_bytes(value: Any, plain: float = 1.0) -> float | None:
    """A size such as 512Mi, 2g or 1024; a number without unit is in `plain` bytes."""
    return None if isinstance(value, bool) else parse_binary(str(value), plain)


def _settings(resource: str, documents: Mapping[str, ConfigurationSnapshot]) -> Settings:
    leaves = tuple(leaf for snapshot in documents.values() for leaf in _leaves(snapshot.document))
    manifest = any(isinstance(item.document, Mapping) and item.document.keys() >= _KUBERNETES
                   for item in documents.values())  # fmt: skip
    latest = max(snapshot.time for snapshot in documents.values())
    return Settings(resource, frozenset(documents), latest, leaves, manifest)


def _leaves(document: Any) -> Iterator[Setting]:
    for path, value in flatten(_unfolded(document)).items():
        yield Setting(path, _words(path), value)


def _unfolded(value: Any, depth: int = 0) -> Any:
    """The document with lists of pairs as objects, and with JSON inside of texts read (SQS: RedrivePolicy)."""
    if depth > 30:
        return value
    if isinstance(value, Mapping):
        return {key: _unfolded(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        pairs = [_pair(item) for item in value]
        named = {pair[0]: pair[1] for pair in pairs if pair}
        whole = len(named) == len(value) and value
        return named if whole else [_unfolded(item, depth + 1) for item in value]
    if isinstance(value, str) and value[:1] == "{" and len(value) < _LONGEST_TEXT:
        try:
            return _unfolded(json.loads(value), depth + 1)
        except (ValueError, RecursionError):
            return value
    return value


def _pair(item: Any) -> tuple[str, Any] | None:
    if not isinstance(item, Mapping):
        return None
    name = next((item[key] for key in _PAIR_NAMES if isinstance(item.get(key), str)), None)
    value = next((item[key] for key in _PAIR_VALUES if key in item), None)
    return None if name is None or value is None or isinstance(value, Mapping | list) else (name, value)


def _words(path: str) -> str:
    return " ".join(_WORD.findall(path)).lower()
