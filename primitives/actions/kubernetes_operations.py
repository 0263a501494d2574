"""The operations of an action that patches one object of a cluster: checks, dry run, fenced patch, reading back.

The patch is a JSON patch (RFC 6902). At dispatch it also replaces `metadata.resourceVersion` by the one that was read,
which the server refuses with 409 where anything was written since, and sets an annotation to the run's name: by that a
later reading tells whether this very call arrived.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Literal

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
    existing,
    fencing,
    gitops_way,
    marking,
    owner_of,
    permission,
    pointer,
    presence,
    version_of,
)
from primitives.dataclass import dataclass
from primitives.errors import SourceUnreachable
from primitives.kubernetes.fields import mapping, strings, text

__all__ = ["ObjectPatch", "Patch", "SpecSwitch"]

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
    radius: Callable[[KubernetesWorld, Any, Object], Awaitable[BlastRadius]]
    prior: Callable[[KubernetesWorld, Any, Object], Awaitable[PriorState]] = _nothing_before
    checks: Callable[[KubernetesWorld, Any, Object], Awaitable[Iterable[Check]]] = _no_checks
    owned: bool = True
    access: tuple[Access, ...] = ()
    platform: str = "kubernetes"

    async def preflight(self, world: KubernetesWorld, arguments: Any) -> Preflight:
        """Whether the target is there, not going, nobody else's, and may be patched."""
        ref = self.ref(arguments)
        current = await world.get(ref.path)
        checks = list(presence(ref, current))
        if current is None:
            return Preflight(checks=tuple(checks))
        instead = ""
        if self.owned:
            owner, way = owner_of(current), gitops_way(current)
            detail = f"{owner} would undo it: change that" if owner else ""
            checks.append(Check(name="no controller owns it", passed=not owner, detail=detail))
            instead = way[1] if way else ""
            detail = f"{way[0]} would undo it; instead: {way[1]}" if way else ""
            checks.append(Check(name="it is not applied from Git", passed=way is None, detail=detail))
        checks += [await permission(world, access, ref) for access in (_patching(ref), *self.access)]
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
        current = await existing(world, ref)
        change = await self.patch(world, arguments, current)
        if not change:
            raise SourceUnreachable(world.name, f"{ref.id} is at the goal already")
        call = Call(
            api=ref.api,
            operation=f"patch {ref.kind}",
            target=ref.id,
            fence=text(current, _METADATA, "resourceVersion"),
            parameters={"path": ref.path, "patch": [*change, marking(current, mark)]},
        )
        after = await world.dry_run(_request(call))
        return Preview(
            call=call, diff=diff_of(current, after), prior=await self.prior(world, arguments, current),
            blast_radius=await self.radius(world, arguments, current), version=version_of(current),
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
        """How far the object has come towards its desired state."""
        del preview
        current = await world.get(self.ref(arguments).path)
        if current is None:
            return Convergence(state="failed", done=0, total=1, detail="the target is gone")
        return self.progress(arguments, current)


@dataclass(frozen=True, slots=True)
class SpecSwitch:
    """A setting `name` of an object's spec that is true or absent; `on` and `off` say what the object does then."""

    name: str
    on: str
    off: str

    def is_on(self, current: Object) -> bool:
        """Whether the object has it set."""
        return mapping(current, "spec").get(self.name) is True

    def patch(self, *, on: bool) -> Callable[[KubernetesWorld, Any, Object], Awaitable[Patch]]:
        """An `ObjectPatch.patch` that sets it, or takes it away."""

        async def patch(world: KubernetesWorld, arguments: Any, current: Object) -> Patch:
            del world, arguments
            if self.is_on(current) == on:
                return ()
            path = pointer("spec", self.name)
            return ({"op": "add", "path": path, "value": True} if on else {"op": "remove", "path": path},)

        return patch

    def progress(self, *, on: bool) -> Callable[[Any, Object], Convergence]:
        """An `ObjectPatch.progress` that waits until it is set, or gone."""

        def progress(arguments: Any, current: Object) -> Convergence:
            del arguments
            is_on = self.is_on(current)
            state: Literal["converged", "converging"] = "converged" if is_on == on else "converging"
            return Convergence(state=state, done=int(is_on == on), total=1, detail=self.on if is_on else self.off)

        return progress


def _patching(ref: ObjectRef) -> Access:
    return Access("patch", ref.group, ref.plural)


def _request(call: Call) -> Request:
    return Request("PATCH", call.parameters["path"], [fencing(call.fence), *call.parameters["patch"]], JSON_PATCH)
