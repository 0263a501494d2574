"""Hosts outside of the known system that messages blame.

What a provider answers with an error is its own failure (Google SRE book, chapter 3: a service can't be more available
than what it depends on); an address of a private network is nobody's outside (RFC 1918).
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex
from engine.reason.span_signs import FROM_OUTSIDE
from primitives.analysis.rate_limits import limiter_of
from primitives.facts import LogPattern
from primitives.patterns import lazy_pattern
from primitives.resolver import is_inside

__all__ = ["ASKED_TOO_MUCH", "blamed_outside", "outside_host"]

ASKED_TOO_MUCH: Final = frozenset(("rate_limited",))
"""Families in which a host says that it is asked too often."""

_URL_HOST: Final = lazy_pattern(r"https?://([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


def outside_host(case: FactIndex, fact: LogPattern) -> str | None:
    """The host outside the known system that a message blames, where only that host can be the cause; else None."""
    if fact.family not in FROM_OUTSIDE and fact.family not in ASKED_TOO_MUCH:
        return None
    if fact.family in ASKED_TOO_MUCH and limiter_of(fact.example or fact.template) != "provider":
        return None
    named = _URL_HOST.search(fact.template)
    host = fact.points_at or (named[1] if named else "")
    if _is_near(host):
        return None
    inside = case.resources.get(host, "external") != "external" or is_inside(host)
    return host if "." in host and not inside else None


def blamed_outside(case: FactIndex, fact: LogPattern) -> str | None:
    """Who is blamed with a host outside: the one outside service that is meant, where it is known; else the writer."""
    meant = accused(case, fact)
    return meant[0] if len(meant) == 1 and case.resources.get(meant[0]) == "external" else fact.resource


def _is_near(host: str) -> bool:
    """Whether it is an address of a private network (RFC 1918): nobody outside answers there."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False
