"""A Kubernetes cluster as a source: its objects as they are now, its containers' logs, who depends on whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from primitives.backends.kubernetes.client import KubernetesClient
from primitives.backends.kubernetes.examine import examine_cluster
from primitives.backends.kubernetes.logs import choose_containers, read_logs
from primitives.backends.kubernetes.snapshot import Snapshot, take_snapshot
from primitives.clock import Clock
from primitives.errors import SourceDenied, SourceError
from primitives.examination import Examination
from primitives.kubernetes.fields import maps
from primitives.records import Change, ContainerLog, Coverage, Edge, KubernetesDump, Resource, Topology, Window
from primitives.telemetry import (
    Answer,
    BackendStatus,
    ChangesQuery,
    ContainerLogsQuery,
    ObjectsQuery,
    Query,
    Question,
    TopologyQuery,
)
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.backends.kubernetes import KubernetesSettings

__all__ = ["KubernetesBackend"]

_LIVE: Final = timedelta(minutes=2)
"""A window that ended at most so long ago ends now; the API server doesn't know what was before.

What was looked at in time is still known later, however long a plan waits for its confirmation."""
_PAST: Final = "it shows what is there now, not what was there then"

_ACTED_ON: Final = frozenset({"workload", "node"})
"""The kinds of a topology that actions act on."""


class KubernetesBackend:
    """One cluster, read with somebody's own kubectl credentials. It sends nothing but GET."""

    questions: ClassVar[frozenset[Question]] = frozenset({"objects", "container_logs", "topology", "changes"})

    def __init__(self, settings: KubernetesSettings, *, clock: Clock, name: str = "kubernetes") -> None:
        self.name = name
        self._clock = clock
        self._settings = settings
        self._client = KubernetesClient(settings, source=name)
        self._looking = asyncio.Lock()
        self._snapshot: Snapshot | None = None

    async def ask(self, query: Query) -> Answer[Any]:
        now = self._clock.now()
        if query.question not in self.questions:
            raise SourceError(self.name, f"can't be asked for {query.question.replace('_', ' ')}")
        if query.window.start > now:
            return Answer(query, self.name, "answered")
        if now - query.window.end > _LIVE and not self._knows(query.window.end):
            return Answer(query, self.name, "not_recorded", detail=_PAST)
        until = min(query.window.end, now)
        if isinstance(query, ObjectsQuery) and query.kinds is not None and not self._knows(until):
            few = await take_snapshot(self._client, until, self._settings.namespaces, query.kinds)
            return self._objects(query, few)
        snapshot = await self._look(Window(start=min(query.window.start, until), end=until))
        match query:
            case ObjectsQuery():
                return self._objects(query, snapshot)
            case TopologyQuery():
                return await asyncio.to_thread(self._topology, query, snapshot)
            case ContainerLogsQuery():
                return await self._logs(query, snapshot)
            case ChangesQuery():
                return await asyncio.to_thread(self._changes, query, snapshot)
            case _:
                raise AssertionError(query)

    async def check(self) -> BackendStatus:
        """Whether it can be reached, as whom it may list pods, and its version."""
        questions: tuple[Question, ...] = tuple(sorted(self.questions))
        try:
            version = await self._client.get("/version")
            access = await self._client.access()
            said = safe_line(str(version.get("gitVersion") or "unknown"), limit=40)
            where = await self._readable(access.namespace or "default")
        except SourceDenied as error:
            return BackendStatus(self.name, "denied", error.problem, questions)
        except SourceError as error:
            return BackendStatus(self.name, "unreachable", error.problem, questions)
        address = safe_line(access.server, limit=200)
        return BackendStatus(self.name, "reachable", f"version {said}, {where}", questions, address)

    async def examine(self) -> Examination:
        """As whom it is asked, what of it may not be read, its clock, and the sources that run in it."""
        return await examine_cluster(self._client, self._clock, self._settings.namespaces)

    async def close(self) -> None:
        await self._client.close()
        # To free the objects of thousands of pods takes longer than a key should wait.
        held, self._snapshot = [self._snapshot], None
        await asyncio.to_thread(held.clear)

    async def _readable(self, namespace: str) -> str:
        """Where pods may be listed, in words. Raises `SourceDenied` where nowhere."""
        few = {"limit": "1"}
        chosen = self._settings.namespaces
        if not chosen:
            try:
                await self._client.get("/api/v1/pods", few)
            except SourceDenied:
                chosen = (namespace,)
            else:
                return "the whole cluster can be read"
        for name in chosen:
            await self._client.get(f"/api/v1/namespaces/{name}/pods", few)
        return f"can be read in {', '.join(chosen)}"

    def _knows(self, time: datetime) -> bool:
        return self._snapshot is not None and self._snapshot.time == time

    async def _look(self, window: Window) -> Snapshot:
        # All diagnostics of an investigation ask about the same moment: one look serves them.
        async with self._looking:
            if self._snapshot is None or self._snapshot.time != window.end:
                self._snapshot = await take_snapshot(self._client, window.end, self._settings.namespaces)
            return self._snapshot

    def _objects(self, query: ObjectsQuery, snapshot: Snapshot) -> Answer[KubernetesDump]:
        dumps = tuple(dump for dump in snapshot.dumps if query.kinds is None or dump.kind in query.kinds)
        partial = bool(snapshot.refused or snapshot.missing or snapshot.incomplete)
        coverage = tuple(
            self._covers(("objects", f"objects:{dump.kind}"), snapshot) for dump in snapshot.dumps
            if dump.kind not in snapshot.incomplete and not snapshot.namespaces
        )  # fmt: skip
        return Answer(
            query, self.name, "partial" if partial else "answered", dumps, coverage,
            detail=_joined(snapshot.notes), completeness="cut" if snapshot.incomplete else "complete",
            left_out=", ".join(snapshot.incomplete),
        )  # fmt: skip

    def _topology(self, query: TopologyQuery, snapshot: Snapshot) -> Answer[Topology]:
        from primitives.kubernetes.cluster import Cluster
        from primitives.kubernetes.links import find_links, outside_calls

        cluster = Cluster(snapshot.dumps, Window(start=query.window.start, end=snapshot.time))
        names, links = find_links(cluster)
        kinds = {item.id: "workload" for item in cluster.workloads if not maps(item.raw, "metadata", "ownerReferences")}
        kinds |= {item.id: "node" for item in cluster.all("Node")}
        kinds |= {item.id: "network" for item in cluster.all("Service")}
        kinds |= names
        # Another source may know what has that address.
        outside = outside_calls(cluster)
        kinds |= {host: "external" for _, host, _ in outside}
        known = sorted(kinds.items())
        # What changes something needs to know which cluster it is: that is stated for what actions act on.
        context = self._settings.context
        stated = {"attributes": {"context": context}} if context else {}
        topology = Topology(
            resources=tuple(
                Resource.model_validate({"id": name, "kind": kind, **(stated if kind in _ACTED_ON else {})})
                for name, kind in known
            ),
            edges=tuple(Edge.model_validate({"from": a, "to": b, "kind": kind}) for a, b, kind in (*links, *outside)),
        )
        # Edges that nobody read are no absent edges.
        coverage = () if snapshot.incomplete else (self._covers(("topology",), snapshot),)
        return Answer(
            query, self.name, "partial" if snapshot.incomplete else "answered", (topology,), coverage,
            detail=_joined(snapshot.notes) if snapshot.incomplete else None,
            completeness="cut" if snapshot.incomplete else "complete", left_out=", ".join(snapshot.incomplete),
        )  # fmt: skip

    def _changes(self, query: ChangesQuery, snapshot: Snapshot) -> Answer[Change]:
        # Without coverage: the API server keeps the last revisions of workloads, and of all else only what is now.
        from primitives.kubernetes.cluster import Cluster
        from primitives.kubernetes.rollouts import find_rollouts

        cluster = Cluster(snapshot.dumps, Window(start=query.window.start, end=snapshot.time))
        changes = sorted(find_rollouts(cluster, restarts=True), key=lambda change: (change.time, change.id or ""))
        wanted = (change for change in changes if query.kinds is None or change.kind in query.kinds)
        return Answer(query, self.name, "answered", tuple(c for c in wanted if query.window.start <= c.time))

    async def _logs(self, query: ContainerLogsQuery, snapshot: Snapshot) -> Answer[ContainerLog]:
        wanted, more = await asyncio.to_thread(choose_containers, snapshot.dumps, snapshot.time)
        read = await read_logs(self._client, wanted, query.window)
        left_out = f"{more} logs of pods that are well" if more else ""
        coverage = () if read.missing else (self._covers(("container_logs",), snapshot),)
        return Answer(
            query, self.name, "partial" if read.missing else "answered", read.logs, coverage,
            detail=_joined(read.missing), completeness="cut" if more else "complete", left_out=left_out,
        )  # fmt: skip

    def _covers(self, kinds: tuple[str, ...], snapshot: Snapshot) -> Coverage:
        return Coverage.model_validate({
            "source": self.name, "kinds": kinds, "from": snapshot.time, "to": snapshot.time, "status": "answered",
        })  # fmt: skip


def _joined(notes: Iterable[str]) -> str | None:
    return safe_line("; ".join(notes), limit=400) or None
