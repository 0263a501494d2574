"""A watched incident whose steps were asked again, folded from what each step found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.deciders.steps import publish_facts
from engine.events import (
    ENGINE,
    Body,
    Event,
    FactJudged,
    IncidentOpened,
    PlannedStep,
    StepAdded,
    StepFinished,
    StepStarted,
    Who,
)
from engine.hypotheses import Verdict
from engine.incident import IncidentState
from engine.investigate.commands import PublishFacts
from primitives.facts import Fact

__all__ = ["ANN", "WatchedIncident"]

ANN = Who(kind="person", name="ann")


class WatchedIncident:
    """An incident whose facts come from the real deciders and the real fold."""

    def __init__(self, opening: IncidentOpened) -> None:
        self.state = IncidentState()
        self.time = opening.now
        self.tell(opening)

    def tell(self, body: Body, who: Who = ENGINE) -> None:
        """Fold one more event in."""
        seq = self.state.seq + 1
        self.state.apply(Event(execution_id="exec-1", incident_id="inc-1", seq=seq, time=self.time, who=who, body=body,
                               previous="", hash=""))  # fmt: skip

    def ask(self, name: str, facts: Sequence[Fact], *, supersedes: str = "", status: str = "completed",
            arguments: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        """A step that finds `facts`; `status` is running while it has not ended."""
        plan = PlannedStep(id=name, primitive="compare_baseline", target="api", effect="read", reason="r",
                           arguments=arguments or {}, supersedes=supersedes)  # fmt: skip
        self.tell(StepAdded(step=plan))
        self.tell(StepStarted(step=name))
        for who, body in publish_facts(self.state, PublishFacts(name, tuple(facts))).events:
            self.tell(body, who)
        if status != "running":
            self.tell(StepFinished(step=name, status=status, summary="", duration_s=1.0))  # type: ignore[arg-type]

    def judge(self, fact: str, verdict: Verdict | None, because: str = "") -> None:
        """What ann says of a fact."""
        self.tell(FactJudged(fact=fact, verdict=verdict, because=because), ANN)

    @property
    def current(self) -> list[str]:
        """The ids of the facts that count."""
        return [known.id for known in self.state.current_facts]
