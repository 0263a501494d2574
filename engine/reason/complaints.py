"""Whom a complaint accuses: the target that it names, else what its writer calls, never the writer.

"Failed to call", "timed out", "connection refused": the process that writes so is well enough to write, and says that
another didn't answer (M. Nygard, Release It!: integration points; gRPC: UNAVAILABLE and DEADLINE_EXCEEDED).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from engine.reason.clients_gone import is_of_client
from engine.reason.fact_index import COMPLAINTS, FactIndex, hosts_in
from engine.reason.kind_words import KIND_WORDS
from engine.reason.lost_names import lost_names
from engine.reason.store_refusals import is_of_store, peer_spoken_of, refusing_stores, says_of_itself
from engine.reason.stores import is_store
from primitives.analysis.error_families import family_of
from primitives.facts import LogPattern, ProbeResult, WorkloadState
from primitives.identity import base_name, kind_of, namespace_of, same_name
from primitives.patterns import lazy_pattern
from primitives.resolver import is_inside

__all__ = [
    "accused",
    "alone_accused",
    "is_of_target",
    "is_outward",
    "refuses_caller",
    "refuses_certificate",
]

# These are always about the other side; the rest of the complaints only where their words say so.
_ALWAYS: Final = frozenset({"connection_refused", "unreachable", "call_failed"})
_OUTWARD: Final = lazy_pattern(
    r"\b(?:upstream|downstream|dial|call(?:s|ed|ing)?|connect(?:ing|ed)? to|connection (?:\d{1,12} )?to|"
    r"request to|rpc|fetch(?:ing)?|"
    r"lookup|response from|reply from|awaiting headers|remote|peer|endpoint|(?:get|post|put|delete) \"?https?:|"
    r"https?://|client\.timeout|connect timed out|connect timeout|"
    # Whoever was asked answered, or took too long to (Java: SocketTimeoutException; Python: requests.ReadTimeout).
    r"read ?timed ?out|read ?timeout|connectionpool\(host|"
    r"(?:responded|answered|replied)(?: with)?|returned (?:an? )?(?:http )?(?:status )?5\d\d)",
    re.IGNORECASE,
)
# Envoy: names of clusters that Istio makes, `outbound|PORT|SUBSET|HOST`.
_CLUSTER: Final = lazy_pattern(r"\boutbound\|(?P<port>\d{2,5})\|[^|\s]{0,63}\|(?P<host>[A-Za-z0-9.-]{1,253})")
_ADDRESS: Final = lazy_pattern(
    r"(?:\b(?:dial tcp|lookup|connect(?:ing|ed|ion)? (?:to|with)|server at|host|upstream|call(?:ing)?|reach|contact)"
    r"[ :=\"'(]{1,3}|://|[ @(\"'])"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?):(?P<port>\d{2,5})\b"
)
# urllib3: its pools of connections.
_POOL: Final = lazy_pattern(
    r"connectionpool\(host=['\"]?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{0,252}[A-Za-z0-9])['\"]?, port=(?P<port>\d{2,5})",
    re.IGNORECASE,
)
_NAME: Final = lazy_pattern(
    r"\b(?:dial tcp|lookup|connect(?:ing|ed|ion)? to|server at|upstream|failed to (?:call|reach|contact)|"
    r"could not reach|no response from|host(?=='|=[\w.-]{1,253} (?:port|user|dbname|database)=))[ :=\"'(]{1,3}"
    r"(?:host |server |the |service )?(?P<host>[A-Za-z](?=[A-Za-z0-9.-]{0,252}[.-])[A-Za-z0-9.-]{1,251}[A-Za-z0-9])\b"
)
_NUMBERS: Final = lazy_pattern(r"[\d.]+")
# Kinds of resources that a workload runs on and doesn't call.
_HOSTS: Final = frozenset({"node", "host", "zone"})
_WORDS: Final = lazy_pattern(r"[A-Za-z][A-Za-z0-9_]*|<[a-z]+>|\d+")
_REFUSES: Final = lazy_pattern(
    r"\b(?:reject|refus|den(?:y|ied|ie)|block)\w{0,4}\b[^\n]{0,24}\b(?:caller|client|consumer|peer|principal|"
    r"(?:call|request|connection)s? (?:from|by|of))\b",
    re.IGNORECASE,
)
_PEERS_CERTIFICATE: Final = lazy_pattern(
    r"certificate[_ ]verify[_ ]failed|certificate (?:has |is )?expired|certificate_expired|not (?:yet )?valid|"
    r"remote certificate|not ?time ?valid|unable to (?:get|verify)|self.signed|hostname mismatch|"
    r"no alternative certificate",
    re.IGNORECASE,
)
# The peer's alert: it refuses what the writer showed (Go crypto/tls; OpenSSL: "sslv3 alert certificate expired").
_OWN_REFUSED: Final = lazy_pattern(r"remote error: tls|\balert (?:bad |expired |unknown )?certificate", re.IGNORECASE)
_SHOWN_BY_PEER: Final = lazy_pattern(
    r"\b(?:remote|server|peer)(?:'s)? certificate|certificate (?:chain )?(?:presented|shown|sent|provided) by",
    re.IGNORECASE,
)
_PEER: Final = lazy_pattern(r"https?://|\bhost=|[a-z0-9-]:\d{2,5}\b", re.IGNORECASE)
_ORDINAL: Final = lazy_pattern(r"-\d{1,5}$")
# Their containers end, and the state says why.
_ENDS: Final = frozenset({"KilledByProbe", "OOMKilled", "StartError"})
# A quotation is at least so many words, and what is around it so many characters.
_LEAST_WORDS: Final = 5
_WRAPPED: Final = 10
_NAME_SERVERS: Final = frozenset({"coredns", "kube-dns"})
# Past this many nothing is said of any of them.
_MOST: Final = 4
_APART: Final = lazy_pattern(r"[^A-Za-z0-9]+")
_LONGEST: Final = 2_000
_LEAST_WORD: Final = 3


def is_outward(fact: LogPattern) -> bool:
    """Whether the messages complain of a call to another, not of requests that came in."""
    if fact.family not in COMPLAINTS or is_of_client(fact):
        return False
    return fact.family in _ALWAYS or bool(fact.points_at) or bool(_OUTWARD.search(fact.example or fact.template))


def accused(case: FactIndex, fact: LogPattern) -> tuple[str, ...]:
    """The resources that a complaint is about, each as likely; empty where none is known.

    In this order: whom the message names; who listens on the port that it names; the only dependency of the writer;
    each of a few. Where none is known, or a name that nothing knows, it is an unknown dependency of the writer.
    """
    writer = fact.resource
    if writer is None:
        return _resolvers(case, writer) if fact.family == "dns" else ()
    if fact.family == "authentication" and is_store(case, writer):
        return _refused_callers(case, writer)
    if source := _quoted(case, fact):
        return (source,)
    if peer := peer_spoken_of(case, fact):
        return (peer,)
    if says_of_itself(case, fact):
        return ()
    if fact.family == "dns":
        return _lost(case, fact) or _resolvers(case, writer) or _unready_named(case, writer, fact)
    if fact.family == "certificate":
        return _peers_shown(case, writer, fact)
    if not fact.points_at and is_of_store(fact):
        return refusing_stores(case, writer, fact)
    return _called(case, writer, fact) if is_outward(fact) else ()


def alone_accused(case: FactIndex, writer: str | None, families: Collection[str]) -> str | None:
    """The only one that a writer's complaints of these families accuse; None where they accuse nobody, or several."""
    blamed = {target for _, pattern in case.present(LogPattern)
              if pattern.resource == writer and pattern.family in families and pattern.count
              for target in accused(case, pattern)}  # fmt: skip
    return blamed.pop() if len(blamed) == 1 else None


def _called(case: FactIndex, writer: str, fact: LogPattern) -> tuple[str, ...]:
    """Whom a complaint about a call accuses."""
    if fact.points_at:
        return (fact.points_at,) if fact.points_at != writer else ()
    called = _calls(case, writer)
    if not called:
        return _crashing_beside(case, writer, fact)
    host, port = _address(fact.example or fact.template)
    if host and not _NUMBERS.fullmatch(host):
        short = host.partition(".")[0] if is_inside(host) else host
        known = [name for name in (*called, *case.resources) if same_name(name, short)]
        if known:
            return tuple(known[:1])
        return _named_by_words(called, fact)
    if spoken := _named_by_words(called, fact):
        return spoken
    if outside := _outside_called(case, called, fact):
        return outside
    listening = [name for name in called if port is not None and name in _listeners(case).get(port, ())]
    if len(listening) == 1:
        return (listening[0],)
    return tuple(called) if len(called) <= _MOST else ()


def _outside_called(case: FactIndex, called: Sequence[str], fact: LogPattern) -> tuple[str, ...]:
    """The only outside service that a workload calls, where it names an address in the public DNS.

    What runs inside is called by a short or a local name (Kubernetes, "DNS for Services and Pods"; RFC 6762, 6761).
    """
    hosts = hosts_in(fact)
    outside = [name for name in called if case.resources.get(name) == "external"]
    named = bool(hosts) and all(_is_public(host) for host in hosts)
    return tuple(outside) if named and len(outside) == 1 else ()


def _is_public(host: str) -> bool:
    return "." in host and not _NUMBERS.fullmatch(host) and not is_inside(host)


def _calls(case: FactIndex, writer: str) -> list[str]:
    """What a workload calls, without what it runs on."""
    return [name for name in case.below.get(writer, ()) if case.resources.get(name) not in _HOSTS]


def _crashing_beside(case: FactIndex, writer: str, fact: LogPattern) -> tuple[str, ...]:
    """Where it isn't known what a workload calls: the one beside it that crashes and whose words the message uses."""
    host, _ = _address(fact.example or fact.template)
    if host and not _NUMBERS.fullmatch(host):
        short = host.partition(".")[0]
        return tuple(name for name in case.resources if same_name(name, short) and name != writer)[:1]
    return _named_by_words([name for name in case.once(_dying) if name != writer
                            and namespace_of(name) == namespace_of(writer)], fact)  # fmt: skip


def _dying(case: FactIndex) -> frozenset[str]:
    """The workloads whose containers end now, for whatever reason."""
    ends = {state.resource for _, state in case.present(WorkloadState)
            if state.bearing == "active" and state.hurt is not False and state.state in _ENDS}  # fmt: skip
    return case.crashing.union(name for name in ends if name)


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


def _lost(case: FactIndex, fact: LogPattern) -> tuple[str, ...]:
    """What a change took the name away from that a message says isn't resolved."""
    text = (fact.example or fact.template).lower()
    return tuple(resource for name, (_, resource) in case.once(lost_names).items() if name in text)[:1]


def _unready_named(case: FactIndex, writer: str, fact: LogPattern) -> tuple[str, ...]:
    """The workload whose pods a name stands for, where it is ill: a name of pods that aren't ready isn't there.

    Kubernetes, "DNS for Services and Pods": a headless Service and the pods of a StatefulSet have records while ready.
    """
    host, _ = _address(fact.example or fact.template)
    first = host.partition(".")[0]
    if not first:
        return ()
    ill = {state.resource for _, state in case.present(WorkloadState)
           if state.resource and state.bearing == "active" and state.hurt is not False}  # fmt: skip
    for name in sorted(ill - {writer}):
        if kind_of(name) == "statefulset" and _ORDINAL.sub("", first) == base_name(name):
            return (name,)
    return ()


def _peers_shown(case: FactIndex, writer: str, fact: LogPattern) -> tuple[str, ...]:
    """Whose certificate a client refuses: that of the server which it names (RFC 5280, section 6; RFC 8446, 4.4.2)."""
    text = fact.example or fact.template
    if not _PEERS_CERTIFICATE.search(text) or _OWN_REFUSED.search(text):
        return ()
    called = _calls(case, writer)
    shown = case.once(_shows_a_bad_one)
    if known := tuple(name for name in called if name in shown):
        return known[:1] if len(known) == 1 else ()
    if len(called) == 1 and _SHOWN_BY_PEER.search(text):
        return tuple(called)
    if accused_too := [name for name in called if name in _refused_by_others(case, writer)]:
        return tuple(accused_too) if len(accused_too) == 1 else ()
    return _named_by_words(called, fact) if _PEER.search(text) else ()


def _refused_by_others(case: FactIndex, writer: str) -> set[str]:
    """The servers whose certificate other clients refuse by name: one that all refuse is the server's own trouble."""
    return {fact.points_at for _, fact in case.present(LogPattern)
            if fact.family == "certificate" and fact.points_at and fact.resource not in (writer, fact.points_at)
            and fact.count and not _OWN_REFUSED.search(fact.example or fact.template)}  # fmt: skip


def _shows_a_bad_one(case: FactIndex) -> frozenset[str]:
    """The servers whose certificate an active check refuses as well."""
    checked = {case.checked(probe) for _, probe in case.present(ProbeResult) if refuses_certificate(probe)}
    return frozenset(name for name in checked if name)


def refuses_certificate(probe: ProbeResult) -> bool:
    """Whether a check failed because it refused the certificate that it was shown."""
    return not probe.healthy and family_of(probe.output) == "certificate"


def _refused_callers(case: FactIndex, store: str) -> tuple[str, ...]:
    """Who shows a store credentials that it refuses: those of its callers that say so as well, else the only one ill.

    The password that a server refuses is its client's (RFC 4422; PostgreSQL: 28P01): where others of its callers are
    well, its own accounts are too.
    """
    callers = case.graph.callers_of(store)
    refused = {fact.resource for _, fact in case.present(LogPattern) if fact.family == "authentication" and fact.count}
    saying = tuple(name for name in callers if name in refused)
    if saying:
        return saying if len(saying) <= _MOST else ()
    ill = tuple(name for name in callers if name in case.complaining)
    return ill if len(ill) == 1 and len(callers) > 1 else ()


def _named_by_words(called: Sequence[str], fact: LogPattern) -> tuple[str, ...]:
    """The one of what is called whose own words the message uses, where no other dependency is called so."""
    text = _words(fact.example or fact.template)
    names = {name: _words(base_name(name)) - _words(base_name(fact.resource or "")) - KIND_WORDS for name in called}
    told = {name: len(own & text) for name, own in names.items()}
    best = max(told.values(), default=0)
    named = tuple(name for name, count in told.items() if count == best)
    return named if best and len(named) == 1 else ()


def _words(text: str) -> set[str]:
    return {word for word in _APART.split(text[:_LONGEST].lower()) if len(word) >= _LEAST_WORD}


def _address(text: str) -> tuple[str, int | None]:
    match = _CLUSTER.search(text) or _POOL.search(text) or _ADDRESS.search(text)
    named = _NAME.search(text) if match is None or _NUMBERS.fullmatch(match["host"]) else None
    if named and not _NUMBERS.fullmatch(named["host"]):
        return named["host"], int(match["port"]) if match else None
    return (match["host"], int(match["port"])) if match else ("", None)


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
        "read_only", "deadlock", "slow_query", "rate_limited", "server_error", "missing_object", "clock",
    )  # fmt: skip
