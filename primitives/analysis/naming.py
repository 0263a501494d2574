"""Which known resource a text names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.identity import base_name, same_name
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
    """The names of known resources: identifiers, the last part of paths, and what their attributes call them."""

    def __init__(self, topologies: Iterable[Topology], further: Iterable[str] = ()) -> None:
        owners: dict[str, set[str]] = {}
        for topology in topologies:
            for resource in topology.resources:
                for name in (resource.id, base_name(resource.id), *_attribute_names(resource.attributes)):
                    owners.setdefault(name.casefold(), set()).add(resource.id)
        for name in further:
            owners.setdefault(name.casefold(), set()).add(name)
        # A name that two resources share names neither.
        self._owners = {name: next(iter(ids)) for name, ids in owners.items() if len(ids) == 1 and _is_name(name)}
        ordered = sorted(self._owners, key=lambda name: (-len(name), name))
        pattern = "|".join(map(re.escape, ordered))
        self._pattern = lazy_pattern(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE) if ordered else None

    def pointed_at(self, text: str, writer: str | None) -> str | None:
        """The resource that `text` blames: not its writer; what comes after "to", "from" and the like first."""
        if self._pattern is None:
            return None
        plain: str | None = None
        for match in self._pattern.finditer(text[:2000]):
            resource = self._owners[match[0].casefold()]
            if resource == writer or (writer is not None and same_name(resource, writer)):
                continue
            if _CUE.search(text, max(match.start() - 24, 0), match.start()):
                return resource
            plain = plain or resource
        return plain


def _is_name(name: str) -> bool:
    return len(name) >= _SHORTEST and not name.isdigit()


def _attribute_names(attributes: Mapping[str, Any]) -> list[str]:
    return [value for key, value in attributes.items() if key.casefold() in _NAME_KEYS and isinstance(value, str)]
