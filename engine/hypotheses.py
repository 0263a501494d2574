"""Hypotheses, findings and actions: the models that reasoning and interpretation produce."""

import operator
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from primitives.dataclass import dataclass
from primitives.terms import Effect, IncidentClass, Risk

__all__ = [
    "Action",
    "Adjustment",
    "AdjustmentKind",
    "Classification",
    "Decisive",
    "Evidence",
    "FactWeight",
    "Finding",
    "Hypothesis",
    "Judgement",
    "Verdict",
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Evidence(_Frozen):
    """What one rule makes of a fact: its weight for (positive) or against (negative) a hypothesis, and why.

    The weight is in natural log-odds. Several rules may weigh the same fact: `FactWeight` sums them.
    """

    fact: str
    weight: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class FactWeight:
    """A fact's whole weight on a hypothesis in natural log-odds, and the `parts` that it is the sum of."""

    fact: str
    weight: float
    parts: tuple[Evidence, ...]

    @property
    def why(self) -> str:
        """The reasons of all parts, the strongest first."""
        return "; ".join(dict.fromkeys(part.why for part in self.parts if part.why))


AdjustmentKind = Literal["prior", "support", "competition", "consequence", "bounds", "calibration"]
"""Kinds of changes of a confidence that come from no fact.

`prior`: how common the cause is. `support`: its expected consequences are observed. `competition`: another hypothesis
explains the incident too. `consequence`: another hypothesis may be its parent cause. `bounds`: no probability is given
as certain or impossible. `calibration`: a correction fitted to earlier results.
"""


class Adjustment(_Frozen):
    """A change of a confidence that comes from no fact, in natural log-odds.

    `hypothesis` is the id of the other hypothesis that it comes from, where there is one.
    """

    kind: AdjustmentKind
    label: str
    weight: float
    hypothesis: str | None = None


class Hypothesis(_Frozen):
    """A cause on a resource and, where there is one, a change.

    `prior`, in natural log-odds, plus the weights of `evidence` and `adjustments` is the log-odds of `confidence`.
    `change` is the id of the change that it blames. Without a resource it is a verdict: no fault, or unknown. `note`
    says what the evidence doesn't ("No direct evidence found").
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
    def words(self) -> str:
        """Its id, cause and confidence, for a person: "H1 Deployment v2.3.1 made api-service slower (87 %)"."""
        return f"{self.id} {self.cause} ({100 * self.confidence:.0f} %)"

    @property
    def evidence_for(self) -> tuple[FactWeight, ...]:
        """The facts that speak for it, each once; strongest first."""
        return tuple(item for item in _by_fact(self.evidence) if item.weight > 0)

    @property
    def evidence_against(self) -> tuple[FactWeight, ...]:
        """The facts that speak against it, each once; strongest first."""
        return tuple(item for item in _by_fact(self.evidence) if item.weight < 0)


def _by_fact(evidence: tuple[Evidence, ...]) -> list[FactWeight]:
    """Each fact once with the sum of its weights; strongest first."""
    parts: dict[str, list[Evidence]] = {}
    for item in evidence:
        parts.setdefault(item.fact, []).append(item)
    facts = [
        FactWeight(
            fact, round(sum(part.weight for part in own), 3), tuple(sorted(own, key=lambda item: -abs(item.weight)))
        )
        for fact, own in parts.items()
    ]
    return sorted(facts, key=lambda item: -abs(item.weight))


Verdict = Literal["pinned", "refuted", "withdrawn"]
"""What a person says of a fact: certain, wrong, or (of one that a person had added) taken back."""


class Judgement(_Frozen):
    """What a person said of a fact, why, and when (real time).

    `carried_from` is the older fact that it was said of, where this one measures the same again.
    """

    verdict: Verdict
    by: str
    because: str = ""
    at: AwareDatetime | None = None
    carried_from: str = Field(default="", exclude_if=operator.not_)


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
    """What kind of incident it is; `because` are the words and signals that said so.

    `candidates` are the resources among which the question does not decide.
    """

    primary_class: IncidentClass
    secondary_classes: tuple[IncidentClass, ...] = ()
    confidence: float
    because: tuple[str, ...] = ()
    candidates: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)


class Finding(_Frozen):
    """One line of the key findings and the facts behind it."""

    statement: str
    facts: tuple[str, ...]


class Action(_Frozen):
    """A proposed remediation from the closed catalogue.

    `id` is the digest of `primitive` and `arguments` and never changes. `command` is the exact equivalent for a
    person's shell, shown and never run; it is empty where something is not known that it needs, and `command_note` says
    what, or what a person has to choose before it acts in the right place. `hypothesis` is the id of the one that it
    answers; `priority` 1 is the most urgent.
    An action that is no longer `recommended` has priority 0, and `not_recommended` says why. `playbook` is the name of
    the one that proposed it.
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
    command_note: str = ""
    recommended: bool = True
    not_recommended: str = ""
    playbook: str = Field(default="", exclude_if=operator.not_)
