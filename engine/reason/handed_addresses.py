"""Addresses that a cluster hands out to its clients, and that lead each of them to itself.

A client asks one member who the others are, and connects to what it is told (Apache Kafka: `advertised.listeners`;
Cassandra: `broadcast_rpc_address`; MongoDB: hosts of a replica set; Redis: `cluster-announce-ip`; Elasticsearch:
`network.publish_host`). If that is "localhost", every client is refused by its own host while the member answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.reason.claims import Claim
from engine.reason.fact_index import FactIndex
from engine.reason.signals import signal
from primitives.facts import LogPattern, ProbeResult
from primitives.patterns import lazy_pattern

__all__ = ["handed_addresses"]

_OWN_HOST: Final = lazy_pattern(r"\b(?:localhost|127\.0\.0\.1)(?:/127\.0\.0\.1)?:(?P<port>\d{2,5})\b", re.IGNORECASE)
# Members of these hand out addresses, by their names or by what their clients write.
_HANDS_OUT: Final = lazy_pattern(
    r"kafka|redpanda|\bbroker|cassandra|scylla|mongo|redis|valkey|elasti|opensearch|\[thrd:|producer|consumer",
    re.IGNORECASE,
)
_REFUSED: Final = lazy_pattern(r"refused|could not be established|failed|unreachable|not available", re.IGNORECASE)
# One client may have a wrong address of its own; several have it from whom they all ask.
_SEVERAL: Final = 2


def handed_addresses(case: FactIndex) -> Iterator[Claim]:
    """That a member hands out a wrong address: several clients try their own host, on the port where it answers."""
    trying: dict[str, dict[str, str]] = {}
    for name, fact in case.present(LogPattern):
        text = fact.example or fact.template
        match = _OWN_HOST.search(text)
        if fact.resource and fact.count and match and _REFUSED.search(text) and _HANDS_OUT.search(text):
            trying.setdefault(match["port"], {}).setdefault(fact.resource, name)
    for port, clients in sorted(trying.items()):
        members = _answering(case, port).difference(clients)
        if len(clients) >= _SEVERAL and len(members) == 1:
            why = f"its clients are sent to their own host, port {port}, while it answers there"
            for name in clients.values():
                yield from signal("another address answers", next(iter(members)), name, 1.0, why, "handed address")


def _answering(case: FactIndex, port: str) -> frozenset[str]:
    """Who answers on a port, by checks."""
    return frozenset(place for _, probe in case.present(ProbeResult)
                     if probe.healthy and probe.probe == "tcp_connect" and (probe.target or "").endswith(f":{port}")
                     and (place := case.checked(probe)) is not None)  # fmt: skip
