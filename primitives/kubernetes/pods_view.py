"""A pod as the analysis sees it: its phase, readiness and containers, read once from a raw object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from primitives.dataclass import dataclass
from primitives.kubernetes.fields import at, instant, integer, mapping, maps, text
from primitives.kubernetes.kinds import KubeObject

__all__ = ["Container", "Pod", "read_pod"]


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """One container of a pod, what is wanted (`spec`) and what is (`status`); either may be empty.

    `init` marks init containers; a sidecar (an init container that is always restarted) isn't one of them.
    """

    name: str
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    init: bool

    @property
    def ready(self) -> bool | None:
        """Whether it is ready; None where the status doesn't say."""
        ready = self.status.get("ready")
        return ready if isinstance(ready, bool) else None

    @property
    def started(self) -> bool:
        """Whether its startup probe has passed; always false where it has none, or the status doesn't say."""
        return bool(mapping(self.spec, "startupProbe")) and self.status.get("started") is True

    @property
    def restarts(self) -> int:
        """How often it was restarted."""
        return integer(self.status, "restartCount") or 0

    def state(self, name: str) -> Mapping[str, Any]:
        """Its present `waiting`, `running` or `terminated` state; empty where it is in another."""
        return mapping(self.status, "state", name)

    @property
    def running(self) -> bool:
        """Whether it runs; a dump may leave out since when."""
        return "running" in mapping(self.status, "state")

    @property
    def last(self) -> Mapping[str, Any]:
        """How it last ended: the present state where it has ended, else the one before."""
        return self.state("terminated") or mapping(self.status, "lastState", "terminated")

    @property
    def started_at(self) -> datetime | None:
        """When the running instance started."""
        return instant(self.state("running"), "startedAt")


@dataclass(frozen=True, slots=True, eq=False)
class Pod:
    """A pod. `resource` is its workload's identifier, `controller` its direct owner's; `ready` None: unknown.

    `healthy_since` is when it last became ready with all its containers running.
    """

    item: KubeObject
    resource: str
    controller: str
    phase: str
    node: str
    ready: bool | None
    terminating: bool
    containers: tuple[Container, ...]
    healthy_since: datetime | None

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec."""
        return self.item.spec

    @property
    def address(self) -> str:
        """Its own IP address while it is there to answer; empty where it has none, or uses its node's."""
        own = self.live and self.spec.get("hostNetwork") is not True
        return text(self.item.raw, "status", "podIP") if own else ""

    @property
    def finished(self) -> bool:
        """Whether it has ended, with success or not."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def live(self) -> bool:
        """Whether it should serve: neither finished nor being deleted."""
        return not self.finished and not self.terminating

    @property
    def unknown(self) -> bool:
        """Whether it runs, and nothing says whether it is ready: not its condition, not its containers."""
        runs = all(container.running for container in self.containers if not container.init)
        return self.phase == "Running" and self.ready is None and runs

    @property
    def healthy(self) -> bool:
        """Whether it is known to be running and ready, or to have succeeded."""
        return self.phase == "Succeeded" or (self.phase == "Running" and self.ready is True and not self.terminating)


def read_pod(item: KubeObject, resource: str, controller: str) -> Pod:
    """The pod that `item` is."""
    containers = tuple(_containers(item))
    ready_condition = item.condition("Ready")
    ready = _ready(text(ready_condition, "status"), containers)
    moments = [instant(ready_condition, "lastTransitionTime")] if ready else []
    moments += [container.started_at for container in containers if not container.init]
    known = [moment for moment in moments if moment]
    return Pod(
        item=item,
        resource=resource,
        controller=controller,
        phase=text(item.raw, "status", "phase"),
        node=text(item.raw, "spec", "nodeName"),
        ready=ready,
        terminating=bool(at(item.raw, "metadata", "deletionTimestamp")),
        containers=containers,
        healthy_since=max(known) if ready and known else None,
    )


def _ready(condition: str, containers: tuple[Container, ...]) -> bool | None:
    if condition in ("True", "False"):
        return condition == "True"
    stated = [container.ready for container in containers if not container.init and container.ready is not None]
    return all(stated) if stated else None


def _containers(item: KubeObject) -> list[Container]:
    containers: list[Container] = []
    for specs, statuses, init in (
        ("initContainers", "initContainerStatuses", True),
        ("containers", "containerStatuses", False),
    ):
        status_of = {text(status, "name"): status for status in maps(item.raw, "status", statuses)}
        for spec in maps(item.raw, "spec", specs):
            name = text(spec, "name")
            sidecar = init and spec.get("restartPolicy") == "Always"
            containers.append(Container(name, spec, status_of.pop(name, {}), init and not sidecar))
        containers.extend(Container(name, {}, status, init) for name, status in status_of.items())
    return containers
