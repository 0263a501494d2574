"""An address in somebody's settings that was changed, and its user's complaints of what he calls since.

What was called before served; what is called now refuses, isn't there, or is a replica that takes no writes (PostgreSQL
25006; Google SRE book, chapter 12: what changed last). Where the new place is in trouble itself, that is why, and the
address is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from engine.reason.catalogue import causes_of_signal
from engine.reason.claims import Claim, HypothesisKey
from engine.reason.complaints import accused
from engine.reason.fact_index import COMPLAINTS, FactIndex
from primitives.dataclass import dataclass
from primitives.facts import ChangeFound, ConfigurationDifference, LogPattern, MetricAtLimit, WorkloadState, change_key
from primitives.identity import kind_of, same_name
from primitives.patterns import lazy_pattern
from primitives.resolver import host_of

__all__ = ["moved_addresses"]

# A host of several labels, or an address; alone, with a port, or in a URL.
_HOST: Final = lazy_pattern(
    r"(?:[a-z][a-z0-9+.-]{1,20}://)?(?:[^\s/@]{1,200}@)?(?P<host>(?=[^\s/:]*[a-z0-9])[a-z0-9][a-z0-9-]{0,62}"
    r"(?:\.[a-z0-9-]{1,63}){1,10})(?::\d{2,5})?(?:[/?].{0,500})?",
)
# What its user may say of a place that is not the one he needs.
_REFUSED: Final = COMPLAINTS | {"read_only", "authentication", "permission", "missing_object", "dns", "certificate"}
_SETTINGS: Final = frozenset({"configmap", "secret"})
_VERSION: Final = lazy_pattern(r"[\d.]+|v?\d[\w.-]*")
# Onsets are known to a sample.
_BEFORE: Final = timedelta(minutes=1)
_LONGEST: Final = 1_000
# The change and the complaints are two findings; that it was changed at all says less.
_THE_CHANGE: Final = 0.5


@dataclass(frozen=True, slots=True)
class _Moved:
    """A setting of `resource` that names `new` since it was changed; `fact` says so.

    `time` and `change` are None where a difference shows it and no recorded change.
    """

    fact: str
    resource: str
    new: str
    time: datetime | None = None
    change: str | None = None


def moved_addresses(case: FactIndex) -> Iterator[Claim]:
    """Claims that who complains of what he calls was given another address for it before."""
    moved: dict[tuple[str, str], _Moved] = {}
    for entry in _moved(case):
        moved.setdefault((entry.resource, entry.new), entry)
    for entry in moved.values():
        targets = _known_as(case, entry.new)
        if any(_is_ill(case, target) for target in targets):
            continue
        for user in _users(case, entry, targets):
            for name, fact in case.present(LogPattern):
                if fact.resource == user and _since(fact, entry) and _is_of(case, fact, entry, targets):
                    why = f"it complains of what it calls, which is {entry.new} since a setting was changed"
                    for cause_id, weight in causes_of_signal("address changed"):
                        key = HypothesisKey(cause_id, user, entry.change)
                        yield Claim(key, name, weight, why, "messages")
                        yield Claim(key, entry.fact, _THE_CHANGE * weight, why, "changed address")


def _moved(case: FactIndex) -> Iterator[_Moved]:
    for name, fact in case.present(ChangeFound):
        change = fact.change
        if change is not None and change.resource and change.time <= case.opened.detected_at:
            for new in _swapped(change.before, change.after):
                yield _Moved(name, change.resource, new, change.time, change_key(change))
    for name, difference in case.present(ConfigurationDifference):
        for new in _swapped({"": difference.before}, {"": difference.after}):
            yield _Moved(name, difference.resource or "", new)
    for name, state in case.present(WorkloadState):
        if state.state in ("ObjectChanged", "RevisionChanged") and state.bearing != "past":
            for entry in state.details.get("changes") or ():
                for new in _swapped({"": entry.get("before")}, {"": entry.get("after")}):
                    yield _Moved(name, state.resource or state.object, new)


def _swapped(before: Any, after: Any) -> Iterator[str]:
    """The hosts that stand where another one stood."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for key in before.keys() & after.keys():
        old, new = _host(before[key]), _host(after[key])
        if old and new and old != new:
            yield new


def _host(value: Any) -> str:
    match = _HOST.fullmatch(value.strip().lower()[:_LONGEST]) if isinstance(value, str) else None
    return match["host"] if match is not None and not _VERSION.fullmatch(match["host"].replace(".", "")) else ""


def _known_as(case: FactIndex, host: str) -> tuple[str, ...]:
    """The known resources that a host stands for, with what is behind their Services."""
    short = host_of(host).partition(".")[0]
    fronts = [name for name in case.resources if same_name(name, short) or same_name(name, host)]
    behind = [place for front in fronts for place in case.graph.behind_services.get(front, ())]
    return tuple(dict.fromkeys((*fronts, *behind)))


def _users(case: FactIndex, entry: _Moved, targets: tuple[str, ...]) -> tuple[str, ...]:
    """Whose setting it is: the resource's own, or that of those who call the new place where it is a ConfigMap's."""
    if kind_of(entry.resource) not in _SETTINGS:
        return (entry.resource,)
    return tuple(dict.fromkeys(name for target in targets for name in case.above.get(target, ())
                               if name not in targets))  # fmt: skip


def _since(fact: LogPattern, entry: _Moved) -> bool:
    if not fact.count or fact.family not in _REFUSED or fact.baseline_count:
        return False
    return entry.time is None or fact.first_seen is None or fact.first_seen >= entry.time - _BEFORE


def _is_of(case: FactIndex, fact: LogPattern, entry: _Moved, targets: tuple[str, ...]) -> bool:
    """Whether a complaint is of the new place: it names it, or accuses it, or nobody else."""
    text = (fact.example or fact.template).lower()
    if entry.new in text or fact.points_at in targets:
        return True
    blamed = accused(case, fact)
    return not set(blamed).isdisjoint(targets) if blamed else fact.family == "read_only"


def _is_ill(case: FactIndex, target: str) -> bool:
    """Whether it says itself that something is wrong with it."""
    if target in case.complaining or any(fact.resource == target for _, fact in case.present(MetricAtLimit)):
        return True
    return any(target in (state.resource, state.object) and state.bearing == "active" and state.details.get("weight")
               in ("cause", "symptom") for _, state in case.present(WorkloadState))  # fmt: skip
