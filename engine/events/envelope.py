"""The envelope of every event, and the hash that chains them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from primitives.dataclass import dataclass

if TYPE_CHECKING:
    from engine.events.union import Body

__all__ = ["ENGINE", "GENESIS", "Event", "EventBody", "IncidentEvent", "InvestigationEvent", "Who", "event_hash"]

GENESIS = "0" * 64
"""The previous hash of an execution's first event."""


class EventBody(BaseModel):
    """The base of every body: frozen, and closed to fields that it doesn't declare.

    `stored` is set where the body was upcast: the bytes that the log holds, which are what its hash covers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    __slots__ = ("stored",)


class InvestigationEvent(EventBody):
    """The base of the bodies that only the investigation's part of the state folds."""

    of_investigation: ClassVar[Literal[True]] = True


class IncidentEvent(EventBody):
    """The base of all other bodies."""

    of_investigation: ClassVar[Literal[False]] = False


class Who(BaseModel):
    """Who caused an event: a person by verified name, the engine, or a model by its name."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: Literal["person", "engine", "model"]
    name: str


ENGINE = Who(kind="engine", name="cloudops")
"""The engine as the one who caused an event."""


@dataclass(frozen=True, slots=True)
class Event:
    """A body in its envelope.

    `seq` starts at 1 and has no gaps within an execution. `hash` covers everything else, `previous` is the hash of the
    event before. `time` is the investigation's (a recorded incident is investigated at its recorded time), except for
    what people say and for the close (`engine.events.union.Statement`): those carry real time. So the times of one log
    need not increase.
    """

    execution_id: str
    incident_id: str
    seq: int
    time: datetime
    who: Who
    body: Body
    previous: str
    hash: str


def event_hash(previous: str, execution_id: str, incident_id: str, seq: int, time: str, who: bytes, body: bytes) -> str:
    """SHA-256 (hex) over the previous hash and the event's stored columns, each prefixed by its length.

    The lengths keep two different events from sharing one byte string.
    """
    digest = hashlib.sha256()
    for part in (previous.encode(), execution_id.encode(), incident_id.encode(), b"%d" % seq, time.encode(), who, body):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()
