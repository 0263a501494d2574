"""A script or job that somebody else started and that ended with an error: its work wasn't done.

A status other than 0 is a failure (POSIX: Shell and Utilities, 2.8.2); who started it writes so: cron(8), anacron(8),
systemd.timer(5), a script of what it called. What serves requests isn't meant: it is started again, and its end is a
crash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.reason.claims import Claim
from engine.reason.fact_index import FactIndex, more_than_usual
from engine.reason.signals import signal
from engine.reason.stores import is_store
from engine.reason.trust import TEXT
from primitives.facts import LogPattern, MetricShift
from primitives.patterns import lazy_pattern
from primitives.terms import FAILURES

__all__ = ["failed_jobs"]

# 1 to 125: from 126 on the shell or a signal gave it, and from 100 on HTTP uses such numbers too.
_ENDED: Final = lazy_pattern(
    r"\b(?:exit(?:ed|s)?|end(?:ed|s)?|finished|terminated|failed|returned|quit|beendet|termin\w{1,3}|salida)\b"
    r"[^\n;]{0,24}?\b(?:status|code|rc|exit value)\b[\"']?\s{0,2}[:=]?\s{0,2}[\"']?(?:[1-9]|[1-9]\d)(?![\d.:/-])|"
    r"\bexit[ _-]?(?:status|code)[\"']?\s{0,2}[:=]?\s{0,2}[\"']?(?:[1-9]|[1-9]\d)(?![\d.:/-])",
    re.IGNORECASE,
)
_EXITED: Final = lazy_pattern(r"\bexit|\breturn(?:ed)? (?:code|status)|\bbeendet\b", re.IGNORECASE)
_SCHEDULED: Final = lazy_pattern(
    r"\b(?:ana)?cron(?:d|tab)?\b|\bcron\.\w+|\.timer\b|\bscheduled (?:job|task|run)|\b(?:nightly|batch|backup|etl) "
    r"(?:job|run|task)|\b[\w-]{1,60}\.(?:sh|bat|ps1|pl):\s",
    re.IGNORECASE,
)
_UNCAUGHT: Final = lazy_pattern(r"^\s*traceback \(most recent call last\)|\bexception in thread \"?main", re.IGNORECASE)
# Kinds of resources that serve others, beside those that store data.
_SERVING: Final = frozenset({"service", "gateway", "node", "external"})
_SERVED: Final = ("traffic", "latency")


def failed_jobs(case: FactIndex) -> tuple[Claim, ...]:
    """Claims that a job failed, by how it ended."""
    return tuple(_claims(case))


def _claims(case: FactIndex) -> Iterator[Claim]:
    for name, fact in case.present(LogPattern):
        why = _how_it_ended(fact) if fact.resource and fact.count and more_than_usual(fact) else ""
        if why and _is_job(case, fact.resource or ""):
            yield from signal("job ended badly", fact.resource, name, TEXT[fact.trust], why, "messages")


def _how_it_ended(fact: LogPattern) -> str:
    text = fact.example or fact.template
    # "finished with code 4" may be a count; who exits with a status other than 0 has failed, whatever the level.
    if _ENDED.search(text) and (fact.severity in FAILURES or _EXITED.search(text)):
        return "it ended with an error status"
    if fact.severity in FAILURES and _UNCAUGHT.search(text):
        return "it ended with an exception that nobody handled"
    return ""


def _is_job(case: FactIndex, resource: str) -> bool:
    """Whether it runs by a schedule or is called by nobody, and serves no requests."""
    kind = case.resources.get(resource, "")
    if kind in _SERVING or is_store(case, resource) or case.above.get(resource):
        return False
    if any(fact.resource == resource and fact.kind in _SERVED for _, fact in case.of(MetricShift)):
        return False
    return kind in ("job", "cronjob") or any(
        fact.resource == resource and _SCHEDULED.search(fact.example or fact.template)
        for _, fact in case.present(LogPattern)
    )
