"""Resources that are called for the first time in the incident's window, and fail each time.

Who calls what nobody called before calls it by mistake, or calls something that isn't there: such a resource has no
normal times to be compared with, so no shift tells of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from primitives.analysis.asking import incident_window
from primitives.analysis.history import History
from primitives.analysis.shifts import moment_of
from primitives.diagnostics.registry import Arguments
from primitives.facts import Observed
from primitives.quantities import moment
from primitives.records import Metric, Series

__all__ = ["first_requests"]

_MOST: Final = 5
# Of fewer requests that fail nobody can say that all do.
_FEWEST: Final = 5
# Where each sample says that so many of the requests failed, the resource serves nobody.
_FAILING: Final = 0.9
_WHOLE: Final = {"1": 1.0, "%": 100.0}


def first_requests(history: History, args: Arguments) -> Iterator[Observed]:
    """An observation of each such resource, the most requests first; nothing where no time before was measured."""
    start = incident_window(args).start.timestamp()
    if not any(len(series.times) and series.times[0] < start for series in history.series):
        return
    known: dict[str, list[Series]] = defaultdict(list)
    for series in history.series:
        known[series.resource].append(series)
    failed = {resource: told for resource, series in known.items() if (told := _failed(series, start)) is not None}
    for resource, (count, since) in sorted(failed.items(), key=lambda each: (-each[1][0], each[0]))[:_MOST]:
        yield Observed(
            resource=resource,
            window=incident_window(args),
            observed_at=moment_of(since),
            source=history.source,
            answers=history.digests,
            kind="first_requests",
            subject=f"all {count:.0f} failed, from {moment(moment_of(since))} on",
            details={"requests": count},
        )


def _failed(series: Sequence[Series], start: float) -> tuple[float, float] | None:
    """How many requests a resource had and since when, where it had none before `start` and all of them failed."""
    requests = [each for each in series if _counts_requests(each.metric)]
    shares = [each for each in series if each.metric.kind in ("errors", "availability") and each.metric.unit in _WHOLE]
    if len(requests) != 1 or not shares:
        return None
    times, counts = requests[0].times, requests[0].values
    if counts[times < start].any():
        return None
    count = 0.0
    for share in shares:
        whole = _WHOLE[share.metric.unit]
        failing = share.values / whole if share.metric.kind == "errors" else 1.0 - share.values / whole
        called = np.isin(share.times, times[counts > 0])
        count = float(counts[np.isin(times, share.times[called])].sum())
        if not called.any() or count < _FEWEST or (failing[called] < _FAILING).any():
            return None
    return count, float(times[counts > 0][0])


def _counts_requests(metric: Metric) -> bool:
    return metric.kind == "traffic" and metric.unit.startswith("{request") and metric.unit.endswith("}")
