"""Which replicas a change added: those that it names, those of its version, else those first seen after it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from primitives.identity import base_name
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["new_names"]

# Fields of a change that name what went away.
_REMOVED: Final = lazy_pattern(r"(?i)remov|delet|terminat|replaced|old|previous|stopp|drain")
# Labels and attributes that say which version a replica runs (Kubernetes: recommended labels; OpenTelemetry).
_VERSIONS: Final = (
    "version", "app.kubernetes.io/version", "service.version", "image", "image_tag", "tag", "revision",
    "pod-template-hash", "rollouts-pod-template-hash", "task_definition", "build", "release", "track",
)  # fmt: skip


def new_names(
    change: Change,
    replicas: Sequence[str],
    attributes: Mapping[str, Mapping[str, Any]],
    first: Mapping[str, float],
    interval: tuple[float, float],
) -> tuple[str, ...]:
    """The `replicas` that `change` added.

    `first` is when each was first seen; `interval` reaches from the change to the next one of the same resource.
    """
    named = set(_texts(change.after)).difference(_texts(change.before))
    start, until = interval
    if by_name := tuple(name for name in replicas if name in named or base_name(name) in named):
        return by_name
    known_before = {name for name, seen in first.items() if seen <= start}
    versions = [
        name
        for name in replicas
        if name not in known_before and any(_is_of(named, value) for value in _versions(attributes.get(name, {})))
    ]
    if versions:
        return tuple(versions)
    return tuple(name for name in replicas if name in first and start < first[name] <= until)


def _is_of(named: set[str], version: str) -> bool:
    return version in named or any(re.search(rf"(?<![\w.]){re.escape(version)}(?![\w.])", text) for text in named)


def _versions(attributes: Mapping[str, Any]) -> Iterator[str]:
    labels = attributes.get("labels")
    for place in (attributes, labels if isinstance(labels, Mapping) else {}):
        for key in _VERSIONS:
            value = place.get(key)
            if isinstance(value, str) and value:
                yield value


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a change's state, those apart that say what went away."""
    if depth > 6:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if not _REMOVED.search(str(key)):
                yield from _texts(part, depth + 1)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part, depth + 1)
