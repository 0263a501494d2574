"""Addresses in a container's environment, arguments and mounted files that no Service answers to.

Only certain cases count: a host that must be a Service of the cluster (a single label, or a name in one of the
cluster's namespaces) and isn't, or a Service that hasn't the port. Outside names and addresses are left alone, and so
is a namespace whose Services were not dumped. An unanswered address that exists is right: its writer is a victim.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from primitives.analysis.error_families import family_of
from primitives.dataclass import dataclass
from primitives.identity import kubernetes_id
from primitives.kubernetes.cluster import Cluster, PodSource
from primitives.kubernetes.config_files import file_settings
from primitives.kubernetes.connection_strings import hosts_in
from primitives.kubernetes.fields import at, instant, integer, mapping, maps, strings, text, texts
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.selectors import service_selects
from primitives.patterns import lazy_pattern

__all__ = ["Address", "addresses_of", "find_settings", "service_at"]

_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_HOST: Final = rf"{_LABEL}(?:\.{_LABEL})*\.?"
_ADDRESS: Final = lazy_pattern(
    rf"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?:[^@/\s]*@)?(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?(?:[/?#].*)?",
    re.IGNORECASE,
)
_FLAG: Final = lazy_pattern(r"--?[\w.-]+[= ](\S+)")
# Tools with which scripts wait for a name or a port.
_AWAITED: Final = lazy_pattern(
    r"\b(?:nslookup|getent hosts|dig|pg_isready -h|mysqladmin ping -h|redis-cli -h"
    r"|nc(?: -[a-z]{1,4}){0,3}(?: -w ?\d{1,3})?)"
    r" {1,3}([a-z0-9][a-z0-9.-]{0,200}[a-z0-9])(?: {1,3}([0-9]{1,5})\b)?"
)
# A script's loop that asks an address of the network: curl telnet://cache:11211, wget http://registry/ready.
_AWAITED_URL: Final = lazy_pattern(
    r"\b([a-z][a-z0-9+]{1,20})://(?:[^@/\s\"']{1,100}@)?([a-z0-9][a-z0-9.-]{0,200}[a-z0-9])(?::([0-9]{1,5}))?(?=[/\s\"'?)]|$)"
)
_LONGEST_SCRIPT: Final = 2_000
# Names of variables whose whole value is a host, and that pair with a port's of the same stem.
_HOST_NAME: Final = lazy_pattern(r"(?:^|_)(?:HOSTS?|ADDR|ADDRESS|ENDPOINT|URL|URI|BROKERS?)$")
# Names of variables whose values look like host:port and aren't: image:tag, times.
_NO_HOST: Final = lazy_pattern(r"IMAGE|VERSION|TAG|TIME|SCHEDULE|DIGEST|LISTEN|BIND")
_PORT_NAME: Final = lazy_pattern(r"^(.*_)?PORT$")
_HOST_STEMS: Final = ("HOST", "HOSTNAME", "ADDR", "ADDRESS", "SERVER", "SERVICE_HOST", "SERVICE")
_DEFAULT_PORTS: Final = {
    "http": 80, "https": 443, "redis": 6379, "mysql": 3306, "postgres": 5432, "postgresql": 5432, "amqp": 5672,
    "mongodb": 27017, "nats": 4222, "grpc": None,
}  # fmt: skip
# Schemes after which `//` is followed by a host of the network (RFC 3986 leaves that to each scheme): what follows
# `file://`, `unix://`, `s3://` or `kubernetes://` is a path, a bucket or an object.
_NETWORK_SCHEMES: Final = frozenset(
    """
    http https grpc grpcs ws wss tcp udp tls ssl ftp ftps sftp ssh smtp smtps imap imaps pop3 ldap ldaps redis rediss
    valkey mysql mysql2 mariadb postgres postgresql cockroachdb sqlserver mssql oracle clickhouse cassandra mongodb
    couchbase amqp amqps nats stomp mqtt mqtts kafka pulsar zk zookeeper etcd consul memcached elasticsearch opensearch
    solr otlp zipkin jaeger statsd syslog graphite influxdb thrift dubbo rmi nfs iscsi dns coap socks5 proxy
    """.split()  # noqa: SIM905 - a list of words reads as words
)
_LOCAL: Final = frozenset({"localhost", "localhost.localdomain", "kubernetes.default"})
_CLUSTER_DOMAIN: Final = "svc"
_MOST_WRITERS: Final = 10
_LAST_CHARACTERS: Final = 20_000
_QUALIFIED: Final = lazy_pattern(r"[a-z0-9-]\.[a-z0-9-]")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and perhaps a port that a setting of a container names."""

    container: str
    variable: str
    host: str
    port: int | None
    sure: bool


def find_settings(cluster: Cluster) -> Iterator[Finding]:
    """Addresses that certainly don't exist; needs the dump of Services."""
    if not cluster.dumped("Service"):
        return
    unknown: dict[tuple[str, str], list[tuple[PodSource, Finding]]] = defaultdict(list)
    for source in cluster.sources:
        for address in addresses_of(cluster, source):
            finding = _check(cluster, source, address)
            if finding is not None and finding.state == "EnvHostUnknown":
                unknown[_place(source.namespace, address.host)].append((source, finding))
            elif finding is not None:
                yield finding
    for (namespace, name), written in unknown.items():
        yield from _without_service(cluster, namespace, name, written)


def addresses_of(cluster: Cluster, source: PodSource) -> Iterator[Address]:
    """The addresses in the settings of the containers of `source`."""
    for container in [*maps(source.spec, "initContainers"), *maps(source.spec, "containers")]:
        name = text(container, "name")
        values = _environment(cluster, source.namespace, container)
        for variable, value in values.items():
            yield from _parse(name, variable, value, values)
        for key, value in file_settings(cluster, source, container):
            # A lone word after a key may be anything; with a scheme or a port it is an address.
            yield from (
                replace(address, sure=address.sure and (":" in value or "=" in value))
                for address in _parse(name, key.replace(".", "_").replace("-", "_"), value, {})
            )
        for host, port in _awaited(container):
            yield Address(name, "command", host, port, sure=True)
        for argument in _arguments(container):
            if match := _FLAG.fullmatch(argument):
                yield from _parse(name, argument.partition("=")[0].partition(" ")[0], match.group(1), {})


def service_at(cluster: Cluster, namespace: str, host: str) -> tuple[KubeObject | None, bool]:
    """The Service that `host` means from within `namespace`, and whether the answer is certain."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) == 1:
        return cluster.get("Service", namespace, labels[0]), True
    if len(labels) > 2 and labels[2] == _CLUSTER_DOMAIN:
        return cluster.get("Service", labels[1], labels[0]), True
    if len(labels) > 3 and labels[3] == _CLUSTER_DOMAIN:  # a pod of a headless Service
        return cluster.get("Service", labels[2], labels[1]), True
    if len(labels) == 2:
        service = cluster.get("Service", labels[1], labels[0]) or cluster.get("Service", namespace, labels[1])
        return service, _is_namespace(cluster, labels[1])
    return None, False


def _without_service(
    cluster: Cluster, namespace: str, name: str, written: Sequence[tuple[PodSource, Finding]]
) -> Iterator[Finding]:
    """Whether the address is wrong, or right and the Service is missing.

    A wrong address is the slip of one writer, also where the workload that it means is reached by a Service of another
    name. Where several workloads agree on a name, or a workload bears it that no Service reaches, the name is right;
    unless some of them are well, and a Service of a similar name is there: they still run with what was written before
    (Kubernetes: ConfigMaps, environment variables aren't updated), and who started since then has the new, wrong one.
    A Service that nothing stands behind and whose writers are well is looked for in vain and not needed.
    """
    workload = next((item for item in cluster.workloads if (item.namespace, item.name) == (namespace, name)), None)
    writers = sorted({finding.resource for _, finding in written})
    if len(writers) == 1 and (workload is None or _is_served(cluster, workload)):
        yield from (finding for _, finding in written)
        return
    troubled = [finding for source, finding in written if source.troubled and finding.details["similar"]]
    if workload is None and troubled and len({finding.resource for finding in troubled}) < len(writers):
        yield from troubled
        return
    service = kubernetes_id("Service", namespace, name)
    needed = workload is not None or any(source.troubled for source, _ in written)
    details = {"named_by": writers[:_MOST_WRITERS], "workload": workload.id if workload is not None else None}
    yield Finding(
        "ServiceMissing" if needed else "SharedHostUnknown", service, "Service",
        workload.id if workload is not None else service, details=details,
    )  # fmt: skip


def _is_served(cluster: Cluster, workload: KubeObject) -> bool:
    """Whether a Service reaches the workload's pods under another name."""
    return any(service_selects(service, workload) for service in cluster.all("Service"))


def _place(namespace: str, host: str) -> tuple[str, str]:
    """The namespace and the name of the Service that `host` means from within `namespace`."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) > 3 and labels[3] == _CLUSTER_DOMAIN:
        return labels[2], labels[1]
    return (labels[1] if len(labels) > 1 else namespace), labels[0]


def _check(cluster: Cluster, source: PodSource, address: Address) -> Finding | None:
    aliases = {host for alias in maps(source.spec, "hostAliases") for host in texts(alias, "hostnames")}
    host = address.host.lower()
    if host in _LOCAL or host in aliases or _is_ip(host) or host == text(source.spec, "hostname"):
        return None
    service, certain = service_at(cluster, source.namespace, host)
    details: dict[str, Any] = {"variable": address.variable, "host": address.host, "port": address.port}
    if service is None:
        complete = _has_services(cluster, source.namespace, host) or _finds_no_host(cluster, source, host)
        if not certain or not address.sure or not complete:
            return None
        similar = _similar(host.partition(".")[0], [item.name for item in cluster.all("Service")])
        return _finding(source, address, "EnvHostUnknown", {**details, "similar": similar})
    ports = [integer(port, "port") for port in maps(service.raw, "spec", "ports")]
    known = sorted(port for port in ports if port is not None)
    if address.port is None or not known or address.port in known or _headless(service):
        return None
    return _finding(source, address, "EnvPortMismatch", {**details, "service": service.id, "service_ports": known})


def _similar(name: str, names: Sequence[str]) -> list[str]:
    """Those of `names` that are spelt nearly so, or that are it with a word more or less."""
    words = set(name.split("-"))
    alike = [other for other in names if (parts := set(other.split("-"))) < words or words < parts]
    return list(dict.fromkeys([*difflib.get_close_matches(name, names, n=3, cutoff=0.6), *alike]))[:3]


def _finding(source: PodSource, address: Address, state: str, details: dict[str, Any]) -> Finding:
    return Finding(
        state, source.object, source.kind, source.resource, container=address.container,
        variant=f"{address.variable}={address.host}:{address.port}", since=_written(source),
        details={**details, "pods_troubled": source.troubled},
    )  # fmt: skip


def _written(source: PodSource) -> datetime | None:
    """Since when the setting is so: pods keep the environment that they were created with."""
    created = [instant(pod.item.raw, "metadata", "creationTimestamp") for pod in source.pods]
    return min((moment for moment in created if moment), default=None)


def _environment(cluster: Cluster, namespace: str, container: Mapping[str, Any]) -> dict[str, str]:
    """The variables with a known value: given, or in a ConfigMap that was dumped."""
    values: dict[str, str] = {}
    for entry in maps(container, "envFrom"):
        item = cluster.get("ConfigMap", namespace, text(entry, "configMapRef", "name"))
        if item is not None:
            prefix = text(entry, "prefix")
            values |= {prefix + key: value for key, value in strings(item.raw, "data").items()}
    for variable in maps(container, "env"):
        name = text(variable, "name")
        reference = mapping(variable, "valueFrom", "configMapKeyRef")
        item = cluster.get("ConfigMap", namespace, text(reference, "name")) if reference else None
        value = text(item.raw, "data", text(reference, "key")) if item else text(variable, "value")
        if name and value:
            values[name] = value
    return values


def _awaited(container: Mapping[str, Any]) -> Iterator[tuple[str, int | None]]:
    """The hosts that a script waits for: `until nslookup db; do sleep 2; done` (Kubernetes: Init Containers)."""
    for field in ("command", "args"):
        values = at(container, field)
        for value in values if isinstance(values, list | tuple) else ():
            if isinstance(value, str) and ("until " in value or "while " in value):
                for match in _AWAITED.finditer(value[:_LONGEST_SCRIPT]):
                    host, port = match.groups()
                    yield host, int(port) if port else None
                for scheme, host, port in _AWAITED_URL.findall(value[:_LONGEST_SCRIPT]):
                    if scheme == "telnet" or _of_network(scheme):
                        yield host, int(port) if port else _DEFAULT_PORTS.get(scheme)


def _arguments(container: Mapping[str, Any]) -> Iterator[str]:
    for field in ("command", "args"):
        values = at(container, field)
        for value in values if isinstance(values, list | tuple) else ():
            if isinstance(value, str) and value.startswith("-") and len(value) < 300:
                yield value


def _parse(container: str, variable: str, value: str, values: Mapping[str, str]) -> Iterator[Address]:
    if _NO_HOST.search(variable.upper()) or "$(" in value or len(value) > 500:
        return
    for host, port_number in hosts_in(value):
        yield Address(container, variable, host, port_number, sure=True)
    if " " in value.strip():
        return
    # A password is redacted by now; a host that was isn't one any more.
    for part in value.strip().split(","):
        match = _ADDRESS.fullmatch(part.removeprefix("jdbc:"))
        if match is None:
            continue
        scheme, host, port = match["scheme"], match["host"], match["port"]
        named = bool(_HOST_NAME.search(variable.upper()))
        if not (scheme or port or named) or host.isdigit() or (scheme and not _of_network(scheme)):
            continue
        number = int(port) if port else _DEFAULT_PORTS.get(scheme.lower()) if scheme else _paired_port(variable, values)
        yield Address(container, variable, host, number, sure=bool(scheme or port) or named)


def _of_network(scheme: str) -> bool:
    """Whether a host follows; a driver may precede the protocol (`mongodb+srv`, `postgresql+asyncpg`)."""
    return not _NETWORK_SCHEMES.isdisjoint(scheme.lower().split("+"))


def _paired_port(variable: str, values: Mapping[str, str]) -> int | None:
    """The port beside a host variable: DB_PORT beside DB_HOST."""
    for ending in _HOST_STEMS:
        if variable.upper().endswith(ending):
            stem = variable[: len(variable) - len(ending)]
            for name in (f"{stem}PORT", f"{stem}SERVICE_PORT"):
                if _PORT_NAME.match(name) and integer(values.get(name)) is not None:
                    return integer(values.get(name))
    return None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_namespace(cluster: Cluster, name: str) -> bool:
    return cluster.get("Namespace", "", name) is not None or name in cluster.pods_in


def _has_services(cluster: Cluster, namespace: str, host: str) -> bool:
    """Whether the dump holds all Services of the namespace that `host` is looked for in.

    A namespace without any Service may be one that the dump leaves out. Only a dump of all namespaces holds the API
    server's own Service, and only a list of all namespaces can lack one (Kubernetes: Namespaces, initial namespaces).
    """
    labels = host.split(".")
    wanted = labels[1] if len(labels) > 1 else namespace
    return (
        any(item.namespace == wanted for item in cluster.all("Service"))
        or cluster.get("Service", "default", "kubernetes") is not None
        or (cluster.get("Namespace", "", "default") is not None and cluster.get("Namespace", "", wanted) is None)
    )


def _finds_no_host(cluster: Cluster, source: PodSource, host: str) -> bool:
    """Whether the writer itself says that it can't resolve a name: this one, or one that it doesn't tell."""
    lines = (
        line
        for pod in source.pods if not pod.healthy
        for container in pod.containers
        for log in cluster.logs_of(pod, container)
        for line in log.text[-_LAST_CHARACTERS:].splitlines()
    )  # fmt: skip
    unresolved = [line.lower() for line in lines if family_of(line) == "dns"]
    return any(host in line or not _QUALIFIED.search(line) for line in unresolved)


def _headless(service: KubeObject) -> bool:
    return text(service.raw, "spec", "clusterIP") == "None" or text(service.raw, "spec", "type") == "ExternalName"
