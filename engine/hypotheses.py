"""What is believed, and why: the shapes that reasoning and interpretation produce."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from primitives.terms import Effect, IncidentClass, Risk

__all__ = [
    "Action",
    "Adjustment",
    "Classification",
    "Decisive",
    "Evidence",
    "Finding",
    "Hypothesis",
    "Judgement",
    "Verdict",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Frozen):
    """A fact's weight for (positive) or against (negative) a hypothesis in natural log-odds, and why it weighs so."""

    fact: str
    weight: float
    why: str = ""


class Adjustment(_Frozen):
    """What moves a hypothesis and is no fact, in natural log-odds: `name` says what ("calibration", "cap")."""

    name: str
    weight: float


class Hypothesis(_Frozen):
    """A cause on a resource and, where there is one, a change.

    `prior` is in natural log-odds; `confidence` is the calibrated probability of prior plus evidence. `change` is the
    id of the change that it blames. Without a resource it is a verdict: no fault, or unknown. `note` says what the
    evidence doesn't ("No direct evidence found"). `adjustments` are what beside the facts made the confidence.
    """

    id: str
    cause: str
    cause_id: str
    cause_class: IncidentClass
    resource: str | None = None
    change: str | None = None
    prior: float
    evidence: tuple[Evidence, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    confidence: float
    note: str = ""

    @property
    def evidence_for(self) -> tuple[Evidence, ...]:
        """Strongest first."""
        return tuple(sorted((item for item in self.evidence if item.weight > 0), key=lambda item: -item.weight))

    @property
    def evidence_against(self) -> tuple[Evidence, ...]:
        """Strongest first."""
        return tuple(sorted((item for item in self.evidence if item.weight < 0), key=lambda item: item.weight))


Verdict = Literal["pinned", "refuted", "withdrawn"]
"""What a person says of a fact: certain, wrong, or (of one that a person had added) taken back."""


class Judgement(_Frozen):
    """What a person said of a fact, why, and when (real time)."""

    verdict: Verdict
    by: str
    because: str = ""
    at: AwareDatetime | None = None


class Decisive(_Frozen):
    """What the ranking would be without one fact, found by ranking again.

    `leads` (an id, and `leader` its cause) would be first with `confidence`, and the one that is first now would have
    `first`. `turns` says that these two are not the same; `moves` is how far the first two would come apart (positive)
    or closer, in natural log-odds.
    """

    fact: str
    leads: str
    leader: str
    turns: bool
    confidence: float
    first: float
    moves: float


class Classification(_Frozen):
    """What kind of incident it is; `because` are the words and signals that said so."""

    primary_class: IncidentClass
    secondary_classes: tuple[IncidentClass, ...] = ()
    confidence: float
    because: tuple[str, ...] = ()


class Finding(_Frozen):
    """One line of the key findings and the facts behind it."""

    statement: str
    facts: tuple[str, ...]


class Action(_Frozen):
    """A proposed remediation from the closed catalogue.

    `id` is the digest of `primitive` and `arguments` and never changes. `command` is the exact equivalent for a
    person's shell, shown and never run. `hypothesis` is the id of the one that it answers; `priority` 1 is the most
    urgent.
    An action that is no longer `recommended` has priority 0, and `not_recommended` says why.
    """

    id: str
    action: str
    priority: int
    primitive: str
    arguments: dict[str, str | int | float | bool | None]
    command: str
    effect: Effect
    risk: Risk
    estimated_duration_s: int
    requires_approval: bool
    hypothesis: str
    urgency: Literal["HIGH", "MEDIUM", "LOW"]
    resource: str | None = None
    recommended: bool = True
    not_recommended: str = ""
