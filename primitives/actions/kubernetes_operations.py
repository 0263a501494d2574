"""The operations of an action that patches one object of a cluster: checks, dry run, fenced patch, reading back.

The patch is a JSON patch (RFC 6902). At dispatch it also replaces `metadata.resourceVersion` by the one that was read,
which the server refuses with 409 where anything was written since, and leaves the run's name in an annotation: who
reads the object later knows whether this very call arrived.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from typing import Any, Final

from primitives.actions.execution import BlastRadius, Call, Check, Convergence, Dispatch, Preflight, Preview
from primitives.actions.inverse import PriorState
from primitives.actions.kubernetes_objects import (
    JSON_PATCH,
    MARK,
    Access,
    KubernetesWorld,
    ObjectRef,
    Request,
    TargetChanged,
    diff_of,
    gitops_way,
    owner_of,
    pointer,
    version_of,
)
from primitives.dataclass import dataclass
from primitives.errors import SourceUnreachable
from primitives.kubernetes.fields import mapping, strings, text

__all__ = ["ObjectPatch", "Patch"]

Object = Mapping[str, Any]
Patch = Sequence[Mapping[str, Any]]
"""Operations of a JSON patch."""
_METADATA: Final = "metadata"
_DRY_RUNS: Final = 4


async def _no_checks(world: KubernetesWorld, arguments: Any, current: Object) -> Iterable[Check]:
    del world, arguments, current
    return ()


async def _nothing_before(world: KubernetesWorld, arguments: Any, current: Object) -> PriorState:
    del world, arguments, current
    return PriorState()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPatch:
    """How one kind of action patches its target.

    `ref` is the target, `patch` the change to the object as it is (empty: it is at the goal already; raises
    `SourceError` where it can't be made), `prior` what is put back, `progress` how far the object is, `radius` what
    feels it. `checks` are further ones. `owned` says that an owner or GitOps would undo the change.
    """

    ref: Callable[[Any], ObjectRef]
    patch: Callable[[KubernetesWorld, Any, Object], Awaitable[Patch]]
    progress: Callable[[Any, Object], Convergence]
    radius: Callable[[Any, Object], BlastRadius]
    prior: Callable[[KubernetesWorld, Any, Object], Awaitable[PriorState]] = _nothing_before
    checks: Callable[[KubernetesWorld, Any, Object], Awaitable[Iterable[Check]]] = _no_checks
    owned: bool = True
    access: tuple[Access, ...] = ()
    platform: str = field(default="kubernetes")

    async def preflight(self, world: KubernetesWorld, arguments: Any) -> Preflight:
        """Whether the target is there, not going, nobody else's, and may be patched."""
        ref = self.ref(arguments)
        current = await world.get(ref.path)
        if current is None:
            return Preflight(checks=(Check(name="the target exists", passed=False, detail=f"there is no {ref.id}"),))
        going = text(current, _METADATA, "deletionTimestamp")
        checks = [
            Check(name="the target exists", passed=True),
            Check(name="it is not being deleted", passed=not going, detail=f"it is, since {going}" if going else ""),
        ]
        instead = ""
        if self.owned:
            owner, way = owner_of(current), gitops_way(current)
            detail = f"{owner} would undo it: change that" if owner else ""
            checks.append(Check(name="no controller owns it", passed=not owner, detail=detail))
            instead = way[1] if way else ""
            detail = f"{way[0]} would undo it; instead: {way[1]}" if way else ""
            checks.append(Check(name="it is not applied from Git", passed=way is None, detail=detail))
        checks += [await self._permission(world, access, ref) for access in (_patching(ref), *self.access)]
        checks += await self.checks(world, arguments, current)
        if all(check.passed for check in checks):
            change = await self.patch(world, arguments, current)
            detail = "" if change else "nothing would change"
            checks.append(Check(name="it is not at the goal already", passed=bool(change), detail=detail))
        return Preflight(checks=tuple(checks), instead=instead)

    async def preview(self, world: KubernetesWorld, arguments: Any, mark: str) -> Preview:
        """The patch, and what the server's dry run makes of it.

        The status of a workload in trouble changes by the second: then the target is read again.
        """
        for _ in range(_DRY_RUNS - 1):
            with suppress(TargetChanged):
                return await self._preview(world, arguments, mark)
        return await self._preview(world, arguments, mark)

    async def _preview(self, world: KubernetesWorld, arguments: Any, mark: str) -> Preview:
        ref = self.ref(arguments)
        current = await self._current(world, ref)
        change = await self.patch(world, arguments, current)
        if not change:
            raise SourceUnreachable(world.name, f"{ref.id} is at the goal already")
        call = Call(
            api=ref.api,
            operation=f"patch {ref.kind}",
            target=ref.id,
            fence=text(current, _METADATA, "resourceVersion"),
            parameters={"path": ref.path, "patch": [*change, _marking(current, mark)]},
        )
        after = await world.dry_run(_request(call))
        return Preview(
            call=call, diff=diff_of(current, after), prior=await self.prior(world, arguments, current),
            blast_radius=self.radius(arguments, current), version=version_of(current),
            labels=strings(current, _METADATA, "labels"),
        )  # fmt: skip

    async def dispatch(self, world: KubernetesWorld, preview: Preview) -> Dispatch:
        """Send the patch, once."""
        return await world.send(_request(preview.call))

    async def find_out(self, world: KubernetesWorld, arguments: Any, preview: Preview, mark: str) -> Dispatch:
        """By the mark: there, the patch arrived; not there and the object changed since, it never will."""
        current = await world.get(self.ref(arguments).path)
        if current is None:
            return Dispatch(outcome="refused", detail="the target is gone")
        if strings(current, _METADATA, "annotations").get(MARK) == mark:
            return Dispatch(outcome="accepted", detail="the target carries its mark")
        if text(current, _METADATA, "resourceVersion") != preview.call.fence:
            return Dispatch(
                outcome="refused", detail="the target was changed by somebody else, and doesn't carry its mark"
            )
        return Dispatch(outcome="unknown", detail="the target is as it was")

    async def converged(self, world: KubernetesWorld, arguments: Any, preview: Preview) -> Convergence:
        """How far the object is with being what it was told."""
        del preview
        current = await world.get(self.ref(arguments).path)
        if current is None:
            return Convergence(state="failed", done=0, total=1, detail="the target is gone")
        return self.progress(arguments, current)

    async def _current(self, world: KubernetesWorld, ref: ObjectRef) -> Object:
        current = await world.get(ref.path)
        if current is None:
            raise SourceUnreachable(world.name, f"there is no {ref.id}")
        return current

    async def _permission(self, world: KubernetesWorld, access: Access, ref: ObjectRef) -> Check:
        allowed, why = await world.may(access, ref)
        what = "/".join(filter(None, (access.resource, access.subresource)))
        return Check(name=f"it may {access.verb} {what}", passed=allowed, detail="" if allowed else why or "it may not")


def _patching(ref: ObjectRef) -> Access:
    return Access("patch", ref.group, ref.plural)


def _marking(current: Object, mark: str) -> Mapping[str, Any]:
    if mapping(current, _METADATA, "annotations"):
        return {"op": "add", "path": pointer(_METADATA, "annotations", MARK), "value": mark}
    return {"op": "add", "path": pointer(_METADATA, "annotations"), "value": {MARK: mark}}


def _request(call: Call) -> Request:
    fence = {"op": "replace", "path": pointer(_METADATA, "resourceVersion"), "value": call.fence}
    return Request("PATCH", call.parameters["path"], [fence, *call.parameters["patch"]], JSON_PATCH)
