"""What a cluster's credentials may read, as whom, and which sources run in it. Everything is asked with GET."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from primitives.backends.http_settings import HttpSettings
from primitives.backends.kubernetes.client import Absent, Forbidden, KubernetesClient
from primitives.backends.kubernetes.role import NEEDS, Need
from primitives.backends.registry import backends
from primitives.clock import Clock
from primitives.errors import SourceError
from primitives.examination import Examination, Offer
from primitives.http_requests import seconds_ahead
from primitives.kubernetes.fields import maps, text
from primitives.patterns import lazy_pattern
from primitives.side_by_side import side_by_side

__all__ = ["examine_cluster"]

_USER: Final = lazy_pattern(r'User "([^"]{1,300})"')
_WITHIN_S: Final = 9.0
_LABEL: Final = "app.kubernetes.io/name"


async def examine_cluster(client: KubernetesClient, clock: Clock, namespaces: tuple[str, ...]) -> Examination:
    """Look at each kind that is read, one object of it."""
    tasks = await side_by_side([_may(client, need, namespaces) for need in NEEDS], _WITHIN_S)
    missing, who = [], ""
    for need, task in zip(NEEDS, tasks, strict=True):
        refused = task.result() if task is not None and task.exception() is None else None
        if refused is not None:
            missing.append(f"{need.resource} ({need.told})")
            who = who or (match[1] if (match := _USER.search(refused)) else "")
    services = await _services(client, namespaces)
    return Examination(
        who=client.clean(who),
        missing=tuple(missing),
        skew_s=seconds_ahead(client.server_date, clock.now()),
        offers=tuple(_offers(services, client)),
    )


async def _may(client: KubernetesClient, need: Need, namespaces: tuple[str, ...]) -> str | None:
    """Why `need` can't be listed; None where it can, or where this cluster has no such kind."""
    path = need.path
    if namespaces and need.namespaced:
        base, _, resource = path.rpartition("/")
        path = f"{base}/namespaces/{namespaces[0]}/{resource}"
    try:
        await client.get(path, {"limit": "1"})
    except Forbidden as error:
        return error.problem
    except (Absent, SourceError):
        return None
    return None


async def _services(client: KubernetesClient, namespaces: tuple[str, ...]) -> list[Mapping[str, Any]]:
    path = f"/api/v1/namespaces/{namespaces[0]}/services" if namespaces else "/api/v1/services"
    try:
        return [item async for page in client.pages(path) for item in maps(page, "items")]
    except SourceError:
        return []


def _offers(services: Iterable[Mapping[str, Any]], client: KubernetesClient) -> Iterable[Offer]:
    """The services that look like a source which is asked by its URL, one of a kind and namespace."""
    kinds = {name: kind.settings for name, kind in backends().items() if issubclass(kind.settings, HttpSettings)}
    seen: set[tuple[str, str]] = set()
    for service in services:
        name, namespace = text(service, "metadata", "name"), text(service, "metadata", "namespace")
        label = text(service, "metadata", "labels", _LABEL)
        ports = {port.get("port") for port in maps(service, "spec", "ports")}
        for kind, settings in kinds.items():
            names, usual = settings.SERVICE_NAMES, settings.PORT
            port = next((known for known in (usual, *settings.SERVICE_PORTS) if known in ports), None)
            if port is None or (kind, namespace) in seen or not (name.endswith(names) or label == kind):
                continue
            seen.add((kind, namespace))
            local = f"kubectl -n {namespace} port-forward svc/{name} {usual}:{port}"
            yield Offer(
                kind,
                kind,
                {"url": f"http://localhost:{usual}"},
                client.clean(f"service {name} in namespace {namespace}; from outside of the cluster first: {local}"),
            )
