"""Volumes: claims that stay unbound and why, failed mounts, files without permission."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from primitives.identity import kind_of, kubernetes_id
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.event_records import Event
from primitives.kubernetes.fields import at, instant, mapping, maps, message_of, quantity, strings, text, texts
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.kinds import KubeObject
from primitives.kubernetes.references import missing_from_text
from primitives.kubernetes.selectors import selects, shown_selector
from primitives.patterns import lazy_pattern

__all__ = ["claim_event", "find_volumes", "mount_event"]

_VOLUME: Final = lazy_pattern(r"for volume \"([^\"]{1,300})\"|unmounted volumes=\[([^\]]{0,2000})\]")
_NO_CLASS: Final = lazy_pattern(r"storageclass\S{0,60} \"[^\"]{0,300}\" not found", re.IGNORECASE)
_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


def find_volumes(cluster: Cluster) -> Iterator[Finding]:
    """Claims and volumes that are in no good state."""
    users = _users(cluster)
    for claim in cluster.all("PersistentVolumeClaim"):
        phase = text(claim.raw, "status", "phase")
        if phase == "Lost":
            yield _claim(claim, users, "VolumeClaimLost", volume=text(claim.spec, "volumeName"))
        elif phase == "Pending":
            finding = _pending(cluster, claim, users)
            if finding is not None:
                yield finding
    yield from _templates(cluster)
    for volume in cluster.all("PersistentVolume"):
        if text(volume.raw, "status", "phase") == "Failed":
            message = message_of(volume.raw, "status", "message")
            yield Finding("PersistentVolumeFailed", volume.id, "PersistentVolume", volume.id, message=message)


def _templates(cluster: Cluster) -> Iterator[Finding]:
    """Claims that a StatefulSet would make of a class that doesn't exist, where they aren't made or not dumped."""
    for item in cluster.all("StatefulSet"):
        for template in maps(item.raw, "spec", "volumeClaimTemplates"):
            name, wanted = text(template, "metadata", "name"), text(template, "spec", "storageClassName")
            made = f"{name}-{item.name}-"
            known = any(claim.namespace == item.namespace and claim.name.startswith(made)
                        for claim in cluster.all("PersistentVolumeClaim"))  # fmt: skip
            if wanted and not known and cluster.lacks("StorageClass", "", wanted):
                details = {"claim": name, "storage_class": wanted}
                yield Finding("StorageClassMissing", item.id, item.kind, item.id, variant=name, details=details)


def mount_event(event: Event, resource: str) -> Finding:
    """The finding for FailedMount, FailedMapVolume and FailedAttachVolume events."""
    message = event.message
    missing = missing_from_text(message)
    match = _VOLUME.search(message)
    volume = next((group for group in match.groups() if group), None) if match else None
    details: dict[str, Any] = {"volume": volume}
    if missing is not None:
        state, more = missing
        details |= more
    elif "multi-attach" in message.lower():
        state = "MultiAttachError"
    elif re.search(r"permission denied|operation not permitted|access denied(?! by server)", message, re.IGNORECASE):
        state = "VolumePermissionDenied"
    else:
        state = "FailedAttachVolume" if event.reason == "FailedAttachVolume" else "FailedMount"
    return Finding(
        state, event.target, event.kind, resource, message=message, since=event.first, last_seen=event.last,
        events=event.count, variant=f"{details.get('name', volume)}/{details.get('key', '')}", details=details,
    )  # fmt: skip


def claim_event(cluster: Cluster, event: Event) -> Finding | None:
    """The finding for ProvisioningFailed and FailedBinding events of a claim that wasn't dumped as pending."""
    if _NO_CLASS.search(message := event.message):
        state = "StorageClassMissing"
    elif event.reason == "ProvisioningFailed":
        state = "VolumeProvisioningFailed"
    else:
        state = "VolumeClaimPending"
    claim = cluster.get("PersistentVolumeClaim", event.namespace, event.name)
    resource = _resource(_users(cluster), claim.id if claim else event.target)
    return Finding(
        state, event.target, event.kind, resource, message=message, since=event.first, last_seen=event.last,
        events=event.count, details={"claim": event.name},
    )  # fmt: skip


def _users(cluster: Cluster) -> dict[str, set[str]]:
    """The workloads that use each claim."""
    users: dict[str, set[str]] = {}
    for source in cluster.sources:
        # A StatefulSet's pods have a claim each, so its pods are asked one by one.
        for spec in (
            [source.spec, *(pod.spec for pod in source.pods)]
            if kind_of(source.resource) == "statefulset"
            else [source.spec]
        ):
            for volume in maps(spec, "volumes"):
                name = text(volume, "persistentVolumeClaim", "claimName")
                if name:
                    claim = kubernetes_id("PersistentVolumeClaim", source.namespace, name)
                    users.setdefault(claim, set()).add(source.resource)
    return users


def _resource(users: dict[str, set[str]], claim: str) -> str:
    workloads = users.get(claim, set())
    return next(iter(workloads)) if len(workloads) == 1 else claim


def _claim(claim: KubeObject, users: dict[str, set[str]], state: str, message: str = "", **details: Any) -> Finding:
    return Finding(
        state, claim.id, claim.kind, _resource(users, claim.id), message=message, variant=claim.name,
        since=instant(claim.raw, "metadata", "creationTimestamp"),
        details={"claim": claim.name, "used_by": sorted(users.get(claim.id, ())), **details},
    )  # fmt: skip


def _pending(cluster: Cluster, claim: KubeObject, users: dict[str, set[str]]) -> Finding | None:
    wanted_class = claim.spec.get("storageClassName")
    name = wanted_class if isinstance(wanted_class, str) else None
    storage_class = cluster.get("StorageClass", "", name) if name else _default_class(cluster)
    events = [
        e
        for e in cluster.events_of.get(claim.id, ())
        if e.warning or e.reason in ("FailedBinding", "WaitForFirstConsumer")
    ]
    message = events[-1].message if events else ""
    wanted = {
        "storage_class": name,
        "requested": at(claim.spec, "resources", "requests", "storage"),
        "access_modes": texts(claim.spec, "accessModes"),
        "wanted_volume": text(claim.spec, "volumeName") or None,
    }
    refused = [event.message for event in events if event.reason == "ProvisioningFailed"]
    if refused and (storage_class is not None or not cluster.dumped("StorageClass")):
        if any(_NO_CLASS.search(text) for text in refused):
            return _claim(claim, users, "StorageClassMissing", message, **wanted)
        return _claim(claim, users, "VolumeProvisioningFailed", message, **wanted)
    state, why = _unbound(cluster, claim, name, storage_class)
    if state == "VolumeClaimPending" and not users.get(claim.id) and _waits(storage_class):
        return None  # it waits for its first consumer, as it should
    return _claim(claim, users, state, message, **wanted, **why)


def _waits(storage_class: KubeObject | None) -> bool:
    return storage_class is not None and text(storage_class.raw, "volumeBindingMode") == "WaitForFirstConsumer"


def _default_class(cluster: Cluster) -> KubeObject | None:
    for item in cluster.all("StorageClass"):
        if strings(item.raw, "metadata", "annotations").get(_DEFAULT_CLASS) == "true":
            return item
    return None


def _unbound(
    cluster: Cluster, claim: KubeObject, name: str | None, storage_class: KubeObject | None
) -> tuple[str, dict[str, Any]]:
    """Why the claim isn't bound: the volume that it names, else the one that fits best, else its class."""
    named = text(claim.spec, "volumeName")
    volumes = list(cluster.all("PersistentVolume"))
    if named and cluster.lacks("PersistentVolume", "", named):
        return "VolumeMissing", {"volume": named}
    candidates = [volume for volume in volumes if not named or volume.name == named]
    misfits = sorted(
        (_misfits(claim, volume, name) for volume in candidates), key=lambda flaws: (len(flaws), [f[0] for f in flaws])
    )
    missing_class = bool(name) and cluster.lacks("StorageClass", "", name or "")
    # A class may be a mere label that static volumes share, so a volume with one flaw says more than the class.
    if misfits and len(misfits[0]) == 1 and not (missing_class and misfits[0][0][0] == "VolumeClassMismatch"):
        return misfits[0][0]
    if missing_class:
        offered = sorted({text(volume.spec, "storageClassName") for volume in volumes} - {""})
        return "StorageClassMissing", {"volume_classes": offered}
    if name is None and storage_class is None and cluster.dumped("StorageClass") and not volumes:
        return "NoDefaultStorageClass", {}
    if (
        misfits
        and misfits[0]
        and text(storage_class.raw if storage_class else {}, "provisioner") in ("", "kubernetes.io/no-provisioner")
    ):
        return misfits[0][0]
    return "VolumeClaimPending", {}


def _misfits(claim: KubeObject, volume: KubeObject, name: str | None) -> list[tuple[str, dict[str, Any]]]:
    flaws: list[tuple[str, dict[str, Any]]] = []
    modes = texts(claim.spec, "accessModes")
    offered = texts(volume.spec, "accessModes")
    if not set(modes) <= set(offered):
        flaws.append(("VolumeAccessModeMismatch", {"volume": volume.name, "offered": offered}))
    wanted, size = (
        quantity(claim.spec, "resources", "requests", "storage"),
        quantity(volume.spec, "capacity", "storage"),
    )
    if wanted is not None and size is not None and wanted > size:
        capacity = at(volume.spec, "capacity", "storage")
        flaws.append(("VolumeCapacityMismatch", {"volume": volume.name, "capacity": capacity}))
    if (name or "") != text(volume.spec, "storageClassName"):
        offers = text(volume.spec, "storageClassName")
        flaws.append(("VolumeClassMismatch", {"volume": volume.name, "volume_class": offers}))
    selector = mapping(claim.spec, "selector")
    if selector and not selects(selector, volume.labels):
        details = {"volume": volume.name, "selector": shown_selector(selector), "labels": dict(volume.labels)}
        flaws.append(("VolumeSelectorMismatch", details))
    holder = text(volume.spec, "claimRef", "name")
    if holder and (holder, text(volume.spec, "claimRef", "namespace") or claim.namespace) != (
        claim.name,
        claim.namespace,
    ):
        flaws.append(("VolumeAlreadyClaimed", {"volume": volume.name, "claimed_by": holder}))
    return flaws
