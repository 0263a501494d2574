"""Carries what an engineer judged of a fact to the one that measures the same again.

A watched incident is asked again, and a shift that somebody refuted comes back with other numbers, as another fact.
Nobody wants to refute it every few minutes. But a judgement goes no further than what was judged: where the new fact
says something else (another direction, another onset, twice the size, over by now), it is for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.events import FactFound, FactJudged
from engine.incident import FoundFact, IncidentState
from engine.state.same_statement import says_the_same
from engine.state.supersession import earlier_steps

__all__ = ["carried_judgements"]


def carried_judgements(state: IncidentState, step: str, bodies: Iterable[FactFound]) -> Iterator[FactJudged]:
    """What was judged of facts that count on, said of those that `bodies` are, found by `step`."""
    judged = list(_judged(state, step))
    for body in bodies:
        for known in judged:
            if says_the_same(known.fact, body.fact):
                said = state.judgements[known.id]
                yield FactJudged(
                    fact=body.id, verdict=said.verdict, because=said.because, carried_from=known.id,
                    clock="investigation",
                )  # fmt: skip
                break


def _judged(state: IncidentState, step: str) -> Iterator[FoundFact]:
    """The judged facts of the steps that asked the same before, the newest first."""
    past = state.past_facts
    for earlier in earlier_steps(state.steps, step):
        for name in reversed(state.steps[earlier].facts if earlier in state.steps else ()):
            if name in state.judgements and name not in past:
                yield state.facts[name]
