"""Settings of one resource that can't work, or that contradict each other. Each rule is one function.

A rule reads names of settings as platforms write them, and says on which documentation it rests. It must not hold for
settings that look alike and are meant so: a minimum of nothing, a maximum of "no limit", a window for maintenance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from primitives.analysis.setting_values import Setting, Settings, in_bytes, in_seconds
from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern
from primitives.quantities import MIB

__all__ = ["RULES", "Conflict", "in_conflict"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A contradiction: the setting on which to act, and what it contradicts (None: the platform itself)."""

    rule: str
    resource: str
    own: Setting
    why: str
    basis: str
    against: Setting | None = None
    other: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same in another snapshot."""
        return (self.rule, self.resource, self.own.path)


_LIMITS: Final = (("min", "max"), ("minimum", "maximum"), ("lower", "upper"), ("floor", "ceiling"))
_ON: Final = ("true", "on", "yes", "enabled", "1", "active")
_RETIRED: Final = lazy_pattern(r"revoked|retired|inactive|deleted|superseded|archived|disabled", re.IGNORECASE)
_HEAP: Final = lazy_pattern(r"-Xmx(\d{1,12}[kmgt]?)\b|--max[-_]old[-_]space[-_]size[= ](\d{1,9})", re.IGNORECASE)
_CERTIFICATE: Final = lazy_pattern(r"\b(?:cert|certs|certificate|certificates|tls|ssl|x|acm)\b")
_TOKEN: Final = lazy_pattern(r"\b(?:token|tokens|credential|credentials|api key|access key|secret)\b")


def in_conflict(settings: Settings, now: datetime) -> list[Conflict]:
    """Every contradiction within the settings of a resource; of a Kubernetes manifest only those of its processes."""
    rules = (heap_over_limit,) if settings.is_manifest else RULES
    return [conflict for rule in rules for conflict in rule(settings, now)]


def least_over_most(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """A minimum above its maximum: whichever is applied, one of both isn't (AWS Auto Scaling refuses such a group)."""
    del now
    by_words = {leaf.words: leaf for leaf in settings.leaves}
    for leaf in settings.leaves:
        for low, high in _LIMITS:
            upper = by_words.get(re.sub(rf"\b{low}\b", high, leaf.words))
            if upper is None or upper is leaf:
                continue
            least, most = leaf.number, upper.number
            # Nothing and -1 mean "no limit" in many a configuration.
            if least is not None and most is not None and least > most > 0:
                why = "the least is more than the most"
                yield Conflict("least_over_most", settings.resource, leaf, why,
                               "Amazon EC2 Auto Scaling: set scaling limits", upper)  # fmt: skip


def scaled_to_zero(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """Nothing is to run. A minimum of zero is no such thing, nor are copies beside the first (read replicas)."""
    del now
    names = (
        r"desired (?:count|capacity|replicas|tasks|instances|size)|(?:^|spec |deploy |service )replicas|instance count"
    )
    for leaf in settings.all(names):
        on_demand = any(other.number == 0 for other in settings.all(r"min \w+|min|minimum \w+"))
        if leaf.number == 0 and not on_demand and not re.search(r"\b(?:read|number of|index|status)\b", leaf.words):
            why = "no instance of it is to run"
            yield Conflict("none_to_run", settings.resource, leaf, why, "Amazon ECS: desiredCount of a service")


def no_concurrency(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """A function that may run no time at all: every call is throttled. Without a reservation the value isn't there."""
    del now
    for leaf in settings.all(r"reserved concurren(?:t executions|cy)"):
        if leaf.number == 0:
            why = "with a reserved concurrency of zero every call is refused"
            yield Conflict("no_concurrency", settings.resource, leaf, why, "AWS Lambda: reserved concurrency")


def heap_over_limit(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """A heap that may grow beyond what the container may use: it is killed before it collects its garbage."""
    del now
    limits = [(leaf, size) for leaf in settings.all(r"memory(?: limit)?(?: mb| mib)?")
              if "request" not in leaf.words and (size := _memory(leaf))]  # fmt: skip
    if len({size for _, size in limits}) != 1:
        return
    for leaf in settings.leaves:
        heap = _HEAP.search(leaf.value) if isinstance(leaf.value, str) else None
        size = heap and (in_bytes(heap[1]) if heap[1] else float(heap[2]) * MIB)
        if size and size >= limits[0][1]:
            why = "the heap may grow beyond the memory that it may use"
            yield Conflict("heap_over_limit", settings.resource, leaf, why,
                           "Java: -Xmx; Kubernetes: assign memory resources", limits[0][0])  # fmt: skip


def dead_letter_at_once(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """A message that failed once is never tried again (Amazon SQS: set the maximum high enough for retries)."""
    del now
    for leaf in settings.all(
        r"max(?:imum)? (?:receive|receives|delivery|deliver|delivery attempts|receive count|delivery count)(?: count)?"
    ):
        if leaf.number == 1:
            why = "a message goes to the dead letters after its first failure"
            yield Conflict("dead_letter_at_once", settings.resource, leaf, why, "Amazon SQS: dead-letter queues")


def no_pause(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """Retries without a pause multiply the load on what is overloaded already."""
    del now
    tried = settings.number(r"retries|max retries|retry count|(?:max )?attempts|max attempts|retry max")
    for leaf in settings.all(
        r"back ?off(?: base| initial| delay| interval| min)?|retry (?:delay|interval|wait)|initial back ?off"
    ):
        if in_seconds(leaf) == 0 and tried and tried[1] > 1:
            why = "it tries again without a pause"
            yield Conflict("no_pause", settings.resource, leaf, why,
                           "Amazon Builders' Library: timeouts, retries and backoff with jitter", tried[0])  # fmt: skip


def nothing_cached(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """A cache in front of an origin that may keep nothing. In stores zero mostly means "for ever": they don't count."""
    del now
    for leaf in settings.all(r"max ttl"):
        if leaf.number == 0 and re.search(
            r"cdn|distribution|cache (?:behavior|policy)|cloudfront|gateway", settings.about + " " + leaf.words
        ):
            why = "nothing may be kept, so each request goes to the origin"
            yield Conflict("nothing_cached", settings.resource, leaf, why, "Amazon CloudFront: MaxTTL")


def expired(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """A certificate or token whose end is past, unless it is said to be out of use."""
    if any(_RETIRED.search(leaf.value) for leaf in settings.all(r"status|state") if isinstance(leaf.value, str)):
        return
    for leaf in settings.all(r"not after|valid (?:until|to)|expir(?:y|es|ation)(?: date| time| at| on)?"):
        ends, about = _moment(leaf.value), f"{settings.about} {leaf.words}"
        certificate = leaf.words.endswith("not after") or bool(_CERTIFICATE.search(about))
        if ends is None or ends > now or not (certificate or _TOKEN.search(about)):
            continue
        rule = "certificate_past" if certificate else "token_past"
        yield Conflict(rule, settings.resource, leaf, f"it ended before {now:%Y-%m-%d %H:%M}", "RFC 5280: validity")


def under_maintenance(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """It answers everybody with "come back later". A window for maintenance is no such mode."""
    del now
    for leaf in settings.all(
        r"maintenance(?: mode)?(?: enabled| on| active)?|(?:kill ?switch|panic mode)(?: enabled| on)?"
    ):
        if str(leaf.value).lower() in _ON and not re.search(r"\b(?:auto|window|allow|notify)\b", leaf.words):
            why = "it is switched to maintenance"
            yield Conflict("under_maintenance", settings.resource, leaf, why,
                           "RFC 9110 (503): down for scheduled maintenance")  # fmt: skip


def at_most(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """A group that already has as many as it may: it can't grow. One of fixed size (minimum = maximum) never could."""
    del now
    most = settings.number(r"max(?:imum)? (?:size|capacity|replicas|instances|tasks|count)")
    wanted = settings.number(r"(?:desired|current) (?:size|capacity|replicas|instances|tasks|count)")
    least = settings.number(r"min(?:imum)? (?:size|capacity|replicas|instances|tasks|count)")
    if most and wanted and 0 < most[1] <= wanted[1] and (least is None or least[1] < most[1]):
        why = "it has as many instances as it may"
        yield Conflict("at_most", settings.resource, wanted[0], why,
                       "Application Auto Scaling: maximum capacity", most[0])  # fmt: skip


def scaling_suspended(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """It may not grow although it has room: its scaling is switched off (often for a release, and forgotten)."""
    del now
    for leaf in settings.all(r"dynamic scaling out suspended|scaling suspended|autoscaling (?:suspended|paused)"):
        if str(leaf.value).lower() in _ON and "scheduled" not in leaf.words:
            why = "its scaling out is suspended"
            yield Conflict("scaling_suspended", settings.resource, leaf, why,
                           "Application Auto Scaling: suspending and resuming scaling")  # fmt: skip


def at_quota(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """As much is used as may be: the two stand side by side and differ in one word."""
    del now
    by_words = {leaf.words: leaf for leaf in settings.leaves}
    for leaf in settings.leaves:
        if not re.search(r"\b(?:used|usage)\b", leaf.words):
            continue
        names = (re.sub(r"\b(?:used|usage)\b", word, leaf.words) for word in ("quota", "limit", "hard", "max", "size"))
        for full in filter(None, map(by_words.get, names)):
            used, limit = in_bytes(leaf.value), in_bytes(full.value)
            if used is not None and limit and used >= limit:
                why = "all that it may use is used"
                yield Conflict("at_quota", settings.resource, leaf, why, "AWS: Service Quotas", full)


def retries_over_deadline(settings: Settings, now: datetime) -> Iterator[Conflict]:
    """Tries that together take longer than the whole may: the last ones are never made, or made for nobody."""
    del now
    each = settings.seconds(r"per (?:try|attempt|request) time ?out|(?:try|attempt) time ?out")
    whole = settings.seconds(r"(?:overall|total|route|whole) time ?out|deadline|time budget|(?:overall|total) deadline")
    again = settings.number(r"num retries|max retries|retries|retry count|max attempts|attempts")
    if each and whole and again and each[1] > 0 and again[1] >= 1:
        tries = again[1] if "attempt" in again[0].words else again[1] + 1
        if 0 < whole[1] < tries * each[1]:
            why = f"{tries:.0f} tries of {each[1]:g} s take longer than the {whole[1]:g} s of all"
            yield Conflict("retries_over_deadline", settings.resource, each[0], why,
                           "Envoy: retries, per_try_timeout and the route's timeout", whole[0])  # fmt: skip


RULES: Final[tuple[Callable[[Settings, datetime], Iterator[Conflict]], ...]] = (
    least_over_most, scaled_to_zero, no_concurrency, heap_over_limit, dead_letter_at_once, no_pause, nothing_cached,
    expired, under_maintenance, at_most, scaling_suspended, at_quota, retries_over_deadline,
)  # fmt: skip


def _memory(leaf: Setting) -> float | None:
    """A memory limit in bytes; a small number without a unit is in MiB (ECS, Lambda)."""
    number = leaf.number
    return in_bytes(leaf.value, MIB if number is not None and number < MIB else 1.0)


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
