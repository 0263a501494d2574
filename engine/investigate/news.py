"""Whether what the sources of a watched incident say is news: then its answer was made of something else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from engine.events import MetricReading, ReadingTaken
from primitives.dataclass import dataclass
from primitives.facts.base import label
from primitives.text import safe_line

__all__ = ["Situation", "news", "situation_of"]

# A rate over a minute, as most are, shows a cure so much later than the cause's own metric does.
_SETTLED: Final = timedelta(minutes=2)
_NAMED: Final = 2


@dataclass(frozen=True, slots=True)
class Situation:
    """What a reading says is wrong: alerts that fire, workloads that lack pods, and watched metrics.

    `bad` and `well` are metrics by resource and name, `long_well` those that have been well for two minutes.
    """

    alerts: frozenset[tuple[str, str]]
    lacking: frozenset[str]
    bad: frozenset[tuple[str, str]]
    well: frozenset[tuple[str, str]]
    long_well: frozenset[tuple[str, str]]
    symptom_bad: bool


def situation_of(reading: ReadingTaken) -> Situation:
    """What `reading` says is wrong."""
    well = [metric for metric in reading.metrics if metric.well_since is not None]
    return Situation(
        alerts=frozenset((alert.name, alert.resource or "") for alert in reading.alerts),
        lacking=frozenset(entry.resource for entry in reading.workloads if entry.ready < entry.wanted),
        bad=_names(metric for metric in reading.metrics if metric.bad_since is not None),
        well=_names(well),
        long_well=_names(metric for metric in well if metric.well_since and metric.at - metric.well_since >= _SETTLED),
        symptom_bad=any(metric.symptom and metric.well_since is None for metric in reading.metrics),
    )


def news(before: Situation, now: Situation) -> str:
    """Why the answer that was given at `before` may not hold any more, in words; empty where it may."""
    reasons = (
        ("alert {} fires", "alerts {} fire", [name for name, _ in sorted(now.alerts - before.alerts)]),
        ("{} lacks pods", "{} lack pods", sorted(now.lacking - before.lacking)),
        ("{} is bad again", "{} are bad again", _words(now.bad & before.well)),
        (
            "{} is well, and the symptom is still there", "{} are well, and the symptom is still there",
            _words(before.bad & now.long_well if now.symptom_bad else ()),
        ),
    )  # fmt: skip
    said = [_in_words(single, several, names) for single, several, names in reasons if names]
    return safe_line("; ".join(said), limit=300)


def _in_words(single: str, several: str, names: list[str]) -> str:
    """The first names, and how many there are beyond them."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (single if len(names) == 1 else several).format(", ".join(names[:_NAMED]) + more)


def _names(metrics: Iterable[MetricReading]) -> frozenset[tuple[str, str]]:
    return frozenset((metric.resource, metric.metric) for metric in metrics)


def _words(names: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{resource} {label(metric)}" for resource, metric in sorted(names)]
