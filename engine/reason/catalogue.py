"""The cause catalogue: what each cause looks like in facts, what follows from it, and where that is known from."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from typing import Literal

from primitives.dataclass import dataclass
from primitives.terms import ChangeKind, IncidentClass

__all__ = [
    "Cause",
    "Observation",
    "Reach",
    "Signal",
    "cause_of_change",
    "causes",
    "causes_of_family",
    "causes_of_metric",
    "causes_of_signal",
    "causes_of_state",
    "fallback_cause",
]

Signal = Literal[
    "slow",  # a resource's latency rose, and it has dependencies that may be why
    "slow at the end",  # the symptom's own latency rose, and it depends on nothing known
    "failing",  # a resource's errors rose or its availability fell
    "failures logged",  # it logs failures of no known family
    "messages stopped",  # it no longer logs what it logged for each request
    "spans failing",  # spans of its own failed
    "spans slow",  # its own time in spans grew
    "traffic rose",  # more requests came
    "traffic rose below",  # what it calls got as many times more requests
    "outside blamed",  # errors name a host outside of the known system
    "fell silent",  # its metrics ended while others go on
    "setting differs",  # a setting differs from before or from its peers
    "dns_lookup failed",
    "tcp_connect failed",
    "http_get failed",
]
"""What a rule reads from facts beyond states, families of messages and metrics."""

Reach = Literal["below", "behind", "anywhere"]
"""Where a cause brings about its consequences.

`below`: on its resource and what that directly depends on. `behind`: on all that its resource depends on, however far.
`anywhere`: on whatever ran on it, which topologies mostly don't know.
"""


@dataclass(frozen=True, slots=True)
class Observation:
    """How free observations (top SQL, wait events) support a cause: a pattern over their kind and subject.

    Of the patterns that match the one with the lowest `order` counts alone: it is the more specific one.
    """

    pattern: str
    weight: float
    order: int


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of INCIDENT_BUNDLE.md section 3, with all that rules ask about it.

    `sentence` is filled with `resource`, `change` and `effect` ("slower", "fail", "worse"); `unproven_sentence` is said
    instead where no fact speaks for it. `prior` is in natural log-odds, before any fact. `remediations` answer it,
    `diagnostic` would confirm it; `source` is where its looks are documented.

    What speaks for it, with weights in natural log-odds that say how much more likely a fact is when this is the cause
    than when it isn't: `states` of Kubernetes objects, `families` of log messages, `signals` of the rules, and
    `observations`. `metrics` is a pattern of the names of metrics (words apart by one space) whose worsening speaks for
    it, `services` a pattern of the services of a node whose failed check does. `blamed_for` are the kinds of change
    that it is blamed on.

    What kind of cause it is: `generic` is said when no mechanism is known. `fallback_for` are the effects that it
    explains where nothing says more. `asked_of_dependencies`: an engineer asks about it for what the symptom depends
    on, though no fact suggests it. `slowness`: it makes slow, so what fell silent says nothing for it.
    `felt_by_callers` shows as waiting in the callers and not in the resource itself. `change_noun` stands before the
    id of its change in the sentence.

    What follows: `brings` are causes that it may bring about, within its `reach`. `outcome_rank` is above 0 for what
    only says how something failed; it follows from any cause of a lower rank on the same resource. With
    `brought_by_change` a change of the resource may bring it about.
    """

    id: str
    cause_class: IncidentClass
    sentence: str
    source: str
    prior: float = -3.0
    states: Mapping[str, float] = field(default_factory=dict)
    families: Mapping[str, float] = field(default_factory=dict)
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
    brings: tuple[str, ...] = ()
    reach: Reach = "below"
    outcome_rank: int = 0
    brought_by_change: bool = True
    unproven_sentence: str = ""
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
def cause_of_change(kind: ChangeKind) -> str:
    """The cause that a change of that kind is blamed as."""
    return next(cause.id for cause in causes().values() if kind in cause.blamed_for)


@cache
def fallback_cause(effect: str) -> str:
    """The cause of a resource in trouble where no mechanism is known, by the effect on the symptom."""
    return next(cause.id for cause in causes().values() if effect in cause.fallback_for)


@cache
def causes_of_metric(name: str) -> tuple[str, ...]:
    """The causes whose metric `name` is, by its words; the specific patterns stand in the catalogue before the rest."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = " ".join(re.findall(r"[a-z]+|\d+", apart.lower()))
    return tuple(
        cause.id for cause in causes().values() if cause.metrics and re.search(rf"\b(?:{cause.metrics})\b", words)
    )
