"""Facts that fit no other kind."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, label, shorten
from primitives.quantities import reading

__all__ = ["NEUTRAL_KINDS", "Observed"]

NEUTRAL_KINDS: Final = frozenset({
    "busiest_statement", "database_load", "first_requests", "kubernetes_condition", "kubernetes_event",
    "kubernetes_object", "reading", "revision", "setting",
})  # fmt: skip
"""Kinds that describe a state or a setting, not a fault: rules must not use them as evidence.

They come from looks that a person asked for. What a setting's or an event's words say is judged by other facts.
"""


class Observed(FactBase):
    """What fits nowhere else: a top SQL statement, a wait event, a monitor's state."""

    type: Literal["observation"] = "observation"
    kind: str
    subject: str
    value: float | None = None
    unit: str = "1"
    details: Mapping[str, Any] = {}

    EXAMPLE: ClassVar = {
        "resource": "orders-db",
        "kind": "top_sql",
        "subject": "SELECT * FROM items WHERE order_id = ?",
        "value": 0.61,
    }

    def sentence(self, called: NameOf = full_name) -> str:
        value = f" {self.reading(self.value)}" if self.value is not None else ""
        return f"{self.resource_name(called)} {label(self.kind)}: {shorten(self.subject)}{value}"

    def reading(self, value: float) -> str:
        """A value of this kind as a person reads it: a ratio in percent."""
        return reading(value, self.unit, name=self.kind)
