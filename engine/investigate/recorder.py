"""Records the answers of an investigation's sources."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from engine.events import AnswerRecorded
from engine.investigate.commands import RecordAnswer
from engine.investigate.incident_access import IncidentAccess
from primitives.answers import encode_answer
from primitives.telemetry import Answer

__all__ = ["AnswerRecorder", "Unrecorded", "encoded"]


class AnswerRecorder:
    """The `Recorder` of an investigation's telemetry."""

    def __init__(self, incident: IncidentAccess) -> None:
        self._incident = incident

    async def record(self, answer: Answer[Any]) -> str:
        data, digest = await asyncio.to_thread(encoded, answer)
        if digest not in self._incident.state.answers:
            recorded = AnswerRecorded(
                question=answer.query.question,
                source=answer.source,
                status=answer.status,
                digest=digest,
                size=len(data),
                records=len(answer.records),
                detail=answer.detail,
            )
            await self._incident.send(RecordAnswer(recorded, data))
        return digest


class Unrecorded:
    """Keeps no answers: of a look that is an event itself, and whose samples are asked for again where they matter."""

    async def record(self, answer: Answer[Any]) -> str:
        del answer
        return ""


def encoded(answer: Answer[Any]) -> tuple[bytes, str]:
    """The answer as bytes, and their SHA-256 in hexadecimal digits."""
    data = encode_answer(answer)
    return data, hashlib.sha256(data).hexdigest()
