"""What a metric family is, and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from primitives.backends.prometheus.promql import Grouping
from primitives.dataclass import dataclass
from primitives.records import Metric
from primitives.terms import ResourceKind

__all__ = ["ClientFamily", "Family", "Measure"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric that comes out of a family.

    `expression` makes the PromQL, grouped as it is asked to. `combine` says what becomes of several results for one
    resource: add them up, or take the worst.
    """

    metric: Metric
    expression: Callable[[Grouping], str]
    combine: Literal["sum", "worst"] = "worst"


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that come together. `probe` is the one whose presence and scrape interval stand for all of them.

    `scope` says what a series is about: a service (by whichever label names it), a pod, a workload (the label of that
    name) or a node. `also` are other names without which the family says nothing. `identity` replaces the usual labels
    that name a service, best first, and `namespace` the label of its namespace.
    """

    probe: str
    measures: tuple[Measure, ...]
    scope: Literal["service", "pod", "deployment", "statefulset", "node"] = "service"
    kind: ResourceKind = "service"
    also: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    namespace: str = "namespace"
    selector: str = ""


@dataclass(frozen=True, slots=True)
class ClientFamily:
    """A metric that callers keep about those they call: where dependencies are read from.

    `peer` are the labels that may name the called, best first; `peer_namespace` that of its namespace, if any.
    """

    probe: str
    peer: tuple[str, ...]
    kind: ResourceKind | None = None
    identity: tuple[str, ...] = ()
    namespace: str = "namespace"
    peer_namespace: str | None = None
