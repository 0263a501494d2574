"""The operations of an action that changes one resource of AWS: read, compare, call once, read until it is there.

Few of AWS's calls can be fenced: Lambda's aliases have a revision id, AppConfig's deployments a number. For the others
the target is read again right before the call, and the approval is void where anything of it differs. None carries a
mark; whether a call arrived whose answer was lost is read from what it changes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from primitives.actions.aws import InRegion
from primitives.actions.aws_world import AwsPlace, AwsWorld, Guard, Request
from primitives.actions.diffs import redacted_diff
from primitives.actions.execution import BlastRadius, Call, Check, Convergence, Dispatch, Preflight, Preview
from primitives.actions.inverse import PriorState
from primitives.backends.aws.fields import plain
from primitives.dataclass import dataclass
from primitives.digests import json_digest
from primitives.errors import SourceError, SourceUnreachable

__all__ = ["AwsChange", "Current", "Settings", "as_whole", "begun", "settled"]

Current = Mapping[str, Any]
"""What was read of the target: answers of AWS by a name of the action's own."""
Settings = Mapping[str, str | int | bool | None]
"""The settings that an action changes, by the names of its arguments or of AWS."""


async def _no_guards(world: AwsWorld, arguments: Any, current: Current) -> Iterable[Guard]:
    del world, arguments, current
    return ()


async def _as_it_is(world: AwsWorld, call: Call) -> Call:
    del world
    return call


async def _no_documents(world: AwsWorld, arguments: Any, current: Current) -> None:
    del world, arguments, current


def _arrived_as_wanted(before: Settings, wanted: Settings, now: Settings) -> bool | None:
    """Whether a call that sets values has arrived: they are there, or neither they nor those before."""
    if _is_there(now, wanted):
        return True
    return None if dict(now) == dict(before) else False


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsChange:
    """How one kind of action changes its target.

    `arn` is the target, `read` what is known of it (None: it isn't there), `settings` those of it that the action
    changes, `wanted` what they shall be, `request` the call. `progress` says how far it is, from the settings before
    and what it is now. `guards` are further checks. `identity` tells the target from another one of its name,
    `resources` are the ARNs that the call is about, by which its permission is cut. `documents` are what is compared
    for a person where the settings alone say little. `arrived` says by the settings before whether the call has
    arrived: None while that can't be said; `traces` then looks elsewhere, from the time of the call on. `complete` adds
    to the call what is not to be stored.
    """

    arn: Callable[[Any, AwsPlace], str]
    read: Callable[[AwsWorld, Any], Awaitable[Current | None]]
    settings: Callable[[Any, Current], Settings]
    wanted: Callable[[Any], Settings]
    request: Callable[[Any, Current], Request]
    progress: Callable[[Any, Settings, Current], Convergence]
    radius: Callable[[Any, Current], BlastRadius]
    guards: Callable[[AwsWorld, Any, Current], Awaitable[Iterable[Guard]]] = _no_guards
    identity: Callable[[Current], str] = lambda _: ""
    resources: Callable[[Any, AwsPlace, Current], tuple[str, ...]] | None = None
    documents: Callable[[AwsWorld, Any, Current], Awaitable[tuple[Any, Any] | None]] = _no_documents
    labels: Callable[[Current], Mapping[str, str]] = lambda _: {}
    arrived: Callable[[Settings, Settings, Settings], bool | None] = _arrived_as_wanted
    traces: Callable[[AwsWorld, Any, datetime], Awaitable[bool | None]] | None = None
    complete: Callable[[AwsWorld, Call], Awaitable[Call]] = _as_it_is
    platform: str = "aws"

    async def preflight(self, world: AwsWorld, arguments: InRegion) -> Preflight:
        """Whether the target is there, is in the account that acts, and nothing would undo the change."""
        place = await world.where()
        checks = [_same_place(arguments, place)]
        if not checks[0].passed:
            return Preflight(checks=tuple(checks))
        current = await self.read(world, arguments)
        missing = "" if current is not None else f"there is no {self.arn(arguments, place)}"
        checks.append(Check(name="the target exists", passed=not missing, detail=missing))
        if current is None:
            return Preflight(checks=tuple(checks))
        guards = tuple(await self.guards(world, arguments, current))
        checks += [each.check for each in guards]
        if all(check.passed for check in checks):
            there = _is_there(self.settings(arguments, current), self.wanted(arguments))
            detail = "nothing would change" if there else ""
            checks.append(Check(name="it is not at the goal already", passed=not there, detail=detail))
        return Preflight(checks=tuple(checks), instead=next((each.instead for each in guards if each.instead), ""))

    async def preview(self, world: AwsWorld, arguments: Any, mark: str) -> Preview:
        """The call, and what it changes. AWS has no dry run for it: current and wanted settings are compared here."""
        place = await world.where()
        target = self.arn(arguments, place)
        current = await self._existing(world, arguments, target)
        before, wanted = self.settings(arguments, current), self.wanted(arguments)
        if _is_there(before, wanted):
            raise SourceUnreachable(world.name, f"{target} is at the goal already")
        request = self.request(arguments, current)
        resources = self.resources(arguments, place, current) if self.resources is not None else (target,)
        version = f"{self.identity(current)} {json_digest(dict(before))[:16]}".strip()
        documents = await self.documents(world, arguments, current) or (before, {**before, **wanted})
        call = Call(
            api=request.service, operation=request.operation, target=target, fence=_fence(world.now()),
            parameters={"request": request.parameters, "resources": list(resources), "mark": mark},
        )  # fmt: skip
        return Preview(
            call=call, diff=redacted_diff(*map(plain, documents)), prior=PriorState(values=before), version=version,
            blast_radius=self.radius(arguments, current), labels=self.labels(current),
        )  # fmt: skip

    async def dispatch(self, world: AwsWorld, preview: Preview) -> Dispatch:
        """Send the call, once."""
        try:
            call = await self.complete(world, preview.call)
        except SourceError as error:
            return Dispatch(outcome="refused", detail=f"it was not sent: {error.problem}")
        return await world.send(call)

    async def find_out(self, world: AwsWorld, arguments: Any, preview: Preview, mark: str) -> Dispatch:
        """By the settings. As wanted: it arrived. As before: it may still arrive. Else: somebody else changed them."""
        del mark
        current = await self.read(world, arguments)
        if current is None:
            return Dispatch(outcome="refused", detail="the target is gone")
        before, now = preview.prior.values, self.settings(arguments, current)
        arrived = self.arrived(before, self.wanted(arguments), now)
        if arrived is None and self.traces is not None:
            arrived = await self.traces(world, arguments, _time_of(preview.call.fence))
        if arrived is None:
            return Dispatch(outcome="unknown", detail="the target is as it was")
        if arrived:
            return Dispatch(outcome="accepted", detail="the target is as it was wanted")
        return Dispatch(outcome="refused", detail="the target was changed by somebody else, and not to what was wanted")

    async def converged(self, world: AwsWorld, arguments: Any, preview: Preview) -> Convergence:
        """How far the target has come, by reading."""
        current = await self.read(world, arguments)
        if current is None:
            return Convergence(state="failed", done=0, total=1, detail="the target is gone")
        return self.progress(arguments, preview.prior.values, current)

    async def _existing(self, world: AwsWorld, arguments: Any, target: str) -> Current:
        current = await self.read(world, arguments)
        if current is None:
            raise SourceUnreachable(world.name, f"there is no {target}")
        return current


def as_whole(part: str) -> Callable[[Any, Current], BlastRadius]:
    """An `AwsChange.radius` of a target, called `part`, that is changed all at once."""

    def radius(arguments: Any, current: Current) -> BlastRadius:
        del arguments, current
        return BlastRadius(at_a_time=1, parts=1, part=part)

    return radius


def begun(name: str) -> Callable[[Settings, Settings, Settings], bool | None]:
    """Whether a call that starts something has arrived: the newest one of it, which setting `name` holds, is new."""

    def arrived(before: Settings, wanted: Settings, now: Settings) -> bool | None:
        del wanted
        return True if now.get(name) and now.get(name) != before.get(name) else None

    return arrived


def settled(*, when: bool, detail: str, failed: str = "", done: int = 0, total: int = 1) -> Convergence:
    """How far it is: failed for a reason, there `when` it is, else on its way with `done` of `total` parts."""
    if failed:
        return Convergence(state="failed", done=done, total=total, detail=failed)
    if when:
        return Convergence(state="converged", done=total, total=total, detail=detail)
    return Convergence(state="converging", done=done, total=total, detail=detail)


def _fence(now: datetime) -> str:
    """When it was looked at last before the call: the fence is renewed then, and not part of what is approved."""
    return now.astimezone(UTC).isoformat(timespec="seconds")


def _time_of(fence: str) -> datetime:
    return datetime.fromisoformat(fence)


def _is_there(settings: Settings, wanted: Settings) -> bool:
    return all(name in settings and settings[name] == value for name, value in wanted.items())


def _same_place(arguments: InRegion, place: AwsPlace) -> Check:
    """What was recommended is in one account and region; the credentials may be of another."""
    wrong = [
        f"it is in {what} {stated}, the credentials are of {known}"
        for what, stated, known in (
            ("account", arguments.account, place.account), ("region", arguments.region, place.region),
        )
        if stated and stated != known
    ]  # fmt: skip
    return Check(name="it is in the account and region that acts", passed=not wrong, detail="; ".join(wrong))
