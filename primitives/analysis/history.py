"""All series of the sources, asked for once, without implausible samples, and compared once."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from primitives.analysis.asking import WEEK, gaps, incident_window, lookback_window
from primitives.analysis.comparison import Comparison, compare
from primitives.analysis.episodes import of_the_question
from primitives.analysis.plausible import sift
from primitives.collector import collector_paused
from primitives.dataclass import dataclass
from primitives.diagnostics.registry import Arguments
from primitives.facts import SourceGap
from primitives.records import Series, Window
from primitives.statistics import first_of_each
from primitives.telemetry import Answers, SeriesQuery, Telemetry

__all__ = ["Comparison", "History", "ask_history", "compare"]


@dataclass(frozen=True, slots=True)
class History:
    """All series that the sources gave, each from its baseline to now; `notes` say what was wrong with them."""

    series: tuple[Series, ...]
    asked: tuple[Answers[Series], ...]
    notes: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """The sources that answered."""
        return self.asked[0].source

    @property
    def digests(self) -> tuple[str, ...]:
        """The recorded blobs."""
        return tuple(digest for answers in self.asked for digest in answers.digests)

    def gaps(self, args: Arguments) -> list[SourceGap]:
        """What was not answered or not plausible; a missing week-old comparison is no gap."""
        first = self.asked[0]
        wrong = [
            SourceGap(
                question="series",
                status="partial",
                detail=note,
                window=first.query.window,
                observed_at=args.now,
                source=self.source,
                answers=first.digests,
            )
            for note in self.notes
        ]
        return [*gaps(self.asked[:1], args), *wrong]

    def compared(self, args: Arguments) -> list[Comparison]:
        """Every series judged; the same judgement for every diagnostic that asks."""
        return list(_compared(self.asked, args))

    def of(self, resource: str) -> list[Series]:
        """The series of one resource."""
        return [series for series in self.series if series.resource == resource]


async def ask_history(ask: Telemetry, args: Arguments) -> History:
    """Ask for every series; the same questions for every diagnostic, so that they are answered once."""
    asked = [await ask.series(SeriesQuery(window=lookback_window(args)))]
    if args.baseline is None:
        window = incident_window(args)
        asked.append(await ask.series(SeriesQuery(window=Window(start=window.start - WEEK, end=window.end - WEEK))))
    series, notes = _merged(tuple(asked), incident_window(args).seconds)
    return History(series, tuple(asked), notes)


# Several diagnostics look at the same answers; two incidents' worth is kept, so that none is judged again for each.
@lru_cache(maxsize=2)
def _compared(asked: tuple[Answers[Series], ...], args: Arguments) -> tuple[Comparison, ...]:
    with collector_paused():
        compared = compare(_merged(asked, incident_window(args).seconds)[0], args)
        return tuple(of_the_question(compared, args.symptom, args.detected))


@lru_cache(maxsize=2)
def _merged(asked: tuple[Answers[Series], ...], seconds: float) -> tuple[tuple[Series, ...], tuple[str, ...]]:
    merged: dict[tuple[str, str], Series] = {}
    for answers in asked:
        for series in answers.records:
            key = (series.resource, series.metric.name)
            merged[key] = _joined(series, merged[key]) if key in merged else series
    return sift([merged[key] for key in sorted(merged)], seconds)


def _joined(new: Series, known: Series) -> Series:
    """Two answers about one series; where both know a time, the first one counts."""
    if not len(known.times) or not len(new.times):
        return known if len(known.times) else new
    times, values = np.concatenate((known.times, new.times)), np.concatenate((known.values, new.values))
    times, index = first_of_each(times)
    return replace(known, times=times, values=values[index])
