"""Known families of error messages, by the grammar of what runtimes, databases and clouds write.

A family is a thing and what befell it ("the pool is exhausted", "no free slots", "not enough memory"), not the phrase
of one product. What states a setting or a success ("timeout: 30s", "0 errors") is taken out before anything is looked
for, and a number is an HTTP status only where the text says so ("order 401" and "wrote 429 rows" say nothing).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from primitives.analysis.error_grammar import FRAME, without_calm
from primitives.analysis.error_names import spelled
from primitives.analysis.error_rules import RULES
from primitives.analysis.http_status import status_in
from primitives.analysis.vendor_messages import vendor_family
from primitives.analysis.verdicts import TRANSPORT, verdict_of
from primitives.patterns import lazy_pattern
from primitives.redact.pieces import Pieces

__all__ = ["FAMILIES", "family_of", "pattern_of"]

_LONGEST: Final = 2000
FAMILIES: Final = tuple(name for name, _ in RULES)
"""Every family's name, the specific before the general."""

# What the text of a family's message holds at least, in lower case: looking for these first is a hundred times faster.
# A family of `RULES` without its line here is refused when this module is imported.
_STEMS: Final = {
    line.split(": ")[0]: tuple(line.split(": ")[1].split("|"))
    for line in """
out_of_memory: data too large|heap|killed|memory|unable to allocate|metaspace|oom|ram|swap|exhausted|concurrent mode
disk_full: claim|data|extend|device|disk|enospc|file|inode|log|partition|space|storage|table|tablespace|volume|wal
no_addresses: address|ip|subnet
too_many_connections: process|requested address|client|connection|eaddrnotavail|limit of|pool|port|session|slots
  socket|waitqueue|waiting
too_many_files: fd|file|handle
too_many_threads: outofmemory|children|executor|fiber|pid|pool|process|rejectedexecution|thread|unavailable|worker
read_only: not accepting|vacuumed|erofs|master|primary|read|safe|writable|write
failover: switch-master|dead|seen again|election|leader|master|over|primary|promot|quorum|step|partition
replication_lag: behind|isr|follower|replica|secondary|slave|standby
deadlock: recovery|latch|mutex|semaphore|lock|conflict|serialize
clock: clock|not yet current|skew|system time|used before|too early|valid yet|future|past|sanity|valid
certificate: cert|leaf_sig|handshake|issuer|pkix|ssl|tls|x509
dns: :53:|dns|lookup|eai_|enotfound|getaddrinfo|host|known|nodename|nxdomain|resol|servfail|zero addresses|unresolved
connection_refused: refused|no listener|111
connection_reset: connection|empty re|closed|econn|eof|hang|lost|pipe|reset|server|heartbeat
unreachable: ack|connect|dial|all|broker|can't|cannot|could|enet|error|fail|host|network|no|route|server|unable|unreach
rate_limited: limit|throughput|rate|request|resource|slow|throttl
concurrency: concurren
quota: limit|quota
authentication: ldap|access|auth|credential|denied|jwt|kerberos|key|log|pass|saml|session|signature|token|pg_hba|role
  user|secret|grant|d_client|d client
permission: acces|denied|unauthori|access|allowed|authori|eperm|forbidden|owner|permi|privilege|rights
port_in_use: already|eaddrinuse|in use|only one|socket in a way|wsaeacces
missing_object: exist|index_not_found|no such|nosuch|undefined|unknown|table or view|invalid
missing_configuration: must|password is|config|env|flag|keyerror|option|placeholder|property|secret|setting|variable
  required
invalid_configuration: inequivalent|detected|redirection cycle
  bootstrap|not a valid|argument|direct|command|config|flag|option|param|propert|setting|yaml|heap
missing_file: cannot find|enoent|filenotfound|no such|not found|module|executable|main class
incompatible_version: duplicate|exec|incompat|mismatch|no longer|noclass|nosuch|seriali|un|version|wrong|glibc
  featurecomp
packet_loss: packet|retransmi|duplex|collision
device_failed: thermal|temp|supply|psu|fan|predictive
  checksum|corrupt|eio|hardware|i/o|input/output|kernel|link|machine|medium|remount|sector|uncorrectable
  crc|ext4|xfs
host_reclaimed: hardware|host|instance|node|preempt|spot|vm
queue_full: syn flood|consumer|backlog|table full|buffer|dead|drop|inbox|lag|mailbox|piling|queue
consumer_stopped: member|consumer|reader|listener|subscriber|poller|pump
slow_disk: slow|sync|apply|heartbeat|flush|journal|blocked for
garbage_collection: gc|pause
feature_flag: flag
timeout: deadline|no |exceeded|not|time|took
slow_query: duration|long|slow|took
cancelled: cancel|client
overloaded: busy|capacity|concurren|drop|overload|reject|shed|too many|bulkhead
unavailable: capacity|allocationfailed|loading|starting|shutting|initiali|sealed|fenced|recovery
  answering|circuit|down|gateway|not ready|offline|responding|response from|unavailable|replicas|shards
crash: assertion fail|with result|exited with|too quickly|too often|too fast|too many times|main process
  abend|abort|caught|core|crashloop|exit|fatal|handled|overflow|panic|seg|sig|terminate|exception in thread|free
  code=dumped|code=killed
server_error: internal
call_failed: can't|cannot|could|error|fail|rpc|unable
exception: assertion|error|exception|nil|null|panic|traceback|syntax|duplicate|violates
""".strip()
    .replace("\n  ", "|")
    .splitlines()
}
if missing := sorted(set(FAMILIES) ^ set(_STEMS)):
    raise ImportError(
        f"_STEMS in {__file__} must have a line for each family of RULES and for no other: see {', '.join(missing)}"
    )
# HTTP status codes (RFC 9110, RFC 6585) by what they say.
_STATUSES: Final = {
    401: "authentication", 403: "permission", 407: "authentication", 408: "timeout", 429: "rate_limited",
    500: "server_error", 502: "unavailable", 503: "unavailable", 504: "unavailable", 507: "disk_full",
}  # fmt: skip
_STATUS_TEXTS: Final = tuple(map(str, _STATUSES))
# All of them in one look: one by one there are hundreds for each message.
_ANY_STEM: Final = Pieces((*_STATUS_TEXTS, *(stem for stems in _STEMS.values() for stem in stems)))
_FAILED: Final = lazy_pattern(r"\b(?:fail\w{0,4}|error|could not|unable)\b")
# A session that timed out ended, and was answered.
_NO_ANSWER: Final = lazy_pattern(
    r":[^\n:]{0,200}\b(?:i/o timeout|deadline exceeded|(?<!session )timed? ?out|handshake timeout|"
    r"connection (?:refused|reset|timed out)|no route to host|eof)\b"
)
_NESTED: Final = lazy_pattern(r"\b(?:caused by|nested(?: exception is)?):")
_MOST_NESTED: Final = 4
# That something failed, and not what befell it: the name of the error may say more.
_GENERAL: Final = frozenset({"exception", "call_failed", "server_error"})
# For text in lower case: to compile one that ignores case takes four times as long.
_PATTERNS: Final = tuple((name, lazy_pattern(pattern)) for name, pattern in RULES)


def pattern_of(family: str) -> re.Pattern[str] | None:
    """What the messages of a family say, for text in lower case; None for a family that is not known."""
    return next((pattern for name, pattern in _PATTERNS if name == family), None)


@lru_cache(maxsize=8192)
def family_of(message: str) -> str | None:
    """The family of error that a message belongs to, None for none that is known."""
    text = message[:_LONGEST].lower()
    if FRAME.search(text):
        return None
    said = vendor_family(text) or _family_of(without_calm(text), message)
    if said is None or said in _GENERAL:
        named = (_family_of(words, words) for words in spelled(message[:_LONGEST]))
        return next((family for family in named if family is not None and family not in _GENERAL), said)
    return said


def _family_of(text: str, message: str) -> str | None:
    held = set(_ANY_STEM.of(text))
    stated = None if held.isdisjoint(_STATUS_TEXTS) else _STATUSES.get(status_in(message[:_LONGEST]) or 0)
    for name, pattern in _PATTERNS:
        if name == stated or (not held.isdisjoint(_STEMS[name]) and pattern.search(text)):
            if name == "authentication" and _is_unanswered(text) and verdict_of(text) is None:
                continue  # it says what the call was for, and that nobody answered it
            if name == "too_many_connections" and (reason := _reason_of_pool(text)) is not None:
                return reason
            return (verdict_of(text) or name) if name in TRANSPORT else name
    return None


def _reason_of_pool(text: str) -> str | None:
    """Why a client's pool makes no connection, where a message names the exception behind it (JDBC: nested causes)."""
    parts = _NESTED.split(text, maxsplit=_MOST_NESTED)
    return family_of(parts[-1]) if len(parts) > 1 and "pool" in parts[0] else None


def _is_unanswered(text: str) -> bool:
    """Whether what failed did so because nobody answered: two searches take less time than one that holds both."""
    failed = _FAILED.search(text)
    return failed is not None and _NO_ANSWER.search(text, failed.end()) is not None
