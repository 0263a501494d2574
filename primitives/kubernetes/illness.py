"""Unhealthy workloads, Services and nodes, each with the reason in words.

What counts is the effect (replicas that are missing or not ready, restarts, failed checks), never a setting: a setting
that looks wrong hurts somebody or nobody (Google SRE book, chapter 6: symptoms versus causes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from primitives.identity import kind_of, namespace_of
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.containers import RECOVERED_AFTER, torn_down, well_throughout
from primitives.kubernetes.fields import instant, text
from primitives.kubernetes.leftovers import ended_at, is_superseded
from primitives.kubernetes.links import find_links
from primitives.kubernetes.pods_view import Pod
from primitives.kubernetes.replicas import ready_replicas, wanted_replicas
from primitives.kubernetes.services import pods_behind
from primitives.kubernetes.settings import service_at
from primitives.quantities import counted
from primitives.resolver import host_of

__all__ = ["checked_well", "failed_checks", "find_ill", "long_before"]

_KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController")


# So many restarts, the last within the window, are a workload that keeps failing, however well it is at the moment.
_OFTEN: Final = 3


# A Job's pods stay when they have failed; of those that ended so long before the window nobody waits any more.
_LONG_AGO: Final = timedelta(days=1)


def find_ill(cluster: Cluster) -> Mapping[str, str]:
    """Why each workload, Service and node that is in trouble now is so, by its identifier."""
    ill: dict[str, str] = {}
    for resource, why in (*failed_checks(cluster).items(), *_pods(cluster), *_replicas(cluster), *_nodes(cluster)):
        ill.setdefault(resource, why)
    for resource, why in _services(cluster):
        ill.setdefault(resource, why)
    return ill


def failed_checks(cluster: Cluster) -> dict[str, str]:
    """What the newest active checks found not to answer: whom they asked, and the Service of that name."""
    return dict(_checked(cluster, healthy=False))


def checked_well(cluster: Cluster) -> frozenset[str]:
    """What answered every active check."""
    failed = failed_checks(cluster)
    return frozenset(resource for resource, _ in _checked(cluster, healthy=True) if resource not in failed)


def _checked(cluster: Cluster, *, healthy: bool) -> Iterator[tuple[str, str]]:
    for check in cluster.checks:
        if check.healthy is not healthy:
            continue
        why = f"the check {check.probe} of {check.target or check.resource} {'is well' if healthy else 'failed'}"
        yield check.resource, why
        host = host_of(check.target or "")
        service, _ = service_at(cluster, namespace_of(check.resource), host) if host else (None, False)
        if service is not None and check.probe != "node_service":
            yield service.id, why


def _pods(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for resource, pods in cluster.pods_of.items():
        counting = [pod for pod in pods if _counts(cluster, pod)]
        unready = sum(1 for pod in counting if not (pod.healthy or pod.unknown))
        restarted = sum(1 for pod in counting if _restarts(cluster, pod))
        if unready:
            yield resource, f"{unready} of {counted(len(counting), 'pod')} {_is_or_are(unready)} not ready"
        elif restarted:
            yield resource, f"{counted(restarted, 'pod')} restarted lately"


def _counts(cluster: Cluster, pod: Pod) -> bool:
    """Whether the pod is meant to serve or to finish: neither being removed nor replaced."""
    if pod.terminating or pod.phase == "Succeeded" or torn_down(cluster, pod):
        return False
    return pod.phase != "Failed" or not (is_superseded(cluster, pod) or _ended_long_ago(cluster, pod))


def _ended_long_ago(cluster: Cluster, pod: Pod) -> bool:
    return kind_of(pod.controller) == "job" and long_before(cluster, ended_at(pod))


def long_before(cluster: Cluster, ended: datetime | None) -> bool:
    """Whether it ended more than a day before the incident; failed Jobs stay (TTL: none)."""
    return ended is not None and cluster.window.start - ended > _LONG_AGO


def _restarts(cluster: Cluster, pod: Pod) -> bool:
    for container in pod.containers if pod.live else ():
        # What ended before the running instance started, even where the status no longer tells how.
        end = (instant(container.last, "finishedAt") or container.started_at) if container.restarts else None
        often = container.restarts >= _OFTEN and end is not None and cluster.window.holds(end)
        lately = end is not None and cluster.now - end < RECOVERED_AFTER
        if often or (lately and not well_throughout(cluster, container)):
            return True
    return False


def _replicas(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for kind in _KINDS:
        for item in cluster.all(kind):
            if item.status and cluster.owners.resource(item) == item.id:
                wanted, ready = wanted_replicas(item) or 0, ready_replicas(item) or 0
                if ready < wanted:
                    yield item.id, f"{ready} of {counted(wanted, 'replica')} {_is_or_are(ready)} ready"


def _nodes(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for node in cluster.all("Node"):
        if text(node.condition("Ready"), "status") in ("False", "Unknown"):
            yield node.id, "the node is not ready"


def _services(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """Services that are called, or have pods, and none of them is ready."""
    called = {target for _, target, kind in find_links(cluster)[1] if kind == "calls"}
    for service in cluster.all("Service"):
        if not cluster.dumped("Pod") or not service.spec.get("selector"):
            continue
        pods = pods_behind(cluster, service)
        if not any(pod.ready is not False for pod in pods) and (pods or service.id in called):
            yield service.id, "no pod behind it is ready" if pods else "it has no pods, and is called"


def _is_or_are(number: int) -> str:
    return "is" if number == 1 else "are"
