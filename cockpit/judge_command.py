"""`cloudops judge`: judgements of facts and causes, and the ranking after them."""

from __future__ import annotations

from cockpit.engine_access import ask_engine
from cockpit.follow import Printer, exit_code_of, follow
from cockpit.output import colored, deliver, document_text
from cockpit.settings import Settings
from cockpit.signals import run
from engine.act.targeted_diagnostics import recommended_diagnostic
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

__all__ = ["JudgeOptions", "judge", "statements"]


@dataclass(frozen=True, slots=True)
class JudgeOptions:
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


def statements(options: JudgeOptions) -> tuple[Statement, ...]:
    """The statements, undoing first. Raises `UsageError` where options make no sense together."""
    if (options.about or options.cause) and not options.add:
        raise UsageError("--about and --cause say what an added fact is about; give --add TEXT with them")
    statements: list[Statement] = [Undo(what=what) for what in options.undo]
    statements += [PinFact(fact=fact) for fact in options.pin]
    statements += [RefuteFact(fact=fact) for fact in options.refute]
    statements += [AddFact(text=text, about=options.about, cause=options.cause) for text in options.add]
    statements += [HoldHypothesis(hypothesis=hypothesis) for hypothesis in options.hold]
    statements += [Exclude(what=what) for what in options.exclude]
    return tuple(statements)


def judge(settings: Settings, name: str, options: JudgeOptions) -> int:
    """Send the statements and print the new ranking; 1 when the best cause is UNKNOWN, as after an investigation."""
    given = statements(options)
    if not given and not options.ask_next and options.look is None:
        raise UsageError("nothing was said; give --pin, --refute, --add, --hold, --not, --undo, --next or --look")
    printer = Printer("quiet" if options.as_json else "plain", colored(not options.no_color), options.explain)

    async def judged(port: EnginePort) -> int:
        execution_id = await port.resolve(name)
        state = await port.state(execution_id)
        printer.state = state
        if given:
            before = state.seq
            await port.send(execution_id, Judge(statements=given, because=options.because))
            await _tell(port, execution_id, before, printer)
        if options.ask_next:
            await port.send(execution_id, AskNext(**settings.live_request()))
            await follow(port, execution_id, printer)
        if options.look is not None:
            action = recommended_diagnostic(printer.state, options.look)
            request = RunDiagnostic(primitive=action.primitive, target=action.arguments, **settings.live_request())
            await port.send(execution_id, request)
            await follow(port, execution_id, printer)
        return await _end(printer, options)

    # A further question needs an engine that stays until it is answered.
    return run(ask_engine(settings, judged, "investigate" if options.ask_next or options.look is not None else "query"))


async def _tell(port: EnginePort, execution_id: str, before: int, printer: Printer) -> None:
    async for batch in port.follow(execution_id, before, live=False):
        for event in batch:
            await deliver(printer.event(event))
    if printer.output == "plain" and not printer.state.concluded:
        await deliver(printer.plain.stopped(printer.state))


async def _end(printer: Printer, options: JudgeOptions) -> int:
    state: IncidentState = printer.state
    if options.as_json:
        await deliver(document_text(report_of(state).model_dump(mode="json")))
    return exit_code_of(state) if state.ended else 0
