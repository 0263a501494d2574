"""Which spans are nothing but calls: their time is that of the way and of the handling elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from primitives.records import Span

__all__ = ["call_spans"]

# OpenTelemetry: SpanKind, by name or number.
_CLIENT: Final = frozenset(("client", "span_kind_client", "3", "producer", "span_kind_producer", "4"))
_SERVER: Final = frozenset(("server", "span_kind_server", "2", "consumer", "span_kind_consumer", "5"))
_ASYNCHRONOUS: Final = frozenset(("producer", "span_kind_producer", "4", "consumer", "span_kind_consumer", "5"))
_KIND_KEYS: Final = ("span.kind", "span_kind", "kind")


def call_spans(spans: Sequence[Span], parents: Sequence[int]) -> list[tuple[int, int]]:
    """The places of each span that is nothing but a call, and of the span that handles it elsewhere.

    `parents` are the places of each span's parent, -1 where it has none.

    A span is a call when it says so (span kind), or when it lies within its resource and has one child, elsewhere: a
    handler's own span has its parent elsewhere, and one with more children does more than to call.
    """
    only: dict[int, int] = {}
    several: set[int] = set()
    for place, parent in enumerate(parents):
        if parent >= 0 and parent != place:
            if parent in only:
                several.add(parent)
            only[parent] = place
    calls = []
    for parent, child in sorted(only.items()):
        if parent in several or spans[parent].resource == spans[child].resource:
            continue
        kind, handled = _kind(spans[parent].attributes), _kind(spans[child].attributes)
        if {kind, handled} & _ASYNCHRONOUS:
            continue
        above = parents[parent]
        inside = above >= 0 and spans[above].resource == spans[parent].resource
        if kind in _CLIENT or (kind not in _SERVER and inside):
            calls.append((parent, child))
    return calls


def _kind(attributes: Mapping[str, Any]) -> str:
    for key in _KIND_KEYS:
        value = attributes.get(key)
        if value is not None:
            return str(value).lower()
    return ""
