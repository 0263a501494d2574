"""Runs of actions on the screen: their state in words, how far they are, and the target of their metric."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from cockpit.widgets.chart import Target
from cockpit.widgets.draw import Line, Part, bar, sanitised
from cockpit.widgets.fields import fields
from cockpit.widgets.run_states import RUN_STATES
from primitives.quantities import duration

if TYPE_CHECKING:
    from engine.act.plan import VerificationPlan
    from engine.incident import FoundFact, IncidentState
    from engine.state.runs import ActionRun

__all__ = ["describe_rest", "describe_run", "fact_of_run", "run_of_fact", "run_part", "target_of"]

_BAR_WIDTH: Final = 16


def _progress_of(run: ActionRun) -> tuple[float, str] | None:
    """How far a run is, from 0 to 1 and in words: parts that have converged, then for how long its metric is good."""
    if run.status == "converging" and run.total:
        return run.done / run.total, f"{run.done} of {run.total}"
    plan = _verification(run)
    if run.status == "converged" and plan is not None:
        return run.good_for_s / plan.for_s, f"good for {duration(round(run.good_for_s))} of {duration(plan.for_s)}"
    return None


def _outcome(run: ActionRun) -> tuple[str, str]:
    """A run's state in a few words, and its colour."""
    words, role = RUN_STATES[run.status]
    progress = _progress_of(run)
    return (words if progress is None else f"{words} · {progress[1]}"), role


def describe_run(run: ActionRun, width: int) -> Iterator[Line]:
    """A run of the action: its state, how far it is, and what its metric says."""
    state, role = _outcome(run)
    undoing = f" · undoes {run.undoes}" if run.undoes else ""
    yield from fields(run.id, f"{state}{undoing}", width, f"{role} bold")
    progress = _progress_of(run)
    if progress is not None:
        full = bar(progress[0], _BAR_WIDTH)
        yield Line([(" " * 12, "dim"), (full, "focus"), ("·" * (_BAR_WIDTH - len(full)), "faint")])
    if run.detail:
        yield from fields("", sanitised(run.detail), width)
    plan = _verification(run)
    if plan is not None and run.status in ("executed", "converging", "converged"):
        now = "" if run.value is None else f"{plan.reading(run.value)} now · "
        yield from fields("target", f"{now}{sanitised(plan.words)}", width, "measured")


def describe_rest(run: ActionRun, width: int) -> Iterator[Line]:
    """Further of a run: who approved it, what failed of its checks, and how it can be undone."""
    if run.approvals:
        yield from fields("approved", "by " + ", ".join(sanitised(who.name) for who in run.approvals), width, "dim")
    for check in run.checks:
        if not check.passed:
            yield from fields("", f"{sanitised(check.name)}: {sanitised(check.detail)}", width, "warning")
    if run.instead:
        yield from fields("instead", sanitised(run.instead), width, "measured")
    if run.undone_by:
        yield from fields("undone", f"by {run.undone_by}", width)
    yield from _undo(run, width)


def _undo(run: ActionRun, width: int) -> Iterator[Line]:
    if run.plan is None or run.status not in ("verified", "not_improved", "inconclusive", "kept") or run.undoes:
        return
    undo = run.plan.undo
    words = f"`u` undoes it: {undo.title.removeprefix('Undo: ')}" if undo else f"can't be: {run.plan.irreversible}"
    yield from fields("undo", sanitised(words), width, "dim")


def run_of_fact(state: IncidentState, fact: Any) -> ActionRun | None:
    """The run sent last whose verification asks for the fact's metric; None where none does."""
    sent = (run for run in reversed(state.runs.values()) if run.dispatched_at is not None)
    return next((run for run in sent if (plan := _verification(run)) and _is_of(plan, fact)), None)


def fact_of_run(state: IncidentState, run: ActionRun) -> FoundFact | None:
    """The fact of the metric that tells whether the run helped."""
    plan = _verification(run)
    if plan is None:
        return None
    # Before anybody measured it again, what was measured last.
    facts = chain(state.current_facts, reversed(state.facts.values()))
    shifts = (known for known in facts if known.fact.type == "metric_shift")
    return next((known for known in shifts if _is_of(plan, known.fact)), None)


def target_of(run: ActionRun) -> Target | None:
    """The levels that count as good, from the dispatch on."""
    plan = _verification(run)
    if plan is None or run.dispatched_at is None:
        return None
    return Target(plan.limit, run.dispatched_at, above=plan.above)


def _is_of(plan: VerificationPlan, fact: Any) -> bool:
    return bool(plan.resource == fact.resource and plan.metric == getattr(fact, "metric", None))


def _verification(run: ActionRun) -> VerificationPlan | None:
    return run.plan.verification if run.plan is not None else None


def run_part(run: ActionRun) -> Part:
    """A run in a row of the queue."""
    words, role = _outcome(run)
    return f"{run.id} {words}", f"{role} bold"
