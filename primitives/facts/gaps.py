"""Facts about what could not be learned."""

import operator
from typing import ClassVar, Literal

from pydantic import Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, label, shorten
from primitives.telemetry import Question
from primitives.terms import AnswerStatus, Polarity

__all__ = ["SourceGap"]


class SourceGap(FactBase):
    """A question that nobody, or not everybody, could answer.

    `instead` names a related question that was answered, so that nobody takes one for the other. `fault`: the source
    answered, an analysis of ours failed at the answer. `withheld` are the states that it would have reported: without
    them nothing says that these are absent.
    """

    type: Literal["source_gap"] = "source_gap"
    polarity: Polarity = "unknown"
    question: Question
    status: AnswerStatus
    detail: str = ""
    instead: Question | None = None
    # Left out where it is false: so was it before there was any, and hashes cover the bytes.
    fault: bool = Field(default=False, exclude_if=operator.not_)
    withheld: tuple[str, ...] = Field(default=(), exclude_if=operator.not_)

    EXAMPLE: ClassVar = {
        "source": "prod",
        "question": "series",
        "status": "unreachable",
        "detail": "no answer within 20 s",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        del called  # it names no resource
        what = label(self.question)
        if self.status == "not_recorded":
            only = f", only {label(self.instead)}" if self.instead else ""
            return f"no {what} were recorded{only}" if what.endswith("s") else f"no {what} was recorded{only}"
        why = f": {shorten(self.detail)}" if self.detail else ""
        return f"{self.source} {self.status} for {what}{why}"
