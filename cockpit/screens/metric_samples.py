"""The recorded samples of a fact's metric, fetched from the engine for its chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from primitives.answers import decode_answer
from primitives.errors import CloudopsError

if TYPE_CHECKING:
    from engine.port import EnginePort
    from primitives.records import Series

__all__ = ["SampleCache"]

NOTHING = "no recorded answer holds its samples"


class SampleCache:
    """Answers that were fetched once are kept."""

    def __init__(self) -> None:
        self._answers: dict[str, Any] = {}

    async def samples_of(self, fact: Any, port: EnginePort) -> Series | str:
        """The series of the fact's metric, or why there is none."""
        samples: Series | str = NOTHING
        try:
            for digest in fact.answers:
                answer = self._answers.get(digest) or decode_answer(await port.blob(digest), digest)
                self._answers[digest] = answer
                for series in answer.records if answer.query.question == "series" else ():
                    if series.resource == fact.resource and series.metric.name == fact.metric and len(series.times):
                        samples = series
        except CloudopsError as error:
            return str(error)
        return samples
