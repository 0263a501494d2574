"""Evidence: recorded answers, facts, and what people say about facts."""

import operator
from typing import Literal

from pydantic import Field

from engine.events.envelope import IncidentEvent, InvestigationEvent
from engine.hypotheses import Verdict
from primitives.facts import Fact
from primitives.telemetry import Question
from primitives.terms import AnswerStatus

__all__ = [
    "AnswerRecorded",
    "FactAdded",
    "FactFound",
    "FactJudged",
]


SpokenOn = Literal["real", "investigation"]
"""Which clock a statement's time is of: real time, or the investigation's."""


class AnswerRecorded(InvestigationEvent):
    """A source's answer is in the blob table under `digest` (SHA-256 of its uncompressed bytes, hex)."""

    type: Literal["answer_recorded"] = "answer_recorded"
    version: Literal[1] = 1
    question: Question
    source: str
    status: AnswerStatus
    digest: str
    size: int
    records: int
    detail: str | None = None


class FactFound(InvestigationEvent):
    """A step found a fact. `key` is the fact's content digest: a step that runs again adds no fact twice."""

    type: Literal["fact_found"] = "fact_found"
    version: Literal[1] = 1
    id: str
    step: str
    key: str
    fact: Fact


class FactAdded(IncidentEvent):
    """A person added a fact, or said what the cause is or isn't; the fact's `trust` is asserted. `key` as of a fact.

    An advisor's proposal comes the same way, in the model's name and with the trust proposed.
    `clock` says what the envelope's time is. Version 1 always has the time of the investigation's clock.
    """

    type: Literal["fact_added"] = "fact_added"
    version: Literal[2] = 2
    clock: SpokenOn = "real"
    id: str
    key: str
    fact: Fact
    because: str = ""


class FactJudged(IncidentEvent):
    """A person said of a fact that it is certain or wrong, or took back one that a person had added.

    Without a `verdict` what was said of the fact before is undone. Reasoning leaves out what is refuted or withdrawn.
    `clock` says what the envelope's time is. Version 1 always has the time of the investigation's clock.
    `carried_from` is the older fact that the person said it of: the engine carries it to the one that measures the same
    again and says the same.
    """

    type: Literal["fact_judged"] = "fact_judged"
    version: Literal[2] = 2
    clock: SpokenOn = "real"
    fact: str
    verdict: Verdict | None
    because: str = ""
    carried_from: str = Field(default="", exclude_if=operator.not_)
