"""Decider of what an advisor proposed."""

from __future__ import annotations

from engine.deciders.decision import Decision
from engine.events import ENGINE, Body, FactAdded, NoteAdded, StepAdded, Who
from engine.fact_deduplication import fact_key
from engine.incident import IncidentState
from engine.investigate.commands import TakeAdvice
from engine.investigate.plan import MAX_STEPS

__all__ = ["take_advice"]


def take_advice(state: IncidentState, command: TakeAdvice) -> Decision:
    """Add the proposed facts in the advisor's name, and its steps while the plan has room; note what was dropped."""
    model = Who(kind="model", name=command.advisor)
    events: list[tuple[Who, Body]] = []
    known = {found_fact.key for found_fact in state.facts.values()}
    for fact in command.facts:
        key = fact_key(fact)
        if key not in known:
            known.add(key)
            events.append((model, FactAdded(id=f"F{len(state.facts) + len(events) + 1}", key=key, fact=fact)))
    if not state.cancelling:
        first = 1 + max((int(name[1:]) for name in state.steps if name[1:].isdigit()), default=0)
        for place, step in enumerate(command.steps[: max(MAX_STEPS - len(state.steps), 0)]):
            events.append((model, StepAdded(step=step.model_copy(update={"id": f"S{first + place}"}))))
    for place, remark in enumerate(command.remarks, start=len(state.notes) + 1):
        events.append((ENGINE, NoteAdded(id=f"N{place}", text=remark)))
    return Decision(events)
