"""Whom a complaint accuses: the target that it names, else what its writer calls, never the writer.

"Failed to call", "timed out", "connection refused": the process that writes so is well enough to write, and says that
another didn't answer (M. Nygard, Release It!: integration points; gRPC: UNAVAILABLE and DEADLINE_EXCEEDED).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from engine.reason.fact_index import COMPLAINTS, FactIndex
from primitives.facts import LogPattern, ProbeResult
from primitives.identity import base_name, same_name
from primitives.patterns import lazy_pattern

__all__ = ["accused", "is_of_target", "is_outward", "refuses_caller"]

# Kinds of resources that store data: when one refuses writes, its callers log the error.
_STORES: Final = frozenset({"database", "cache", "queue", "topic", "storage", "search"})
# These are always about the other side; the rest of the complaints only where their words say so.
_ALWAYS: Final = frozenset({"connection_refused", "unreachable", "call_failed"})
_OUTWARD: Final = lazy_pattern(
    r"\b(?:upstream|downstream|dial|call(?:s|ed|ing)?|connect(?:ing|ed)? to|connection to|request to|rpc|fetch(?:ing)?|"
    r"lookup|response from|reply from|awaiting headers|remote|peer|endpoint|(?:get|post|put|delete) \"?https?:|"
    r"https?://|client\.timeout|connect timed out|connect timeout)",
    re.IGNORECASE,
)
# Redis: errors OOM and MISCONF; RabbitMQ: connection.blocked.
_STORE_SAYS: Final = lazy_pattern(
    r"oom command not allowed|misconf redis|blocked by (?:the )?(?:broker|server)|connection\.blocked", re.IGNORECASE
)
_ADDRESS: Final = lazy_pattern(
    r"(?:\b(?:dial tcp|lookup|connect(?:ing|ed|ion)? (?:to|with)|server at|host|upstream|call(?:ing)?|reach|contact)"
    r"[ :=\"'(]{1,3}|://|[ @(\"'])"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?):(?P<port>\d{2,5})\b"
)
_NAME: Final = lazy_pattern(
    r"\b(?:dial tcp|lookup|connect(?:ing|ed|ion)? to|server at|upstream|failed to (?:call|reach|contact)|"
    r"could not reach|no response from)[ :=\"'(]{1,3}"
    r"(?:host |server |the |service )?(?P<host>[A-Za-z](?=[A-Za-z0-9.-]{0,252}[.-])[A-Za-z0-9.-]{1,251}[A-Za-z0-9])\b"
)
_NUMBERS: Final = lazy_pattern(r"[\d.]+")
# Kinds of resources that a workload runs on and doesn't call.
_HOSTS: Final = frozenset({"node", "host", "zone"})
_INSIDE: Final = (".local", ".internal", ".svc", ".localdomain")
_WORDS: Final = lazy_pattern(r"[A-Za-z][A-Za-z0-9_]*|<[a-z]+>|\d+")
_REFUSES: Final = lazy_pattern(
    r"\b(?:reject|refus|den(?:y|ied|ie)|block)\w{0,4}\b[^\n]{0,24}\b(?:caller|client|consumer|peer|principal|"
    r"(?:call|request|connection)s? (?:from|by|of))\b",
    re.IGNORECASE,
)
# A quotation is at least so many words, and what is around it so many characters.
_LEAST_WORDS: Final = 5
_WRAPPED: Final = 10
_NAME_SERVERS: Final = frozenset({"coredns", "kube-dns"})
# Past this many nothing is said of any of them.
_MOST: Final = 4


def is_outward(fact: LogPattern) -> bool:
    """Whether the messages complain of a call to another, not of requests that came in."""
    if fact.family not in COMPLAINTS:
        return False
    return fact.family in _ALWAYS or bool(fact.points_at) or bool(_OUTWARD.search(fact.example or fact.template))


def accused(case: FactIndex, fact: LogPattern) -> tuple[str, ...]:
    """The resources that a complaint is about, each as likely; empty where none is known.

    In this order: whom the message names; who listens on the port that it names; the only dependency of the writer;
    each of a few. Where none is known, or a name that nothing knows, it is an unknown dependency of the writer.
    """
    writer = fact.resource
    if writer is not None and (source := _quoted(case, fact)):
        return (source,)
    if fact.family == "dns" and (resolvers := _resolvers(case, writer)):
        return resolvers
    if writer is not None and not fact.points_at and _is_of_store(fact):
        return _refusing_store(case, writer)
    if writer is None or not is_outward(fact):
        return ()
    if fact.points_at:
        return (fact.points_at,) if fact.points_at != writer else ()
    called = [name for name in case.below.get(writer, ()) if case.resources.get(name) not in _HOSTS]
    host, port = _address(fact.example or fact.template)
    if host and not _NUMBERS.fullmatch(host):
        short = host.partition(".")[0] if host.endswith(_INSIDE) or ".svc." in host else host
        known = [name for name in (*called, *case.resources) if same_name(name, short)]
        return tuple(known[:1])
    listening = [name for name in called if port is not None and name in _listeners(case).get(port, ())]
    if len(listening) == 1:
        return (listening[0],)
    return tuple(called) if len(called) <= _MOST else ()


def _quoted(case: FactIndex, fact: LogPattern) -> str | None:
    """Who says the same in its own words, where the message repeats them as what another told its writer."""
    if fact.family is None or fact.family in COMPLAINTS:
        return None
    text = " ".join(_WORDS.findall(fact.example or fact.template))
    sources = set()
    for _, other in case.present(LogPattern):
        if other.family == fact.family and other.resource and other.resource != fact.resource and other.count:
            words = _WORDS.findall(other.example or other.template)
            said = " ".join(words)
            if len(said) + _WRAPPED <= len(text) and " ".join(words[-max(_LEAST_WORDS, len(words) - 3) :]) in text:
                sources.add(other.resource if len(words) >= _LEAST_WORDS else None)
    return sources.pop() if len(sources) == 1 else None


def _resolvers(case: FactIndex, writer: str | None) -> tuple[str, ...]:
    """The cluster's own name servers, where they complain as well (Kubernetes: DNS-Based Service Discovery)."""
    named = {name for name in case.complaining if base_name(name).casefold() in _NAME_SERVERS}
    return tuple(sorted(named)) if writer not in named else ()


def _is_of_store(fact: LogPattern) -> bool:
    """Whether only a store says so: it takes no writes, locks, or refuses commands."""
    return fact.family in ("read_only", "deadlock") or bool(_STORE_SAYS.search(fact.example or fact.template))


def _refusing_store(case: FactIndex, writer: str) -> tuple[str, ...]:
    """The only store that a writer has, where the writer is none itself: it is the one that takes no writes."""
    stores = [name for name in case.below.get(writer, ()) if case.resources.get(name) in _STORES]
    return tuple(stores) if len(stores) == 1 and case.resources.get(writer) not in _STORES else ()


def _address(text: str) -> tuple[str, int | None]:
    match = _ADDRESS.search(text)
    if match:
        return match["host"], int(match["port"])
    named = _NAME.search(text)
    return (named["host"], None) if named else ("", None)


def _listeners(case: FactIndex) -> Mapping[int, set[str]]:
    """The resources that active checks reached, or tried to reach, on each port."""
    ports: dict[int, set[str]] = {}
    for _, fact in case.of(ProbeResult):
        host, _, port = (fact.target or "").rpartition(":")
        if port.isdigit() and fact.resource:
            ports.setdefault(int(port), set()).update({fact.resource, host})
    return ports


def refuses_caller(fact: LogPattern) -> bool:
    """Whether it says that its writer lets in somebody whom it names no more: what is wrong is the other's."""
    return fact.family in ("authentication", "permission") and bool(_REFUSES.search(fact.example or fact.template))


def is_of_target(family: str) -> bool:
    """Whether a message of the family is about the resource that it names, not about the one that wrote it."""
    return family in (
        "connection_refused", "connection_reset", "unreachable", "timeout", "unavailable", "too_many_connections",
        "read_only", "deadlock", "slow_query", "rate_limited", "server_error", "missing_object",
    )  # fmt: skip
