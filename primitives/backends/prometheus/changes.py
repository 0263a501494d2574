"""What was changed, as metrics themselves show it: rollouts, scalings, cordoned nodes, restarts, other versions.

kube-state-metrics tells which ReplicaSet made each pod, with which image, how many replicas are wanted and whether a
node takes pods (https://github.com/kubernetes/kube-state-metrics/tree/main/docs). `*_build_info` tells a program's
version, and `process_start_time_seconds` when it was started (Prometheus' documentation, "Writing client libraries").
Nothing here says who changed it. What kube-state-metrics doesn't know, a deployment elsewhere, nobody denies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from primitives.backends.prometheus.births import Birth, births_of, closely, counts_of
from primitives.backends.prometheus.client import PrometheusClient, Row
from primitives.backends.prometheus.promql import RESOURCE, SERVICE_LABELS, named_by
from primitives.backends.prometheus.restarts import find_restarts
from primitives.backends.prometheus.survey import Survey, gather_results
from primitives.dataclass import dataclass
from primitives.errors import SourceError
from primitives.identity import base_name
from primitives.quantities import moment
from primitives.records import METRICS_ORIGIN, Change, Window
from primitives.terms import ChangeKind
from primitives.text import safe_line

__all__ = ["find_changes"]

_SAME_S: Final = 600.0
"""What one action does shows within this time: a new version, its processes' starts, the object's next generation."""

_BY_OWNER: Final = "namespace, created_by_kind, created_by_name"
_BUILD: Final = '{__name__=~".+_build_info",version!=""}'
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class _Setting:
    """A number whose change is somebody's decision. `scope` is the label that names its object, `kind` the change's."""

    metric: str
    scope: str
    kind: ChangeKind
    selector: str = ""


_SETTINGS: Final = (
    _Setting("kube_deployment_spec_replicas", "deployment", "scaling"),
    _Setting("kube_statefulset_replicas", "statefulset", "scaling"),
    _Setting("kube_node_spec_unschedulable", "node", "infrastructure"),
    _Setting("kube_node_status_condition", "node", "infrastructure", '{condition="Ready",status="true"}'),
    # Last: what a scaling or a rollout explains is not told again.
    _Setting("kube_deployment_metadata_generation", "deployment", "configuration"),
    _Setting("kube_statefulset_metadata_generation", "statefulset", "configuration"),
)


async def find_changes(
    client: PrometheusClient, survey: Survey, window: Window, within_s: float
) -> tuple[tuple[Change, ...], list[str]]:
    """The changes of `window` in order of time, and what could not be asked. Raises `SourceError`."""
    asked = [_rollouts(client, survey, window), _versions(client, survey, window)]
    asked += [_settings(client, survey, window, setting) for setting in _SETTINGS if setting.metric in survey.present]
    asked.append(find_restarts(client, survey, window))
    replies = await gather_results(asked, source=client.source, within_s=within_s)
    notes = [f"changes: {reply.problem}" for reply in replies if isinstance(reply, SourceError)]
    told: list[Change] = []
    for changes in replies:
        if not isinstance(changes, SourceError):
            told += [change for change in changes if not _is_explained(change, told)]
    inside = [change for change in told if window.start <= change.time <= window.end]
    return tuple(sorted(inside, key=lambda change: (change.time, change.id or ""))), notes


def _is_explained(change: Change, told: Iterable[Change]) -> bool:
    """Whether it is only the trace of another change: a generation counts on with every scaling and rollout."""
    if change.kind not in ("configuration", "other"):
        return False
    return any(
        other.resource == change.resource and abs((other.time - change.time).total_seconds()) <= _SAME_S
        for other in told
    )


async def _rollouts(client: PrometheusClient, survey: Survey, window: Window) -> list[Change]:
    """Each ReplicaSet that took over from another one of its Deployment."""
    if "kube_pod_info" not in survey.present:
        return []

    def members(back_s: int) -> str:
        return f'count by ({_BY_OWNER}) (max_over_time(kube_pod_info{{created_by_kind="ReplicaSet"}}[{back_s}s]))'

    def named(row: Row) -> tuple[str, str] | None:
        labels = row.labels
        space, name = labels.get("namespace", ""), labels.get("created_by_name", "")
        return (survey.names.workload(space, "ReplicaSet", name), f"{space} {name}") if name else None

    rows, step = await closely(client, members, window, survey.interval_s)
    found_births = await births_of(rows, named, step)
    images = await _images(client, survey, window, found_births) if found_births else {}
    first: dict[tuple[str, str], float] = {}
    for workload, birth in found_births:
        first.setdefault((workload, birth.new), birth.time)
    return [
        _rollout(workload, birth, images, first=birth.time == first[workload, birth.new])
        for workload, birth in found_births
    ]


async def _images(
    client: PrometheusClient, survey: Survey, window: Window, found_births: Iterable[tuple[str, Birth]]
) -> dict[str, dict[str, str]]:
    """The image of each container of the ReplicaSets that come and go, by namespace and name."""
    if "kube_pod_container_info" not in survey.present:
        return {}
    sets = sorted({name.partition(" ")[2] for _, birth in found_births for name in (birth.old, birth.new) if name})
    back = f"[{math.ceil(window.seconds)}s]"
    wanted = f'created_by_kind="ReplicaSet",created_by_name=~"{"|".join(sets)}"'
    reply = await client.at(
        f"max by ({_BY_OWNER}, container, image) (max_over_time(kube_pod_container_info{back}) * on (namespace, pod)"
        " group_left (created_by_kind, created_by_name) max by (namespace, pod, created_by_kind, created_by_name)"
        f" (max_over_time(kube_pod_info{{{wanted}}}{back})))",
        window.end.timestamp(),
    )
    images: dict[str, dict[str, str]] = {}
    for row in reply.rows:
        labels = row.labels
        key = f"{labels.get('namespace', '')} {labels.get('created_by_name', '')}"
        images.setdefault(key, {})[labels.get("container", "")] = client.clean(labels.get("image", ""))
    return images


def _rollout(workload: str, birth: Birth, images: Mapping[str, Mapping[str, str]], *, first: bool) -> Change:
    old, new = images.get(birth.old, {}), images.get(birth.new, {})
    changed = {name: image for name, image in sorted(new.items()) if old.get(name) not in (None, image)}
    made = safe_line(birth.new.partition(" ")[2], limit=_LONGEST)
    what = "; ".join(f"{name} {old[name]} → {image}" for name, image in changed.items())
    what = what or (f"first pods of {made}" if not birth.old else f"new pods ({made}), the same image" if old and new
                    else f"new pods ({made})")  # fmt: skip
    after: dict[str, Any] = {"replica_set": made}
    if changed:
        after["version"] = next(iter(changed.values())).rpartition("/")[2].partition("@")[0]
    kind: ChangeKind = "configuration" if old and new and not changed else "deployment"
    name = made if first else f"{made} again at {moment(datetime.fromtimestamp(birth.time, UTC))}"
    return _change(birth.time, name, workload, kind, what, after=after)


async def _versions(client: PrometheusClient, survey: Survey, window: Window) -> list[Change]:
    """Each other version of a service, as its programs tell it; a rollout in Kubernetes shows by its pods."""

    def running(back_s: int) -> str:
        vector = f"count by (namespace, {', '.join(SERVICE_LABELS)}, version) (max_over_time({_BUILD}[{back_s}s]))"
        return f"sum by (namespace, {RESOURCE}, version) ({named_by(vector, SERVICE_LABELS)})"

    def named(row: Row) -> tuple[str, str] | None:
        name = row.labels.get(RESOURCE)
        if not name:
            return None
        return survey.names.service(row.labels.get("namespace", ""), name), row.labels.get("version", "")

    rows, step = await closely(client, running, window, survey.interval_s)
    return [
        _change(birth.time, f"{base_name(service)} {client.clean(birth.new)}", service, "deployment",
                f"version {client.clean(birth.old)} → {client.clean(birth.new)}",
                before={"version": client.clean(birth.old)}, after={"version": client.clean(birth.new)})
        for service, birth in await births_of(rows, named, step) if birth.old
    ]  # fmt: skip


async def _settings(client: PrometheusClient, survey: Survey, window: Window, setting: _Setting) -> list[Change]:
    """Each time at which the number changed."""
    by = setting.scope if setting.scope == "node" else f"namespace, {setting.scope}"
    vector = f"{setting.metric}{setting.selector}"
    back = f"[{math.ceil(window.seconds)}s]"
    moved = (await client.at(f"max by ({by}) (changes({vector}{back})) > 0", window.end.timestamp())).rows
    if not moved:
        return []
    automatic = await _autoscaled(client, survey, window) if setting.kind == "scaling" else frozenset()
    only = "|".join(sorted({row.labels.get(setting.scope, "") for row in moved}))
    condition = setting.selector[1:-1] + "," if setting.selector else ""
    expression = f'max by ({by}) ({setting.metric}{{{condition}{setting.scope}=~"{only}"}})'
    rows, _ = await closely(client, lambda _: expression, window, survey.interval_s)
    merged = counts_of(rows, lambda row: ((row.labels.get("namespace", ""), row.labels.get(setting.scope, "")), ""))
    return [
        change
        for (space, name), values in merged.items() if (setting.scope, space, name) not in automatic
        for change in _of_setting(survey, setting, (space, name), values[""])
    ]  # fmt: skip


def _of_setting(
    survey: Survey, setting: _Setting, place: tuple[str, str], values: Mapping[float, float]
) -> Iterator[Change]:
    space, name = place
    resource = survey.names.node(name) if setting.scope == "node" else survey.names.workload(space, setting.scope, name)
    times = sorted(values)
    for earlier, time in pairwise(times):
        before, after = round(values[earlier]), round(values[time])
        if before != after:
            yield _told(setting, resource, time, before, after)


def _told(setting: _Setting, resource: str, time: float, before: int, after: int) -> Change:
    called = base_name(resource)
    if setting.kind == "scaling":
        return _change(time, f"{called} scaled to {after}", resource, "scaling", f"replicas {before} → {after}",
                       before={"replicas": before}, after={"replicas": after})  # fmt: skip
    if setting.metric == "kube_node_spec_unschedulable":
        what = "cordoned: it takes no new pods" if after else "takes pods again"
    elif setting.scope == "node":
        what = "ready again" if after else "not ready any more"
    else:
        what = f"specification changed (generation {before} → {after})"
    return _change(time, f"{called} {what.partition(':')[0]}", resource, setting.kind, what)


async def _autoscaled(client: PrometheusClient, survey: Survey, window: Window) -> frozenset[tuple[str, str, str]]:
    """What an autoscaler scales, which is nobody's change: kind, namespace, name."""
    if "kube_horizontalpodautoscaler_info" not in survey.present:
        return frozenset()
    reply = await client.at("kube_horizontalpodautoscaler_info", window.end.timestamp())
    return frozenset(
        (row.labels.get("scaletargetref_kind", "").lower(), row.labels.get("namespace", ""),
         row.labels.get("scaletargetref_name", ""))
        for row in reply.rows
    )  # fmt: skip


def _change(
    time: float, name: str, resource: str, kind: ChangeKind, what: str, *, before: Any = None, after: Any = None
) -> Change:
    return Change(
        time=datetime.fromtimestamp(time, UTC),
        id=safe_line(name, limit=_LONGEST),
        resource=resource,
        kind=kind,
        summary=safe_line(f"{base_name(resource)}: {what}", limit=_LONGEST),
        before=before,
        after=after,
        origin=METRICS_ORIGIN,
    )
