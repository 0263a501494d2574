"""Names that nobody resolves since a change took their records away: the trouble is the zone's, not its callers'.

A resolver answers NXDOMAIN to everybody once a record is deleted and caches have expired (RFC 1035; RFC 2308). Who asks
for the name is well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.reason.catalogue import causes_of_family
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.fact_index import FactIndex
from primitives.facts import ChangeFound, LogPattern, ProbeResult
from primitives.patterns import lazy_pattern

__all__ = ["lost_names", "names_taken_away"]

_DELETES: Final = lazy_pattern(r"(?i)\b(?:delet|remov|drop|purg|clean|renam|decommission)")
# A name with at least one dot that isn't a file's, or a number's.
_HOST: Final = lazy_pattern(r"(?i)\b(?=[a-z0-9-]{0,62}[a-z])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,10}\b")
_TAKEN_AWAY: Final = 1.2
_LONGEST: Final = 4_000


def lost_names(case: FactIndex) -> dict[str, tuple[str, str]]:
    """The names that a change before the trouble took away, each with the change's fact and the resource it changed."""
    asked = list(_unresolved(case))
    unresolved = {name for _, text in asked for name in _HOST.findall(text.lower())}
    lost: dict[str, tuple[str, str]] = {}
    if not unresolved:
        return lost
    askers = {resource for resource, _ in asked}
    for fact_name, fact in case.present(ChangeFound):
        change = fact.change
        if change is None or change.resource is None or change.time > case.opened.detected_at:
            continue
        # What the asker itself asks for since is a wrong address.
        if change.resource not in askers and _DELETES.search(change.summary):
            text = f"{change.summary} {change.before or ''} {change.after or ''}"[:_LONGEST]
            for name in sorted(unresolved.intersection(_HOST.findall(text.lower()))):
                lost[name] = (fact_name, change.resource)
    return lost


def names_taken_away(case: FactIndex) -> Iterator[Claim]:
    """Claims for the zone, or whatever the change was of."""
    for name, (fact_name, resource) in case.once(lost_names).items():
        for cause_id, weight in causes_of_family("dns"):
            why = f"it took away the name {name}, which nobody resolves since"
            yield Claim(HypothesisKey(cause_id, resource), fact_name, weight * _TAKEN_AWAY, why, "names")


def _unresolved(case: FactIndex) -> Iterator[tuple[str | None, str]]:
    """Who asked, and the texts that tell of names that aren't resolved."""
    for _, pattern in case.present(LogPattern):
        if pattern.family == "dns" and pattern.count:
            yield pattern.resource, (pattern.example or pattern.template)[:_LONGEST]
    for _, probe in case.present(ProbeResult):
        if probe.probe == "dns_lookup" and not probe.healthy:
            yield probe.resource, (probe.target or "")[:_LONGEST]
