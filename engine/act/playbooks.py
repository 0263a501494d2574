"""Playbooks: what a team does first for a cause, written down. They extend and reorder what is proposed.

A playbook is bound to causes, classes, resources or labels. Its steps are looks and actions of the catalogue, so each
has the same checks, preview and approval as any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.act.policy import Patterns, fit
from engine.hypotheses import Hypothesis
from primitives.actions.proposal import ActionArguments, Manual, Proposed
from primitives.terms import IncidentClass
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.remediations.registry import Remediation

__all__ = ["Playbook", "PlaybookDocument", "PlaybookStep", "chosen_playbook", "completed"]

_MOST_STEPS: Final = 20
_BELIEVED: Final = 0.1
"""From this confidence on a cause is believed, for `without`."""
Scalar = str | int | float | bool | None
Line = Annotated[str, Field(min_length=1, max_length=500)]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True, populate_by_name=True
    )


class PlaybookMatch(_Frozen):
    """What a playbook is for: all that is given must fit. `labels` are the incident's."""

    cause: Patterns = ()
    cause_class: tuple[IncidentClass, ...] = Field((), alias="class")
    resource: Patterns = ()
    labels: Mapping[str, Patterns] = {}

    def fits(self, hypothesis: Hypothesis, labels: Mapping[str, str]) -> bool:
        """Whether the playbook is for this cause."""
        return (
            fit(self.cause, hypothesis.cause_id)
            and (not self.cause_class or hypothesis.cause_class in self.cause_class)
            and fit(self.resource, hypothesis.resource or "")
            and all(fit(patterns, labels.get(key, "")) for key, patterns in self.labels.items())
        )


class Preconditions(_Frozen):
    """When a playbook holds: the cause has at least `confidence`, and none of `without` is believed (10 % or more)."""

    confidence: float = Field(0.3, ge=0, le=1)
    without: Patterns = ()


class PlaybookStep(_Frozen):
    """A look (`look`: a diagnostic) or an action (`do`: a remediation), on the cause's resource or on `target`.

    `do` may be an alias: then it is the first of its actions that fits the resource. `arguments` complete or replace
    what the action would choose itself.
    """

    look: str | None = Field(None, min_length=1, max_length=100)
    do: str | None = Field(None, min_length=1, max_length=100)
    target: Line | None = None
    arguments: Mapping[str, Scalar] = {}
    because: str = Field("", max_length=500)

    @model_validator(mode="after")
    def _one_of_both(self) -> PlaybookStep:
        if (self.look is None) == (self.do is None):
            raise ValueError("expected `look` or `do`, one of them")
        if self.look is not None and self.arguments:
            raise ValueError("a look takes no `arguments`: it chooses them by its resource")
        return self

    def may_be(self, remediation: Remediation) -> bool:
        """Whether the action has all arguments that the step gives."""
        return set(self.arguments) <= set(remediation.arguments.model_fields)


class Playbook(_Frozen):
    """A named sequence of steps, what it is `for`, `when` it holds, and whom to `ask`."""

    name: str = Field(min_length=1, max_length=100)
    match: PlaybookMatch = Field(alias="for")
    when: Preconditions = Preconditions()
    ask: tuple[Line, ...] = Field((), max_length=20)
    note: str = Field("", max_length=2_000)
    steps: tuple[PlaybookStep, ...] = Field(min_length=1, max_length=_MOST_STEPS)


class PlaybookDocument(_Frozen):
    """A playbook file: one key, `playbook`."""

    playbook: Playbook


def chosen_playbook(
    playbooks: Iterable[Playbook], hypothesis: Hypothesis, believed: Iterable[Hypothesis], labels: Mapping[str, str]
) -> Playbook | None:
    """The first playbook for a cause whose preconditions hold, in the order of their names."""
    others = [other.cause_id for other in believed if other.id != hypothesis.id and other.confidence >= _BELIEVED]
    for playbook in sorted(playbooks, key=lambda each: each.name):
        when = playbook.when
        free = not when.without or not any(fit(when.without, cause) for cause in others)
        if playbook.match.fits(hypothesis, labels) and hypothesis.confidence >= when.confidence and free:
            return playbook
    return None


def completed(
    step: PlaybookStep, remediation: Remediation, proposal: Proposed | Manual | None, name: str
) -> Proposed | Manual | None:
    """What a step offers: the action's own proposal with the step's arguments; None where it fits nothing there."""
    if not step.arguments:
        return proposal
    own: dict[str, Any] = proposal.arguments.model_dump() if isinstance(proposal, Proposed) else {}
    title = f"{remediation.summary}: {name}"
    try:
        arguments: ActionArguments = remediation.arguments.model_validate({**own, **step.arguments})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return Manual(title, safe_line(".".join(map(str, first["loc"])) or "an argument", limit=80))
    return Proposed(arguments, title)
