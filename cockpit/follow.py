"""Following an investigation without a screen: prints its events; signals cancel or leave it."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import field
from typing import Final

from cockpit.output import deliver, document_text
from cockpit.plain import PlainReport, event_line
from cockpit.signals import handling
from cockpit.terminal import end_at_last
from engine.events import Event
from engine.follow_to_end import follow_investigation
from engine.incident import IncidentState
from engine.port import Cancel, EnginePort
from engine.report import report as report_of
from primitives.dataclass import dataclass
from primitives.errors import CloudopsError, EngineGone, Interrupted, OutputError

__all__ = ["Printer", "exit_code_of", "follow"]

_ANSWER_S: Final = 1.0
"""How long whoever stops printing waits to hear whether the investigation has ended."""


@dataclass(slots=True)
class Printer:
    """Says each event once, in the form that `output` names: plain, json or events; quiet prints nothing.

    With `explain` the text report shows each cause's waterfall.
    """

    output: str
    color: bool
    explain: bool = False
    state: IncidentState = field(default_factory=IncidentState)
    plain: PlainReport = field(init=False)

    def __post_init__(self) -> None:
        self.plain = PlainReport(color=self.color, explain=self.explain)

    def event(self, event: Event) -> str:
        """Apply the event; what is to be printed for it."""
        self.state.apply(event)
        if self.output == "events":
            return event_line(event) + "\n"
        return self.plain.tell(self.state, event) if self.output == "plain" else ""

    def end(self) -> str:
        """What is to be printed at the end: the JSON report."""
        return document_text(report_of(self.state).model_dump(mode="json")) if self.output == "json" else ""


async def follow(port: EnginePort, execution_id: str, printer: Printer, *, final: bool = True) -> int:
    """Print what `printer` has not seen yet, to the investigation's end; returns the exit code.

    Where it isn't `final` the end is printed later.
    SIGINT once cancels the investigation, twice leaves it. Raises `Interrupted`, `OutputError`, and `EngineGone` when
    its engine ended before it did.
    """
    interrupt = _Interrupt(port, execution_id)
    try:
        with handling({signal.SIGINT: interrupt}):
            async for batch in follow_investigation(port, execution_id, printer.state.seq):
                for event in batch:
                    if text := printer.event(event):
                        await deliver(text)
        if not printer.state.ended:
            raise _gone(execution_id)
        if final and (text := printer.end()):
            await deliver(text)
    except asyncio.CancelledError:
        raise Interrupted(f"interrupted; {await _go_on(port, execution_id)}") from None
    except BrokenPipeError:
        raise Interrupted(f"the reader of the output left; {await _go_on(port, execution_id)}") from None
    except OSError as error:
        on = await _go_on(port, execution_id)
        raise OutputError(f"the output can't be written ({error.strerror}); {on}") from error
    except EngineGone as error:
        raise _gone(execution_id) from error
    if printer.state.phase == "cancelled":
        raise Interrupted(f"cancelled; `cloudops replay {execution_id}` shows what was found")
    if interrupt.asked:
        raise Interrupted(f"interrupted, but it had ended; `cloudops replay {execution_id}` shows it again")
    return exit_code_of(printer.state)


def exit_code_of(state: IncidentState) -> int:
    """The exit code: 1 when the best cause is UNKNOWN or the investigation failed."""
    if state.finished is None or state.finished.status != "completed" or not state.hypotheses:
        return 1
    return 1 if state.hypotheses[0].cause_class == "UNKNOWN" else 0


async def _go_on(port: EnginePort, execution_id: str) -> str:
    """How to see the rest; an investigation that has ended is not resumed."""
    with suppress(CloudopsError, TimeoutError):
        async with asyncio.timeout(_ANSWER_S):
            if (await port.state(execution_id)).ended:
                return f"`cloudops replay {execution_id}` shows it"
    return _resumes(execution_id)


def _resumes(execution_id: str) -> str:
    return f"`cloudops attach {execution_id}` resumes it"


def _gone(execution_id: str) -> EngineGone:
    """The error for whoever followed an investigation whose engine ended before it did."""
    return EngineGone(f"the engine went away; {_resumes(execution_id)}")


class _Interrupt:
    """What SIGINT does: it cancels the investigation, and when that takes too long leaves it."""

    def __init__(self, port: EnginePort, execution_id: str) -> None:
        self.asked = False
        self._port = port
        self._execution_id = execution_id
        self._loop = asyncio.get_running_loop()
        self._follower = asyncio.current_task()
        self._cancelling: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        if self.asked:
            end_at_last("cloudops: interrupted")
        self._loop.call_soon_threadsafe(self._leave if self.asked else self._cancel)
        self.asked = True

    def _cancel(self) -> None:
        self._cancelling = self._loop.create_task(self._send())

    async def _send(self) -> None:
        with suppress(CloudopsError):  # it has ended, or its engine has: the follower hears that too
            await self._port.send(self._execution_id, Cancel())

    def _leave(self) -> None:
        if self._follower is not None:
            self._follower.cancel()
