"""What an engine lists: its incidents, and the verdicts on their chains."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

__all__ = ["AuditResult", "IncidentSummary"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class IncidentSummary(NamedTuple):
    """A line of the list of stored incidents.

    `phase` is that of `IncidentState`, or `closed`; `running` means that an actor has it now. A tuple and no model:
    ten thousand of them are read at once.
    """

    execution_id: str
    incident_id: str
    title: str
    query: str
    origin: Literal["recorded", "live"]
    opened_at: datetime
    updated_at: datetime
    phase: str
    primary_class: str | None = None
    top_cause: str | None = None
    confidence: float | None = None
    events: int = 0
    running: bool = False

    def document(self) -> dict[str, Any]:
        """It as JSON, by the fields' names; times in RFC 3339 with `Z`."""
        times = {name: getattr(self, name).isoformat().replace("+00:00", "Z") for name in _TIMES}
        return {**self._asdict(), **times}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """What `document` made. Raises `ValueError`, `KeyError` or `TypeError` when it is none."""
        return cls(**{**document, **{name: datetime.fromisoformat(document[name]) for name in _TIMES}})


_TIMES: Final = ("opened_at", "updated_at")


class AuditResult(_Frozen):
    """The verdict on one execution's chain.

    `problem` says what is wrong and `seq` where; `anchored` is how many events the hash kept outside the database
    confirms.
    """

    execution_id: str
    events: int
    ok: bool
    anchored: int = 0
    seq: int | None = None
    problem: str = ""
