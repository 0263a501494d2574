"""Known families of error messages, by the words that runtimes, databases and clouds use for them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["FAMILIES", "family_of"]

# The first that matches counts: the specific before the general.
_RULES: Final = (
    (
        "out_of_memory",
        r"out of memory|outofmemory|oom.?kill|cannot allocate memory|java heap space|memory cgroup",
    ),
    (
        "disk_full",
        (
            r"no space left|disk (?:is )?full|disk quota exceeded|enospc|"
            r"(?:out of|insufficient|low on) (?:disk |storage )(?:space)?|storage space|ran out of storage"
        ),
    ),
    (
        "too_many_connections",
        (
            r"too many (?:connections|clients)|connection slots|max_connections|"
            r"pool (?:is )?(?:exhausted|timed? ?out)|pool exhausted|"
            r"(?:acquir\w{1,5}|obtain\w{0,5}|get) (?:a )?connection|connection pool|connection is not available"
        ),
    ),
    ("too_many_files", r"too many open files|emfile"),
    (
        "read_only",
        (
            r"read.?only (?:file system|transaction|replica|mode|database)|cannot execute \w+ in a read-only|"
            r"erofs|--read-only option"
        ),
    ),
    ("deadlock", r"deadlock|lock wait timeout|could not obtain lock|lock.{0,20}timed out"),
    (
        "certificate",
        (
            r"x509|certificate (?:has )?(?:expired|verify|is not|signed)|certificate_|tls handshake|"
            r"ssl(?:handshake)?(?:exception|error)|handshake fail|pkix path|certpathvalidator|\bcert_\w+|"
            r"self.?signed certificate|unable to get local issuer"
        ),
    ),
    (
        "dns",
        (
            r"enotfound|eai_again|getaddrinfo|name or service not known|no such host|name resolution|unknownhost|"
            r"unable to resolve|could not resolve|nxdomain|servfail"
        ),
    ),
    ("connection_refused", r"connection refused|econnrefused|actively refused"),
    (
        "connection_reset",
        (
            r"connection (?:was )?(?:reset|closed|aborted)|econnreset|broken pipe|epipe|unexpected eof|"
            r"server closed the connection|connection lost"
        ),
    ),
    (
        "unreachable",
        (
            r"no route to host|hosts? (?:is |are )?unreachable|network is unreachable|ehostunreach|enetunreach|"
            r"(?:could not|cannot|can't|couldn't|unable to|failed to|failure to) connect\b|"
            r"no (?:available|reachable|healthy|live) (?:connections?|hosts?|servers?|nodes?|brokers?|upstreams?)|"
            r"no ?(?:brokers?|hosts?|servers?|nodes?) ?available|server selection (?:timeout|error)|"
            r"all (?:hosts?|servers?|nodes?|brokers?)(?:\(s\))? (?:tried|failed|unavailable|are down)"
        ),
    ),
    (
        "rate_limited",
        (
            r"rate.?limit|too many requests|throttl|slow ?down\b|\b429\b|quota|limit ?exceeded|resource_exhausted|"
            r"resourceexhausted"
        ),
    ),
    (
        "authentication",
        (
            r"unauthenticated|unauthori[sz]ed|authentication fail|invalid (?:credentials|token|password|api key)|"
            r"password authentication failed|log[io]n (?:failed|was refused)|\b401\b|access denied for user|"
            r"(?:token|jwt|session|credentials?) (?:has |have |is |are )?expired|expired.?(?:token|credentials)|"
            r"(?:token|credentials?) included in the request (?:is|are) (?:expired|invalid)|"
            r"wrongpass|\bnoauth\b|bad credentials|wrong (?:user ?name|password)|invalid user ?name"
        ),
    ),
    (
        "permission",
        (
            r"permission denied|operation not permitted|access.?denied|forbidden|not authorized|eacces|eperm|\b403\b|"
            r"insufficient privileges"
        ),
    ),
    (
        "port_in_use",
        r"address already in use|eaddrinuse|port \S* ?(?:is )?already (?:in use|allocated)",
    ),
    (
        "missing_object",
        (
            r"(?:relation|table|column|database|schema|index|key ?space|topic|queue|bucket) \S+ (?:does not|"
            r"doesn't) exist|"
            r"no such table|unknown (?:column|table|database)|undefined_(?:table|column)|nosuchbucket|nosuchkey"
        ),
    ),
    (
        "missing_configuration",
        (
            r"(?:missing|required|undefined|unset|no) (?:environment variable|env(?:ironment)? var|config\w{0,10}|"
            r"setting|property|secret)|"
            r"(?:environment variable|config\w{0,10}|secret|property|configmap) \S{1,253} (?:is )?(?:not (?:set|found|"
            r"defined)|missing|required|undefined)|"
            r"could not resolve placeholder"
        ),
    ),
    ("missing_file", r"no such file or directory|enoent|filenotfound"),
    (
        "incompatible_version",
        (
            r"version (?:conflict|mismatch|skew)|incompatible (?:\w+ )?(?:version|runtime|protocol)|"
            r"nosuchmethoderror|noclassdeffound|undefined symbol|duplicate registration"
        ),
    ),
    (
        "timeout",
        r"time[d]?.?out|deadline.?exceeded|etimedout|exceeded \d+ ?ms|exceeded deadline|took too long",
    ),
    ("slow_query", r"slow query|long.running query|duration: \d+"),
    ("cancelled", r"context canceled|request cancell?ed|client (?:closed|disconnected)"),
    (
        "unavailable",
        (
            r"service ?unavailable|temporarily unavailable|\bunavailable\b|\b50[234]\b|bad gateway|not ready|"
            r"circuit (?:breaker )?(?:is )?open"
        ),
    ),
    (
        "crash",
        (
            r"(?<!http: )\bpanic(?:ked)?\b|segmentation fault|segfault|sigsegv|sigabrt|core dumped|"
            r"fatal (?:error|exception)|crashloopbackoff|stack overflow|"
            r"un(?:handled|caught) ?(?:exception|promise|rejection|error)|"
            r"terminate called"
        ),
    ),
    ("server_error", r"internal server error|\b500\b"),
    # What a request stumbles over: the process lives on unless something else says that it ended.
    (
        "exception",
        (
            r"exception\b|(?<=\w)error:|traceback \(most recent|nil pointer|null ?pointer|"
            r"http: panic serving|recovered from panic|null reference"
        ),
    ),
)

FAMILIES: Final = tuple(name for name, _ in _RULES)
"""Every family's name, the specific before the general."""

_PATTERNS: Final = tuple((name, lazy_pattern(pattern, re.IGNORECASE)) for name, pattern in _RULES)


@lru_cache(maxsize=8192)
def family_of(message: str) -> str | None:
    """The family of error that a message belongs to, None for none that is known."""
    text = message[:2000]
    for name, pattern in _PATTERNS:
        if pattern.search(text):
            return name
    return None
