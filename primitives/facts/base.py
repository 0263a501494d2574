"""What every fact has, and how names and texts are written in a sentence.

Modules that declare models have no `from __future__ import annotations`: pydantic would compile each annotation again.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from primitives.display_names import NameOf, full_name
from primitives.records import Window
from primitives.shared_fields import share_field_names, shared_window
from primitives.terms import Polarity, Trust

__all__ = ["FactBase", "label", "shorten"]


class FactBase(BaseModel):
    """What every fact has.

    `window` is what was looked at and `observed_at` when the thing was seen; `source` names the backends and `answers`
    the recorded blobs (SHA-256, hex) that the fact was made from.
    """

    # A number that isn't one would fail later, when the fact is stored; it must fail the diagnostic that made it.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    type: str
    polarity: Polarity = "present"
    trust: Trust = "measured"
    resource: str | None = None
    window: Window | None = None
    observed_at: AwareDatetime
    source: str
    answers: tuple[str, ...] = ()

    EXAMPLE: ClassVar[Mapping[str, Any]]
    """Fields of one such fact, for the reference."""

    def model_post_init(self, context: Any, /) -> None:
        """Logs of a hundred thousand events have thousands of facts: each is made as small as it can be."""
        del context
        share_field_names(self)
        if self.window is not None:
            self.__dict__["window"] = shared_window(self.window)

    def sentence(self, called: NameOf = full_name) -> str:
        """The fact in one line, from its data alone; `called` says what to call each resource.

        A sentence is for reading: nothing may be concluded from it, nor is it anything's key.
        """
        raise NotImplementedError(self.type)

    def named_resources(self) -> Iterator[str]:
        """The identifiers of all resources that it is about or that it names."""
        if self.resource is not None:
            yield self.resource

    def resource_name(self, called: NameOf, unnamed: str = "an unnamed resource") -> str:
        """What its sentence calls its resource; `unnamed` where it has none."""
        return unnamed if self.resource is None else called(self.resource)


def label(name: str) -> str:
    """A metric's or kind's name as a person reads it: `latency_p95` → `latency p95`."""
    return name.replace("_", " ")


def shorten(value: Any, limit: int = 120) -> str:
    """`value` on one line, cut to `limit` characters with an ellipsis at the end."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
