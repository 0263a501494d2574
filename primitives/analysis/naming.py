"""Which known resource a text names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from primitives.identity import KEPT_RUNNING, base_name, kind_of, namespace_of, same_name, scope_of, without_scope
from primitives.patterns import lazy_pattern
from primitives.records import Topology

__all__ = ["NameFinder"]

_SHORTEST: Final = 4
_READ: Final = 2_000
# Kubernetes: DNS for Services and Pods. The namespace comes behind the name of a Service.
_NAMESPACE: Final = lazy_pattern(r"\.([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)(?![\w-])")
_WORD: Final = lazy_pattern(r"[\w-]+")
_NAME_KEYS: Final = ("name", "host", "hostname", "endpoint", "address", "dns", "url", "arn", "service")
# RFC 3164: the header of a syslog line names the host that wrote it, and accuses nobody.
_HEADER: Final = lazy_pattern(
    r"(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]{8,15}(?:Z|[+-]\d\d:\d\d)) "
    r"[\w.-]{1,255} [\w./-]{1,64}(?:\[\d{1,10}\])?: "
)
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
        self._owners = {name: ids for name, ids in owners.items() if _is_name(name)}
        # By their first word: an alternation of a hundred thousand names would be tried at each character.
        # Kept are the lengths of the names, and what is before the word: the slash of a path, for nearly all nothing.
        forms: dict[str, set[tuple[int, int]]] = {}
        for name in self._owners:
            word = _WORD.search(name)
            if word is not None:
                forms.setdefault(word[0], set()).add((len(name), word.start()))
        self._forms = {word: sorted(known, reverse=True) for word, known in forms.items()}

    def pointed_at(self, text: str, writer: str | None) -> str | None:
        """The resource that `text` blames: not its writer; what comes after "to", "from" and the like first."""
        plain: str | None = None
        header = _HEADER.match(text)
        told_from = header.end() if header else 0
        for start, name in self._names_in(text[:_READ]):
            if start < told_from:
                continue
            spelled = _NAMESPACE.match(text, start + len(name))
            resource = self._meant(name, writer, spelled[1] if spelled else "")
            if resource is None or (writer is not None and (resource == writer or same_name(resource, writer))):
                continue
            if _CUE.search(text, max(start - 24, 0), start):
                return resource
            plain = plain or resource
        return plain

    def _names_in(self, text: str) -> Iterator[tuple[int, str]]:
        """Where the text has a known name, in any case and as a whole: the longest one of each place."""
        end = 0
        for word in _WORD.finditer(text):
            for length, before in self._forms.get(word[0].casefold(), ()):
                start = word.start() - before
                until = start + length
                name = text[start:until].casefold() if start >= end else ""
                if name in self._owners and _is_whole(text, start, until):
                    end = until
                    yield start, name
                    break

    def _meant(self, name: str, writer: str | None, spelled: str) -> str | None:
        """The only resource that can be meant; None for a name that is shared otherwise.

        It is of the writer's scope, of the namespace that is `spelled` behind the name or else of the writer's, and a
        workload before its Service.
        """
        scope = scope_of(writer) if writer is not None else ""
        near = {resource for resource in self._owners[name] if not scope or scope_of(resource) in ("", scope)}
        for namespace in (spelled, namespace_of(writer) if writer is not None else ""):
            if len(near) > 1 and namespace:
                near = {resource for resource in near if namespace_of(resource) == namespace} or near
        if len(near) > 1:
            near = {resource for resource in near if kind_of(resource) in KEPT_RUNNING} or near
        return next(iter(near)) if len(near) == 1 else None


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether the piece of the text is no part of a longer word."""
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return not _WORD.fullmatch(before) and not _WORD.fullmatch(after)


def _is_name(name: str) -> bool:
    return len(name) >= _SHORTEST and not name.isdigit()


def _attribute_names(attributes: Mapping[str, Any]) -> list[str]:
    return [value for key, value in attributes.items() if key.casefold() in _NAME_KEYS and isinstance(value, str)]
