"""Which receivers a notice is for, and when it may be sent: pure functions of the rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.notify.notice import Notice, NoticeKind
from engine.notify.settings import DAYS, NotificationSettings, QuietHours, Rule

__all__ = ["Assignment", "assign", "matches", "quiet_until"]


class Assignment(NamedTuple):
    """A notice goes to `receiver` by `rule`, not before `after` where it is quiet then."""

    rule: Rule
    receiver: str
    after: datetime | None


def assign(notice: Notice, settings: NotificationSettings, now: datetime, *, recorded: bool) -> Iterator[Assignment]:
    """Each receiver of `notice` once, by the first rule that matches; `recorded`: the incident is from a bundle."""
    served: set[str] = set()
    for rule in settings.rules:
        if not matches(rule, notice, recorded=recorded):
            continue
        loud = rule.quiet is None or notice.severity in rule.quiet.except_for
        after = None if loud or rule.quiet is None else quiet_until(rule.quiet, now)
        for receiver in rule.to:
            if receiver not in served:
                served.add(receiver)
                yield Assignment(rule, receiver, after)


def quiet_until(quiet: QuietHours, now: datetime) -> datetime | None:
    """When the quiet hours end in which `now` is; None where it is in none. The end is in UTC.

    Times are those of the wall clock there: a night in which clocks change is an hour shorter or longer.
    """
    zone = ZoneInfo(quiet.timezone)
    local = now.astimezone(zone)
    for days_ago in (0, 1):
        day = (local - timedelta(days=days_ago)).date()
        if DAYS[day.weekday()] not in quiet.days:
            continue
        start = datetime.combine(day, quiet.start, zone).astimezone(UTC)
        past_midnight = quiet.end <= quiet.start
        end = datetime.combine(day + timedelta(days=past_midnight), quiet.end, zone).astimezone(UTC)
        if start <= now < end:
            return end
    return None


def matches(rule: Rule, notice: Notice, *, recorded: bool, kind: NoticeKind | None = None) -> bool:
    """Whether the rule is for this notice; `kind`, where given, replaces the notice's own."""
    if recorded and not rule.recorded:
        return False
    if (kind or notice.kind) not in rule.kinds or (rule.severities and notice.severity not in rule.severities):
        return False
    return not rule.services or any(_fits(service, rule.services) for service in notice.services)


def _fits(service: str, patterns: tuple[str, ...]) -> bool:
    """Whether a service, or the last part of its name, fits a pattern."""
    return any(fnmatchcase(service.casefold(), pattern.casefold()) for pattern in patterns)
