"""The cause catalogue: which facts support each cause, what it can cause, and the source of this knowledge."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from typing import Literal

from primitives.dataclass import dataclass
from primitives.metric_names import metric_words
from primitives.terms import ChangeKind, IncidentClass

__all__ = [
    "Cause",
    "Concern",
    "Observation",
    "Reach",
    "Signal",
    "cause_of_change",
    "causes",
    "causes_of_family",
    "causes_of_metric",
    "causes_of_setting",
    "causes_of_signal",
    "causes_of_state",
    "causes_that_concern",
    "fallback_cause",
    "unhealthy_cause",
]

Signal = Literal[
    "slow",  # a resource's latency rose, and it has dependencies that may be why
    "slow at the end",  # the symptom's own latency rose, and it depends on nothing known
    "failing",  # a resource's errors rose or its availability fell
    "failures logged",  # it logs failures of no known family
    "messages stopped",  # it no longer logs what it logged for each request
    "spans failing",  # spans of its own failed
    "spans slow",  # its own time in spans grew
    "calls multiplied",  # it makes more calls each time than it used to
    "waits idle",  # it is slow while its CPU and its requests fell
    "sessions wait for disk",  # most of a database's load does
    "sessions wait for locks",
    "sessions run",  # most of its load is on a CPU
    "sessions hardly run",
    "statement since full",  # a statement has run since its database ran full of CPU or disk
    "packets lost",  # segments are sent again, or packets are lost
    "calls late",  # calls to or from it take longer on their way
    "calls and work late",  # so they do, and its own work takes longer too
    "refuses its callers",  # it limits how often they may ask, and they ask more often
    "traffic rose",  # more requests came
    "takes more",  # so it does not stand still
    "traffic rose below",  # what it calls got as many times more requests
    "load ran full",  # something behind where more requests enter ran full since
    "outside blamed",  # errors name a host outside of the known system
    "path closed",  # a rule of the network that names it changed, and connections fail since
    "pool taken",  # it holds most of what all share, and others are refused
    "lost its role",  # it was the primary or leader of its cluster and isn't any more
    "ended by a signal",  # of its own making: it aborted, or touched memory that isn't its own
    "fails on the same message",  # the handler of a growing queue fails, and the message comes again
    "takes nothing",  # nothing is taken from a queue any more, and most of what was sent to it still is
    "more comes in",  # more is sent to a queue than is taken from it
    "set read-only",  # a setting was changed so that a store takes no writes
    "job ended badly",  # a script or job ended with an error status or an unhandled exception
    "killed for memory",  # its host tells that it was
    "fell silent",  # its metrics ended while others go on
    "setting differs",  # a setting differs from before or from its peers
    "path refused",  # it says that it may not use a path
    "port refused",  # or a port
    "settings file missing",  # or that a file of settings isn't there
    "account token missing",  # or its service account's token
    "token expired",
    "refused where all answer",  # it ends since a connection is refused, and all that listens answers the others
    "another address answers",  # what it asks for has another address than the one it tries
    "address changed",  # it complains of what it calls since a setting names another address for it
    "answered elsewhere",  # through it a request finds nothing that is answered where it should lead
    "machine silent",  # no port of it answers, its kubelet's or another
    "dns_lookup failed",
    "tcp_connect failed",
    "http_get failed",
]
"""What a rule reads from facts beyond states, families of messages and metrics."""

Concern = Literal["", "queue", "host", "network"]

Reach = Literal["below", "behind", "anywhere"]
"""Where a cause can have its consequences.

`below`: on its resource and what that directly depends on. `behind`: on all that its resource depends on, however far.
`anywhere`: on whatever ran on it, which topologies mostly don't know.
"""


@dataclass(frozen=True, slots=True)
class Observation:
    """A pattern over the kind and subject of free observations (top SQL, wait events) that support a cause.

    Where several patterns match, only the one with the lowest `order` counts: it is the most specific.
    """

    pattern: str
    weight: float
    order: int


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of the catalogue, with everything that rules ask about it. Ids and classes are a fixed interface.

    `sentence` is filled with `resource`, `change` and `effect` ("slower", "fail", "worse"); `unproven_sentence` is used
    where no fact supports the cause, `complaint_sentence` where the resource itself complains of what it calls, and
    nothing says which that is. `prior` is in natural log-odds, before any fact. `remediations` are the repairs
    for it, `diagnostic` would confirm it, and `source` is the page or book that describes it.

    Facts that support it. Weights are natural log-odds: how much more likely a fact is with this cause than without.
    `states` are states of Kubernetes objects, `families` those of log messages, `signals` those of the rules;
    `settings` are the rules by which settings contradict each other (`primitives.analysis.setting_rules`);
    `observations` see `Observation`. `metrics` is a pattern of metric names (words separated by one space) that support
    it when they get worse. `services` is a pattern of services of a node that support it when their check fails.
    `blamed_for` are the kinds of change that are blamed as this cause.

    Kind of cause. `generic`: used where no mechanism is known. `fallback_for`: the effects that it explains where
    nothing says more. `asked_of_dependencies`: listed for dependencies of the symptom, even though no fact suggests it.
    `slowness`: it makes a resource slow, so a resource that fell silent is no evidence for it. `felt_by_callers`: it
    shows as waiting in the callers, not in the resource itself. One that `answers_stale` answers in time and without an
    error, with what was so before. `change_noun` is written before the id of its change in the sentence.

    Consequences. `can_cause` are the causes that it leads to, within its `reach`. An `outcome_rank` above 0 means that
    it only says how something failed; any cause of a lower rank on the same resource can cause it. With
    `caused_by_change` a change of the resource can cause it. One that `shows_on_entity` is a symptom of the whole
    entity (`engine.reason.entities`): what supports it speaks for a known cause behind it. `location_states` are the
    states of the component itself; where it is known to be down, all that it serves suffers from it.
    What `shows_callers_faults` is an outcome of what is wrong with its direct callers too: a queue grows since its
    consumer fails. Without `caused_from_above` no change of a caller can cause it: load overloads a database, and
    doesn't make it a replica. A `place` ("external" or "zone")
    alone can say what a cause is (`engine.reason.places`), in `place_sentence`; causes that are only what is `seen_of`
    such places are taken for it.
    It `concerns` the messages of a queue, what all share on a host, or the network. One that is `waited_for` is what a
    message names as the reason why its writer waits.
    The one that `names_any_trouble` is used for a bad state that no cause declares. One that `is_setting` says which
    setting is wrong, whatever its class. Of one that `tells_how` the sentence ends with what its resource does, where a
    fact that speaks for it says so (`engine.reason.manners`). `by_hand` is what a person has to do where no action does
    it (`engine.act.by_hand`).
    """

    id: str
    cause_class: IncidentClass
    sentence: str
    source: str
    prior: float = -3.0
    states: Mapping[str, float] = field(default_factory=dict)
    families: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, float] = field(default_factory=dict)
    signals: Mapping[Signal, float] = field(default_factory=dict)
    observations: Observation | None = None
    metrics: str | None = None
    services: str | None = None
    blamed_for: tuple[ChangeKind, ...] = ()
    generic: bool = False
    fallback_for: tuple[str, ...] = ()
    asked_of_dependencies: bool = False
    slowness: bool = False
    felt_by_callers: bool = False
    answers_stale: bool = False
    can_cause: tuple[str, ...] = ()
    reach: Reach = "below"
    outcome_rank: int = 0
    caused_by_change: bool = True
    shows_on_entity: bool = False
    is_setting: bool = False
    tells_how: bool = False
    by_hand: Literal["", "renew"] = ""
    location_states: tuple[str, ...] = ()
    names_any_trouble: bool = False
    caused_from_above: bool = True
    shows_callers_faults: bool = False
    concerns: Concern = ""
    waited_for: bool = False
    place: str = ""
    seen_of: tuple[str, ...] = ()
    place_sentence: str = ""
    unproven_sentence: str = ""
    complaint_sentence: str = ""
    change_noun: str = ""
    remediations: tuple[str, ...] = ()
    diagnostic: str = "analyze_utilization"


@cache
def causes() -> dict[str, Cause]:
    """Every cause by its id; each module of `engine.reason.causes` holds one family in `CAUSES`."""
    package = importlib.import_module("engine.reason.causes")
    catalogue: dict[str, Cause] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        family: tuple[Cause, ...] = importlib.import_module(f"{package.__name__}.{module.name}").CAUSES
        catalogue.update((cause.id, cause) for cause in family)
    return catalogue


@cache
def causes_of_state(state: str) -> tuple[tuple[str, float], ...]:
    """The causes that a state of a Kubernetes object supports, with its weight for each."""
    return tuple((cause.id, cause.states[state]) for cause in causes().values() if state in cause.states)


@cache
def causes_of_family(family: str) -> tuple[tuple[str, float], ...]:
    """The causes that a family of log messages supports, with its weight for each."""
    return tuple((cause.id, cause.families[family]) for cause in causes().values() if family in cause.families)


@cache
def causes_of_signal(signal: Signal) -> tuple[tuple[str, float], ...]:
    """The causes that a rule's signal supports, with its weight for each."""
    return tuple((cause.id, cause.signals[signal]) for cause in causes().values() if signal in cause.signals)


@cache
def causes_of_setting(rule: str) -> tuple[tuple[str, float], ...]:
    """The causes that a contradiction of settings supports, with its weight for each."""
    return tuple((cause.id, cause.settings[rule]) for cause in causes().values() if rule in cause.settings)


@cache
def cause_of_change(kind: ChangeKind) -> str:
    """The cause as which a change of that kind is blamed."""
    return next(cause.id for cause in causes().values() if kind in cause.blamed_for)


@cache
def fallback_cause(effect: str) -> str:
    """The cause of a failing resource without a known mechanism, by the effect on the symptom."""
    return next(cause.id for cause in causes().values() if effect in cause.fallback_for)


@cache
def unhealthy_cause() -> str:
    """The cause of an object in a bad state that no cause declares."""
    return next(cause.id for cause in causes().values() if cause.names_any_trouble)


@cache
def causes_of_metric(name: str) -> tuple[str, ...]:
    """The causes that the metric `name` supports; in the catalogue specific patterns come before general ones."""
    words = metric_words(name)
    return tuple(
        cause.id for cause in causes().values() if cause.metrics and re.search(rf"\b(?:{cause.metrics})\b", words)
    )


@cache
def causes_that_concern(concern: Concern) -> frozenset[str]:
    """The ids of the causes that concern it."""
    return frozenset(cause.id for cause in causes().values() if cause.concerns == concern)
