"""Reading the fields of somebody else's JSON: a wrong type is as good as none, and every text is made safe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.alert_payloads.model import AlertSeverity, PayloadProblem
from primitives.alert_payloads.severity_words import severity_named
from primitives.text import safe_line

__all__ = [
    "MOST_ALERTS",
    "MOST_LABELS",
    "labels_of",
    "links_of",
    "list_of",
    "mapping_of",
    "named_thing",
    "required",
    "resource_of",
    "service_of",
    "severity_of",
    "text_of",
]

MOST_ALERTS: Final = 500
"""Alerts of one delivery; Alertmanager's own limit is `max_alerts`, and 500 fit into half a megabyte."""

MOST_LABELS: Final = 64
_LINKS: Final = 8
_SERVICE_KEYS: Final = (
    "service", "service_name", "servicename", "app", "app_kubernetes_io_name", "application", "deployment",
    "kube_deployment", "statefulset", "daemonset", "workload", "functionname", "dbinstanceidentifier",
    "dbclusteridentifier", "loadbalancer", "queuename", "job_name", "component", "project",
)  # fmt: skip
_RESOURCE_KEYS: Final = (
    "resource", "dbinstanceidentifier", "db_instance", "deployment", "kube_deployment", "statefulset", "daemonset",
    "workload", "job_name", "pod", "kube_pod", "functionname", "service", "service_name", "servicename", "app",
    "queuename", "loadbalancer", "node", "host", "instance",
)  # fmt: skip
# What must not be lost when there are more labels than are kept.
_KEPT_FIRST: Final = frozenset(
    {*_SERVICE_KEYS, *_RESOURCE_KEYS, "alertname", "severity", "priority", "namespace", "cluster", "environment", "env"}
)


def mapping_of(document: Any, *path: str) -> Mapping[str, Any]:
    """The object at `path`; an empty one where there is none."""
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else {}


def list_of(document: Mapping[str, Any], key: str) -> list[Any]:
    """The list under `key`; an empty one where there is none."""
    value = document.get(key)
    return value if isinstance(value, list) else []


def text_of(document: Mapping[str, Any], *keys: str, limit: int = 500) -> str:
    """The first of `keys` that holds words or a number, on one safe line; empty where none does."""
    for key in keys:
        value = document.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        if text := safe_line(str(value), limit=limit).strip():
            return text
    return ""


def required(document: Mapping[str, Any], *keys: str) -> str:
    """`text_of`, which must be there. Raises `PayloadProblem`."""
    if not (text := text_of(document, *keys)):
        raise PayloadProblem(f"it has no {' or '.join(f'`{key}`' for key in keys)}")
    return text


def labels_of(*sources: Mapping[str, Any]) -> dict[str, str]:
    """The plain values of `sources` by name, later ones winning; of too many those that name something."""
    merged: dict[str, Any] = {}
    for source in sources:
        merged.update(source)
    plain = [str(key) for key, value in merged.items() if isinstance(value, str | int | float | bool)]
    if len(plain) > MOST_LABELS:
        plain = sorted(plain, key=lambda key: (key.casefold() not in _KEPT_FIRST, key))[:MOST_LABELS]
    return {safe_line(key, limit=100): safe_line(str(merged[key])) for key in sorted(plain)}


def links_of(*links: Any) -> tuple[str, ...]:
    """The web addresses among `links`; anything else could be another scheme that a terminal would open."""
    texts = (safe_line(link, limit=1_000) for link in links if isinstance(link, str))
    return tuple(dict.fromkeys(text for text in texts if text.startswith(("https://", "http://"))))[:_LINKS]


def service_of(labels: Mapping[str, str]) -> str | None:
    """What people call the thing by that an alert with these labels is about."""
    return named_thing(labels, _SERVICE_KEYS)


def resource_of(labels: Mapping[str, str]) -> str | None:
    """The narrowest thing that these labels name."""
    return named_thing(labels, _RESOURCE_KEYS)


def named_thing(labels: Mapping[str, str], keys: Iterable[str]) -> str | None:
    """The first of `keys` among the labels, whatever its case."""
    lowered = {key.casefold(): value for key, value in labels.items()}
    return next((lowered[key] for key in keys if lowered.get(key)), None)


def severity_of(*words: str) -> AlertSeverity:
    """The first of `words` that means a severity."""
    return next((severity for word in words if (severity := severity_named(word)) != "unknown"), "unknown")
