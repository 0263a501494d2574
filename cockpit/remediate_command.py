"""`cloudops remediate`: asks on a plain terminal, executes through the engine, says the outcome.

It prints what the log says: a step is done when its event is stored, and what was sent is never reported as unsent.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import aclosing, suppress
from typing import Any, Final

from cockpit.asking import ask, ask_approval, plan_text
from cockpit.engine_access import open_engine
from cockpit.output import note, say, say_document
from cockpit.run_watch import Watch
from cockpit.run_words import OUTCOMES, run_words, verifying_words
from cockpit.settings import Settings
from cockpit.signals import handling, run
from engine.events import ActionBody, ActionMeasured, Event
from engine.hypotheses import Action
from engine.incident import IncidentState
from engine.port import ApproveAction, ContinueAction, EnginePort, KeepAction, PrepareAction, RejectAction
from engine.state.runs import ActionRun
from primitives.dataclass import dataclass
from primitives.errors import CloudopsError, Interrupted, PolicyError, UsageError
from primitives.quantities import duration
from primitives.remediations.registry import remediations
from primitives.text import safe_line

__all__ = ["RemediateOptions", "can_remediate", "remediate"]

_DONE: Final = frozenset({"verified", "rolled_back", "kept"})
_STOPPED: Final = frozenset({"refused", "rejected", "expired"})


@dataclass(frozen=True, slots=True)
class RemediateOptions:
    """What the command line says."""

    action: tuple[str, ...] = ()
    dry_run: bool = False
    yes: bool = False
    undo: str = ""
    as_json: bool = False


def remediate(settings: Settings, name: str, options: RemediateOptions) -> int:
    """Execute what an investigation recommended, step by step, each after its approval."""
    return run(_remediate(settings, name, options))


def can_remediate(state: IncidentState) -> bool:
    """Whether the incident has an action that can be executed."""
    return state.live and bool(_executable(state))


def _executable(state: IncidentState) -> list[Action]:
    known = remediations()
    return [
        action for action in state.actions
        if action.recommended and action.effect != "read" and action.command
        and (entry := known.get(action.primitive)) is not None and entry.executable
    ]  # fmt: skip


async def _remediate(settings: Settings, name: str, options: RemediateOptions) -> int:
    async with open_engine(settings) as port:
        execution_id = await port.resolve(name)
        live = settings.live_request()
        async with aclosing(Watch(port, execution_id)) as watch:
            await watch.catch_up()
            session = _Session(port, watch, options, live)
            try:
                return await session.go_through()
            finally:
                if options.as_json:
                    with suppress(CloudopsError):
                        await watch.catch_up()
                    say_document(_document(watch.state))


class _Session:
    """One call of the command: the steps in order, until one has helped or failed."""

    def __init__(self, port: EnginePort, watch: Watch, options: RemediateOptions, live: dict[str, Any]) -> None:
        self._port = port
        self._watch = watch
        self._options = options
        self._live = live
        self._interrupted = asyncio.Event()
        self._was_good: bool | None = None
        self._loop = asyncio.get_running_loop()

    async def go_through(self) -> int:
        """Run the steps; the exit code."""
        with handling({signal.SIGINT: self._interrupt}):
            if (open_run := self._watch.state.remediation.unfinished) is not None:
                if self._options.dry_run:
                    raise UsageError(
                        f"{open_run.id} ({open_run.action.action}) is not finished; first go on with it, "
                        "without --dry-run"
                    )
                self._tell(f"{open_run.id} ({open_run.action.action}) was interrupted; going on with it")
                await self._send(ContinueAction(**self._live))
                return await self._outcome(await self._carry_out(open_run.id, 1))
            if self._options.undo:
                return await self._step(self._prepare(undo=self._options.undo), 1)
            return await self._steps()

    async def _steps(self) -> int:
        state = self._watch.state
        if not state.live:
            # The engine says why: it refuses before anything is looked at.
            await self._send(PrepareAction(action="A-0"))
        actions = self._chosen(state)
        self._tell(f"Remediation Plan ({state.execution_id}):")
        code = 1
        for number, action in enumerate(actions, 1):
            code = await self._step(self._prepare(action=action.id), number)
            if not self._options.dry_run or code:
                left = len(actions) - number
                if left and code == 0:
                    self._tell(f"{left} further step{'s' if left > 1 else ''} not needed: it helped")
                break
        if code == 0:
            self._tell("Dry run complete: nothing was changed" if self._options.dry_run else "Remediation Complete")
        return code

    def _prepare(self, *, action: str = "", undo: str = "") -> PrepareAction:
        return PrepareAction(action=action, undo=undo, dry_run=self._options.dry_run, **self._live)

    def _chosen(self, state: IncidentState) -> list[Action]:
        known = _executable(state)
        if not self._options.action:
            if not known:
                raise UsageError(f"{state.execution_id} has no action that can be executed; `cloudops report` has all")
            return known
        wanted = [name.strip().casefold() for name in self._options.action]
        chosen = {action.id: action for name in wanted for action in state.actions if name in _names(action)}
        if not all(any(name in _names(action) for action in chosen.values()) for name in wanted):
            there = ", ".join(f"{action.id} ({action.action})" for action in known) or "none"
            raise UsageError(safe_line(f"no such action; these can be executed: {there}", limit=600))
        return list(chosen.values())

    async def _step(self, prepare: PrepareAction, number: int) -> int:
        before = len(self._watch.state.runs)
        await self._send(prepare)
        await self._watch.until(
            lambda state: len(state.runs) > before and state.remediation.latest.status not in ("requested", "checked")
        )
        run_id = self._watch.state.remediation.latest.id
        return await self._outcome(await self._carry_out(run_id, number))

    async def _carry_out(self, run_id: str, number: int) -> ActionRun:
        """Ask where it waits for approval, and follow it to its end."""
        asked = False
        while not (current := self._run(run_id)).ended:
            if current.status == "previewed" and not current.dry_run and not asked:
                asked = True
                self._show(current, number)
                if not await self._decide(current):
                    break
                continue
            if not await self._next(run_id):
                break
        current = self._run(run_id)
        if current.dry_run and current.plan is not None:
            self._show(current, number)
        return current

    async def _next(self, run_id: str) -> bool:
        """Wait for the next events and print those of the run; False where the log ended."""
        batch = asyncio.ensure_future(self._watch.batch())
        stop = asyncio.ensure_future(self._interrupted.wait())
        try:
            await asyncio.wait({batch, stop}, return_when=asyncio.FIRST_COMPLETED)
            if stop.done() and not batch.done():
                await self._ask_what_to_stop(run_id)
            events = await batch
        finally:
            stop.cancel()
            if batch.cancel():
                await asyncio.gather(batch, return_exceptions=True)
        for event in events:
            if isinstance(event.body, ActionBody) and event.body.run == run_id:
                self._tell_of(event)
        return bool(events)

    def _tell_of(self, event: Event) -> None:
        """What an event of the run says; of the looks at the metric only where the metric turned."""
        words = run_words(event.body, event.who)  # type: ignore[arg-type]
        if isinstance(event.body, ActionMeasured):
            turned = bool(event.body.good_for_s)
            words = verifying_words(self._run(event.body.run)) if turned != self._was_good else ""
            self._was_good = turned
        if words:
            self._tell(f"    {words}", progress=True)

    async def _decide(self, current: ActionRun) -> bool:
        """Ask, and approve or reject; False where it was not approved, neither here nor elsewhere meanwhile."""
        plan = current.plan
        assert plan is not None
        try:
            typed = await self._approval(current)
        except (Interrupted, EOFError):
            await self._quietly(RejectAction(run=current.id, because="interrupted"))
            raise await self._leaving(current.id) from None
        if typed is None:
            await self._quietly(RejectAction(run=current.id, because="not confirmed"))
            return await self._decided_elsewhere(current.id)
        try:
            await self._send(ApproveAction(run=current.id, digest=current.digest, typed=typed))
        except UsageError:
            if await self._decided_elsewhere(current.id):
                return True
            raise
        if plan.people > 1:
            what = f"cloudops approve {self._watch.execution_id} {current.id}"
            self._tell(f"Approved. A second person has to approve it from an account of their own: {what}")
        return True

    async def _decided_elsewhere(self, run_id: str) -> bool:
        """Whether somebody else approved it meanwhile; then it is followed from here too."""
        now = await self._watch.run_now(run_id)
        if now.status == "previewed" or (now.ended and now.dispatched_at is None):
            await self._watch.until(lambda state: state.runs[run_id].status == now.status)
            return False
        self._tell(f"{run_id} was approved elsewhere meanwhile")
        return True

    async def _leaving(self, run_id: str) -> Interrupted:
        """What to say of a run to who leaves it: read anew, for what was sent stays sent."""
        now = await self._watch.run_now(run_id)
        if now.dispatched_at is None:
            return Interrupted(f"interrupted: nothing of {run_id} was sent")
        how = f"cloudops remediate --plan-id {self._watch.execution_id}"
        sent = f"{run_id} was sent at {now.dispatched_at:%H:%M:%S} UTC and"
        if now.ended:
            status = now.status.replace("_", " ")
            return Interrupted(f"{sent} stays as it is ({status}); `{how} --undo {run_id}` undoes it")
        return Interrupted(f"{sent} goes on there; `{how}` goes on with it")

    async def _approval(self, current: ActionRun) -> str | None:
        """What was typed for approval ("" for yes); None for no. Raises `PolicyError` where nobody can be asked."""
        plan = current.plan
        assert plan is not None
        if self._options.yes:
            if plan.verdict == "allow":
                return ""
            await self._quietly(RejectAction(run=current.id, because="--yes can't answer for a person"))
            raise PolicyError(f"the rule {plan.rule} wants a person to approve it: --yes can't answer for one")
        if not sys.stdin.isatty():
            await self._quietly(RejectAction(run=current.id, because="nobody could be asked"))
            raise PolicyError("not confirmed: there is no terminal to ask on, so nothing was sent")
        return await ask_approval(plan.name, typed=plan.typed)

    async def _ask_what_to_stop(self, run_id: str) -> None:
        """After Ctrl-C: what was sent stays sent. Raises `Interrupted` where the person leaves."""
        self._interrupted.clear()
        if self._run(run_id).dispatched_at is None:
            await self._quietly(RejectAction(run=run_id, because="interrupted"))
        leaving = await self._leaving(run_id)
        if (await self._watch.run_now(run_id)).dispatched_at is not None and sys.stdin.isatty():
            with suppress(Interrupted, EOFError):
                if (await ask(f"\n{leaving}. Wait for it, or leave it? [w/l]: ")).strip().lower() == "w":
                    return
        raise leaving

    async def _outcome(self, current: ActionRun) -> int:
        """Say how it ended; ask what to do with what hasn't helped. The exit code."""
        if current.status in _STOPPED:
            if current.dry_run and current.plan is not None and current.detail == "it was a dry run":
                return 0
            raise PolicyError(f"{current.action.action}: {current.status}: {current.detail or 'not confirmed'}")
        if current.status == "failed":
            self._tell(f"✗ {current.action.action}: the platform refused it: {current.detail}")
            return 1
        if current.status == "unknown" or current.sent:
            self._tell(f"? {current.action.action}: nobody knows whether it arrived; look at the target")
            return 1
        took = (current.converged_at or current.ended_at or current.requested_at) - (
            current.dispatched_at or current.requested_at
        )
        self._tell(f"✓ {current.action.action} ({duration(max(took.total_seconds(), 0))})")
        if current.undoes and current.verified == "verified":
            self._tell(f"✓ {current.undoes} is rolled back: the state before is there again")
            return 0
        mark = {"verified": "✓", "not_improved": "✗"}.get(current.verified or "", "?")
        words = OUTCOMES.get(current.verified or "", "")
        self._tell(f"{mark} Verification: {current.detail or words}")
        if current.status == "not_improved":
            return await self._after_failure(current)
        return 0 if current.status in _DONE else 1

    async def _after_failure(self, current: ActionRun) -> int:
        """What hasn't helped: undone by itself, or the person says."""
        assert current.plan is not None
        undo = current.plan.undo
        if undo is not None and undo.automatic:
            await self._watch.until(lambda state: _undone(state, current.id))
            done = self._run(current.id).status == "rolled_back"
            self._tell("✓ Rolled back: the state before is there again" if done else "✗ It could not be rolled back")
            return 1
        if undo is None or not sys.stdin.isatty():
            how = f": `cloudops remediate --plan-id {self._watch.execution_id} --undo {current.id}`" if undo else ""
            self._tell(f"It stays as it is now{how}")
            return 1
        try:
            answer = await ask(f"It hasn't helped. Undo it ({undo.title.removeprefix('Undo: ')})? [y/n]: ")
        except (Interrupted, EOFError):
            raise await self._leaving(current.id) from None
        if answer.strip().lower() not in ("y", "yes"):
            await self._quietly(KeepAction(run=current.id))
            return 1
        await self._step(PrepareAction(undo=current.id, **self._live), 1)
        return 1

    def _show(self, current: ActionRun, number: int) -> None:
        self._tell(plan_text(current, number))

    def _tell(self, text: str, *, progress: bool = False) -> None:
        if self._options.as_json:
            for line in () if progress else text.splitlines():
                note(line)
        else:
            say(f"{text}\n")

    def _interrupt(self) -> None:
        self._loop.call_soon_threadsafe(self._interrupted.set)

    def _run(self, run_id: str) -> ActionRun:
        return self._watch.state.runs[run_id]

    async def _send(self, command: Any) -> None:
        await self._port.send(self._watch.execution_id, command)

    async def _quietly(self, command: Any) -> None:
        with suppress(CloudopsError):
            await self._send(command)


def _names(action: Action) -> set[str]:
    """What `--action` may call it, in lower case."""
    entry = remediations().get(action.primitive)
    names = (action.id, action.primitive, entry.alias if entry is not None else None)
    return {name.casefold() for name in names if name}


def _undone(state: IncidentState, run_id: str) -> bool:
    """Whether the run is rolled back, or its undoing has ended otherwise."""
    undoing = [each for each in state.runs.values() if each.undoes == run_id]
    return state.runs[run_id].status == "rolled_back" or any(each.ended for each in undoing)


def _document(state: IncidentState) -> dict[str, Any]:
    """The runs as JSON."""
    return {
        "execution_id": state.execution_id,
        "runs": [
            {
                "run": each.id, "action": each.action.id, "title": each.action.action, "status": each.status,
                "detail": each.detail, "digest": each.digest, "undoes": each.undoes,
                "verdict": each.plan.verdict if each.plan else None, "rule": each.plan.rule if each.plan else None,
                "approved_by": [who.name for who in each.approvals], "request_id": each.request_id,
            }
            for each in state.runs.values()
        ],
    }  # fmt: skip
