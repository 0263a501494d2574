"""Nodes that offer no extended resource because what would register it isn't let onto them.

A device plugin runs as a DaemonSet and tells the kubelet of the devices; a node on which it doesn't run has none in its
capacity (Kubernetes: Device Plugins, "Device plugin implementation and deployment"). A DaemonSet's pods keep away from
nodes whose taints they don't tolerate (Kubernetes: DaemonSet, "Taints and tolerations").
"""

from __future__ import annotations

from typing import Final

from primitives.dataclass import dataclass
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import mapping, maps, quantity, text
from primitives.kubernetes.kinds import KubeObject, template_of
from primitives.kubernetes.placement import fits, untolerated
from primitives.kubernetes.pods_view import Pod

__all__ = ["KeptOut", "plugin_kept_out"]

_SHORTEST_VENDOR: Final = 3


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A DaemonSet that doesn't tolerate the taint of a node on which it would register a resource."""

    daemon_set: str
    node: str
    taint: str


def plugin_kept_out(cluster: Cluster, pod: Pod, resource_name: str) -> KeptOut | None:
    """The plugin that is missing on a node that a pod may use and that lacks `resource_name`.

    It is the one that runs on all nodes that have the resource, bears its vendor's name, and selects the node.
    """
    offering = {node.name for node in cluster.all("Node") if quantity(node.raw, "status", "capacity", resource_name)}
    lacking = [node for node in cluster.all("Node") if node.name not in offering and _may_run(pod, node)]
    for item in cluster.all("DaemonSet"):
        spec = mapping(template_of(item), "spec")
        runs_on = {known.node for known in cluster.pods_of.get(item.id, ()) if known.live}
        if not _is_of_vendor(item, resource_name) or not offering <= runs_on:
            continue
        for node in lacking:
            taint = untolerated(spec, node)
            if taint is not None and node.name not in runs_on and fits(spec, node):
                return KeptOut(item.id, node.name, text(taint, "key"))
    return None


def _may_run(pod: Pod, node: KubeObject) -> bool:
    return fits(pod.spec, node) and untolerated(pod.spec, node) is None


def _is_of_vendor(item: KubeObject, resource_name: str) -> bool:
    """Whether its name or an image has the first label of the resource's domain (`nvidia.com/gpu`: nvidia)."""
    vendor = resource_name.partition(".")[0].lower()
    images = " ".join(text(container, "image") for container in maps(template_of(item), "spec", "containers"))
    return len(vendor) >= _SHORTEST_VENDOR and vendor in f"{item.name} {images}".lower()
