"""Which known resource a text names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.identity import base_name, same_name, scope_of, without_scope
from primitives.patterns import lazy_pattern
from primitives.records import Topology

__all__ = ["NameFinder"]

_SHORTEST: Final = 4
_NAME_KEYS: Final = ("name", "host", "hostname", "endpoint", "address", "dns", "url", "arn", "service")
# Words after which comes the other side of a failed call.
_CUE: Final = lazy_pattern(
    r"(?:\b(?:to|from|upstream|calling|call|connect(?:ing)?|host|peer|by|via|lookup)\b|[@=/])[\s:=\"'(]*$",
    re.IGNORECASE,
)


class NameFinder:
    """The names of known resources: identifiers, the last part of paths, and what their attributes call them.

    Where several scopes are distinguished, a text names what is in the scope of its writer.
    """

    def __init__(self, topologies: Iterable[Topology], further: Iterable[str] = ()) -> None:
        owners: dict[str, set[str]] = {}
        for topology in topologies:
            for resource in topology.resources:
                own = (resource.id, without_scope(resource.id), base_name(resource.id))
                for name in (*own, *_attribute_names(resource.attributes)):
                    owners.setdefault(name.casefold(), set()).add(resource.id)
        for name in further:
            owners.setdefault(name.casefold(), set()).add(name)
            owners.setdefault(without_scope(name).casefold(), set()).add(name)
        # A name that two resources of one scope share names neither.
        scoped = {name: [scope_of(resource) for resource in ids] for name, ids in owners.items() if _is_name(name)}
        self._owners = {name: owners[name] for name, scopes in scoped.items() if len(scopes) == len(set(scopes))}
        ordered = sorted(self._owners, key=lambda name: (-len(name), name))
        pattern = "|".join(map(re.escape, ordered))
        self._pattern = lazy_pattern(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE) if ordered else None

    def pointed_at(self, text: str, writer: str | None) -> str | None:
        """The resource that `text` blames: not its writer; what comes after "to", "from" and the like first."""
        if self._pattern is None:
            return None
        plain: str | None = None
        for match in self._pattern.finditer(text[:2000]):
            resource = self._meant(match[0], writer)
            if resource is None or (writer is not None and (resource == writer or same_name(resource, writer))):
                continue
            if _CUE.search(text, max(match.start() - 24, 0), match.start()):
                return resource
            plain = plain or resource
        return plain

    def _meant(self, name: str, writer: str | None) -> str | None:
        owners = self._owners[name.casefold()]
        scope = scope_of(writer) if writer is not None else ""
        near = [resource for resource in owners if not scope or scope_of(resource) in ("", scope)]
        return near[0] if len(near) == 1 else None


def _is_name(name: str) -> bool:
    return len(name) >= _SHORTEST and not name.isdigit()


def _attribute_names(attributes: Mapping[str, Any]) -> list[str]:
    return [value for key, value in attributes.items() if key.casefold() in _NAME_KEYS and isinstance(value, str)]
