"""`cloudops approve`: the approval of a plan from another terminal."""

from __future__ import annotations

import sys

from cockpit.asking import ask_approval, plan_text
from cockpit.engine_access import open_engine
from cockpit.output import say
from cockpit.settings import Settings
from cockpit.signals import run
from engine.port import ApproveAction, RejectAction
from primitives.errors import PolicyError, UsageError

__all__ = ["approve"]


def approve(settings: Settings, name: str, wanted: str, *, reject: bool) -> int:
    """Approve, or reject, a plan that waits for approval, from another terminal."""
    return run(_approve(settings, name, wanted, reject=reject))


async def _approve(settings: Settings, name: str, wanted: str, *, reject: bool) -> int:
    async with open_engine(settings, "query") as port:
        execution_id = await port.resolve(name)
        state = await port.state(execution_id)
        waiting = [each for each in state.runs.values() if each.status == "previewed" and not each.dry_run]
        current = next((each for each in waiting if not wanted or each.id == wanted.strip().upper()), None)
        if current is None or current.plan is None:
            raise UsageError(f"nothing of {execution_id} waits for approval")
        if reject:
            await port.send(execution_id, RejectAction(run=current.id))
            say(f"{current.id} is rejected\n")
            return 0
        if not sys.stdin.isatty():
            raise PolicyError("not confirmed: there is no terminal to ask on")
        say(f"{plan_text(current, 1)}\n")
        typed = await ask_approval(current.plan.name, typed=current.plan.typed)
        if typed is None:
            raise PolicyError("not confirmed")
        await port.send(execution_id, ApproveAction(run=current.id, digest=current.digest, typed=typed))
        say(f"{current.id} is approved by you\n")
        return 0
