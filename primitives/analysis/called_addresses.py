"""The other side of a failed call that a message names by an address only, as a proxy does that balances over pods.

nginx writes `upstream: "http://10.0.0.7:8080/"`, Go `dial tcp 10.0.0.7:8080`, Envoy and HAProxy likewise; the address
of the client that was served stands in the same line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from primitives.analysis.error_families import family_of
from primitives.patterns import lazy_pattern

__all__ = ["peer_at"]

_CALLED: Final = lazy_pattern(
    r"(?:\bupstream[:=]? ?\"?|\bdial (?:tcp|udp) |\bconnect(?:ing|ion)? to |\bto |\bhost[:=] ?|->|://)(?:https?://)?"
    r"(?P<address>\d{1,3}(?:\.\d{1,3}){3}):\d{2,5}\b",
    re.IGNORECASE,
)
_OF_CALLS: Final = frozenset({"connection_refused", "connection_reset", "unreachable", "timeout", "unavailable"})
_LONGEST: Final = 2_000


def peer_at(text: str, owners: Mapping[str, str]) -> str | None:
    """The resource that a complaint was called at an address of; `owners` are the resources by their addresses."""
    if not owners:
        return None
    match = _CALLED.search(text[:_LONGEST])
    owner = owners.get(match["address"]) if match is not None else None
    return owner if owner is not None and family_of(text) in _OF_CALLS else None
