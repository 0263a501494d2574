"""Additions to a dumped cluster that must not change an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from attic import STANDALONE, attic
from bundle_files import (
    Files,
    Object,
    blamed,
    document,
    dumped,
    metrics,
    objects,
    own_name,
    snapshot_time,
    snapshots,
    stamp,
    table,
    with_document,
    with_objects,
    with_table,
)


def _ready(pod: Object) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses") or ()
    conditions = {one.get("type"): one.get("status") for one in pod.get("status", {}).get("conditions") or ()}
    return (
        pod.get("status", {}).get("phase") == "Running"
        and bool(statuses)
        and all(one.get("ready") and not one.get("restartCount") for one in statuses)
        and conditions.get("Ready", "True") == "True"
        and not pod["metadata"].get("deletionTimestamp")
    )


def _innocent_pods(files: Files) -> list[Object]:
    """Pods that are well and that belong to nothing that is blamed."""
    guilty = {own_name(name) for name in blamed(files)}
    return [
        pod
        for pod in objects(files, "pods")
        if _ready(pod)
        and pod["metadata"].get("ownerReferences")
        and not any(
            pod["metadata"]["name"] == name or pod["metadata"]["name"].startswith(f"{name}-") for name in guilty
        )
    ]


def _event(name: str, pod: Object, reason: str, message: str, first: str, last: str, count: int) -> Object:
    namespace = pod["metadata"].get("namespace", "default")
    involved = {"apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": pod["metadata"]["name"]}
    if uid := pod["metadata"].get("uid"):
        involved["uid"] = uid
    return {
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": reason, "message": message, "count": count,
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": first},
        "involvedObject": involved, "firstTimestamp": first, "lastTimestamp": last,
        "source": {"component": "kubelet"},
    }  # fmt: skip


def resolved_events(files: Files) -> Files | None:
    """Warnings that something later undid: the pod is Ready now and never restarted, or it is gone."""
    pods = _innocent_pods(files)
    if not pods or not dumped(files, "events"):
        return None
    pod, result = pods[0], files
    started = pod["metadata"].get("creationTimestamp") or pod["status"].get("startTime")
    gone = {"metadata": {**pod["metadata"], "name": pod["metadata"]["name"][:-5] + "zzzz9", "uid": "0c0ffee0-gone"}}
    for snapshot in dumped(files, "events"):
        earlier = stamp(snapshot_time(snapshot) - timedelta(minutes=25))
        first = started or earlier
        added = [
            _event("made-1", pod, "FailedScheduling", "0/3 nodes are available: 3 Insufficient cpu.", first, first, 1),
            _event("made-2", pod, "Unhealthy", "Readiness probe failed: dial tcp: connect: connection refused",
                   first, first, 1),
            _event("made-3", gone, "BackOff", "Back-off restarting failed container", earlier, earlier, 4),
        ]  # fmt: skip
        result = with_objects(result, "events", snapshot, [*objects(files, "events", snapshot), *added])
    return result


def standing_lint(files: Files) -> Files | None:
    """Settings that a linter would name and leftovers, a year old, of things that nobody uses."""
    result, added = files, False
    for kind, made in attic().items():
        for snapshot in dumped(files, "pods" if kind in STANDALONE else kind):
            result = with_objects(result, kind, snapshot, [*objects(files, kind, snapshot), *made])
            added = True
    return result if added else None


def calm_pod_replicas(files: Files) -> Files | None:
    """One more replica, ready and quiet, of a workload that is well."""
    pods = _innocent_pods(files)
    if not pods:
        return None
    name = pods[0]["metadata"]["name"]
    owner = pods[0]["metadata"]["ownerReferences"][0]["name"]
    result = files
    for snapshot in dumped(files, "pods"):
        items = objects(files, "pods", snapshot)
        copies = [_renamed(pod, {name: name[:-5] + "calm7"}) for pod in items if pod["metadata"]["name"] == name]
        result = with_objects(result, "pods", snapshot, [*items, *copies])
        for kind in ("replicasets", "statefulsets", "deployments"):
            owned = [_one_more(each, owner) for each in objects(files, kind, snapshot)]
            if owned:
                result = with_objects(result, kind, snapshot, owned)
    return result


def _one_more(workload: Object, owner: str) -> Object:
    """The workload with one replica more, asked for and there, if it is `owner` or what made it."""
    name = workload["metadata"]["name"]
    if owner != name and not (workload["kind"] == "Deployment" and owner.rpartition("-")[0] == name):
        return workload
    counts = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "currentReplicas",
              "fullyLabeledReplicas")  # fmt: skip
    status = {key: value + 1 if key in counts and value else value for key, value in workload.get("status", {}).items()}
    spec = {**workload["spec"], "replicas": (workload["spec"].get("replicas") or 0) + 1}
    return {**workload, "spec": spec, "status": status}


def doubled_workload(files: Files) -> Files | None:
    """A workload that is well exists twice, under two names: its objects, its metrics and its place in the topology."""
    names = sorted({name for pod in _innocent_pods(files) if (name := _workload(files, pod))})
    if not names:
        return None
    name = names[0]
    renaming = {name: f"{name}-second"}
    result = files
    for snapshot in snapshots(files):
        for kind in ("deployments", "statefulsets", "daemonsets", "replicasets", "pods", "services", "endpoints"):
            items = objects(files, kind, snapshot)
            twins = [_renamed(one, renaming) for one in items if re.fullmatch(rf"{re.escape(name)}(-.*)?", _name(one))]
            if twins:
                result = with_objects(result, kind, snapshot, [*items, *twins])
    return _measured_twice(result, name, renaming[name])


def _workload(files: Files, pod: Object) -> str | None:
    """The deployment (or the like) of a pod, by its owner references."""
    owner = pod["metadata"]["ownerReferences"][0]
    if owner["kind"] != "ReplicaSet":
        return str(owner["name"]) if owner["kind"] in ("StatefulSet", "DaemonSet") else None
    sets = {one["metadata"]["name"]: one for one in objects(files, "replicasets")}
    above = sets.get(owner["name"], {}).get("metadata", {}).get("ownerReferences") or ()
    return str(above[0]["name"]) if above else None


def _name(item: Object) -> str:
    return str(item["metadata"]["name"])


def _renamed(item: Object, names: dict[str, str]) -> Object:
    """A copy with other names, another uid and another address."""
    text = json.dumps(item)
    for old, new in names.items():
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", new, text)
    text = re.sub(r'"uid": "(.)', lambda match: f'"uid": "{"a" if match[1] != "a" else "b"}', text)
    text = re.sub(r'"(podIP|hostIP|ip|clusterIP)": "\d+\.\d+\.', r'"\1": "10.213.', text)
    copy: Object = json.loads(text)
    return copy


def _measured_twice(files: Files, name: str, twin: str) -> Files:
    def is_it(resource: str) -> bool:
        return own_name(resource) == name

    def other(resource: str) -> str:
        return resource[: len(resource) - len(name)] + twin

    result = files
    for file in metrics(files):
        header, *rows = table(files, file)
        places = [place for place, column in enumerate(header) if place and is_it(column)]
        if places:
            widened = [[*row, *(row[place] for place in places)] for row in rows]
            result = with_table(result, file, [[*header, *(other(header[place]) for place in places)], *widened])
    topology = document(files, "topology.yaml")
    if topology:
        resources = [*topology["resources"], *_twins(topology["resources"], "id", is_it, other)]
        edges = list(topology.get("edges") or ())
        edges += [*_twins(edges, "from", is_it, other), *_twins(edges, "to", is_it, other)]
        result = with_document(result, "topology.yaml", {**topology, "resources": resources, "edges": edges})
    return result


def _twins(entries: Iterable[Object], key: str, is_it: Any, other: Any) -> list[Object]:
    return [{**entry, key: other(str(entry[key]))} for entry in entries if is_it(str(entry[key]))]
