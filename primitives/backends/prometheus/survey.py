"""What one Prometheus holds: which families, how often they are scraped, and how its labels name things."""

from __future__ import annotations

import math
from collections.abc import Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from primitives.backends.prometheus.catalogue import USUAL, Catalogue
from primitives.backends.prometheus.client import PrometheusClient, Reply, Row
from primitives.backends.prometheus.families import KUBERNETES
from primitives.backends.prometheus.measures import ClientFamily, Family
from primitives.backends.prometheus.names import Names
from primitives.backends.prometheus.promql import RESOURCE, SERVICE_LABELS, Grouping, named_by
from primitives.dataclass import dataclass
from primitives.errors import SourceDenied, SourceError, SourceTimeout
from primitives.http_source import QueryRefused
from primitives.records import Window
from primitives.side_by_side import side_by_side

__all__ = ["Survey", "gather_results", "sample_expression", "survey"]

T = TypeVar("T")

SAMPLED_TIMES: Final = 30
"""At how many times of a window it is looked which series there are."""

DEFAULT_INTERVAL_S: Final = 15.0
_COUNTED_S: Final = 600
_MEASURES_OF_ONE: Final = 10
# Each look for the first sample divides the time in question into so many parts: a week needs four to come to a second.
_NARROWER: Final = 60
_LOOKS: Final = 4
_PROBES: Final = 4
_LONGEST_INTERVAL_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Survey:
    """`present` are the known names that have samples; `intervals` the seconds between scrapes, by family's probe.

    `since` is the first time at which anything was seen (seconds since the epoch), None where there is nothing.
    """

    present: frozenset[str]
    names: Names
    intervals: dict[str, float]
    since: float | None
    catalogue: Catalogue = USUAL

    @property
    def families(self) -> tuple[Family, ...]:
        """The families that are here."""
        return tuple(
            family for family in self.catalogue.families if self.present.issuperset((family.probe, *family.also))
        )

    @property
    def clients(self) -> tuple[ClientFamily, ...]:
        """The families that tell of dependencies and are here."""
        return tuple(client for client in self.catalogue.clients if client.probe in self.present)

    @property
    def interval_s(self) -> float:
        """The shortest scrape interval."""
        return min(self.intervals.values(), default=DEFAULT_INTERVAL_S)

    @property
    def expected_series(self) -> int:
        """About how many series a question about everything brings."""
        things = len(self.names.services) + len(self.names.workloads) + len(self.names.nodes)
        return things * min(sum(len(family.measures) for family in self.families), _MEASURES_OF_ONE)

    def since_in(self, window: Window) -> datetime | None:
        """From when on the window is covered; None where nothing is there at all."""
        if self.since is None:
            return None
        return min(max(window.start, datetime.fromtimestamp(self.since, UTC)), window.end)

    def grouping(self, family: Family, range_s: int) -> Grouping:
        """How the family's expressions are to be grouped here."""
        identity = family.identity or SERVICE_LABELS
        return Grouping(range_s, family.scope, identity, family.namespace, "kube_pod_info" in self.present)

    def resource(self, family: Family, row: Row) -> str | None:
        """The identifier of what a row of the family is about; None where no label says."""
        labels = row.labels
        namespace, name = labels.get(family.namespace, ""), labels.get(RESOURCE, "")
        match family.scope:
            case "service":
                return self.names.service(namespace, name) if name else None
            case "node":
                return self.names.node(name) if name else None
            case "pod":
                if owner := labels.get("created_by_name"):
                    return self.names.workload(namespace, labels.get("created_by_kind", ""), owner)
                return self.names.pod(namespace, pod) if (pod := labels.get("pod")) else None
            case kind:
                return self.names.workload(namespace, kind, labels[kind]) if labels.get(kind) else None


async def survey(client: PrometheusClient, window: Window, catalogue: Catalogue = USUAL) -> Survey:
    """Look at what the Prometheus holds for `window`. Raises `SourceError` when it doesn't answer."""
    start, end = window.start.timestamp(), window.end.timestamp()
    present = await client.metric_names(catalogue.names, start, end)
    inventory = Survey(present, Names(client.clean), {}, None, catalogue)
    kubernetes = {name: labels for name, labels in KUBERNETES.items() if name in present}
    services: list[Family | ClientFamily] = [family for family in inventory.families if family.scope == "service"]
    services.extend(inventory.clients)
    probes = [family.probe for family in inventory.families]
    since = await _since(client, inventory, window)
    if since is not None:
        window = Window(start=min(max(window.start, datetime.fromtimestamp(since, UTC)), window.end), end=window.end)
    learned = await gather_results(
        sample_expression(client, f"max by ({', '.join(by)}) ({name})", window) for name, by in kubernetes.items()
    )
    served = await gather_results(sample_expression(client, _who(service), window) for service in services)
    counted = await gather_results(client.at(_count(family), end) for family in inventory.families)
    inventory.names.learn_kubernetes({name: _rows(reply) for name, reply in zip(kubernetes, learned, strict=True)})
    for service, reply in zip(services, served, strict=True):
        inventory.names.learn_services(_rows(reply), service.namespace)
    intervals = {probe: _interval(_rows(reply)) for probe, reply in zip(probes, counted, strict=True)}
    return Survey(present, inventory.names, intervals, since, catalogue)


async def _since(client: PrometheusClient, inventory: Survey, window: Window) -> float | None:
    """When the samples of the window begin, to about a second; None where there are none."""
    probes = ["up"] if "up" in inventory.present else [family.probe for family in inventory.families]
    anything = " or ".join(f"count({name})" for name in (*probes, *KUBERNETES)[:_PROBES] if name in inventory.present)
    start, apart, seen = window.start.timestamp(), window.seconds, window.end.timestamp()
    if not anything:
        return None
    for look in range(_LOOKS):
        step = max(math.ceil(apart / _NARROWER), 1)
        # The last time asked about is `seen` itself: samples that began less than a step ago lie between two others.
        rows = (await client.over(anything, seen - step * math.ceil(apart / step), seen, step)).rows
        times = [float(row.times[0]) for row in rows if len(row.times)]
        if not times:
            return seen if look else None
        seen, apart = min(times), step
        # Not `seen - step < start`: a server may move the times of a question to multiples of its step.
        if step == 1 or seen <= start:
            break
    return seen


async def sample_expression(client: PrometheusClient, expression: str, window: Window) -> Reply:
    """`expression` at a few times of the window, its ends among them: enough to see which series there are."""
    step = max(math.ceil(window.seconds / SAMPLED_TIMES), 1)
    end = window.end.timestamp()
    return await client.over(expression, end - step * math.floor(window.seconds / step), end, step)


async def gather_results(
    questions: Iterable[Coroutine[Any, Any, T]], *, source: str = "", within_s: float | None = None
) -> list[T | SourceError]:
    """What each question gave, or why it gave nothing.

    A refused query is one result among others. Without `within_s` any other failure is raised, for it will meet all.
    With it, what is not there after so many seconds is a `SourceTimeout` of its own, and a failure is raised only when
    nothing came or access was denied: half an answer in time is worth more than a whole one too late.
    """
    results: list[T | SourceError] = []
    for task in await side_by_side(questions, within_s):
        if task is None or task.cancelled():
            results.append(SourceTimeout(source, f"was not evaluated within {within_s or 0:g} s"))
        elif (error := task.exception()) is None:
            results.append(task.result())
        elif isinstance(error, SourceError) and (within_s is not None or isinstance(error, QueryRefused)):
            results.append(error)
        else:
            raise error
    errors = [result for result in results if isinstance(result, SourceError)]
    failures = [error for error in errors if not isinstance(error, QueryRefused)]
    denied = [failure for failure in failures if isinstance(failure, SourceDenied)]
    if denied or (failures and all(isinstance(result, SourceError) for result in results)):
        raise (denied or failures)[0]
    return results


def _rows(reply: Reply | SourceError) -> tuple[Row, ...]:
    return reply.rows if isinstance(reply, Reply) else ()


def _who(family: Family | ClientFamily) -> str:
    identity = family.identity or SERVICE_LABELS
    vector = f"max by ({', '.join((family.namespace, *identity, 'pod'))}) ({family.probe})"
    return f"max by ({family.namespace}, {RESOURCE}, pod) ({named_by(vector, identity)})"


def _count(family: Family) -> str:
    return f"max by (job) (count_over_time({family.probe}{family.selector}[{_COUNTED_S}s]))"


def _interval(rows: Iterable[Row]) -> float:
    """Seconds between scrapes, of the slowest job; one with very few samples is young or gone, not slow."""
    counts = [float(row.values[-1]) for row in rows if len(row.values)]
    regular = [count for count in counts if count * 8 >= max(counts)]
    return min(_COUNTED_S / min(regular), _LONGEST_INTERVAL_S) if regular else DEFAULT_INTERVAL_S
