"""Facts about metrics: a level that moved, a limit that was reached, samples that are missing, a share of a symptom."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal, cast

from pydantic import AwareDatetime, Field

from primitives.display_names import NameOf, full_name
from primitives.facts.base import FactBase, label
from primitives.patterns import lazy_pattern
from primitives.quantities import moment, quantity, reading, times
from primitives.terms import MetricKind, Statistic

__all__ = ["MetricAtLimit", "MetricMissing", "MetricShift", "OwnShare", "normal_room"]

# What is left and not what is used.
_LEFT: Final = lazy_pattern(r"(?i)\b(?:free|freeable|available|remaining|left|headroom)\b")
# Fewer samples of normal times tell where the recording begins, and not what is normal.
_FEWEST_NORMAL: Final = 3
# Within so many spreads of the baseline, or a tenth of the way from it, a level counts as normal again: three robust
# standard deviations hold 99.7 % of normal samples. A tenth of the baseline itself would be a whole outage of an
# availability of 100 %.
_SPREADS: Final = 3.0
_ROOM: Final = 0.1
# A time that is left until something is no longer valid; it goes down by a second each second, whatever happens.
_UNTIL_END: Final = lazy_pattern(
    r"(?i)\b(?:until|to|before|till) (?:its )?(?:expir\w*|end of validity)"
    r"|\b(?:expir\w*|valid\w*) (?:in|left|remaining)"
)
_SECONDS: Final = {"s": 1.0, "ms": 0.001, "min": 60.0, "h": 3600.0, "d": 86_400.0}
# A level that moved by less than this share of its baseline is reported as unchanged.
_STILL: Final = 0.1
# From so many times the level's distance from normal on the worst sample is told beside the level.
_CLEARLY: Final = 1.2
# Or it is so many times less than the level, of what goes down.
_TIMES_LESS: Final = 1.5
# The newest level is at least this share of the worst one's distance from normal while a metric goes on climbing.
_AT_ITS_WORST: Final = 0.9
# Of fewer samples nobody can say that they climb.
_FEWEST_CLIMBING: Final = 4


def normal_room(spread: float, moved: float) -> float:
    """How far from its baseline a metric that has `moved` so far is normal again, in its unit."""
    return max(_SPREADS * spread, _ROOM * moved)


class MetricShift(FactBase):
    """A metric's level moved away from its baseline; absent: it was looked at and did not.

    `baseline`, `current` (the level in the window) and `peak` (the worst sample, as of `peak_at`) are in `unit` (UCUM).
    `peak_at` is null where the worst sample lies near the level. `spread` is the
    baseline's robust standard deviation (1.4826 MAD), `score` the shift in spreads, signed. `worse` says whether it
    moved in the direction that hurts. `onset` is the change point's most likely time, give or take
    `onset_uncertainty_s`; of a climb it is the first sample outside of the normal range. `level_at` is the first sample
    that reached the level, where that came well after the onset: the level and the onset are then no pair. A measured
    baseline of fewer than three samples is only what the recording begins with, and what is normal is not known.

    `ended` is set where the level was normal again before what the question is about began: an earlier episode, which
    explains nothing now. `latest` is the newest sample, in `unit`, as of `latest_at`; `latest_level` the median of up
    to three samples of the last two minutes, where that is another number: a single sample may be an outlier. From
    `back_at` on all samples are normal again.
    """

    type: Literal["metric_shift"] = "metric_shift"
    metric: str
    kind: MetricKind
    unit: str
    statistic: Statistic
    worse: bool
    baseline: float
    spread: float
    current: float
    peak: float
    peak_at: AwareDatetime | None = Field(default=None, exclude_if=lambda value: value is None)
    score: float
    samples: int
    baseline_samples: int
    onset: AwareDatetime | None = None
    onset_uncertainty_s: float | None = None
    level_at: AwareDatetime | None = Field(default=None, exclude_if=lambda value: value is None)
    # Left out where it isn't over: so were facts before there were episodes, and hashes cover the bytes.
    ended: AwareDatetime | None = Field(default=None, exclude_if=lambda value: value is None)
    latest: float | None = Field(default=None, exclude_if=lambda value: value is None)
    latest_at: AwareDatetime | None = Field(default=None, exclude_if=lambda value: value is None)
    latest_level: float | None = Field(default=None, exclude_if=lambda value: value is None)
    back_at: AwareDatetime | None = Field(default=None, exclude_if=lambda value: value is None)

    EXAMPLE: ClassVar = {
        "resource": "api",
        "metric": "latency_p95",
        "kind": "latency",
        "unit": "s",
        "statistic": "p95",
        "worse": True,
        "baseline": 0.2,
        "spread": 0.01,
        "current": 1.5,
        "peak": 1.7,
        "score": 130.0,
        "samples": 20,
        "baseline_samples": 60,
        "onset": "2026-11-23T14:30:00Z",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        name = f"{self.resource_name(called)} {label(self.metric)}"
        before, during = self.reading(self.baseline), self.reading(self.current)
        if (ended := self.ran_out_at) is not None:
            return f"{name} ran out at {moment(ended)} ({self.reading(cast('float', self.latest))} by the end)"
        if self.polarity == "absent":
            if before != during and abs(self.current - self.baseline) > _STILL * abs(self.baseline):
                return f"{name} did not clearly move ({during}, baseline {before})"
            return f"{name} stayed at {during} (baseline {before})"
        verb = "rose" if self.current > self.baseline else "fell"
        at = f" at {moment(self.onset)}" if self.onset else ""
        if self.onset and self.level_at:
            at = f" between {moment(self.onset)} and {moment(self.level_at)}"
        during = self.reading(self.level)
        more = times(self.baseline, self.level)
        # A percentage of percentages could be either kind.
        more = "" if during.endswith("%") and more.endswith("%)") else more
        over = f", normal again after {moment(self.ended)}: an earlier episode" if self.ended else ""
        samples = f"{self.baseline_samples} sample{'' if self.baseline_samples == 1 else 's'}"
        few = "" if self.is_normal_known else f"; what is normal is not known: {samples} before it"
        return f"{name} {verb} from {before} to {during}{at}{more}{self._worst_words()}{over}{few}"

    def _worst_words(self) -> str:
        if self.is_climbing:
            return f", and {'climbs' if self.current > self.baseline else 'falls'} on"
        if not self.has_worse_peak:
            return ""
        return f", worst {self.reading(self.peak)}" + (f" at {moment(self.peak_at)}" if self.peak_at else "")

    @property
    def is_normal_known(self) -> bool:
        """Whether the baseline is what is normal, and not only what a recording begins with."""
        return self.trust != "measured" or self.baseline_samples >= _FEWEST_NORMAL

    @property
    def has_worse_peak(self) -> bool:
        """Whether the worst sample lies clearly beyond the level, which would be read as the worst."""
        if self.polarity != "present" or not self.worse or self.samples < 2:
            return False
        moved, most = self.current - self.baseline, self.peak - self.baseline
        if most * moved <= 0 or abs(most) < abs(moved):
            return False
        # What is left of something goes to a small part of itself while its distance from normal hardly grows.
        return abs(most) >= _CLEARLY * abs(moved) or 0 <= self.peak * _TIMES_LESS <= self.current

    @property
    def is_climbing(self) -> bool:
        """Whether it is at its worst at the end, far beyond its level: such a level is half-way of a climb."""
        latest = self.level_now
        if latest is None or self.ended is not None or self.samples < _FEWEST_CLIMBING or not self.has_worse_peak:
            return False
        if self.latest != self.peak:
            return False
        return (latest - self.baseline) / (self.peak - self.baseline) >= _AT_ITS_WORST

    @property
    def level(self) -> float:
        """What it moved to: the level of the bad stretch, of a climb where it is at the end."""
        return self.peak if self.is_climbing else self.current

    @property
    def is_single_peak(self) -> bool:
        """Whether one sample alone was at the level, and the newest one is about normal.

        About normal is less than a tenth of the way to the level and less than twice the baseline: one that is sixty
        times its normal still was not raised once, however far below the worst it is.
        """
        if self.samples != 1 or self.latest is None or self.latest == self.level:
            return False
        room = normal_room(self.spread, abs(self.current - self.baseline))
        twice = max(_SPREADS * self.spread, abs(self.baseline))
        return abs(self.latest - self.baseline) <= min(room, twice)

    @property
    def ran_out_at(self) -> datetime | None:
        """When a time that is left, such as a certificate's until its expiry, came to an end; None where it did not."""
        if self.latest is None or self.latest_at is None or self.latest > 0 or self.unit not in _SECONDS:
            return None
        if not _UNTIL_END.search(label(self.metric)):
            return None
        return self.latest_at + timedelta(seconds=self.latest * _SECONDS[self.unit])

    @property
    def level_now(self) -> float | None:
        """The level at the end, which a single sample doesn't move."""
        return self.latest if self.latest_level is None else self.latest_level

    def reading(self, value: float) -> str:
        """A value of this metric as a person reads it: a ratio in percent."""
        return reading(value, self.unit, self.kind, self.metric)


class MetricAtLimit(FactBase):
    """A metric came near the value at which the resource is full; absent: it kept clear of it.

    `peak`, `baseline` and `limit` are in `unit`; `ratio` is peak over limit.
    """

    type: Literal["metric_at_limit"] = "metric_at_limit"
    metric: str
    unit: str
    limit: float
    peak: float
    baseline: float | None = None
    ratio: float
    since: AwareDatetime | None = None

    EXAMPLE: ClassVar = {
        "resource": "orders-db",
        "metric": "database_connections",
        "unit": "{connection}",
        "limit": 100.0,
        "peak": 95.0,
        "ratio": 0.95,
        "since": "2026-11-23T14:30:00Z",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        name = f"{self.resource_name(called)} {label(self.metric)}"
        share = f"{100 * self.ratio:.0f} % of the limit ({self.reading(self.limit)})"
        if self.reading(self.limit) == "100 %":
            share = f"{self.reading(self.peak)} (full at 100 %)"
        since = f" since {moment(self.since)}" if self.since else ""
        absent = self.polarity == "absent"
        if _LEFT.search(label(self.metric)):
            return f"{name}: {'no more than ' if absent else ''}{share} used{since}"
        return f"{name} reached no more than {share}" if absent else f"{name} at {share}{since}"

    def reading(self, value: float) -> str:
        """A value of this metric as a person reads it: a part of a whole in percent."""
        return reading(value, self.unit, "saturation") if self.limit <= 1 else quantity(value, self.unit)


class MetricMissing(FactBase):
    """A metric that used to have samples has none in the window, or none any more since a moment inside of it."""

    type: Literal["metric_missing"] = "metric_missing"
    metric: str
    kind: MetricKind
    last_seen: AwareDatetime | None = None

    EXAMPLE: ClassVar = {
        "resource": "api",
        "metric": "requests",
        "kind": "traffic",
        "last_seen": "2026-11-23T14:30:00Z",
    }

    def sentence(self, called: NameOf = full_name) -> str:
        last = f" (last sample {moment(self.last_seen)})" if self.last_seen else ""
        if self.last_seen and self.window and self.last_seen >= self.window.start:
            return f"{self.resource_name(called)} {label(self.metric)} has no samples since {moment(self.last_seen)}"
        return f"{self.resource_name(called)} {label(self.metric)} has no samples in the window{last}"


class OwnShare(FactBase):
    """How much of a symptom a resource explains by itself, its own dependencies' part taken away.

    `own_excess` is in `unit`, at its peak (of spans: on average), weighted by how often the symptom's requests pass
    through the resource; `share` is its part of the symptom's whole excess (0 to 1, may exceed 1 where calls run side
    by side); `noise` is the same figure in normal times. Peaks come at different times, so the shares of several
    resources may overlap.
    """

    type: Literal["own_share"] = "own_share"
    symptom_resource: str
    metric: str
    unit: str
    own_excess: float
    share: float
    noise: float

    EXAMPLE: ClassVar = {
        "resource": "orders-db",
        "symptom_resource": "api",
        "metric": "latency_p95",
        "unit": "s",
        "own_excess": 0.9,
        "share": 0.7,
        "noise": 0.02,
    }

    def sentence(self, called: NameOf = full_name) -> str:
        name, symptom = self.resource_name(called), f"{called(self.symptom_resource)}'s {label(self.metric)}"
        if self.polarity == "absent":
            return f"{name} itself accounts for none of the change in {symptom}"
        share = f"up to {100 * min(self.share, 1.0):.0f} % of the change in {symptom}"
        return f"{name} itself accounts for {share} ({self.reading(self.own_excess)}; shares overlap)"

    def named_resources(self) -> Iterator[str]:
        yield from super().named_resources()
        yield self.symptom_resource

    def reading(self, value: float) -> str:
        """An excess as a person reads it: one of a part of a whole in percentage points."""
        points = 100 * value if self.unit == "1" else value
        return quantity(points, "{percentage point}") if self.unit in ("1", "%") else quantity(value, self.unit)
