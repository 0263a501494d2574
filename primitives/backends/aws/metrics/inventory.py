"""Which metrics there are: the part of the table that CloudWatch has something of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from primitives.backends.aws.client import AwsClient, Listing, Place
from primitives.backends.aws.fields import items, text
from primitives.backends.aws.metrics.families import FAMILIES, NAMESPACES
from primitives.backends.aws.metrics.measures import AwsFamily
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.side_by_side import side_by_side
from primitives.text import safe_line

__all__ = ["Inventory", "Subject", "take_inventory"]

_WITHIN_S: Final = 12.0
_MOST: Final = 20_000
_FAMILIES: Final = {(family.namespace, family.dimensions): family for family in FAMILIES}
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html: RecentlyActive
_RECENT: Final = "PT3H"


@dataclass(frozen=True, slots=True)
class Subject:
    """One set of dimensions of a family: what it is about, and which of the family's metrics there are."""

    family: AwsFamily
    dimensions: tuple[tuple[str, str], ...]
    resource: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is, and `notes` on what could not be listed; `failure` is the error where nothing could be."""

    subjects: tuple[Subject, ...]
    notes: tuple[str, ...]
    failure: SourceError | None = None


async def take_inventory(client: AwsClient, place: Place, *, recent: bool) -> Inventory:
    """List the metrics of every known namespace, side by side; `recent` leaves out what is silent for three hours."""
    extra = {"RecentlyActive": _RECENT} if recent else {}
    listed = await side_by_side(
        (
            client.pages("cloudwatch", "ListMetrics", "Metrics", most=_MOST, Namespace=namespace, **extra)
            for namespace in NAMESPACES
        ),
        within_s=_WITHIN_S,
    )
    subjects: list[Subject] = []
    notes: dict[str, None] = {}
    failure: SourceError | None = None
    for namespace, task in zip(NAMESPACES, listed, strict=True):
        error = task.exception() if task is not None else None
        if task is None:
            notes[f"metrics of {namespace} were not listed in time"] = None
        elif isinstance(error, SourceError):
            failure = error
            notes[error.problem] = None
        else:
            listing = task.result()
            subjects += _subjects(namespace, listing, place)
            notes |= {f"only the first {_MOST:,} metrics of {namespace} were listed": None} if listing.cut else {}
    return Inventory(tuple(subjects), tuple(notes), failure if not subjects else None)


def _subjects(namespace: str, listing: Listing, place: Place) -> Iterator[Subject]:
    names: dict[tuple[tuple[str, str], ...], set[str]] = {}
    for item in listing.items:
        name, dimensions = _read(item)
        if name:
            names.setdefault(dimensions, set()).add(name)
    for dimensions, known in sorted(names.items()):
        family = _FAMILIES.get((namespace, frozenset(name for name, _ in dimensions)))
        if family is not None:
            resource = safe_line(family.identify(dict(dimensions), place), limit=400)
            yield Subject(family, dimensions, resource, frozenset(known))


def _read(item: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    pairs = ((dimension.get("Name"), dimension.get("Value")) for dimension in items(item, "Dimensions"))
    whole = ((name, value) for name, value in pairs if isinstance(name, str) and isinstance(value, str))
    return text(item, "MetricName"), tuple(sorted(whole))
