"""The families that one Prometheus is asked for: the known ones, with its owner's labels, and the mapped series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from primitives.backends.prometheus.families import CLIENTS, FAMILIES, METRIC_NAMES
from primitives.backends.prometheus.mapping import MappedMetric, Mapping
from primitives.backends.prometheus.measures import ClientFamily, Family, Measure
from primitives.backends.prometheus.promql import SERVICE_LABELS, Grouping
from primitives.dataclass import dataclass
from primitives.records import Metric

__all__ = ["USUAL", "Catalogue", "catalogue_of"]

F = TypeVar("F", Family, ClientFamily)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`families` in the order in which they are believed, `clients`, and every name that they need."""

    families: tuple[Family, ...] = FAMILIES
    clients: tuple[ClientFamily, ...] = CLIENTS
    names: frozenset[str] = METRIC_NAMES


USUAL = Catalogue()
"""The known families alone."""


def catalogue_of(mapping: Mapping) -> Catalogue:
    """What a mapping makes of the known families; the mapped series are believed first."""
    if mapping == Mapping():
        return USUAL
    own = tuple(_mapped(metric, mapping) for metric in mapping.metrics)
    return Catalogue(
        (*own, *(_relabelled_family(family, mapping) for family in FAMILIES)),
        tuple(_relabelled(client, mapping) for client in CLIENTS),
        METRIC_NAMES | {family.probe for family in own},
    )


def _relabelled_family(family: Family, mapping: Mapping) -> Family:
    """What exporters of a platform write keeps its own labels."""
    own = family.scope == "service" and family.namespace == "namespace"
    return _relabelled(family, mapping) if own else family


def _relabelled(family: F, mapping: Mapping) -> F:
    return replace(
        family,
        identity=(*mapping.service_labels, *(family.identity or SERVICE_LABELS)),
        namespace=mapping.namespace_label or family.namespace,
    )


def _mapped(mapped: MappedMetric, mapping: Mapping) -> Family:
    metric = Metric(
        name=mapped.name, kind=mapped.kind, unit=mapped.unit, statistic="value", worse=mapped.worse, limit=mapped.limit
    )
    adds_up = mapped.kind == "traffic"
    usual = (*mapping.service_labels, *SERVICE_LABELS)
    return Family(
        mapped.series,
        (Measure(metric, _expression(mapped, adds_up=adds_up), "sum" if adds_up else "worst"),),
        identity=(mapped.label, *usual) if mapped.label else usual,
        namespace=mapping.namespace_label or "namespace",
    )


def _expression(mapped: MappedMetric, *, adds_up: bool) -> Callable[[Grouping], str]:
    def expression(by: Grouping) -> str:
        if adds_up:
            return by.sum(mapped.series)
        return by.min(mapped.series) if mapped.worse == "lower" else by.max(mapped.series)

    return expression
