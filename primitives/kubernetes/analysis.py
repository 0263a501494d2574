"""All families together: findings merged per workload, ordered, bounded; and what is certainly healthy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from primitives.identity import kind_of
from primitives.kubernetes.accounts import by_account
from primitives.kubernetes.admission import find_admission
from primitives.kubernetes.autoscaling import find_autoscaling
from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.conditions import find_conditions
from primitives.kubernetes.container_logs import families_in_logs, find_in_logs
from primitives.kubernetes.containers import find_pods
from primitives.kubernetes.deletions import find_deletions
from primitives.kubernetes.disruptions import find_disruptions
from primitives.kubernetes.events import find_events
from primitives.kubernetes.fields import instant, moment_text, text
from primitives.kubernetes.findings import Finding
from primitives.kubernetes.gateways import find_gateways
from primitives.kubernetes.host_paths import find_host_paths
from primitives.kubernetes.ingresses import find_ingresses
from primitives.kubernetes.jobs import find_jobs
from primitives.kubernetes.mesh import find_mesh
from primitives.kubernetes.nodes import find_nodes
from primitives.kubernetes.pods_view import Pod
from primitives.kubernetes.policies import find_policies
from primitives.kubernetes.ports import find_ports
from primitives.kubernetes.probes import find_probes
from primitives.kubernetes.references import find_references
from primitives.kubernetes.refusals import by_refuser, find_refused
from primitives.kubernetes.relevance import judge_relevance
from primitives.kubernetes.route_tables import find_route_tables
from primitives.kubernetes.scheduling import find_scheduling
from primitives.kubernetes.services import find_services
from primitives.kubernetes.settings import find_settings
from primitives.kubernetes.states import STATES, WEIGHTS
from primitives.kubernetes.volumes import find_volumes
from primitives.kubernetes.workloads import find_workloads

__all__ = ["FAMILIES", "MOST_FINDINGS", "analyse", "healthy", "merge", "ordered", "told_by"]

FAMILIES: Final[tuple[tuple[str, Callable[[Cluster], Iterator[Finding]]], ...]] = (
    ("pods", find_pods),
    ("probes", find_probes),
    ("scheduling", find_scheduling),
    ("volumes", find_volumes),
    ("host paths", find_host_paths),
    ("references", find_references),
    ("settings", find_settings),
    ("ports", find_ports),
    ("services", find_services),
    ("ingresses", find_ingresses),
    ("gateways", find_gateways),
    ("route tables", find_route_tables),
    ("network policies", find_policies),
    ("service mesh", find_mesh),
    ("admission", find_admission),
    ("refused objects", find_refused),
    ("nodes", find_nodes),
    ("workloads", find_workloads),
    ("jobs", find_jobs),
    ("autoscaling", find_autoscaling),
    ("disruption budgets", find_disruptions),
    ("conditions", find_conditions),
    ("deletions", find_deletions),
    ("container logs", find_in_logs),
    ("events", find_events),
)
# The families of states that each analyzer tells, where that isn't the one of its own name.
_TOLD: Final[Mapping[str, Collection[str]]] = {
    "pods": ("pods", "images"), "settings": ("references",), "host paths": ("volumes",), "services": ("routing",),
    "ingresses": ("routing",),
    "gateways": ("routing",), "route tables": ("routing",), "network policies": ("routing",),
    "service mesh": ("routing",), "admission": ("quotas",), "refused objects": ("quotas",), "jobs": ("workloads",),
    "autoscaling": ("workloads",), "container logs": ("ports",),
    "disruption budgets": ("workloads",), "deletions": ("conditions",),
}  # fmt: skip
MOST_FINDINGS: Final = 300
_MOST_OBJECTS: Final = 10
_WEIGHT: Final = {name: WEIGHTS.index(state.weight) for name, state in STATES.items()}
_PULLS: Final = frozenset(name for name, state in STATES.items() if state.family == "images")
_CRASHES: Final = frozenset(
    {
        "CrashLoopBackOff",
        "KilledByProbe",
        "KilledBySignal",
        "KilledWithoutReason",
        "OOMKilled",
        "ContainerFailed",
        "InvalidCommand",
        "StartError",
    }
)
_SANDBOX: Final = frozenset({"SandboxFailed", "SandboxNetworkFailed", "AddressesExhausted"})
_SCHEDULING: Final = frozenset(name for name, state in STATES.items() if state.family == "scheduling")
_READINGS: Final = ("ProbeAnsweredError", "ProbeNeedsAnother", "CpuLimitTooLow")
# A state that says less about the same container (or workload) than another one that was found says nothing new.
_SAYS_LESS: Final[dict[str, Collection[str]]] = {
    "BackOff": _CRASHES | _PULLS,
    "ImagePullBackOff": _PULLS - {"ImagePullBackOff", "ImagePullSecretMissing"},
    "NodeNotReady": {"KubeletStopped", "ContainerRuntimeDown", "NetworkPluginNotReady"},
    "FailedScheduling": (_SCHEDULING | {"VolumeClaimMissing"}) - {"FailedScheduling"},
    "PodPending": _SCHEDULING | _SANDBOX | {
        "InitContainerNotFinished", "FailedMount", "FailedAttachVolume", "MultiAttachError",
    },
    "ContainerCreating": _SANDBOX | {"OOMKilled"},
    "NotReady": {*_CRASHES, *_READINGS},
    "LivenessProbeFailed": {"LivenessProbeMisconfigured", *_READINGS},
    "ReadinessProbeFailed": {"ReadinessProbeMisconfigured", *_READINGS},
    "StartupProbeFailed": {"StartupProbeMisconfigured", *_READINGS},
    "InitContainerNotFinished": {"EnvHostUnknown", "EnvPortMismatch", "ServiceMissing"},
    "DependencyUnanswered": {"EnvHostUnknown", "EnvPortMismatch"},
    "FailedCreate": {"QuotaExceeded", "ServiceAccountMissing", "LimitRangeViolation", "AdmissionWebhookDenied"},
    "VolumeClaimPending": {
        "StorageClassMissing", "VolumeAccessModeMismatch", "VolumeCapacityMismatch", "VolumeClassMismatch",
        "VolumeSelectorMismatch", "VolumeAlreadyClaimed", "VolumeProvisioningFailed",
    },
}  # fmt: skip


def analyse(cluster: Cluster, focus: Collection[str] = ()) -> list[Finding]:
    """All findings, merged, most significant first, at most `MOST_FINDINGS`; `focus` is what the question names."""
    return ordered(judge_relevance(cluster, merge(cluster, (f for _, find in FAMILIES for f in find(cluster))), focus))


def told_by(analyzer: str) -> tuple[str, ...]:
    """The causes among the states that an analyzer tells: unknown where it failed. Of events those of all families."""
    families = _TOLD.get(analyzer, (analyzer,))
    return tuple(name for name, state in STATES.items()
                 if state.weight == "cause" and (state.family in families or analyzer == "events"))  # fmt: skip


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, most significant first, at most `MOST_FINDINGS`."""
    return sorted(findings, key=_order)[:MOST_FINDINGS]


def merge(cluster: Cluster, findings: Iterable[Finding]) -> list[Finding]:
    """Findings that are the same for several objects, or from an object and its events, become one."""
    groups: dict[tuple[str, str, str | None, str], list[Finding]] = defaultdict(list)
    for finding in by_refuser(cluster, by_account(cluster, findings)):
        groups[finding.state, finding.resource, finding.container, finding.variant].append(finding)
    _fold_vague(groups)
    newest = _newest_controllers(cluster)
    merged = [_one(cluster, group, newest) for group in groups.values()]
    known: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for finding in merged:
        for name in (finding.resource, *finding.details.get("affects", ())):
            known[name].add((finding.state, finding.container))
    kept: list[Finding] = []
    vague: list[Finding] = []
    for finding in merged:
        (vague if _says_less(finding, known[finding.resource]) else kept).append(finding)
    return _absorb(kept, vague)


def healthy(cluster: Cluster, findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """The workloads and nodes (identifier, kind) that are certainly well: dumped, ready, and nothing found on them."""
    telling = [f for f in findings if _WEIGHT[f.state] <= 1 and f.bearing == "active"]
    troubled = {f.resource for f in telling} | {f.object for f in telling}
    workloads = [(resource, _kind(resource)) for resource, pods in cluster.pods_of.items() if _all_well(pods)]
    nodes = [(node.id, node.kind) for node in cluster.all("Node") if text(node.condition("Ready"), "status") == "True"]
    return sorted(entry for entry in workloads + nodes if entry[0] not in troubled)


def _all_well(pods: list[Pod]) -> bool:
    live = [pod for pod in pods if pod.live]
    return bool(live) and all(pod.healthy for pod in live)


def _kind(resource: str) -> str:
    word = kind_of(resource) or "workload"
    known = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "ReplicationController")
    return next((kind for kind in known if kind.lower() == word), word.capitalize())


def _fold_vague(groups: dict[tuple[str, str, str | None, str], list[Finding]]) -> None:
    """A finding that doesn't say what it is about belongs to the one that does, where there is just one."""
    precise: dict[tuple[str, str], list[tuple[str, str, str | None, str]]] = defaultdict(list)
    for key in groups:
        if key[2] is not None or key[3]:
            precise[key[0], key[1]].append(key)
    for key in list(groups):
        state, resource, container, variant = key
        fits = [
            other
            for other in precise.get((state, resource), ())
            if other != key and other in groups and (container is None or other[2] == container)
            and (not variant or other[3] == variant)
        ]  # fmt: skip
        if len(fits) == 1 and (container is None or not variant):
            groups[fits[0]].extend(groups.pop(key))


def _one(cluster: Cluster, group: list[Finding], newest: dict[str, str]) -> Finding:
    # What the object's own status says is more exact than the event about it.
    group = sorted(group, key=lambda f: (f.events > 0, f.reported, f.object, -(f.restarts or 0)))
    first = max(group[:1] + [f for f in group if not f.events], key=lambda f: f.restarts or 0)
    objects = sorted({finding.object for finding in group})
    details: dict[str, Any] = {}
    for finding in [*reversed(group), first]:
        details |= {key: value for key, value in finding.details.items() if value is not None or key not in details}
    if len(objects) > 1:
        details["objects"] = objects[:_MOST_OBJECTS]
    if affects := {name for finding in group for name in finding.details.get("affects", ())}:
        details["affects"] = sorted(affects)[:_MOST_OBJECTS]
    occurrences = sum(finding.events for finding in group)
    seen = [finding.last_seen for finding in group if finding.last_seen]
    if occurrences:
        details["occurrences"] = occurrences
    if seen:
        details["last_seen"] = moment_text(max(seen))
    starts = [finding.since for finding in group if finding.since]
    if starts and min(starts) < cluster.window.start:
        details["before_window"] = True
    details |= _rollout(cluster, objects, first, newest)
    if first.state in _CRASHES and cluster.logs:
        details["log_families"] = _log_families(cluster, objects, first.container)
    details = {key: value for key, value in details.items() if value is not None}
    return replace(
        first, count=len(objects), details=details, events=occurrences, last_seen=max(seen) if seen else None,
        since=min(starts) if starts else None,
        message=first.message or next((f.message for f in group if f.message), ""),
        restarts=max((f.restarts for f in group if f.restarts is not None), default=None),
        reported=all(f.reported for f in group),
    )  # fmt: skip


def _log_families(cluster: Cluster, objects: list[str], name: str | None) -> list[str]:
    """The error families in the crashed containers' logs."""
    families: dict[str, None] = {}
    for pod in (cluster.pod_by_id[target] for target in objects[:_MOST_OBJECTS] if target in cluster.pod_by_id):
        for container in pod.containers:
            if container.name == name:
                families |= dict.fromkeys(families_in_logs(cluster, pod, container))
    return list(families)


def _newest_controllers(cluster: Cluster) -> dict[str, str]:
    """The direct owner of the newest pods of each workload that has pods of several (a rollout under way)."""
    newest: dict[str, str] = {}
    for resource, pods in cluster.pods_of.items():
        started: dict[str, float] = {}
        for pod in pods:
            created = instant(pod.item.raw, "metadata", "creationTimestamp") if pod.live else None
            if created is not None and pod.controller != pod.item.id:
                started[pod.controller] = min(created.timestamp(), started.get(pod.controller, float("inf")))
        if len(started) > 1:
            newest[resource] = max(started, key=lambda controller: (started[controller], controller))
    return newest


def _rollout(cluster: Cluster, objects: list[str], first: Finding, newest: dict[str, str]) -> dict[str, Any]:
    """How much of the workload is affected, and whether only the newest revision is."""
    if first.kind != "Pod" or STATES[first.state].weight == "note":
        return {}
    details: dict[str, Any] = {}
    peers = [pod for pod in cluster.pods_of.get(first.resource, ()) if pod.live]
    if len(peers) > 1:
        details["pods_of_workload"] = len(peers)
        details["pods_ready"] = sum(1 for pod in peers if pod.ready)
    controllers = {pod.controller for name in objects if (pod := cluster.pod_by_id.get(name)) is not None}
    if first.resource in newest and controllers:
        only = controllers == {newest[first.resource]}
        details["revision"] = "newest" if only else "mixed" if newest[first.resource] in controllers else "older"
    return details


def _says_less(finding: Finding, known: set[tuple[str, str | None]]) -> bool:
    better = _SAYS_LESS.get(finding.state, ())
    return any(
        state in better and (container == finding.container or container is None or finding.container is None)
        for state, container in known
    )


def _absorb(kept: list[Finding], vague: list[Finding]) -> list[Finding]:
    """When a vaguer finding began, and how often its event occurred, belong to the one that replaces it."""
    earliest: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in vague:
        for better in _SAYS_LESS[finding.state]:
            earliest[finding.resource, better].append(finding)
    return [_with(finding, earliest.get((finding.resource, finding.state), [])) for finding in kept]


def _with(finding: Finding, vaguer: list[Finding]) -> Finding:
    fits = [other for other in vaguer if finding.container is None or other.container in (None, finding.container)]
    starts = [moment for f in [finding, *fits] if (moment := f.since)]
    occurrences = sum(other.events for other in fits)
    if not fits:
        return finding
    details = dict(finding.details)
    if occurrences:
        details["occurrences"] = finding.events + occurrences
    return replace(
        finding,
        since=min(starts) if starts else None,
        message=finding.message or fits[0].message,
        events=finding.events + occurrences,
        details=details,
    )


def _order(finding: Finding) -> tuple[Any, ...]:
    return (
        finding.bearing != "active", _WEIGHT[finding.state], -finding.count, finding.resource, finding.object,
        finding.container or "", finding.state, finding.variant,
    )  # fmt: skip
