"""Carries out the runs of one incident: preflight, preview, wait for approval, dispatch, converge, verify.

The folded state says which step is next, so a run continues after a crash as it would have without one. The runner
writes only by sending commands to its incident, and sends a call only after its intent is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, Protocol

from engine.act.commands import (
    ApproveUndo,
    BeginDispatch,
    ExpireRun,
    RecordChecks,
    RecordConvergence,
    RecordDispatch,
    RecordMeasurement,
    RecordPlan,
    RecordVerification,
    RefuseRun,
    RunCommand,
)
from engine.act.planning import make_plan, mark_of
from engine.act.policy_file import CurrentPolicy
from engine.act.verification import Judged, measure_until_good
from engine.act.world import World
from engine.failpoints import failpoint
from engine.incident import IncidentState
from engine.state.runs import ActionRun
from primitives.actions.execution import Convergence, Dispatch, Preview
from primitives.clock import Clock
from primitives.errors import CloudopsError, PolicyError, SourceError, StoreError, UsageError
from primitives.remediations.registry import remediations
from primitives.telemetry import Telemetry

__all__ = ["ActionRunner", "RunAccess", "stop_run"]

_PAUSE_S: Final = 1.0
_FIND_OUT_S: Final = 120.0
"""An API server gives up on a request within a minute; a call that has left no trace by then never arrived."""
_LEAST_CONVERGE_S: Final = 120.0
_PATIENCE: Final = 3
"""It may take so many times as long as was estimated."""


class RunAccess(Protocol):
    """What a runner may use of its incident; the actor implements it."""

    @property
    def state(self) -> IncidentState:
        """What is known by now. Read it again after each `await`."""
        ...

    @property
    def policy(self) -> CurrentPolicy:
        """The policy that holds now."""
        ...

    async def send(self, command: RunCommand) -> None:
        """Send a command; returns when its events are stored. Raises `CloudopsError`."""
        ...

    async def until(self, condition: Callable[[IncidentState], bool]) -> None:
        """Wait until the state fulfils `condition`."""
        ...


class ActionRunner:
    """Continues the unfinished run of `incident`, and then the next one, until there is none.

    `alone` says that no second person can reach this engine.
    """

    def __init__(self, incident: RunAccess, world: World, telemetry: Telemetry, clock: Clock, *, alone: bool) -> None:
        self._incident = incident
        self._world = world
        self._telemetry = telemetry
        self._clock = clock
        self._alone = alone
        self._sent_at: dict[str, float] = {}
        """When this process sent the call of a run, on the clock that nobody sets."""

    async def run(self) -> None:
        """Continue until no run is unfinished. Raises `StoreError`. A cancelled run can be continued later."""
        while (run := self._incident.state.remediation.unfinished) is not None:
            if not await self._step(run):
                return

    async def _step(self, run: ActionRun) -> bool:
        """One transition; False where the run can't go on now."""
        match run.status:
            case "requested":
                await self._preflight(run)
            case "checked":
                await self._preview(run)
            case "previewed":
                await self._await_approval(run)
            case "approved":
                await self._dispatch(run)
            case "dispatching":
                lost = Dispatch(outcome="unknown", detail="the engine stopped before the answer came")
                await self._send(RecordDispatch(run.id, lost))
            case "unknown":
                return await self._find_out(run)
            case "executed" | "converging":
                await self._converge(run)
            case _:
                await self._verify(run)
        return True

    async def _send(self, command: RunCommand) -> None:
        await self._incident.send(command)

    async def _preflight(self, run: ActionRun) -> None:
        failpoint("act.requested")
        try:
            operations, arguments, writer = await self._operations(run)
            preflight = await operations.preflight(writer, arguments)
        except SourceError as error:
            await self._send(RefuseRun(run.id, str(error)))
        else:
            await self._send(RecordChecks(run.id, preflight))

    async def _preview(self, run: ActionRun) -> None:
        failpoint("act.checked")
        current = self._incident.policy
        try:
            plan, _ = await make_plan(self._incident.state, run, self._world, current, self._clock.now())
            _, _, writer = await self._operations(run)
        except SourceError as error:
            await self._send(RefuseRun(run.id, str(error)))
            return
        if current.problem:
            await self._send(RefuseRun(run.id, f"the policy can't be used: {current.problem}"))
        elif current.policy.require_act_identity and not writer.separate:
            await self._send(RefuseRun(run.id, f"the policy wants an identity to act with; {writer.name} has none"))
        elif plan.verdict == "two_person" and self._alone:
            why = f"rule {plan.rule} wants two people, and no second account can reach this engine"
            await self._send(RefuseRun(run.id, why))
        else:
            await self._send(RecordPlan(run.id, plan, current.policy.approval_minutes))
            failpoint("act.previewed")

    async def _await_approval(self, run: ActionRun) -> None:
        if run.undoes:
            await self._attempt(ApproveUndo(run.id, self._incident.policy))
        decided = asyncio.create_task(self._incident.until(lambda state: state.runs[run.id].status != "previewed"))
        try:
            await asyncio.wait({decided}, timeout=self._left_s(run))
        finally:
            decided.cancel()
        if self._incident.state.runs[run.id].status == "previewed":
            await self._send(ExpireRun(run.id, "nobody approved it in time"))

    def _left_s(self, run: ActionRun) -> float:
        assert run.expires_at is not None
        return max(0.0, (run.expires_at - self._clock.now()).total_seconds())

    async def _dispatch(self, run: ActionRun) -> None:
        """Check and preview again, store the intent, send the call, and record what became of it."""
        failpoint("act.approved")
        try:
            preview, digest = await self._looked_again(run)
            await self._send(BeginDispatch(run.id, digest, preview.call.fence, self._incident.policy))
        except (PolicyError, SourceError) as error:
            await self._send(ExpireRun(run.id, f"not sent: {error}"))
            return
        except UsageError:
            return  # It was rejected meanwhile.
        failpoint("act.intent")
        operations, _, writer = await self._operations(run)
        self._sent_at[run.id] = self._clock.monotonic()
        answer = await operations.dispatch(writer, preview)
        failpoint("act.called")
        await self._send(RecordDispatch(run.id, answer))
        failpoint("act.dispatched")

    async def _looked_again(self, run: ActionRun) -> tuple[Preview, str]:
        """The preview as it would be now, and the digest of the plan with it. Raises `PolicyError`, `SourceError`."""
        operations, arguments, writer = await self._operations(run)
        preflight = await operations.preflight(writer, arguments)
        if not preflight.passed:
            failed = next((check for check in preflight.checks if not check.passed), None)
            raise PolicyError(f"{failed.name}: {failed.detail}" if failed else "nothing was checked")
        state, policy = self._incident.state, self._incident.policy
        plan, preview = await make_plan(state, run, self._world, policy, self._clock.now())
        assert run.plan is not None
        # The verdict may have changed with the time alone: the intent's decider judges it anew.
        same = plan.model_copy(update={"verdict": run.plan.verdict, "rule": run.plan.rule})
        return preview, same.digest()

    async def _find_out(self, run: ActionRun) -> bool:
        """Read from the target what became of the call; False while nobody can say."""
        failpoint("act.unknown")
        assert run.plan is not None
        operations, arguments, writer = await self._operations(run)
        while True:
            looked = True
            try:
                answer = await operations.find_out(
                    writer, arguments, _with_fence(run.plan.preview, run.fence), mark_of(self._incident.state, run)
                )
            except SourceError as error:
                answer, looked = Dispatch(outcome="unknown", detail=str(error)), False
            waited_s = self._waited_s(run)
            if answer.outcome == "unknown" and looked and waited_s > _FIND_OUT_S:
                answer = Dispatch(outcome="refused", detail="it left no trace on its target: it never arrived")
            if answer.outcome != "unknown":
                await self._send(RecordDispatch(run.id, answer, read=True))
                return True
            if waited_s > _FIND_OUT_S or waited_s < 0:
                return False
            await self._clock.sleep(_PAUSE_S)

    def _waited_s(self, run: ActionRun) -> float:
        """How long ago the call was sent: of one that another process sent the clock on the wall says it alone."""
        if run.id in self._sent_at:
            return self._clock.monotonic() - self._sent_at[run.id]
        now = self._clock.now()
        return (now - (run.dispatched_at or now)).total_seconds()

    async def _converge(self, run: ActionRun) -> None:
        assert run.plan is not None
        operations, arguments, writer = await self._operations(run)
        until = self._deadline(run)
        while True:
            try:
                news = await operations.converged(writer, arguments, run.plan.preview)
            except SourceError as error:
                news = Convergence(state="converging", done=run.done, total=run.total, detail=str(error))
            if news.state == "converging" and self._clock.monotonic() > until:
                news = news.model_copy(update={"state": "failed", "detail": f"it takes too long: {news.detail}"})
            await self._send(RecordConvergence(run.id, news))
            if news.state != "converging":
                failpoint("act.converged")
                if news.state == "failed":
                    await self._send(RecordVerification(run.id, "not_improved", None, news.detail))
                return
            await self._clock.sleep(_PAUSE_S)

    def _deadline(self, run: ActionRun) -> float:
        assert run.plan is not None
        longest_s = max(_LEAST_CONVERGE_S, _PATIENCE * run.plan.duration_s)
        began = run.dispatched_at or self._clock.now()
        gone_s = (self._clock.now() - began).total_seconds()
        return self._clock.monotonic() + longest_s - min(max(gone_s, 0.0), longest_s / 2)

    async def _verify(self, run: ActionRun) -> None:
        assert run.plan is not None
        plan = run.plan.verification
        if plan is None:
            outcome = "verified" if run.undoes else "inconclusive"
            await self._send(RecordVerification(run.id, outcome, None, run.plan.unverified))  # type: ignore[arg-type]
            return
        since: datetime = run.converged_at or self._clock.now()

        async def record(judged: Judged) -> None:
            await self._send(RecordMeasurement(run.id, judged.value, judged.good_for_s, judged.answers))

        judged, words = await measure_until_good(self._telemetry, plan, self._clock, since, record)
        outcomes = {"good": "verified", "bad": "not_improved", "no data": "inconclusive"}
        await self._send(RecordVerification(run.id, outcomes[judged.state], judged.value, words))  # type: ignore[arg-type]
        failpoint("act.verified")

    async def _attempt(self, command: RunCommand) -> None:
        """Send a command that may be refused: then a person decides."""
        try:
            await self._send(command)
        except StoreError:
            raise
        except CloudopsError:
            return

    async def _operations(self, run: ActionRun) -> tuple[Any, Any, Any]:
        remediation = remediations()[run.action.primitive]
        assert remediation.operations is not None
        arguments = remediation.arguments.model_validate(run.action.arguments)
        return remediation.operations, arguments, await self._world.writer(remediation.operations.platform, arguments)


async def stop_run(incident: RunAccess, because: str) -> None:
    """End the unfinished run where nothing was sent yet; a run that was sent can be continued."""
    run = incident.state.remediation.unfinished
    if run is None or run.sent:
        return
    ending = RefuseRun if run.status in ("requested", "checked") else ExpireRun
    with suppress(CloudopsError):
        await incident.send(ending(run.id, because))


def _with_fence(preview: Preview, fence: str) -> Preview:
    return preview.model_copy(update={"call": preview.call.model_copy(update={"fence": fence})})
