"""Rollouts as changes: what the newest revision of a Deployment changed, and when it came.

A deployment need not be recorded anywhere: the API server keeps the ReplicaSets of earlier revisions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from primitives.kubernetes.cluster import Cluster
from primitives.kubernetes.fields import instant, text
from primitives.kubernetes.kinds import KubeObject, template_of
from primitives.kubernetes.revisions import differences, revision, revisions_of
from primitives.records import SERVING_AFTER_S, Change
from primitives.text import safe_line

__all__ = ["find_rollouts", "rolled_out_at"]

_LOOK_BACK: Final = timedelta(days=1)
_SUMMARY: Final = 200
_RESTARTED: Final = "restarted with the same template, reading its configuration anew"


def find_rollouts(cluster: Cluster, *, restarts: bool = False) -> Iterator[Change]:
    """The newest revision of each Deployment that has an earlier one, where it came within a day of the window.

    One that changes an image is a deployment, any other a change of configuration. With `restarts` one that changes
    nothing is told too: its pods read their ConfigMaps and Secrets anew (Kubernetes documentation, "ConfigMaps").
    """
    for item in cluster.all("Deployment"):
        revisions = revisions_of(cluster, item.id)
        if len(revisions) < 2:
            continue
        newest, earlier = revisions[0], revisions[1]
        changed = differences(template_of(earlier), template_of(newest))
        moment = rolled_out_at(item, newest, earlier)
        if (changed or restarts) and moment is not None and cluster.window.start - _LOOK_BACK <= moment <= cluster.now:
            yield _change(item, newest, changed, moment, _served_at(cluster, item, newest))


def rolled_out_at(deployment: KubeObject, newest: KubeObject, earlier: KubeObject) -> datetime | None:
    """When a revision came: its ReplicaSet's creation, unless it is an old one that was rolled back to."""
    created = instant(newest.raw, "metadata", "creationTimestamp")
    before = instant(earlier.raw, "metadata", "creationTimestamp")
    if created is not None and before is not None and created < before:
        return instant(deployment.condition("Progressing"), "lastUpdateTime")
    return created


def _served_at(cluster: Cluster, item: KubeObject, newest: KubeObject) -> datetime | None:
    """When the first of the revision's pods became ready: before that no request can have met the change."""
    ready = (pod.healthy_since for pod in cluster.pods_of.get(item.id, ()) if pod.controller == newest.id)
    return min((moment for moment in ready if moment is not None), default=None)


def _change(
    item: KubeObject,
    newest: KubeObject,
    changed: list[dict[str, Any]],
    moment: datetime,
    served: datetime | None,
) -> Change:
    image = next((difference for difference in changed if difference["path"].endswith(".image")), None)
    changes = ", ".join(
        f"{_name(difference['path'])} {_value(difference['before'])} → {_value(difference['after'])}"
        for difference in changed
    )
    after: dict[str, Any] = {
        "revision": revision(newest),
        "diff": "\n".join(line for difference in changed for line in _lines(difference)),
    }
    if cause := text(item.raw, "metadata", "annotations", "kubernetes.io/change-cause"):
        after["cause"] = safe_line(cause, limit=_SUMMARY)
    if served is not None and served >= moment:
        after[SERVING_AFTER_S] = (served - moment).total_seconds()
    if image is not None:
        after["version"] = str(image["after"]).rpartition("/")[2]
    return Change(
        time=moment,
        id=f"{item.name} revision {revision(newest)}",
        resource=item.id,
        kind="configuration" if image is None else "deployment",
        summary=safe_line(f"{item.name} revision {revision(newest)}: {changes or _RESTARTED}", limit=_SUMMARY),
        after=after,
    )


def _name(path: str) -> str:
    """The significant end of a path; names of variables and containers stay."""
    parts = [part for part in path.split(".") if part not in ("spec", "containers", "env", "metadata")]
    return ".".join(parts[-3:])


def _value(value: Any) -> str:
    return "none" if value is None else str(value)


def _lines(difference: Mapping[str, Any]) -> Iterator[str]:
    """Both sides of a difference as the lines of a diff."""
    for sign, value in (("-", difference["before"]), ("+", difference["after"])):
        if value is not None:
            yield f"{sign}{difference['path']}: {value}"
