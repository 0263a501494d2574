"""`metrics.yaml` and `topology.yaml`: what each metric means, and what depends on what."""

from __future__ import annotations

from typing import Any, Final

from primitives.bundle.parse import YamlDocument, parse_yaml, shown, type_name
from primitives.bundle.validate import Warnings, known_keys, validate
from primitives.errors import BundleError
from primitives.quoting import quoted
from primitives.records import Edge, Metric, Resource, Topology
from primitives.sanitise import Cleaner

__all__ = ["MAX_RESOURCES", "read_metrics", "read_topology"]

MAX_RESOURCES: Final = 50_000
"""The resources of one topology that are read."""
_METRICS: Final = "metrics.yaml"
_TOPOLOGY: Final = "topology.yaml"


def read_metrics(data: bytes, cleaner: Cleaner, warnings: Warnings) -> dict[str, Metric]:
    """Each metric's meaning, by its name. Raises `BundleError`."""
    document = parse_yaml(data, _METRICS)
    metrics: dict[str, Metric] = {}
    keys = known_keys(Metric) - {"name"}
    for name, raw in _mapping(document, _METRICS, cleaner).items():
        if not isinstance(raw, dict):
            # The line is looked for where it is needed only: that takes as long as the list is.
            where = f"{_METRICS}:{document.line_of([name])}"
            raise BundleError(where, f"'{quoted(name)}' is {type_name(raw)}; expected kind, unit, statistic and worse")
        _warn(raw, keys, _METRICS, warnings)
        fields = {key: value for key, value in raw.items() if key in keys}
        metrics[name] = validate(Metric, {**fields, "name": name}, _METRICS, lambda at: document.line_of([name, *at]))  # noqa: B023 - called at once
    return metrics


def read_topology(data: bytes, cleaner: Cleaner, warnings: Warnings) -> Topology:
    """The resources and their dependencies. Raises `BundleError`."""
    document = parse_yaml(data, _TOPOLOGY)
    raw = _mapping(document, _TOPOLOGY, cleaner)
    _warn(raw, known_keys(Topology), _TOPOLOGY, warnings)
    for key, model in (("resources", Resource), ("edges", Edge)):
        entries = raw.get(key)
        # An empty `edges:` in YAML is null.
        if entries is None:
            raw.pop(key, None)
        if key == "resources" and isinstance(entries, list) and len(entries) > MAX_RESOURCES:
            problem = (
                f"holds {len(entries):,} resources; at most {MAX_RESOURCES:,} are read: keep those of the incident"
            )
            raise BundleError(_TOPOLOGY, problem)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                _warn(entry, known_keys(model), _TOPOLOGY, warnings)
    topology = validate(Topology, raw, _TOPOLOGY, document.line_of)
    _check_unique(topology, document)
    return topology


def _check_unique(topology: Topology, document: YamlDocument) -> None:
    seen: set[str] = set()
    for index, resource in enumerate(topology.resources):
        if resource.id in seen:
            where = f"{_TOPOLOGY}:{document.line_of(['resources', index])}"
            raise BundleError(where, f"the resource {shown(resource.id)} is there twice; keep one")
        seen.add(resource.id)


def _mapping(document: YamlDocument, where: str, cleaner: Cleaner) -> dict[str, Any]:
    if document.value is None:
        return {}
    if not isinstance(document.value, dict):
        raise BundleError(where, f"is {type_name(document.value)}; expected a mapping")
    return cleaner.mapping(document.value)


def _warn(raw: dict[str, Any], known: frozenset[str], where: str, warnings: Warnings) -> None:
    for key in raw.keys() - known:
        warnings.add(where, f"unknown key '{quoted(key)}' (kept, not read)")
