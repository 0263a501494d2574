"""Asks a person on a plain terminal: a plan whole, a yes, a name to type."""

from __future__ import annotations

import asyncio
import signal
import sys
import termios
from contextlib import suppress

from cockpit.output import say
from cockpit.plan_text import LABEL_WIDTH, plan_parts
from cockpit.signals import handling
from engine.state.runs import ActionRun
from primitives.errors import Interrupted
from primitives.quantities import duration
from primitives.text import safe_line

__all__ = ["ask", "ask_approval", "plan_text"]


def plan_text(current: ActionRun, number: int) -> str:
    """A plan as the terminal shows it."""
    plan = current.plan
    assert plan is not None
    lines = [
        f"  {number}. {safe_line(plan.title)}   {safe_line(plan.resource)}",
        f"     Risk: {plan.risk} | Estimated time: {duration(plan.duration_s)} | Rule: {safe_line(plan.rule)}",
    ]
    for part in plan_parts(plan, current.expires_at, current.digest):
        lines.append(f"     {part.label:<{LABEL_WIDTH}}{part.text}")
        lines += [f"     {'':<{LABEL_WIDTH}}{line}" for line in part.lines]
    return "\n".join(lines)


async def ask_approval(name: str, *, typed: bool) -> str | None:
    """What was typed: the name where that is asked for, "" for yes; None for anything else."""
    if typed:
        answer = await ask(f"Type {safe_line(name)} to approve, Enter to leave it: ")
        return name if answer == name else None
    answer = await ask("Proceed? [y/n]: ")
    return "" if answer.strip().lower() in ("y", "yes") else None


async def ask(question: str) -> str:
    """A line that is typed after the question was seen: what was typed before doesn't count. Raises `Interrupted`."""
    with suppress(termios.error, OSError, ValueError):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    say(question)
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        if not line.done():
            text = sys.stdin.readline()
            line.set_result(text) if text else line.set_exception(EOFError())

    def stop() -> None:
        loop.call_soon_threadsafe(lambda: None if line.done() else line.set_exception(Interrupted("interrupted")))

    loop.add_reader(sys.stdin.fileno(), read)
    try:
        with handling({signal.SIGINT: stop}):
            return (await line).rstrip("\n")
    finally:
        loop.remove_reader(sys.stdin.fileno())
