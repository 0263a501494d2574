"""GetMetricData: hundreds of metrics a call, and which period a window is read with.

Limits: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html (500 metrics and 100,800
datapoints a call; metrics of a minute are kept for 15 days, of five minutes for 63, of an hour for 455).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from primitives.backends.aws.client import AwsClient
from primitives.backends.aws.fields import items, text
from primitives.backends.aws.spending import Spending
from primitives.backends.series_answers import Columns
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.records import Window, meant
from primitives.side_by_side import side_by_side

__all__ = ["MetricQuery", "Samples", "choose_period", "read_samples"]

BATCH: Final = 500
_DATAPOINTS: Final = 100_800
_MOST_PAGES: Final = 40
_WITHIN_S: Final = 14.0
_PERIODS: Final = (60, 300, 3600)
_KEPT: Final = {60: timedelta(days=15), 300: timedelta(days=63), 3600: timedelta(days=455)}
_MOST_SAMPLES: Final = 1_000
"""Of a window, so that a day is read by five minutes and an hour by single ones."""


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One statistic of one metric."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str

    @property
    def is_percentile(self) -> bool:
        """Whether it is computed from a distribution, which not every endpoint can."""
        return self.stat.startswith("p")

    def document(self, identifier: str, period: int) -> dict[str, Any]:
        """As a call of GetMetricData has it."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}
        stat = {"Metric": metric, "Period": period, "Stat": self.stat}
        return {"Id": identifier, "MetricStat": stat, "ReturnData": True}


@dataclass(slots=True)
class Samples:
    """Times (seconds since the epoch, the periods' beginnings) and values of each query; what was wrong."""

    columns: dict[MetricQuery, Columns]
    notes: dict[str, None]
    failure: SourceError | None = None


def choose_period(window: Window, now: datetime, asked_s: float | None, usual: int | None) -> int:
    """Seconds between samples: what was asked for, else what the other questions had, else by the window's length."""
    wanted = asked_s or usual or window.seconds / _MOST_SAMPLES
    fitting = [period for period in _PERIODS if period >= wanted - 1e-6 and now - window.start <= _KEPT[period]]
    if fitting:
        return fitting[0]
    return next((period for period in _PERIODS if now - window.start <= _KEPT[period]), _PERIODS[-1])


async def read_samples(
    client: AwsClient, queries: Sequence[MetricQuery], window: Window, period: int, spending: Spending
) -> Samples:
    """The samples of all queries whose period ended in the window; percentiles apart, so that they fail alone."""
    samples = Samples({}, {})
    batches = [batch for part in _apart(queries) for batch in _batches(part, window, period)]
    spending.metrics += len(queries)
    tasks = await side_by_side((_read(client, batch, window, period) for batch in batches), within_s=_WITHIN_S)
    for batch, task in zip(batches, tasks, strict=True):
        error = task.exception() if task is not None else None
        if task is None:
            samples.notes[f"{len(batch)} metrics were not read in time"] = None
        elif isinstance(error, SourceError):
            samples.failure = error
            samples.notes[f"{_what(batch)}: {error.problem}"] = None
        else:
            samples.columns |= task.result()
    if samples.columns:
        samples.failure = None
    return samples


def _apart(queries: Iterable[MetricQuery]) -> tuple[list[MetricQuery], list[MetricQuery]]:
    plain: list[MetricQuery] = []
    percentiles: list[MetricQuery] = []
    for query in queries:
        (percentiles if query.is_percentile else plain).append(query)
    return plain, percentiles


def _batches(queries: Sequence[MetricQuery], window: Window, period: int) -> list[Sequence[MetricQuery]]:
    each = max(int(window.seconds / period) + 2, 1)
    size = max(min(BATCH, _DATAPOINTS // each), 1)
    return [queries[start : start + size] for start in range(0, len(queries), size)]


def _what(batch: Sequence[MetricQuery]) -> str:
    return "percentiles" if batch[0].is_percentile else "metrics"


async def _read(
    client: AwsClient, batch: Sequence[MetricQuery], window: Window, period: int
) -> dict[MetricQuery, Columns]:
    named = {f"q{number}": query for number, query in enumerate(batch)}
    parts: dict[MetricQuery, list[Columns]] = {}
    token: dict[str, Any] = {}
    documents = [query.document(name, period) for name, query in named.items()]
    for _ in range(_MOST_PAGES):
        answer = await client.call(
            "cloudwatch",
            "GetMetricData",
            MetricDataQueries=documents,
            StartTime=_floor(window.start, period),
            EndTime=_floor(window.end, period),
            ScanBy="TimestampAscending",
            **token,
        )
        for result in items(answer, "MetricDataResults"):
            if (query := named.get(text(result, "Id"))) is not None:
                parts.setdefault(query, []).append(_columns(result, window, period))
        if not (following := text(answer, "NextToken")):
            break
        token = {"NextToken": following}
    return {query: _joined(columns) for query, columns in parts.items()}


def _floor(moment: datetime, period: int) -> datetime:
    """The beginning of its period. One that hasn't ended isn't asked for: half a minute's sum is no fall."""
    return datetime.fromtimestamp(moment.timestamp() // period * period, UTC)


def _columns(result: Mapping[str, Any], window: Window, period: int) -> Columns:
    times, values = result.get("Timestamps"), result.get("Values")
    pairs = [
        (time.astimezone(UTC).timestamp(), float(value))
        for time, value in zip(_list(times), _list(values), strict=False)
        if isinstance(time, datetime) and isinstance(value, int | float)
    ]
    columns = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    start, end = window.start.timestamp(), window.end.timestamp()
    inside = (columns[:, 0] >= start) & (columns[:, 0] + period <= end + 1e-6) & meant(columns[:, 1])
    return columns[inside, 0], columns[inside, 1]


def _joined(parts: Sequence[Columns]) -> Columns:
    times = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    times, first = np.unique(times, return_index=True)
    return times, values[first]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
