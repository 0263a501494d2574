"""The closed union of event bodies, and bodies as bytes and back."""

from __future__ import annotations

from functools import cache
from typing import Annotated

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from engine.events.actions import ActionBody
from engine.events.conclusions import ConclusionReached, HypothesesRanked
from engine.events.envelope import EventBody
from engine.events.evidence import AnswerRecorded, FactAdded, FactFound, FactJudged
from engine.events.lifecycle import (
    IncidentClosed,
    InvestigationCancelled,
    InvestigationFinished,
    InvestigationResumed,
)
from engine.events.live import LiveBody
from engine.events.notes import NoteAdded
from engine.events.opening import IncidentClassified, IncidentOpened, SourcesChecked
from engine.events.steps import (
    PlanConfirmed,
    PlanProposed,
    StepAdded,
    StepFinished,
    StepProgressed,
    StepStarted,
)
from engine.events.upcast import upcast

__all__ = [
    "Body",
    "IncidentBody",
    "InvestigationBody",
    "Statement",
    "body_adapter",
    "decode_body",
    "encode_body",
    "in_real_time",
    "read_back",
]

InvestigationBody = (
    SourcesChecked
    | IncidentClassified
    | PlanProposed
    | PlanConfirmed
    | StepAdded
    | StepStarted
    | StepProgressed
    | AnswerRecorded
    | FactFound
    | StepFinished
    | HypothesesRanked
    | InvestigationResumed
    | InvestigationCancelled
    | InvestigationFinished
)
"""Bodies that only the investigation's part of the state folds."""

Statement = FactAdded | FactJudged | NoteAdded | IncidentClosed
"""What somebody says about an incident. It carries real time, in a recorded incident too."""

IncidentBody = IncidentOpened | ConclusionReached | Statement
"""Bodies that other parts of the state fold, or several parts."""

Body = Annotated[IncidentBody | ActionBody | LiveBody | InvestigationBody, Field(discriminator="type")]
"""The closed union of event bodies."""


def in_real_time(body: Body) -> bool:
    """Whether the event's time is real time, not the investigation's."""
    match body:
        case FactAdded() | FactJudged():
            return body.clock == "real"
        case NoteAdded() | IncidentClosed():
            return True
        case _:
            return isinstance(body, ActionBody)


# The slot itself: `getattr` on a body that has no such bytes would search through all of pydantic first.
_stored = EventBody.__dict__["stored"].__get__


@cache
def body_adapter() -> TypeAdapter[Body]:
    """The validator of bodies; building it takes tens of milliseconds, so it is built when first needed."""
    return TypeAdapter(Body)


def encode_body(body: Body) -> bytes:
    """A body as canonical JSON (keys sorted, no spaces): the bytes that are stored and hashed.

    A body that was upcast gives the bytes that it was read from, so that its hash still holds.
    """
    try:
        stored: bytes = _stored(body)
    except AttributeError:
        return orjson.dumps(body.model_dump(mode="json", by_alias=True), option=orjson.OPT_SORT_KEYS)
    return stored


def decode_body(data: bytes | str) -> Body:
    """The body that `data` holds, upcast where it is of an older version. Raises `ValueError` when it holds none."""
    try:
        # Without a dictionary in between a body is read in half the time, and nearly all are of the newest version.
        return body_adapter().validate_json(data)
    except ValidationError:
        document = orjson.loads(data)
        if not isinstance(document, dict):
            raise
        body = body_adapter().validate_python(upcast(document))
        if body.version != document.get("version", 1):
            # Frozen for everybody else; the original bytes are no part of what the body says.
            object.__setattr__(body, "stored", orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
        return body


def read_back(body: Body, data: bytes) -> Body:
    """What a reader of `data`, the encoded `body`, will get. Raises `ValueError` when it can't be read.

    Asks the body's own type, because it exists already: that of all bodies takes long to build.
    """
    if getattr(body, "stored", None) is not None:
        return decode_body(data)
    return type(body).model_validate_json(data)
