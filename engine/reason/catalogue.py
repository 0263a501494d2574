"""The cause catalogue: what each cause looks like in facts, what answers it, and where that is known from."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from primitives.terms import IncidentClass

__all__ = ["Cause", "causes", "causes_of_family", "causes_of_metric", "causes_of_state"]


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of INCIDENT_BUNDLE.md section 3.

    `sentence` is filled with `resource`, `change` and `effect` ("slower", "fail", "worse"). `prior` is in natural
    log-odds, before any fact. Weights, in natural log-odds too, say how much more likely a fact is when this is the
    cause than when it isn't: `states` of Kubernetes objects, `families` of log messages. `metrics` are patterns of the
    names of metrics (words apart by one space) whose worsening speaks for it. `generic` marks what is said when no
    mechanism is known, `felt_by_callers` what shows as waiting in the callers and not in the resource itself.
    `remediations` answer it, `diagnostic` would confirm it; `source` is where its looks are documented.
    """

    id: str
    cause_class: IncidentClass
    sentence: str
    source: str
    prior: float = -3.0
    states: Mapping[str, float] = field(default_factory=dict)
    families: Mapping[str, float] = field(default_factory=dict)
    metrics: str | None = None
    generic: bool = False
    felt_by_callers: bool = False
    remediations: tuple[str, ...] = ()
    diagnostic: str = "analyze_utilization"


@cache
def causes() -> dict[str, Cause]:
    """Every cause by its id; each module of `engine.reason.causes` holds one family in `CAUSES`."""
    package = importlib.import_module("engine.reason.causes")
    found: dict[str, Cause] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        family: tuple[Cause, ...] = importlib.import_module(f"{package.__name__}.{module.name}").CAUSES
        found.update((cause.id, cause) for cause in family)
    return found


@cache
def causes_of_state(state: str) -> tuple[tuple[str, float], ...]:
    """The causes that a state of a Kubernetes object speaks for, with its weight for each."""
    return tuple((cause.id, cause.states[state]) for cause in causes().values() if state in cause.states)


@cache
def causes_of_family(family: str) -> tuple[tuple[str, float], ...]:
    """The causes that a family of log messages speaks for, with its weight for each."""
    return tuple((cause.id, cause.families[family]) for cause in causes().values() if family in cause.families)


@cache
def causes_of_metric(name: str) -> tuple[str, ...]:
    """The causes whose metric `name` is, by its words; the specific patterns stand in the catalogue before the rest."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = " ".join(re.findall(r"[a-z]+|\d+", apart.lower()))
    return tuple(
        cause.id for cause in causes().values() if cause.metrics and re.search(rf"\b(?:{cause.metrics})\b", words)
    )
