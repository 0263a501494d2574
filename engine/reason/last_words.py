"""What a workload logs before it ends, or while it isn't ready, says why.

Kubernetes, "Debug Running Pods" and "Determine the Reason for Pod Failure": the first question about a container that
fails is what it wrote last. The status says only that it ended. Complaints of others it calls are not among these
(`engine.reason.complaints`), and neither is a message that says no more than the status.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from engine.reason.catalogue import causes_of_family, causes_of_signal
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import COMPLAINTS, FactIndex
from engine.reason.trust import TEXT
from primitives.facts import LogPattern, WorkloadState
from primitives.patterns import lazy_pattern

__all__ = ["causes_of_words", "explained_by_themselves", "is_own_reason", "own_reasons", "speaking_for_themselves"]

# Factor of what a failing workload says itself: its status doesn't compete with it, and it has no reason to lie.
_LAST_WORDS: Final = 1.8

_ENDED: Final = frozenset(("CrashLoopBackOff", "ContainerFailed", "InvalidCommand", "JobFailed", "PodFailed"))
# It runs, and says itself that it can't serve: its probe gets an answer of the application, or takes too long for one.
_UNREADY: Final = frozenset(("NotReady", "ProbeAnsweredError", "InitContainerNotFinished"))
_NO_REASON: Final = COMPLAINTS | {"crash", "exception", "server_error", "cancelled", "slow_query", "overloaded", "dns"}
# What hardly keeps a process from being ready: a message of it may be about one request.
_OF_REQUESTS: Final = frozenset(("missing_file", "missing_object", "rate_limited", "incompatible_version"))
_PATH: Final = lazy_pattern(
    r"(?:^|[\s'\"`:=(\[])/[\w.@-]+(?:/[\w.@-]*)*|eacces|erofs|errno (?:13|30)|"
    r"\b(?:open|read|writ|creat|mkdir|chown|chmod|renam)\w{0,4}\b.{0,120}(?:permission denied|not permitted)",
    re.IGNORECASE,
)
# Where in its own code it failed: Python, Node.js, Go, Ruby.
_FRAME: Final = lazy_pattern(r'File "[^"\n]{1,300}", line \d+|/[^\s():"]{1,300}:\d+\b')
# What is asked of a server looks like a path and is none (RFC 9112, section 3: request lines).
_REQUEST_LINE: Final = lazy_pattern(r"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) /[^\s\"']{0,2000}")
# A database's sessions are read-only, not its files (PostgreSQL 25006, MySQL 1792).
_OF_SESSION: Final = lazy_pattern(r"\btransaction\b|\bsqlstate\b", re.IGNORECASE)
# botocore `ClientError`: a service of AWS refused, and no file system.
_REMOTE: Final = lazy_pattern(r"when calling the \w{1,80} operation", re.IGNORECASE)
_PORT: Final = lazy_pattern(r"\b(?:bind|listen)(?:ing|\(\))?\b", re.IGNORECASE)
_CONFIGURATION_FILE: Final = lazy_pattern(
    r"/etc/|conf(?:ig)?\b|settings|\.(?:ya?ml|toml|ini|json|properties|conf|env|pem|crt|key)\b", re.IGNORECASE
)
_TOKEN_FILE: Final = lazy_pattern(r"serviceaccount/token", re.IGNORECASE)
_EXPIRED: Final = lazy_pattern(
    r"(?:token|jwt|session)\b.{0,40}\bexpired|secrets?\b.{0,80}\b(?:is|are|has|have) (?:been )?expired|"
    r"\bexp\b.{0,40}\bin the past|expired\b.{0,40}\b(?:token|jwt)",
    re.IGNORECASE,
)


def speaking_for_themselves(case: FactIndex) -> Mapping[str, bool]:
    """The workloads whose own words are their trouble's reason; the value says whether they ended."""
    ill: dict[str, bool] = {}
    for _, state in case.present(WorkloadState):
        if state.resource and state.bearing not in ("past", "standing") and state.state in _ENDED | _UNREADY:
            ill[state.resource] = ill.get(state.resource, False) or state.state in _ENDED
    return ill


def is_own_reason(fact: LogPattern, ill: Mapping[str, bool]) -> bool:
    """Whether a message says why its writer fails."""
    if fact.family is None or fact.family in _NO_REASON or fact.baseline_count:
        return False
    ended = ill.get(fact.resource or "")
    return ended is not None and (ended or fact.family not in _OF_REQUESTS)


def explained_by_themselves(case: FactIndex) -> frozenset[str]:
    """The workloads whose own words say why they are ill."""
    ill = speaking_for_themselves(case)
    return frozenset(fact.resource for _, fact in case.present(LogPattern)
                     if fact.resource and fact.count and is_own_reason(fact, ill))  # fmt: skip


def causes_of_words(fact: LogPattern) -> tuple[tuple[str, float], ...]:
    """The causes that a message's words support, with their weights: its family's, or what it is about."""
    text = fact.example or fact.template
    if fact.family in ("permission", "read_only") and _PORT.search(text):
        return causes_of_signal("port refused")
    if fact.family in ("permission", "read_only") and _is_of_path(text):
        # The operating system refuses it (POSIX: EACCES, EROFS); a volume's owner, mode or `readOnly` decides.
        return causes_of_signal("path refused")
    if fact.family == "missing_file" and _TOKEN_FILE.search(text):
        return causes_of_signal("account token missing")
    if fact.family == "missing_file" and _CONFIGURATION_FILE.search(text):
        return causes_of_signal("settings file missing")
    if fact.family == "authentication" and _EXPIRED.search(text):
        return causes_of_signal("token expired")
    return causes_of_family(fact.family or "")


def _is_of_path(text: str) -> bool:
    """Whether a refusal is of a path, not of a request; where in the code it came up is no path."""
    if "forbidden" in text.lower() or _REMOTE.search(text) or _OF_SESSION.search(text):
        return False
    return bool(_PATH.search(_REQUEST_LINE.sub(" ", _FRAME.sub(" ", text))))


def own_reasons(name: str, fact: LogPattern) -> Iterator[Claim]:
    """Claims of what a failing workload says itself, in the group of its status: that says only that it fails."""
    why = f"its last words are of {(fact.family or '').replace('_', ' ')}"
    for cause_id, weight in causes_of_words(fact):
        key = HypothesisKey(cause_id, fact.resource)
        yield Claim(key, name, weight * _LAST_WORDS * TEXT[fact.trust], why, "state")
