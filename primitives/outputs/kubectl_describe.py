"""`kubectl describe` of pods, nodes, workloads and claims as the objects that it describes, with their events.

Its layout stands in kubectl's describers (k8s.io/kubectl/pkg/describe): `Key: value`, deeper lines indented,
`Conditions` and `Events` as tables. A pod's Deployment is known from its ReplicaSet's name, which ends in the pod's
`pod-template-hash` label (Kubernetes: Deployments, "Pod-template-hash label").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from primitives.outputs.kubectl_tables import event, object_kind
from primitives.outputs.tables import columns
from primitives.outputs.texts import Output
from primitives.patterns import lazy_pattern

__all__ = ["described"]

_NAME: Final = lazy_pattern(r"^Name:\s{2,}(\S{1,253})$")
_COMMAND: Final = lazy_pattern(r"\bdescribe ([a-z]{1,60})[ /]")
_EVENT: Final = lazy_pattern(r"^\s+(Normal|Warning)\s+(\S{1,100})\s+(.*)$")
_EVENT_REST: Final = lazy_pattern(r"^(\S{1,20}(?: \(x\d{1,9} over \S{1,20}\))?) +(\S{1,120}(?:, \S{1,253})?) {1,}(.*)$")
_REPLICAS: Final = lazy_pattern(r"(\d{1,7}) (desired|updated|total|available|unavailable)")

_Tree = dict[str, Any]


def described(output: Output) -> tuple[list[dict[str, Any]], list[str]]:
    """The objects that the output describes, and the lines that describe none."""
    starts = [place for place, line in enumerate(output.lines) if _NAME.match(line)]
    if not starts:
        return [], list(output.lines)
    objects: list[dict[str, Any]] = []
    rest = list(output.lines[: starts[0]])
    for start, end in zip(starts, [*starts[1:], len(output.lines)], strict=True):
        made = list(_block(output.lines[start:end], output))
        objects += made
        rest += [] if made else output.lines[start:end]
    return objects, rest


def _block(lines: Sequence[str], output: Output) -> Iterator[dict[str, Any]]:
    tree = _parsed([line for line in lines if line.strip()])
    kind = _kind(tree, output)
    if not kind:
        return
    namespace = _word(tree, "Namespace") or output.namespace
    meta: _Tree = {"name": _word(tree, "Name"), "namespace": namespace, "labels": _labels(tree)}
    if created := _moment(_word(tree, "CreationTimestamp") or _word(tree, "Start Time")):
        meta["creationTimestamp"] = created
    for made in _MAKERS.get(kind, _bare)(tree, meta):
        yield {"kind": kind, **made}
    for type_, reason, age, message in _events(lines):
        yield event(output, (kind, namespace, meta["name"]), type_, reason, age, message)


def _kind(tree: _Tree, output: Output) -> str:
    if "Containers" in tree and "Status" in tree and "Pod Template" not in tree:
        return "Pod"
    if "Roles" in tree and "Conditions" in tree:
        return "Node"
    if "StrategyType" in tree:
        return "Deployment"
    if "Access Modes" in tree and "StorageClass" in tree and "Reclaim Policy" not in tree:
        return "PersistentVolumeClaim"
    stated = _COMMAND.search(output.command)
    return object_kind(stated[1]) if stated else ""


def _parsed(lines: Sequence[str]) -> _Tree:
    """Keys and values by indentation; what is no `key: value` is kept under the key above it as lines."""
    root: _Tree = {"": []}
    stack: list[tuple[int, _Tree]] = [(-1, root)]
    for line in lines:
        bare = line.strip()
        indent = len(line) - len(line.lstrip())
        while stack[-1][0] >= indent:
            stack.pop()
        key, colon, value = bare.partition(":")
        parent = stack[-1][1]
        if not colon or "  " in key or (value and not value.startswith(" ")):
            parent.setdefault("", []).append(line)
            continue
        child: _Tree = {"value": value.strip(), "": []}
        parent.setdefault(key, child)
        stack.append((indent, child))
    return root


def _part(tree: Mapping[str, Any], *keys: str) -> _Tree:
    for key in keys:
        tree = tree.get(key) or {}
        if not isinstance(tree, dict):
            return {}
    return dict(tree)


def _word(tree: Mapping[str, Any], *keys: str) -> str:
    value = _part(tree, *keys).get("value", "")
    return "" if value in ("<none>", "<unset>") else str(value)


def _labels(tree: _Tree) -> dict[str, str]:
    stated = [_word(tree, "Labels"), *(line.strip() for line in _part(tree, "Labels").get("", ()))]
    return dict(pair.split("=", 1) for pair in stated if "=" in pair)


def _moment(text: str) -> str | None:
    """A moment as describe writes it (RFC 1123): `Mon, 02 Jan 2006 15:04:05 +0000`."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return moment.isoformat() if moment.tzinfo else None


def _conditions(tree: _Tree) -> list[dict[str, str]]:
    lines = _part(tree, "Conditions").get("", [])
    if len(lines) < 2:
        return []
    rows = columns(lines[0].rstrip(), [line for line in lines[1:] if not set(line.strip()) <= {"-", " "}])
    named = {"TYPE": "type", "STATUS": "status", "REASON": "reason", "MESSAGE": "message"}
    read = [{named[key]: value for key, value in row.items() if key in named and value} for row in rows]
    return [condition for condition in read if condition.get("type")]


def _pod(tree: _Tree, meta: _Tree) -> Iterator[_Tree]:
    specs: dict[str, list[_Tree]] = {"containers": [], "initContainers": []}
    statuses: dict[str, list[_Tree]] = {"containers": [], "initContainers": []}
    for key, kind in (("Init Containers", "initContainers"), ("Containers", "containers")):
        for name, own in _part(tree, key).items():
            if isinstance(own, dict) and "Image" in own:
                specs[kind].append(_container_spec(name, own))
                statuses[kind].append(_container_status(name, own))
    if reference := _owner(tree, meta):
        meta["ownerReferences"] = [reference]
    yield {
        "metadata": meta,
        "spec": {**specs, "nodeName": _word(tree, "Node").partition("/")[0]},
        "status": {
            "phase": _word(tree, "Status").partition(" ")[0], "reason": _word(tree, "Reason"),
            "message": _word(tree, "Message"), "conditions": _conditions(tree),
            "containerStatuses": statuses["containers"], "initContainerStatuses": statuses["initContainers"],
        },
    }  # fmt: skip


def _owner(tree: _Tree, meta: _Tree) -> _Tree | None:
    """The pod's controller; the Deployment itself where the pod's label tells its ReplicaSet's name apart."""
    kind, _, name = _word(tree, "Controlled By").partition("/")
    suffix = "-" + meta["labels"].get("pod-template-hash", "")
    if kind == "ReplicaSet" and suffix != "-" and name.endswith(suffix):
        return {"kind": "Deployment", "name": name.removesuffix(suffix), "controller": True}
    return {"kind": kind, "name": name, "controller": True} if name else None


def _container_spec(name: str, own: _Tree) -> _Tree:
    limits = {key: _word(own, "Limits", key) for key in ("memory", "cpu") if _word(own, "Limits", key)}
    return {"name": name, "image": _word(own, "Image"), "resources": {"limits": limits} if limits else {}}


def _container_status(name: str, own: _Tree) -> _Tree:
    restarts = _word(own, "Restart Count")
    last = _state(own, "Last State")
    return {
        "name": name, "ready": _word(own, "Ready") == "True", "image": _word(own, "Image"),
        "restartCount": int(restarts) if restarts.isdecimal() and len(restarts) < 9 else 0,
        "state": _state(own, "State"), **({"lastState": last} if last else {}),
    }  # fmt: skip


def _state(own: _Tree, key: str) -> _Tree:
    name, parts = _word(own, key).lower(), _part(own, key)
    if name not in ("waiting", "running", "terminated"):
        return {}
    state: _Tree = {"reason": _word(parts, "Reason"), "message": _word(parts, "Message")}
    code = _word(parts, "Exit Code")
    if code.lstrip("-").isdecimal() and len(code) < 9:
        state["exitCode"] = int(code)
    state |= {"startedAt": _moment(_word(parts, "Started")), "finishedAt": _moment(_word(parts, "Finished"))}
    return {name: {part: value for part, value in state.items() if value not in ("", None)}}


def _node(tree: _Tree, meta: _Tree) -> Iterator[_Tree]:
    cordoned = _word(tree, "Unschedulable") == "true"
    yield {
        "metadata": meta, "spec": {"unschedulable": True} if cordoned else {},
        "status": {"conditions": _conditions(tree)},
    }  # fmt: skip


def _deployment(tree: _Tree, meta: _Tree) -> Iterator[_Tree]:
    counts = {name: int(number) for number, name in _REPLICAS.findall(_word(tree, "Replicas"))}
    wanted, available = counts.get("desired", 0), counts.get("available", 0)
    yield {
        "metadata": meta, "spec": {"replicas": wanted},
        "status": {
            "replicas": counts.get("total", 0), "updatedReplicas": counts.get("updated", 0),
            "readyReplicas": available, "availableReplicas": available,
            "unavailableReplicas": counts.get("unavailable", 0), "conditions": _conditions(tree),
        },
    }  # fmt: skip


def _claim(tree: _Tree, meta: _Tree) -> Iterator[_Tree]:
    name = _word(tree, "StorageClass")
    yield {"metadata": meta, "spec": {"storageClassName": name} if name else {},
           "status": {"phase": _word(tree, "Status")}}  # fmt: skip


def _bare(tree: _Tree, meta: _Tree) -> Iterator[_Tree]:
    """Only its events are read."""
    del tree, meta
    yield from ()


def _events(lines: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Type, reason, age and message of each row of its events."""
    start = next((place for place, line in enumerate(lines) if line.startswith("Events:")), len(lines))
    for line in lines[start + 1 :]:
        row = _EVENT.match(line)
        rest = _EVENT_REST.match(row[3]) if row else None
        if row and rest:
            yield row[1], row[2], rest[1], rest[3].strip()


_MAKERS: Final = {"Pod": _pod, "Node": _node, "Deployment": _deployment, "PersistentVolumeClaim": _claim}
