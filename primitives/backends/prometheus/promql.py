"""Expressions: how series are grouped by what they are about, and which times they are asked for.

The label that names a service differs from one set-up to the next, and within one. So the name is computed in the
expression itself, into a label of our own: the sums are then exact, whichever label an instance carries.
"""

from __future__ import annotations

import math
from typing import Final, Literal

from primitives.dataclass import dataclass
from primitives.records import Window

__all__ = [
    "RESOURCE",
    "SERVICE_LABELS",
    "Grid",
    "Grouping",
    "choose_step",
    "either",
    "grid",
    "named_by",
    "rate_window",
]

RESOURCE: Final = "cloudops_resource"
"""The label into which expressions put the name that they found."""

SERVICE_LABELS: Final = ("service_name", "service", "exported_job", "app", "job")
"""The labels that may name a service, best first: what the program says of itself before what the scraper calls it."""

_NODE_LABELS: Final = ("node", "nodename", "instance")
# A job that OpenTelemetry wrote is NAMESPACE/NAME; an instance is HOST:PORT.
_PARTS: Final = {"job": "(?:.*/)?([^/]+)", "exported_job": "(?:.*/)?([^/]+)", "instance": "(.+?)(?::[0-9]+)?"}
# A pod that nothing but a node or a person made stands for itself.
_UNOWNED: Final = "|<none>|Node"
_POD_OWNER: Final = (
    "on (namespace, pod) group_left (created_by_kind, created_by_name)"
    " max by (namespace, pod, created_by_kind, created_by_name) ("
    f'label_replace(kube_pod_info{{created_by_kind=~"{_UNOWNED}"}}, "created_by_name", "$1", "pod", "(.+)")'
    f' or kube_pod_info{{created_by_kind!~"{_UNOWNED}"}})'
)

STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)
"""The distances between samples that are asked for, in seconds."""

MOST_POINTS: Final = 11_000
"""What Prometheus gives at most for one series in one answer."""

GOOD_POINTS: Final = 1_500
BEST_POINTS: Final = 5_000
"""The samples of one series where there are few series: an onset is known to a step."""
_GOOD_SAMPLES: Final = 2_000_000
KEEP_POINTS: Final = (30, 6_000)
MIN_RATE_WINDOW_S: Final = 15


@dataclass(frozen=True, slots=True)
class Grouping:
    """By what an expression's series are grouped, and over how many seconds its rates are taken.

    `scope` is `Family.scope`; `identity` the labels that may name a service, best first; `namespace` the label with its
    namespace. `owners` says that a pod's owner can be looked up in kube_pod_info.
    """

    range_s: int
    scope: Literal["service", "pod", "deployment", "statefulset", "node"] = "service"
    identity: tuple[str, ...] = SERVICE_LABELS
    namespace: str = "namespace"
    owners: bool = False

    def rate(self, *counters: str) -> str:
        """The rate a second of a counter, or of several that have different labels."""
        return " or ".join(f"rate({counter}[{self.range_s}s])" for counter in counters)

    def sum(self, vector: str, also: str = "") -> str:
        """The sum of `vector` by resource (and by the label `also`)."""
        return self._reduce("sum", vector, also)

    def max(self, vector: str) -> str:
        """The largest of `vector` by resource."""
        return self._reduce("max", vector)

    def min(self, vector: str) -> str:
        """The smallest of `vector` by resource."""
        return self._reduce("min", vector)

    def each(self, operator: Literal["sum", "max", "avg"], vector: str, also: str = "") -> str:
        """`vector` by single instance or pod (and by the label `also`), so that two metrics of one can be divided."""
        more = (also,) if also else ()
        return f"{operator} by ({', '.join((*self._instance_labels, *more))}) ({vector})"

    @property
    def _source_labels(self) -> tuple[str, ...]:
        match self.scope:
            case "service":
                return (self.namespace, *self.identity)
            case "pod":
                return ("namespace", "pod")
            case "node":
                return _NODE_LABELS
            case _:
                return ("namespace", self.scope)

    @property
    def _instance_labels(self) -> tuple[str, ...]:
        if self.scope == "service":
            return (*self._source_labels, "instance", "pod")
        return self._source_labels

    def _reduce(self, operator: str, vector: str, also: str = "") -> str:
        more = (also,) if also else ()
        inner = f"{operator} by ({', '.join((*self._source_labels, *more))}) ({vector})"
        match self.scope:
            case "service":
                named, labels = named_by(inner, self.identity), (self.namespace, RESOURCE, *more)
            case "node":
                named, labels = named_by(inner, _NODE_LABELS), (RESOURCE, *more)
            case "pod" if self.owners:
                named = f"{inner} * {_POD_OWNER}"
                labels = ("namespace", "created_by_kind", "created_by_name", *more)
            case _:
                return inner
        return f"{operator} by ({', '.join(labels)}) ({named})"


def named_by(vector: str, labels: tuple[str, ...]) -> str:
    """`vector` with the first of `labels` that is not empty in the label `RESOURCE`."""
    for label in reversed(labels):
        vector = f'label_replace({vector}, "{RESOURCE}", "$1", "{label}", "{_PARTS.get(label, "(.+)")}")'
    return vector


def either(metric: str, labels: tuple[str, ...], condition: str, selector: str = "") -> tuple[str, ...]:
    """`metric` where one of `labels` meets `condition`, for each; `selector` holds further conditions, in braces."""
    more = f",{selector[1:-1]}" if selector else ""
    return tuple(f"{metric}{{{label}{condition}{more}}}" for label in labels)


@dataclass(frozen=True, slots=True)
class Grid:
    """The times that are asked for: every `step` seconds from `start` to `end` (seconds since the epoch).

    They are multiples of `step`, so that two questions about overlapping times get the same samples.
    """

    start: int
    end: int
    step: int


def grid(window: Window, step: int) -> Grid:
    """The times inside `window`; never one after its end."""
    start = math.ceil(window.start.timestamp() / step) * step
    end = math.floor(window.end.timestamp() / step) * step
    if end < start:  # shorter than a step: its last full second, and that alone
        end = start = math.floor(window.end.timestamp())
    return Grid(start, end, step)


def choose_step(
    seconds: float, interval_s: float, wanted: float | None = None, current: int | None = None, *, series: int = 10_000
) -> int:
    """Seconds between samples for a window of `seconds`, of about so many `series` that are scraped every `interval_s`.

    Between 1,500 samples and, where there are few series, 5,000; at least as far apart as scrapes are, and
    a third of the shortest rate's range. A step in use (`current`) is kept while it is not absurd: then a narrow and a
    wide question agree where they overlap. A `wanted` one is used if the server can give it.
    """
    floor = max(math.ceil(seconds / (MOST_POINTS - 1)), 1)
    if wanted is not None:
        return max(round(wanted), floor)
    if current is not None and KEEP_POINTS[0] <= seconds / current <= KEEP_POINTS[1]:
        return current
    points = min(max(_GOOD_SAMPLES / max(series, 1), GOOD_POINTS), BEST_POINTS)
    least = max(seconds / points, interval_s * 0.9, MIN_RATE_WINDOW_S / 3)
    return next((step for step in STEPS if step >= least), max(STEPS[-1], floor))


def rate_window(step: int, interval_s: float) -> int:
    """Over how many seconds a rate is taken: four scrapes, and no sample between two steps is left out."""
    return math.ceil(max(4 * interval_s, step + interval_s, MIN_RATE_WINDOW_S))
