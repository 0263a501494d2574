"""The parts of the report that only a live incident has: earlier episodes, tied names, and how it went on."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from engine.incident import IncidentState
from engine.name_ties import tie_reason
from primitives.resolver import Rule

__all__ = ["EpisodePart", "ReadingPart", "TiePart", "WatchPart", "earlier_episodes", "name_ties", "watch_part"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class EpisodePart(_Part):
    """A time in which a metric was far from its `usual` level, in `unit`, before what the incident is about."""

    resource: str
    metric: str
    unit: str
    start: AwareDatetime
    end: AwareDatetime | None
    usual: float
    worst: float


class ReadingPart(_Part):
    """The newest sample of a watched metric, taken `at`, in `unit`; `usual` is its level in normal times."""

    resource: str
    metric: str
    unit: str
    value: float
    at: AwareDatetime
    usual: float
    well_since: AwareDatetime | None


class TiePart(_Part):
    """That `name` in the answers of `source` means `resource` by `rule`, as do `more` names; `because` says why.

    An ambiguous name was left alone: resource and rule are null, and `candidates` are what it may mean.
    """

    source: str
    name: str
    resource: str | None
    rule: Rule | None
    candidates: tuple[str, ...] = ()
    more: int = 0
    because: str


class WatchPart(_Part):
    """How a live incident went on after its answer: `symptom` is null where nobody saw a change of it."""

    symptom: Literal["recovered", "returned"] | None
    since: AwareDatetime | None
    read_at: AwareDatetime | None
    readings: tuple[ReadingPart, ...]


def earlier_episodes(state: IncidentState) -> tuple[EpisodePart, ...]:
    """What was bad before, and over."""
    return tuple(EpisodePart(**entry.model_dump(exclude={"kind"})) for entry in state.watch.earlier)


def name_ties(state: IncidentState) -> tuple[TiePart, ...]:
    """Which names of several sources mean the same resource."""
    return tuple(TiePart(**tie.model_dump(), because=tie_reason(tie)) for tie in state.watch.ties)


def watch_part(state: IncidentState) -> WatchPart | None:
    """The last reading; None where nobody watched."""
    watch = state.watch
    if watch.reading is None:
        return None
    kept = ("resource", "metric", "unit", "value", "at", "usual", "well_since")
    readings = tuple(ReadingPart(**metric.model_dump(include=set(kept))) for metric in watch.reading.metrics)
    return WatchPart(symptom=watch.symptom, since=watch.since, read_at=watch.read_at, readings=readings)
