"""The facts of an incident, indexed by type, with the dependencies that they state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from functools import cached_property
from typing import Any, Final, TypeVar

from engine.events import IncidentOpened
from engine.hypotheses import Classification
from engine.incident import FoundFact
from engine.naming import names_of_facts
from engine.reason.dependency_graph import DependencyGraph, graph_of
from engine.reason.kind_words import KIND_WORDS
from primitives.analysis.symptom import find_resource
from primitives.dataclass import dataclass
from primitives.display_names import DisplayNames
from primitives.facts import (
    Dependencies,
    Fact,
    FactBase,
    LogPattern,
    MetricMissing,
    MetricShift,
    OwnShare,
    ProbeResult,
    SpanErrors,
    SpanShift,
    WorkloadState,
)
from primitives.identity import base_name, same_name, workload_of
from primitives.patterns import lazy_pattern
from primitives.records import Symptom
from primitives.resolver import host_of
from primitives.terms import FAILURES

__all__ = ["COMPLAINTS", "CRASHES", "FactIndex", "hosts_in", "is_failing", "more_than_usual"]

F = TypeVar("F", bound=FactBase)
Made = TypeVar("Made")

COMPLAINTS: Final = frozenset(
    {"connection_refused", "unreachable", "unavailable", "connection_reset", "timeout", "call_failed"}
)
"""Families of messages in which a caller says that what it calls doesn't answer: the writer is their victim."""

CRASHES: Final = frozenset({"CrashLoopBackOff", "ContainerFailed", "KilledBySignal", "PodFailed"})
"""States of a workload whose containers end, and that don't say why."""

_VAGUE: Final = frozenset({"other", "workload", "service"})
"""Kinds of resources that say less than any other one does."""

# Shorter words of a host's name are kinds of hosts, and so are these.
_TELLING: Final = 5
# Providers whose names stand in the hosts of all that they sell.
_PROVIDERS: Final = frozenset({"amazonaws", "google", "googleapis"})
_WORD: Final = lazy_pattern(r"[a-z0-9]+")
_URL: Final = lazy_pattern(r"https?://([A-Za-z0-9][A-Za-z0-9.-]{0,252})")
# From a Service to its workload, to its claim, to the quota that refuses it.
_ENTITY_DEPTH: Final = 3


@dataclass(frozen=True)
class FactIndex:
    """What reasoning reads of an incident: how it was opened and classified, and its facts by type."""

    opened: IncidentOpened
    classification: Classification | None
    facts: Sequence[FoundFact]
    known_names: DisplayNames | None = field(default=None, compare=False, repr=False)
    _cache: dict[type, list[tuple[str, Any]]] = field(default_factory=dict, compare=False, repr=False)
    _made: dict[Callable[..., Any], Any] = field(default_factory=dict, compare=False, repr=False)

    def once(self, work: Callable[[FactIndex], Made]) -> Made:
        """What `work` makes of the facts, worked out when a rule first asks: others ask too, and nobody changes it."""
        if work not in self._made:
            self._made[work] = work(self)
        return self._made[work]  # type: ignore[no-any-return]

    def without(self, facts: Collection[str]) -> FactIndex:
        """The same incident, as if these facts had not been found."""
        kept = [found_fact for found_fact in self.facts if found_fact.id not in facts]
        return FactIndex(self.opened, self.classification, kept, self.known_names)

    @cached_property
    def names(self) -> DisplayNames:
        """The display name of each resource, for sentences only."""
        return self.known_names or names_of_facts(self.opened, self.facts)

    def of(self, kind: type[F]) -> list[tuple[str, F]]:
        """Facts of one type with their ids, in the order in which they were found; without earlier episodes."""
        if kind not in self._cache:
            self._cache[kind] = [
                (found_fact.id, found_fact.fact)
                for found_fact in self._by_type.get(kind, ())
                if not _is_over(found_fact.fact)
            ]
        return self._cache[kind]

    @cached_property
    def _by_type(self) -> Mapping[type, Sequence[FoundFact]]:
        groups: dict[type, list[FoundFact]] = {}
        for found_fact in self.facts:
            groups.setdefault(type(found_fact.fact), []).append(found_fact)
        return groups

    def present(self, kind: type[F]) -> Iterator[tuple[str, F]]:
        """The facts of that type which say that something was there."""
        return ((name, fact) for name, fact in self.of(kind) if fact.polarity == "present")

    def absent(self, kind: type[F]) -> Iterator[tuple[str, F]]:
        """The facts of that type which say that something was not there."""
        return ((name, fact) for name, fact in self.of(kind) if fact.polarity == "absent")

    @cached_property
    def by_id(self) -> Mapping[str, Fact]:
        """Each fact by its id."""
        return {found_fact.id: found_fact.fact for found_fact in self.facts}

    @cached_property
    def types(self) -> Mapping[str, str]:
        """The type of each fact, by its id."""
        return {found_fact.id: found_fact.fact.type for found_fact in self.facts}

    @cached_property
    def resources(self) -> Mapping[str, str]:
        """Every known resource with its kind, the most telling one where sources differ."""
        kinds: dict[str, str] = {}
        for fact in self._dependencies:
            for name, kind in fact.resources.items():
                if name not in kinds or (kinds[name] in _VAGUE and kind not in _VAGUE):
                    kinds[name] = kind
        return kinds

    @cached_property
    def _dependencies(self) -> tuple[Dependencies, ...]:
        """Those facts in an order of their own: which source answered first must not change a ranking."""
        facts = (fact for _, fact in self.of(Dependencies))
        return tuple(sorted(facts, key=lambda fact: (-len(fact.edges), fact.edges, sorted(fact.resources.items()))))

    @cached_property
    def graph(self) -> DependencyGraph:
        """What depends on what."""
        return graph_of(self._dependencies)

    @cached_property
    def below(self) -> Mapping[str, tuple[str, ...]]:
        """The direct dependencies of each resource."""
        return self.graph.below

    @cached_property
    def hosted(self) -> Mapping[str, tuple[str, ...]]:
        """What runs on each host."""
        return self.graph.hosted

    @cached_property
    def above(self) -> Mapping[str, tuple[str, ...]]:
        """The direct callers of each resource."""
        return self.graph.above

    @cached_property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        """What belongs to each resource: its replicas, what it made."""
        return self.graph.parts

    @cached_property
    def behind_symptoms(self) -> Mapping[str, frozenset[str]]:
        """For each object that can show symptoms of its entity, the objects whose faults it shows.

        A Service shows its workload's, a workload its claims', a refused workload those of what refuses it.
        """
        direct = {name: set(targets) for name, targets in self.graph.behind_services.items()}
        for _, state in self.present(WorkloadState):
            place = state.resource or state.object
            felt_by = (*_names(state.details.get("affects")), *_names(state.details.get("used_by")), state.object)
            for name in felt_by:
                if name != place:
                    direct.setdefault(name, set()).add(place)
            for cause in _names(state.details.get("because_of")):
                direct.setdefault(place, set()).add(cause)
        return {name: frozenset(_reached(direct, name) - {name}) for name in direct}

    @cached_property
    def symptoms_of(self) -> Mapping[str, tuple[str, ...]]:
        """The objects on which a fault of each object shows, the other way round."""
        shown: dict[str, list[str]] = {}
        for name, places in sorted(self.behind_symptoms.items()):
            for place in places:
                shown.setdefault(place, []).append(name)
        return {place: tuple(names) for place, names in shown.items()}

    def dependents(self, starts: Iterable[str]) -> frozenset[str]:
        """Everything that depends on one of `starts`, however far, including themselves."""
        return self.graph.dependents(starts)

    @cached_property
    def symptom(self) -> Symptom | None:
        """The metric and resource of the alarm; the resource by the identifier that facts use."""
        symptom = self.opened.symptom
        return symptom and symptom.model_copy(update={"resource": self._identified(symptom.resource)})

    @cached_property
    def symptom_resources(self) -> tuple[str, ...]:
        """The resources that the alarm or the query is about, by the identifiers that facts use."""
        named = (self.symptom.resource,) if self.symptom else ()
        return tuple(dict.fromkeys((*named, *map(self._identified, self.opened.focus))))

    def _identified(self, name: str) -> str:
        """The identifier of what a person or an alarm called `name`: a live source may use a longer one."""
        about = {found_fact.fact.resource for found_fact in self.facts}
        if name in about or name in self.resources:
            return name
        return find_resource(name, {*self.resources, *(resource for resource in about if resource)}) or name

    def is_symptom(self, resource: str | None, metric: str) -> bool:
        """Whether the alarm was about this metric of this resource."""
        symptom = self.symptom
        return symptom is not None and symptom.resource == resource and symptom.metric == metric

    @cached_property
    def distance(self) -> Mapping[str, int]:
        """The number of dependencies between the symptom and each resource that it depends on."""
        return self.reach(self.symptom_resources)

    def behind(self, resource: str) -> Mapping[str, int]:
        """A resource and everything that it depends on, with the distance."""
        return self.reach((resource,))

    def reach(self, starts: Iterable[str]) -> Mapping[str, int]:
        """Everything that `starts` depend on, including themselves, with the distance."""
        return self.graph.reach(starts)

    @cached_property
    def answering(self) -> frozenset[str]:
        """The resources that served requests in the window: they recorded spans or latencies of their own."""
        served = {fact.resource for kind in (SpanShift, SpanErrors) for _, fact in self.present(kind)}
        served |= {fact.resource for _, fact in self.of(MetricShift) if fact.kind == "latency"}
        served -= {fact.resource for _, fact in self.present(MetricMissing)}
        return frozenset(resource for resource in served if resource)

    @cached_property
    def crashing(self) -> frozenset[str]:
        """The workloads whose pods crash now, by their states."""
        return frozenset(
            state.resource
            for _, state in self.present(WorkloadState)
            if state.resource and state.bearing == "active" and state.hurt is not False and state.state in CRASHES
        )

    @cached_property
    def measured_healthy(self) -> frozenset[str]:
        """The resources that are measured to be well: latency and errors as usual, and no part in the symptom."""
        shares = {fact.resource for _, fact in self.absent(OwnShare)} - {
            fact.resource for _, fact in self.present(OwnShare)
        }
        felt = [fact for _, fact in self.of(MetricShift) if fact.kind in ("latency", "errors", "availability")]
        ill = {fact.resource for fact in felt if fact.polarity == "present" and fact.worse}
        calm = {fact.resource for fact in felt if fact.polarity == "absent"}
        return frozenset(resource for resource in (shares & calm) - ill if resource)

    @cached_property
    def complaining(self) -> frozenset[str]:
        """The resources whose logs have more errors than usual, or whose check failed."""
        logs = {pattern.resource for _, pattern in self.present(LogPattern)
                if is_failing(pattern) or (pattern.family is not None and more_than_usual(pattern))}  # fmt: skip
        checks = {probe.resource for _, probe in self.present(ProbeResult) if not probe.healthy}
        return frozenset(name for name in logs | checks if name)

    @cached_property
    def unanswered(self) -> frozenset[str]:
        """The resources that themselves say that what they call doesn't answer."""
        wrote = {fact.resource for _, fact in self.present(LogPattern) if fact.count and fact.family in COMPLAINTS}
        ended = {fact.resource for _, fact in self.present(WorkloadState) if fact.state == "DependencyUnanswered"}
        return frozenset(name for name in wrote | ended if name)

    def checked(self, probe: ProbeResult) -> str | None:
        """The resource that a check was of: its target, by name or by the host of its address; else who asked."""
        target = probe.target or ""
        asker = workload_of(probe.resource or "", self.resources) or probe.resource
        if target in self.resources or probe.probe == "dns_lookup":
            return target if target in self.resources else asker
        host = host_of(target)
        called = self.below.get(probe.resource or "", ())
        for name in (host, host.partition(".")[0]):
            if name and asker and same_name(asker, name):
                return asker
            alike = [known for known in called if same_name(known, name)] if name else []
            if len(alike) == 1:
                return alike[0]
        outside = [name for name in called if self.resources.get(name) == "external"]
        # Many a host is named otherwise than the service behind it: its caller says whom it calls there.
        meant = outside[0] if len(outside) == 1 and host in self._called_by_url.get(probe.resource or "", ()) else None
        return _provider(host, outside) or meant or asker

    @cached_property
    def _called_by_url(self) -> Mapping[str, frozenset[str]]:
        """The hosts of the addresses that each resource says it called in vain."""
        hosts: dict[str, set[str]] = {}
        for _, fact in self.present(LogPattern):
            if fact.resource and fact.count and fact.family in COMPLAINTS:
                hosts.setdefault(fact.resource, set()).update(host.lower() for host in hosts_in(fact) if "." in host)
        return {resource: frozenset(named) for resource, named in hosts.items()}

    @cached_property
    def onset(self) -> datetime | None:
        """When the symptom began: the onset of its own metric, else the earliest of what got worse, else None.

        Where no metric says it, spans do. Never later than the time at which it was detected.
        """
        first = self._first_shift or self._first_spans
        return min(first.onset, self.opened.detected_at) if first is not None and first.onset is not None else None

    @cached_property
    def onset_uncertainty_s(self) -> float:
        """Give or take how many seconds the onset is known: samples lie a step apart, so at best that long."""
        first = self._first_shift or self._first_spans
        return (first.onset_uncertainty_s or 0.0) if first is not None else 0.0

    @cached_property
    def _first_spans(self) -> SpanShift | SpanErrors | None:
        spans: list[tuple[str, SpanShift | SpanErrors]] = [*self.present(SpanShift), *self.present(SpanErrors)]
        return next((fact for _, fact in spans if fact.onset is not None), None)

    @cached_property
    def _first_shift(self) -> MetricShift | None:
        """The shift whose onset is the symptom's."""
        shifts = [fact for _, fact in self.present(MetricShift) if fact.worse and fact.onset]
        symptom = self.symptom
        own = [shift for shift in shifts if symptom and shift.resource == symptom.resource]
        named = [shift for shift in own if symptom and shift.metric == symptom.metric]
        onsets = [(shift.onset, shift) for shift in (named or own or shifts) if shift.onset]
        return min(onsets, key=lambda pair: pair[0])[1] if onsets else None

    @cached_property
    def effect(self) -> str:
        """What the symptom does to its resource, in one word: slower, fail, worse."""
        kinds = {fact.kind for _, fact in self.present(MetricShift)
                 if fact.worse and fact.resource in self.symptom_resources}  # fmt: skip
        metric = self.symptom.metric if self.symptom else None
        named = {fact.kind for _, fact in self.of(MetricShift)
                 if metric and fact.metric == metric and fact.resource in self.symptom_resources}  # fmt: skip
        kinds = named & {"latency", "errors", "availability"} or kinds
        if "latency" in kinds:
            return "slower"
        return "fail" if kinds & {"errors", "availability"} else "worse"


def _names(value: Any) -> Iterator[str]:
    return (name for name in value if isinstance(name, str)) if isinstance(value, list | tuple) else iter(())


def _reached(direct: Mapping[str, set[str]], start: str) -> set[str]:
    reached, edge = {start}, {start}
    for _ in range(_ENTITY_DEPTH):
        edge = {behind for name in edge for behind in direct.get(name, ())} - reached
        reached |= edge
    return reached


def _is_over(fact: FactBase) -> bool:
    """Whether it is about an earlier episode, which explains nothing of what the question is about."""
    return isinstance(fact, MetricShift) and fact.ended is not None


def hosts_in(pattern: LogPattern) -> list[str]:
    """The hosts of the addresses that messages name as URLs."""
    return _URL.findall(pattern.example or pattern.template)


def more_than_usual(pattern: LogPattern) -> bool:
    """Whether messages came more than twice as often as in normal times."""
    return pattern.count > 2 * (pattern.baseline_count or 0.0)


def _provider(host: str, outside: Sequence[str]) -> str | None:
    """The provider whose name a host's own labels have, where only one called has."""
    labels = {word for label in host.lower().split(".") for word in label.split("-") if len(word) >= _TELLING}
    telling = labels - KIND_WORDS - _PROVIDERS
    named = [name for name in outside if not telling.isdisjoint(_WORD.findall(base_name(name).lower()))]
    return named[0] if len(named) == 1 else None


def is_failing(pattern: LogPattern) -> bool:
    """Whether they are messages of failures, more than usual."""
    return pattern.severity in FAILURES and more_than_usual(pattern)
