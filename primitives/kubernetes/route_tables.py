"""A route that leads elsewhere than its name says, in a table whose other routes all lead where theirs say.

Who writes a table of routes names each after what it leads to (`/orders/**` to `orders-service`). Where nearly all do
and one goes to another's target, while a Service of its own name stands there, that one is a slip. Read are Ingress
paths, routes of the Gateway API, VirtualServices of Istio, and in ConfigMaps the routes of Spring Cloud Gateway and
nginx's `location` with `proxy_pass`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from primitives.dataclass import dataclass
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import mapping, maps, text, texts
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.patterns import lazy_pattern

__all__ = ["find_route_tables"]

# Fewer routes show no habit, and so many of them must follow it.
_LEAST_ROUTES: Final = 5
_HABIT: Final = 0.75
_LEAST_NAME: Final = 4
_LONGEST: Final = 100_000
# What most targets of a table have in common tells them not apart.
_COMMON: Final = 0.5
_GENERAL: Final = frozenset(
    {"service", "services", "svc", "api", "app", "server", "backend", "http", "https", "internal"}
)
_PART: Final = lazy_pattern(r"[^/]+")
_WORD: Final = lazy_pattern(r"[a-z0-9]+")
_VERSION: Final = lazy_pattern(r"v\d{1,2}|api|rest|public")
_TAIL: Final = lazy_pattern(r"(?:services?|svc|api)$")
_DEFAULT: Final = lazy_pattern(r"\$\{[^}:]{1,80}:([^}]{1,200})\}")
_URI: Final = lazy_pattern(r"^[a-z]{2,5}://(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{0,250})")
_PREDICATE: Final = lazy_pattern(r"Path=(?P<path>/[^,\s]{1,200})")
_LOCATION: Final = lazy_pattern(
    r"location\s{1,4}(?:[~=^*]{1,2}\s{1,4})?(?P<path>/[^\s{]{1,200})\s{0,4}\{[^{}]{0,2000}?proxy_pass\s{1,8}"
    r"https?://(?P<host>[A-Za-z0-9][A-Za-z0-9.-]{0,250})"
)


@dataclass(frozen=True, slots=True)
class _Route:
    """The path that a table sends on, the route's own name where it has one, and the Service that it goes to."""

    path: str
    target: str
    name: str = ""


def find_route_tables(cluster: Cluster) -> Iterator[Finding]:
    """The routes that lead elsewhere than all others of their table suggest."""
    services: dict[str, list[str]] = defaultdict(list)
    for service in cluster.all("Service"):
        services[service.namespace].append(service.name)
    for item, routes in _tables(cluster):
        for route, expected in _odd(routes, services[item.namespace]):
            details = {"path": route.path, "target": route.target, "expected": expected}
            yield Finding(
                "RouteLeadsElsewhere", item.id, item.kind, _user_of(cluster, item), variant=route.path,
                message=f"{route.path} goes to {route.target}, not to {expected}", details=details,
            )  # fmt: skip


def _tables(cluster: Cluster) -> Iterator[tuple[KubeObject, list[_Route]]]:
    for ingress in cluster.all("Ingress"):
        rules = maps(ingress.raw, "spec", "rules")
        paths = [path for rule in rules for path in maps(rule, "http", "paths")]
        yield ingress, [
            _Route(text(path, "path"), text(path, "backend", "service", "name")) for path in paths
        ]  # fmt: skip
    for item in cluster.all("HTTPRoute"):
        yield item, [
            _Route(text(match, "path", "value"), text(backend, "name"))
            for rule in maps(item.raw, "spec", "rules")
            for match in maps(rule, "matches")
            for backend in maps(rule, "backendRefs")
        ]  # fmt: skip
    for item in cluster.all("VirtualService"):
        yield item, list(_of_virtual_service(item))
    for config in cluster.all("ConfigMap"):
        for value in mapping(config.raw, "data").values():
            if isinstance(value, str) and len(value) <= _LONGEST and (routes := list(_written(value))):
                yield config, routes


def _of_virtual_service(item: KubeObject) -> Iterator[_Route]:
    for rule in maps(item.raw, "spec", "http"):
        for match in maps(rule, "match"):
            path = text(match, "uri", "prefix") or text(match, "uri", "exact")
            for route in maps(rule, "route"):
                yield _Route(path, text(route, "destination", "host").partition(".")[0], text(rule, "name"))


def _written(value: str) -> Iterator[_Route]:
    """Routes in the text of a configuration file."""
    for block in _LOCATION.finditer(value):
        yield _Route(block["path"], block["host"].partition(".")[0])
    if "predicates" in value and "uri" in value:
        from yaml import YAMLError

        from primitives.bundle.parse import load_yaml

        try:
            document = load_yaml(value)
        except YAMLError:
            return
        yield from _of_spring(document)


def _of_spring(document: Any) -> Iterator[_Route]:
    for entry in _lists_of_routes(document):
        uri = _URI.match(_DEFAULT.sub(r"\1", text(entry, "uri")))
        for predicate in texts(entry, "predicates"):
            path = _PREDICATE.search(predicate)
            if uri and path:
                yield _Route(path["path"], uri["host"].partition(".")[0], text(entry, "id"))


def _lists_of_routes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "routes" and isinstance(inner, list):
                yield from (entry for entry in inner if isinstance(entry, dict))
            else:
                yield from _lists_of_routes(inner)


def _user_of(cluster: Cluster, config: KubeObject) -> str:
    """The workload that mounts the ConfigMap, where it is one; else the object itself."""
    if config.kind != "ConfigMap":
        return config.id
    users = {
        source.resource
        for source in cluster.sources
        if source.namespace == config.namespace
        and any(text(volume, "configMap", "name") == config.name for volume in maps(source.spec, "volumes"))
    }
    return users.pop() if len(users) == 1 else config.id


def _odd(routes: list[_Route], services: Iterable[str]) -> Iterator[tuple[_Route, str]]:
    routes = [route for route in dict.fromkeys(routes) if route.path.strip("/*") and route.target]
    if len(routes) < _LEAST_ROUTES:
        return
    common = _common([route.target for route in routes])
    follows = [any(_alike(name, _core(route.target, common)) for name in _names(route)) for route in routes]
    if sum(follows) < _HABIT * len(routes):
        return
    # What moved elsewhere on purpose goes to a place of its own; a slip goes where another route leads by right.
    taken = {route.target for route, fits in zip(routes, follows, strict=True) if fits}
    known = {_core(service, common): service for service in services}
    for route, fits in zip(routes, follows, strict=True):
        expected = next((known[name] for name in _names(route) if name in known), None)
        if not fits and route.target in taken and expected is not None and expected != route.target:
            yield route, expected


def _common(targets: list[str]) -> frozenset[str]:
    counted = Counter(word for target in set(targets) for word in set(_WORD.findall(target.lower())))
    return _GENERAL | {word for word, count in counted.items() if count > _COMMON * len(set(targets))}


def _core(target: str, common: frozenset[str]) -> str:
    return "".join(word for word in _WORD.findall(target.lower()) if word not in common)


def _names(route: _Route) -> list[str]:
    """What the route is called: by its own name, and by the parts of its path that are no version."""
    parts = [route.name, *_PART.findall(route.path)]
    joined = ["".join(_WORD.findall(part.lower())) for part in parts]
    return [_TAIL.sub("", name) or name for name in joined if name and not _VERSION.fullmatch(name)]


def _alike(name: str, core: str) -> bool:
    stem, other = name.removesuffix("s"), core.removesuffix("s")
    if stem == other:
        return True
    return min(len(stem), len(other)) >= _LEAST_NAME and (stem.startswith(other) or other.startswith(stem))
