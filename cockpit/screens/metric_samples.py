"""The recorded samples of a fact's metric, fetched from the engine for its chart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.widgets.chart_companions import same_metric
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

    async def samples_of(self, fact: Any, port: EnginePort, further: tuple[str, ...] = ()) -> Series | str:
        """The series of the fact's metric, or why there is none; `further` are answers with later samples of it."""
        samples: Series | None = None
        try:
            for digest in fact.answers:
                answer = self._answers.get(digest) or decode_answer(await port.blob(digest), digest)
                self._answers[digest] = answer
                samples = _series_in(answer, fact) or samples
            for digest in further:
                later = _series_in(decode_answer(await port.blob(digest), digest), fact)
                samples = _joined(samples, later) if samples is not None and later is not None else later or samples
        except CloudopsError as error:
            return str(error)
        return samples if samples is not None else NOTHING

    def percentiles_of(self, fact: Any) -> tuple[Series, ...]:
        """The other percentiles of the fact's metric in the answers that were fetched for it."""
        answers = [self._answers[digest] for digest in fact.answers if digest in self._answers]
        listed = [
            series
            for answer in answers
            for series in (answer.records if answer.query.question == "series" else ())
            if len(series.times) and same_metric(series, fact)
        ]
        return _first(listed)


def _first(listed: list[Series]) -> tuple[Series, ...]:
    """Each metric once: several answers may hold the same samples."""
    return tuple({series.metric.name: series for series in listed}.values())


def _series_in(answer: Any, fact: Any) -> Series | None:
    known = None
    for series in answer.records if answer.query.question == "series" else ():
        if series.resource == fact.resource and series.metric.name == fact.metric and len(series.times):
            known = series
    return known


def _joined(first: Series, later: Series) -> Series:
    """The samples of both, `later`'s where they overlap."""
    import numpy as np

    kept = first.times < later.times[0]
    return replace(
        first,
        times=np.concatenate([first.times[kept], later.times]),
        values=np.concatenate([first.values[kept], later.values]),
    )
