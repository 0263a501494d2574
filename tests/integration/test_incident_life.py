"""An incident outlives its investigation: it is noted on, judged and followed until it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cockpit.cli import main
from cockpit.engine_access import open_engine
from cockpit.plain import PlainReport
from cockpit.postmortem import render_markdown
from cockpit.settings import load_settings
from engine.actor import Actor
from engine.engine import Engine
from engine.events import Event, IncidentClosed, IncidentOpened, NoteAdded, SourcesChecked, SourceState, Who
from engine.follow_to_end import follow_investigation
from engine.host import ServedEngine
from engine.incident import IncidentState, fold
from engine.investigate.commands import CloseAged, FinishInvestigation, OpenIncident
from engine.log import EventLog
from engine.port import (
    AddNote,
    AskNext,
    Cancel,
    CloseIncident,
    Command,
    ConfirmPlan,
    IncidentSummary,
    Investigate,
    Judge,
    PinFact,
)
from engine.remote import RemoteEngine
from primitives.clock import ManualClock
from primitives.errors import StoreError, UsageError
from primitives.records import Window

SAMPLE = Path(__file__).parents[2] / "sample_incidents" / "holmes-13b-pending"
MARTA = Who(kind="person", name="marta")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = await Engine.open(tmp_path / "store.db")
    yield engine
    await engine.close()


async def investigated(engine: Engine) -> str:
    execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
    async for _ in follow_investigation(engine, execution_id):
        pass
    return execution_id


async def log_of(engine: Engine, execution_id: str) -> list[Event]:
    return [event async for batch in engine.follow(execution_id, live=False) for event in batch]


async def test_following_goes_on_after_the_investigation_and_ends_with_the_close(engine: Engine) -> None:
    execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE), confirm=False))
    seen: list[Event] = []
    ended = asyncio.Event()

    async def watch() -> None:
        async for batch in engine.follow(execution_id):
            seen.extend(batch)
            if fold(seen).ended:
                ended.set()

    watcher = asyncio.create_task(watch())
    await ended.wait()
    await engine.send(execution_id, AddNote(text="watching it"), who=MARTA)
    await engine.send(execution_id, Judge(statements=(PinFact(fact="F1"),)), who=MARTA)
    assert not watcher.done()
    await engine.send(execution_id, CloseIncident(because="the fix is out"), who=MARTA)
    async with asyncio.timeout(10):
        await watcher
    assert seen == await log_of(engine, execution_id)
    assert seen[-1].body == IncidentClosed(reason="person", because="the fix is out")


async def test_the_investigations_end_leaves_the_incident_open_and_the_close_says_who_and_why(engine: Engine) -> None:
    execution_id = await investigated(engine)
    before = await engine.state(execution_id)
    assert before.ended
    assert before.closed is None
    began = datetime.now(UTC)
    await engine.send(execution_id, CloseIncident(because="the fix is out"), who=MARTA)
    state = await engine.state(execution_id)
    assert state.closed is not None
    assert (state.closed.reason, state.closed.by, state.closed.because) == ("person", MARTA, "the fix is out")
    assert began <= state.closed.at <= datetime.now(UTC)
    assert state.phase == "completed"
    assert [summary.phase for summary in await engine.incidents()] == ["closed"]
    assert fold(await log_of(engine, execution_id)).digest() == state.digest()
    assert all(result.ok for result in await engine.verify())
    assert IncidentState.decode(state.encode()) == state


@pytest.mark.parametrize(
    "command",
    [ConfirmPlan(), Cancel(), Judge(statements=(PinFact(fact="F1"),)), AskNext(), AddNote(text="x"), CloseIncident()],
    ids=lambda command: command.type,
)
async def test_a_closed_incident_refuses_every_command_in_one_line(engine: Engine, command: Command) -> None:
    execution_id = await investigated(engine)
    await engine.send(execution_id, CloseIncident(), who=MARTA)
    before = await engine.state(execution_id)
    with pytest.raises(UsageError, match=f"{execution_id} was closed by marta at .* UTC") as refused:
        await engine.send(execution_id, command)
    assert "\n" not in str(refused.value)
    assert not await engine.resume(execution_id)
    assert (await engine.state(execution_id)).digest() == before.digest()


async def test_what_is_being_investigated_is_not_closed_and_what_was_interrupted_ends_with_it(tmp_path: Path) -> None:
    engine = await Engine.open(tmp_path / "store.db")
    execution_id = await engine.investigate(Investigate(bundle=str(SAMPLE)))
    with pytest.raises(UsageError, match="is being investigated; cancel it"):
        await engine.send(execution_id, CloseIncident())
    await engine.close()

    engine = await Engine.open(tmp_path / "store.db")
    await engine.send(execution_id, CloseIncident(), who=MARTA)
    state = await engine.state(execution_id)
    assert (state.phase, state.ended, state.closed is not None) == ("cancelled", True, True)
    await engine.close()


async def test_a_note_is_kept_as_safe_text_without_secrets_and_moves_no_ranking(engine: Engine) -> None:
    execution_id = await investigated(engine)
    before = await engine.state(execution_id)
    await engine.send(execution_id, AddNote(text="rolled back\x1b[31m\nAKIAIOSFODNN7EXAMPLE was in the log"), who=MARTA)
    state = await engine.state(execution_id)
    (note,) = state.notes.values()
    assert (note.id, note.by) == ("N1", MARTA)
    assert "rolled back" in note.text
    assert "\x1b" not in note.text
    assert "\n" not in note.text
    assert "AKIAIOSFODNN7EXAMPLE" not in note.text
    assert state.hypotheses == before.hypotheses
    (event,) = (await log_of(engine, execution_id))[before.seq :]
    assert isinstance(event.body, NoteAdded)
    assert note.text in PlainReport(width=200).tell(state, event)
    assert "note by person marta" in render_markdown(state, [event])


@pytest.mark.parametrize(
    ("text", "problem"), [("", "holds no words"), (" \n", "holds no words"), ("x" * 2_001, "2,001")]
)
async def test_a_note_that_says_nothing_or_too_much_is_refused(engine: Engine, text: str, problem: str) -> None:
    execution_id = await investigated(engine)
    with pytest.raises(UsageError, match=problem):
        await engine.send(execution_id, AddNote(text=text))
    assert not (await engine.state(execution_id)).notes


async def left_alone(path: Path, *, origin: str, opened: datetime, name: str = "exec-1") -> str:
    """A store with an incident whose investigation ended at `opened`."""
    log = await EventLog.open(path)
    window = Window(start=opened - timedelta(hours=1), end=opened)
    body = IncidentOpened(
        title="t", query="t", origin="live" if origin == "live" else "recorded", detected_at=opened, now=opened,
        window=window,
    )  # fmt: skip
    from engine.deciders import decide

    state = IncidentState()
    sources = SourcesChecked(sources=(SourceState(name="s", status="reachable"),))
    for command in (OpenIncident(body, sources), FinishInvestigation(1.0)):
        entries = [(opened, who, body) for who, body in decide(state, command, MARTA, opened).events]
        for event in await log.append(name, "inc-1", entries):
            state.apply(event)
    await log.close()
    return name


@pytest.mark.parametrize(
    ("origin", "days", "closed"), [("live", 31, True), ("live", 29, False), ("recorded", 4_000, False)]
)
async def test_a_live_incident_that_was_left_alone_is_closed_by_the_engine(
    tmp_path: Path, origin: str, days: int, closed: bool
) -> None:
    opened = datetime.now(UTC) - timedelta(days=days)
    execution_id = await left_alone(tmp_path / "store.db", origin=origin, opened=opened)
    engine = await Engine.open(tmp_path / "store.db", close_after=None)
    await engine.close_aged(timedelta(days=30))
    state = await engine.state(execution_id)
    assert (state.closed is not None) is closed
    if state.closed is not None:
        assert (state.closed.reason, state.closed.by.kind) == ("age", "engine")
    await engine.close()


class SteppedClock(ManualClock):
    """A clock whose sleepers sleep until the test lets them go on."""

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.asleep: asyncio.Queue[float] = asyncio.Queue()
        self._woken = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asleep.put_nowait(seconds)
        self._woken.clear()
        await self._woken.wait()
        self.advance(seconds)

    def wake(self) -> None:
        self._woken.set()


async def test_an_engine_looks_for_aged_incidents_every_hour_while_it_is_open(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    almost_aged = start - timedelta(days=30) + timedelta(minutes=50)
    execution_id = await left_alone(tmp_path / "store.db", origin="live", opened=almost_aged)
    clock = SteppedClock(start)
    engine = Engine(await EventLog.open(tmp_path / "store.db"), close_after=timedelta(days=30), clock=clock)
    pauses: list[float] = []
    closed: list[bool] = []
    async with asyncio.timeout(20):
        for _ in range(4):
            pauses.append(await clock.asleep.get())
            closed.append((await engine.state(execution_id)).closed is not None)
            clock.wake()
    assert pauses == [2.0, 3600.0, 3600.0, 3600.0]
    assert closed == [False, False, True, True]
    await engine.close()


async def test_between_two_aged_incidents_the_engine_rests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    names = [f"exec-{number}" for number in (1, 2, 3)]
    for name in names:
        await left_alone(tmp_path / "store.db", origin="live", opened=start - timedelta(days=31), name=name)
    clock = ManualClock(start)
    engine = Engine(await EventLog.open(tmp_path / "store.db"), close_after=None, clock=clock)
    actor = engine._actor

    async def slow(execution_id: str) -> Actor:
        clock.advance(0.02)
        return await actor(execution_id)

    monkeypatch.setattr(engine, "_actor", slow)
    await engine.close_aged(timedelta(days=30))
    assert [(await engine.state(name)).closed is not None for name in names] == [True] * 3
    worked = len(names) * 0.02
    assert clock.monotonic() - worked == pytest.approx(2 * 200 * 0.02)
    await engine.close()


async def test_a_sweep_that_fails_is_not_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    execution_id = await left_alone(tmp_path / "store.db", origin="live", opened=start - timedelta(days=31))
    clock = SteppedClock(start)
    engine = Engine(await EventLog.open(tmp_path / "store.db"), close_after=timedelta(days=30), clock=clock)
    with monkeypatch.context() as failing:
        failing.setattr(engine.store, "incidents", _unreadable)
        async with asyncio.timeout(20):
            await clock.asleep.get()
            clock.wake()
            await clock.asleep.get()
    assert (await engine.state(execution_id)).closed is None
    clock.wake()
    async with asyncio.timeout(20):
        await clock.asleep.get()
    assert (await engine.state(execution_id)).closed is not None
    await engine.close()


async def _unreadable() -> tuple[IncidentSummary, ...]:
    raise StoreError("the disk is gone")


async def test_a_word_said_of_an_old_incident_keeps_it_open(tmp_path: Path) -> None:
    opened = datetime.now(UTC) - timedelta(days=31)
    execution_id = await left_alone(tmp_path / "store.db", origin="live", opened=opened)
    engine = await Engine.open(tmp_path / "store.db", close_after=None)
    await engine.send(execution_id, AddNote(text="still looking"))
    actor = await engine._actor(execution_id)
    await actor.send(CloseAged(timedelta(days=30)))
    assert (await engine.state(execution_id)).closed is None
    await engine.close()


async def test_closing_works_over_the_socket_too(short_path: Path) -> None:
    engine = await ServedEngine.serve(short_path / "store.db")
    try:
        execution_id = await investigated(engine)
        far = RemoteEngine(short_path / "store.db")
        followed = asyncio.create_task(_all(far, execution_id))
        await far.send(execution_id, CloseIncident(because="done"))
        async with asyncio.timeout(10):
            assert (await followed)[-1].body.type == "incident_closed"
        with pytest.raises(UsageError, match="was closed by"):
            await far.send(execution_id, AddNote(text="late"))
    finally:
        await engine.close()


async def _all(port: RemoteEngine, execution_id: str) -> list[Event]:
    return [event async for batch in port.follow(execution_id) for event in batch]


def test_the_commands_close_and_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "store.db")]
    assert main(["investigate", "--incident", str(SAMPLE), "--plain", *store]) in (0, 1)
    assert main(["note", "holmes-13b-pending", "rolled back", *store]) == 0
    assert main(["close", "holmes-13b-pending", "--because", "the fix is out", *store]) == 0
    assert "is closed" in capsys.readouterr().err
    assert main(["close", "holmes-13b-pending", *store]) == 2
    assert "was closed by" in capsys.readouterr().err
    assert main(["incidents", *store]) == 0
    assert "closed" in capsys.readouterr().out
    assert main(["replay", "holmes-13b-pending", "--plain", *store]) == 0
    replayed = " ".join(capsys.readouterr().out.split())
    assert "rolled back" in replayed
    assert "Closed by" in replayed
    assert "the fix is out" in replayed


@pytest.mark.parametrize(("days", "closed"), [(None, True), (40, False), (0, False)])
async def test_after_how_long_it_is_closed_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int | None, closed: bool
) -> None:
    monkeypatch.setattr("engine.engine._FIRST_SWEEP_S", 0.0)
    swept = asyncio.Event()
    close_aged = Engine.close_aged

    async def watched(self: Engine, after: timedelta) -> None:
        await close_aged(self, after)
        swept.set()

    monkeypatch.setattr(Engine, "close_aged", watched)
    execution_id = await left_alone(tmp_path / "store.db", origin="live", opened=datetime.now(UTC) - timedelta(days=35))
    config = tmp_path / "config.yaml"
    config.write_text("" if days is None else f"close_after_days: {days}\n")
    settings = load_settings(tmp_path / "store.db", config)
    async with open_engine(settings) as port:
        assert isinstance(port, Engine)
        if days == 0:
            assert port._sweep is None
        else:
            async with asyncio.timeout(20):
                await swept.wait()
        assert ((await port.state(execution_id)).closed is not None) is closed
