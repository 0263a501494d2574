"""What a person says of facts and causes on the command line, and the ranking after it."""

from __future__ import annotations

from cockpit.engine_access import ask_engine
from cockpit.follow import Printer, follow, verdict
from cockpit.output import colored, say, say_document
from cockpit.settings import Settings
from cockpit.signals import run
from engine.act.looks import look_of
from engine.incident import IncidentState
from engine.port import (
    AddFact,
    AskNext,
    EnginePort,
    Exclude,
    HoldHypothesis,
    Judge,
    PinFact,
    RefuteFact,
    RunDiagnostic,
    Statement,
    Undo,
)
from engine.report import report as report_of
from primitives.dataclass import dataclass
from primitives.errors import UsageError

__all__ = ["Said", "judge", "statements"]


@dataclass(frozen=True, slots=True)
class Said:
    """The options of `cloudops judge`."""

    pin: tuple[str, ...] = ()
    refute: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    about: str | None = None
    cause: str | None = None
    undo: tuple[str, ...] = ()
    because: str = ""
    ask_next: bool = False
    look: str | None = None
    as_json: bool = False
    explain: bool = False
    no_color: bool = False


def statements(said: Said) -> tuple[Statement, ...]:
    """What was said, what is taken back first. Raises `UsageError` where options make no sense together."""
    if (said.about or said.cause) and not said.add:
        raise UsageError("--about and --cause say what an added fact is about; give --add TEXT with them")
    statements: list[Statement] = [Undo(what=what) for what in said.undo]
    statements += [PinFact(fact=fact) for fact in said.pin]
    statements += [RefuteFact(fact=fact) for fact in said.refute]
    statements += [AddFact(text=text, about=said.about, cause=said.cause) for text in said.add]
    statements += [HoldHypothesis(hypothesis=hypothesis) for hypothesis in said.hold]
    statements += [Exclude(what=what) for what in said.exclude]
    return tuple(statements)


def judge(settings: Settings, name: str, said: Said) -> int:
    """Say it, and tell what is believed then; 1 when the best cause is UNKNOWN, as after an investigation."""
    told = statements(said)
    if not told and not said.ask_next and said.look is None:
        raise UsageError("nothing was said; give --pin, --refute, --add, --hold, --not, --undo, --next or --look")
    printer = Printer("quiet" if said.as_json else "plain", colored(not said.no_color), said.explain)

    async def judged(port: EnginePort) -> int:
        execution_id = await port.resolve(name)
        state = await port.state(execution_id)
        printer.state = state
        if told:
            before = state.seq
            await port.send(execution_id, Judge(statements=told, because=said.because))
            await _tell(port, execution_id, before, printer)
        if said.ask_next:
            await port.send(execution_id, AskNext(**settings.live_request()))
            await follow(port, execution_id, printer)
        if said.look is not None:
            action = look_of(printer.state, said.look)
            request = RunDiagnostic(primitive=action.primitive, target=action.arguments, **settings.live_request())
            await port.send(execution_id, request)
            await follow(port, execution_id, printer)
        return _end(printer, said)

    # A further question needs an engine that stays until it is answered.
    return run(ask_engine(settings, judged, "work" if said.ask_next or said.look is not None else "look"))


async def _tell(port: EnginePort, execution_id: str, before: int, printer: Printer) -> None:
    async for batch in port.follow(execution_id, before, live=False):
        for event in batch:
            printer.event(event)
    if printer.output == "plain" and not printer.state.concluded:
        say(printer.plain.stopped(printer.state))


def _end(printer: Printer, said: Said) -> int:
    state: IncidentState = printer.state
    if said.as_json:
        say_document(report_of(state).model_dump(mode="json"))
    return verdict(state) if state.ended else 0
