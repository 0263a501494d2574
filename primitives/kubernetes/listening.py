"""On which ports a pod's process says that it listens: by its command line, its settings or its own log.

A declared `containerPort` is a note for people; what the process binds decides (Kubernetes API: ContainerPort, "not
specifying a port here does not prevent that port from being exposed").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import maps, text, texts
from primitives.kubernetes.pods_view import Container, Pod
from primitives.patterns import lazy_pattern

__all__ = ["listening_ports"]

# Gunicorn and uWSGI: --bind, --http; Uvicorn, Rails, Node.js tools: --port, -p; Go services: --listen, -addr.
_OPTION: Final = lazy_pattern(
    r"^-{1,2}(?:(?:http|https|server|web|api|listen|bind)[-.])?(?:bind|port|listen|addr|address|http-socket|listen-address|bind-address|p|b)"
    r"(?:[= ](?P<value>.*))?$",
    re.IGNORECASE,
)
# Of every address of its own; a name is that of somebody whom it calls.
_NUMBER: Final = lazy_pattern(r"^(?:(?:https?|tcp)://)?(?:0\.0\.0\.0:|\[::\]:|\*:|\+:|:)?(\d{2,5})/?$")
# Twelve-factor apps (factor VII): PORT; Spring Boot: SERVER_PORT; ASP.NET Core: ASPNETCORE_URLS, ASPNETCORE_HTTP_PORTS.
_VARIABLES: Final = frozenset({"PORT", "SERVER_PORT", "HTTP_PORT", "LISTEN_PORT", "ASPNETCORE_HTTP_PORTS"})
_LISTENS: Final = lazy_pattern(
    r"\b(?:listening|listens|(?:server|uvicorn|tomcat|jetty|netty|app|application|service) (?:started|running|ready))"
    r"(?: at| on)?:?(?: (?:port|ports|tcp|http|https|address)(?:\(s\))?:?)*:? (?:https?://|tcp://)?"
    r"(?P<host>\[?[\w.:*-]{0,60}?\]?:)?(?P<port>\d{2,5})\b",
    re.IGNORECASE,
)
_LOOPBACK: Final = ("127.", "localhost", "[::1]")
# A start is told at the beginning of a log.
_FIRST_CHARACTERS: Final = 40_000
_PEERS: Final = 20


def listening_ports(cluster: Cluster, pods: Sequence[Pod]) -> frozenset[int]:
    """The ports on which the only container of each of `pods` says that it listens; empty where it isn't known.

    Beside a second container nothing is sure: a proxy may take what comes for the first one.
    """
    ports: set[int] = set()
    for pod in pods[:_PEERS]:
        containers = [container for container in pod.containers if not container.init]
        if len(containers) != 1:
            return frozenset()
        ports.update(_told(cluster, pod, containers[0]))
    return frozenset(ports)


def _told(cluster: Cluster, pod: Pod, container: Container) -> Iterator[int]:
    yield from _options([*texts(container.spec, "command"), *texts(container.spec, "args")])
    for variable in maps(container.spec, "env"):
        if text(variable, "name") in _VARIABLES:
            yield from _numbers(text(variable, "value"))
    for log in cluster.logs_of(pod, container):
        for match in _LISTENS.finditer(log.text[:_FIRST_CHARACTERS]):
            if not (match["host"] or "").startswith(_LOOPBACK):
                yield int(match["port"])


def _options(arguments: Sequence[str]) -> Iterator[int]:
    for place, argument in enumerate(arguments):
        match = _OPTION.match(argument)
        if match is not None:
            following = arguments[place + 1] if place + 1 < len(arguments) else ""
            yield from _numbers(match["value"] if match["value"] is not None else following)


def _numbers(value: str) -> Iterator[int]:
    if match := _NUMBER.match(value.strip()):
        yield int(match.group(1))
