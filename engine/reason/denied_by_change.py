"""Which change of access rights a refusal is about: the one that names the role, key or object that the refusal names.

A refusal tells who asked for what (AWS: access denied error messages; Kubernetes: RBAC, "User ... cannot ..."). Where a
change of rights right before names the same, what is missing was taken away by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from engine.reason.catalogue import causes
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import ChangeFound, LogPattern, change_key
from primitives.patterns import lazy_pattern
from primitives.records import Change

__all__ = ["denials_of_changes"]

_RIGHTS: Final = "iam"
# Rights that are taken away show with the next request, or when a session's credentials are renewed.
_SOON: Final = timedelta(minutes=90)
# Clocks and samples are coarse.
_LATE: Final = timedelta(seconds=90)
_NAMED: Final = 1.2
_TOKEN: Final = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{3,62}[A-Za-z0-9]")
# A name is told from a word by a digit or a joint; numbers of accounts and regions stand in every message.
_NAME: Final = lazy_pattern(r"(?=.*[\d_-])(?!\d+$)(?![a-z]{2}(?:-gov)?-[a-z]+-\d$).*")
# What every refusal or policy says, whomever it is about (AWS IAM: kinds of policies and principals).
_EVERYWHERE: Final = frozenset({
    "assumed-role", "identity-based", "resource-based", "session-policy", "permissions-boundary", "service-linked",
    "service-role", "aws-service-role", "kube-system", "cluster-admin", "read-only", "access_denied",
})  # fmt: skip
_LONGEST: Final = 4_000


def denials_of_changes(case: FactIndex, claims: Iterable[Claim]) -> Iterator[Claim]:
    """The claims of refusals once more, for the change of rights that names what they name."""
    changes = [(name, fact.change) for name, fact in case.present(ChangeFound)
               if fact.change is not None and fact.change.kind == _RIGHTS]  # fmt: skip
    if not changes:
        return
    told = {name: pattern for name, pattern in case.present(LogPattern) if pattern.first_seen is not None}
    for claim in claims:
        pattern = told.get(claim.fact)
        if pattern is None or claim.key.change is not None or _RIGHTS not in causes()[claim.key.cause_id].blamed_for:
            continue
        for name, change in changes:
            if _is_about(pattern, change):
                key = HypothesisKey(claim.key.cause_id, claim.key.resource, change_key(change))
                yield replace(claim, key=key)
                yield Claim(key, name, _NAMED, "it changed rights to what the refusal names", "content")


def _is_about(pattern: LogPattern, change: Change) -> bool:
    assert pattern.first_seen is not None
    if not -_LATE <= pattern.first_seen - change.time <= _SOON:
        return False
    text = f"{change.resource or ''} {change.summary} {change.before or ''} {change.after or ''}"
    return not _names(text).isdisjoint(_names(pattern.example or pattern.template))


def _names(text: str) -> frozenset[str]:
    tokens = {token.lower() for token in _TOKEN.findall(text[:_LONGEST])}
    return frozenset(token for token in tokens - _EVERYWHERE if _NAME.fullmatch(token))
