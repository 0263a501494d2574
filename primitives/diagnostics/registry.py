"""The one way in for a diagnostic: a decorated async generator in a file of its own.

A diagnostic asks questions of `Telemetry` and yields facts (and now and then its progress). It knows no backend, no
incident and no screen. Third parties add theirs through the entry point group `cloudops.diagnostics`, which names a
module to import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any, Protocol, TypeVar

from pydantic import AwareDatetime

from primitives.actions.proposal import TargetedDiagnostic
from primitives.dataclass import dataclass
from primitives.extensions import load_folder
from primitives.facts import Fact
from primitives.records import Record, Symptom, Window
from primitives.telemetry import Question, Telemetry
from primitives.terms import Effect, IncidentClass

__all__ = ["Arguments", "Diagnostic", "DiagnosticOutput", "Progress", "diagnostic", "diagnostics"]


class Arguments(Record):
    """The arguments of every diagnostic: where and when to look.

    `window` is the incident's, `baseline` what counts as normal (None: the quiet part before the onset), `now` the
    moment of asking; nothing after it may be read. `focus` are the resources that the query or the alert names,
    `detected` is when the trouble was noticed, where that is known.
    A diagnostic's own arguments subclass this, each further one with a default.
    """

    window: Window
    baseline: Window | None = None
    now: AwareDatetime
    symptom: Symptom | None = None
    focus: tuple[str, ...] = ()
    detected: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a diagnostic is: `done` of `total` pieces, and a few words on the current one."""

    done: int
    total: int
    note: str = ""


DiagnosticOutput = Fact | Progress
A = TypeVar("A", bound=Arguments, contravariant=True)


class Run(Protocol[A]):
    """A diagnostic's function."""

    def __call__(self, ask: Telemetry, args: A) -> AsyncIterator[DiagnosticOutput]: ...


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A registered diagnostic.

    `answers` are the incident classes that it helps with, `questions` what it needs at least one of, `cost_s` a guess
    of its time on a live system in seconds, for planning. `why` says in a plan what it is good for (empty: its title).
    One that is `on_request` looks at a single target: no plan proposes it, a person runs it. `look` says how it is
    offered and which command shows the same.
    """

    name: str
    title: str
    effect: Effect
    answers: tuple[IncidentClass, ...]
    questions: tuple[Question, ...]
    arguments: type[Arguments]
    run: Run[Any]
    cost_s: float
    why: str = ""
    on_request: bool = False
    look: TargetedDiagnostic | None = None


_registered: dict[str, Diagnostic] = {}


def diagnostic(
    name: str,
    *,
    title: str,
    answers: tuple[str, ...],
    questions: tuple[Question, ...],
    arguments: type[Arguments] = Arguments,
    effect: Effect = "read",
    cost_s: float = 1.0,
    why: str = "",
    on_request: bool = False,
    look: TargetedDiagnostic | None = None,
) -> Callable[[Run[Any]], Run[Any]]:
    """Register the decorated function as the diagnostic `name`."""

    def register(run: Run[Any]) -> Run[Any]:
        classes = tuple(IncidentClass(answer) for answer in answers)
        _registered[name] = Diagnostic(
            name, title, effect, classes, questions, arguments, run, cost_s, why, on_request, look
        )
        return run

    return register


@cache
def diagnostics() -> dict[str, Diagnostic]:
    """Every diagnostic by name: those of this folder and those of entry points."""
    load_folder("primitives.diagnostics", "cloudops.diagnostics")
    return dict(sorted(_registered.items()))
