"""A line of the outbox, as a person sees it."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

__all__ = ["Delivery", "DeliveryStatus"]

DeliveryStatus = Literal["waiting", "sent", "dead", "dropped"]
"""`dead`: given up, or refused for good. `dropped`: it was not needed any more."""


class Delivery(BaseModel):
    """A line of the outbox. `problem` is why the last try failed, `due_at` when the next one is."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key: str
    receiver: str
    rule: str
    kind: str
    execution_id: str
    title: str
    status: DeliveryStatus
    attempts: int
    made_at: AwareDatetime
    due_at: AwareDatetime
    problem: str = ""
