"""Facts that a person states."""

from typing import ClassVar, Literal

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, shorten
from primitives.terms import IncidentClass, ResourceKind, Trust

__all__ = ["Assertion"]


class Assertion(FactBase):
    """A statement of an engineer; `source` is who made it.

    It speaks for or against the causes that agree with all that it names: `resource`, `kind` of resource, `cause_id`,
    `cause_class`, `change`. Where it names no cause and is for something, its words are read as those of a log message.
    """

    type: Literal["assertion"] = "assertion"
    trust: Trust = "asserted"
    text: str
    speaks: Literal["for", "against"] = "for"
    cause_id: str | None = None
    cause_class: IncidentClass | None = None
    kind: ResourceKind | None = None
    change: str | None = None

    EXAMPLE: ClassVar = {
        "source": "ann",
        "text": "the canary was healthy",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        del called  # it names no resource
        return f"{self.source}: {shorten(self.text, 400)}"
