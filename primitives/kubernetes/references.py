"""What pods refer to and isn't there: ConfigMaps, Secrets, their keys, ServiceAccounts, claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from primitives.identity import base_name
from primitives.kubernetes.cluster import Cluster, PodSource
from primitives.kubernetes.fields import mapping, maps, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.pods_view import Pod
from primitives.patterns import lazy_pattern

__all__ = ["find_references", "missing_from_text", "missing_in_message"]

_STATES: Final = {
    "configmap": "ConfigMapMissing",
    "secret": "SecretMissing",
    "serviceaccount": "ServiceAccountMissing",
    "persistentvolumeclaim": "VolumeClaimMissing",
}
_OBJECT: Final = lazy_pattern(
    r"(configmap|secret|serviceaccount|persistentvolumeclaim)s? \"([^\"]+)\" not found", re.IGNORECASE
)
_KEY: Final = lazy_pattern(r"couldn't find key (\S+) in (ConfigMap|Secret) (?:[^/\s]+/)?([^\s,]+)", re.IGNORECASE)
_REFERENCED_KEY: Final = lazy_pattern(
    r"(configmap|secret) references non-existent (?:config|secret) key: (\S+)", re.IGNORECASE
)
# Kubernetes makes these itself in every namespace.
_GIVEN: Final = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})


def missing_from_text(message: str) -> tuple[str, dict[str, Any]] | None:
    """The state and details for a message that names something missing; None for any other message."""
    if match := _KEY.search(message):
        key, kind, name = match.groups()
        return f"{'ConfigMap' if kind.lower() == 'configmap' else 'Secret'}KeyMissing", {"name": name, "key": key}
    if match := _REFERENCED_KEY.search(message):
        kind, key = match.groups()
        return f"{'ConfigMap' if kind.lower() == 'configmap' else 'Secret'}KeyMissing", {"name": None, "key": key}
    if match := _OBJECT.search(message):
        return _STATES[match.group(1).lower()], {"name": base_name(match.group(2))}
    return None


def missing_in_message(pod: Pod, container: str | None, message: str) -> Finding | None:
    """The finding for a pod's message that names something missing."""
    missing = missing_from_text(message)
    if missing is None:
        return None
    state, details = missing
    return Finding(
        state, pod.item.id, "Pod", pod.resource, container=container, message=message, variant=_variant(details),
        details=details,
    )  # fmt: skip


def find_references(cluster: Cluster) -> Iterator[Finding]:
    """References of pods in trouble (or of workloads without pods) to objects that certainly don't exist.

    Pods that run well got what they needed when they started.
    """
    for source in cluster.sources:
        if not source.troubled:
            continue
        yield from _account(cluster, source)
        for secret in (text(entry, "name") for entry in maps(source.spec, "imagePullSecrets")):
            if secret and cluster.lacks("Secret", source.namespace, secret):
                yield _missing(source, "ImagePullSecretMissing", secret)
        yield from _volumes(cluster, source)
        for container in [*maps(source.spec, "initContainers"), *maps(source.spec, "containers")]:
            yield from _environment(cluster, source, container)


def _account(cluster: Cluster, source: PodSource) -> Iterator[Finding]:
    name = text(source.spec, "serviceAccountName") or text(source.spec, "serviceAccount")
    if name and name != "default" and cluster.lacks("ServiceAccount", source.namespace, name):
        yield _missing(source, "ServiceAccountMissing", name)


def _volumes(cluster: Cluster, source: PodSource) -> Iterator[Finding]:
    for volume in maps(source.spec, "volumes"):
        parts = [volume, *maps(volume, "projected", "sources")]
        for part in parts:
            yield from _keyed(cluster, source, "ConfigMap", mapping(part, "configMap"), "name")
            secret = mapping(part, "secret")
            yield from _keyed(cluster, source, "Secret", secret, "secretName" if "secretName" in secret else "name")
        claim = text(volume, "persistentVolumeClaim", "claimName")
        if claim and cluster.lacks("PersistentVolumeClaim", source.namespace, claim):
            yield _missing(source, "VolumeClaimMissing", claim, volume=text(volume, "name"))


def _keyed(
    cluster: Cluster, source: PodSource, kind: str, reference: Mapping[str, Any], name_key: str
) -> Iterator[Finding]:
    if reference:
        keys = [text(item, "key") for item in maps(reference, "items")]
        yield from _check(cluster, source, kind, text(reference, name_key), keys, reference.get("optional") is True)


def _environment(cluster: Cluster, source: PodSource, container: Mapping[str, Any]) -> Iterator[Finding]:
    name = text(container, "name")
    for entry in maps(container, "envFrom"):
        for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            reference = mapping(entry, field)
            optional = reference.get("optional") is True
            yield from _check(cluster, source, kind, text(reference, "name"), [], optional, name)
    for variable in maps(container, "env"):
        for kind, field in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
            reference = mapping(variable, "valueFrom", field)
            optional = reference.get("optional") is True
            keys = [text(reference, "key")]
            yield from _check(
                cluster, source, kind, text(reference, "name"), keys, optional, name, text(variable, "name")
            )


def _check(
    cluster: Cluster, source: PodSource, kind: str, name: str, keys: list[str], optional: bool,
    container: str | None = None, variable: str | None = None,
) -> Iterator[Finding]:  # fmt: skip
    if not name or optional or name in _GIVEN:
        return
    if cluster.lacks(kind, source.namespace, name):
        yield _missing(source, f"{kind}Missing", name, container, variable=variable)
        return
    item = cluster.get(kind, source.namespace, name)
    if item is None:
        return
    held = {*mapping(item.raw, "data"), *mapping(item.raw, "binaryData"), *mapping(item.raw, "stringData")}
    # An object without any data may have been dumped without it: Secrets often are.
    for key in keys if held else ():
        if key and key not in held:
            yield _missing(source, f"{kind}KeyMissing", name, container, key=key, variable=variable)


def _missing(source: PodSource, state: str, name: str, container: str | None = None, **more: Any) -> Finding:
    details = {"name": name, **{key: value for key, value in more.items() if value is not None}}
    return Finding(
        state, source.object, source.kind, source.resource, container=container, variant=_variant(details),
        details=details,
    )  # fmt: skip


def _variant(details: Mapping[str, Any]) -> str:
    return f"{details.get('name')}/{details.get('key', '')}"
