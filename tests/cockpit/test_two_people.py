"""Two people on one incident: who is here, what the other says, the other's view with one key, the hand-over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from stage import Opened, settle, shown
from story import ALERT, EXECUTION, NOW, ONSET, PERSON, StoryPort, after_confirmation, before_confirmation, events
from test_what_engineers_say import notices

from cockpit.app import CockpitApp
from cockpit.said_words import said_words
from cockpit.screens.live import LiveScreen
from cockpit.start_modes import Attach
from engine.events import ENGINE, FactJudged, NoteAdded, PlanConfirmed, Who
from engine.port import AddNote
from engine.presence import Looking, Viewer
from primitives.display_names import full_name
from primitives.errors import UsageError

BOB = Who(kind="person", name="bob")


class Other:
    """Somebody else on the incident, without a cockpit."""

    def __init__(self, port: StoryPort, who: Who = BOB) -> None:
        self.port, self.who = port, who
        self.seen: tuple[Viewer, ...] = ()

    @asynccontextmanager
    async def here(self) -> AsyncIterator[Other]:
        reading = asyncio.create_task(self._read())
        await asyncio.sleep(0)
        try:
            yield self
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self) -> None:
        async for viewers in self.port.present.join(EXECUTION, "view-bob", self.who):
            self.seen = viewers

    def look(self, **looking: object) -> None:
        self.port.present.look(EXECUTION, "view-bob", Looking.model_validate(looking), self.who)

    @property
    def sees(self) -> Looking:
        """What the cockpit says that it looks at."""
        return next(viewer.looking for viewer in self.seen if viewer.id != "view-bob")


def screen_of(app: CockpitApp) -> LiveScreen:
    screen = app.screen
    assert isinstance(screen, LiveScreen)
    return screen


@pytest.mark.parametrize(("size", "words"), [((120, 36), "◆ you ◇ bob"), ((80, 24), "◇ bob")])
async def test_the_header_says_who_else_is_here(opened: Opened, size: tuple[int, int], words: str) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port, size=size) as (app, pilot):
        assert words not in shown(app)
        async with Other(port).here():
            await settle(pilot)
            assert words in shown(app).splitlines()[1]
            assert "bob joined" in notices(app)
        await settle(pilot)
        assert words not in shown(app)
        assert "bob left" in notices(app)


async def test_two_cockpits_of_one_account_are_counted(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot), Other(port, PERSON).here():
        await settle(pilot)
        assert "◆ you ◇ +1" in shown(app).splitlines()[1]


async def test_who_joins_late_hears_who_is_here_and_reads_the_story_with_one_key(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with Other(port).here() as bob, opened(Attach(EXECUTION), port=port, size=(120, 48)) as (app, pilot):
        assert "bob is here too · S tells the story so far · F follows the view" in notices(app)
        bob.look(pane="facts", row="F3")
        await settle(pilot)
        await pilot.press("S")
        await settle(pilot)
        assert "bob since 14:52, on F3 in facts" in shown(app)


async def test_f_follows_the_others_view_until_one_moves(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot), Other(port).here() as bob:
        await settle(pilot)
        bob.look(pane="facts", row="F3", kind="fact", subject="F3")
        await settle(pilot)
        screen = screen_of(app)
        assert screen.current.id == "hypotheses", "nothing moves before it is asked for"
        await pilot.press("F")
        await settle(pilot)
        assert (screen.current.id, screen.view.subject.id) == ("facts", "F3")
        assert "◆ you → ◇ bob" in shown(app).splitlines()[1]
        assert bob.sees.follows == "view-bob"
        bob.look(pane="timeline", cursor=ONSET)
        await settle(pilot)
        assert (screen.current.id, screen.view.cursor) == ("timeline", ONSET)
        bob.look(pane="detail", kind="hypothesis", subject="H2")
        await settle(pilot)
        assert (screen.current.id, screen.view.subject.id, screen.view.cursor) == ("detail", "H2", None)
        await pilot.press("1")
        await settle(pilot)
        assert "→" not in shown(app).splitlines()[1]
        bob.look(pane="timeline", cursor=ALERT)
        await settle(pilot)
        assert screen.current.id == "facts", "one's own view again"


@pytest.mark.parametrize("key", ["j", "h", "escape", "F"])
async def test_any_move_of_ones_own_ends_following(opened: Opened, key: str) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot), Other(port).here() as bob:
        bob.look(pane="timeline" if key == "h" else "facts", row="" if key == "h" else "F1", cursor=ONSET)
        await settle(pilot)
        await pilot.press("F")
        await settle(pilot)
        assert screen_of(app).view.following == "view-bob"
        await pilot.press(key)
        await settle(pilot)
        assert screen_of(app).view.following == ""
        assert "the view is yours again" in notices(app)


async def test_what_is_not_there_yet_or_means_nothing_here_is_left_out(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot), Other(port).here() as bob:
        await pilot.press("F")
        await settle(pilot)
        for looking in ({"pane": "facts", "row": "F999"}, {"pane": "no-such"}, {"pane": "detail", "kind": "\x1b[2J"}):
            bob.look(**looking)
            await settle(pilot)
            assert screen_of(app).view.following == "view-bob"
        bob.look(pane="plan", away=True)
        await settle(pilot)
        assert screen_of(app).current.id == "detail"
        assert "→ ◇ bob (elsewhere)" in shown(app)


async def test_whose_view_was_followed_leaves(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot):
        async with Other(port).here():
            await settle(pilot)
            await pilot.press("F")
            await settle(pilot)
        await settle(pilot)
        assert screen_of(app).view.following == ""
        await pilot.press("F")
        await settle(pilot)
        assert f"nobody else is here; another terminal joins with cloudops attach {EXECUTION}" in notices(app)


async def test_the_other_sees_what_one_looks_at(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (_, pilot), Other(port).here() as bob:
        await pilot.press("1", "g", "j")
        await settle(pilot)
        assert (bob.sees.pane, bob.sees.row, bob.sees.away) == ("facts", "F3", False)
        await pilot.press("question_mark")
        await settle(pilot)
        assert not bob.sees.away, "behind a dialog the incident is still seen"
        await pilot.press("escape", "r")
        for _ in range(100):
            await pilot.pause(0.05)
            if bob.sees.away:
                break
        assert bob.sees.away
        await pilot.press("q")
        for _ in range(100):
            await pilot.pause(0.05)
            if not bob.sees.away:
                break
        assert not bob.sees.away
        bob.look(follows=next(viewer.id for viewer in bob.seen if viewer.id != "view-bob"))
        await settle(pilot)
        assert "bob follows your view" in notices(pilot.app)  # type: ignore[arg-type]


async def test_who_comes_leaves_and_follows_at_once_is_told_in_one_notice(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(Attach(EXECUTION), port=StoryPort(wait=False)) as (app, pilot):
        await settle(pilot)
        screen = screen_of(app)
        you = Viewer(id=screen.view.me_id, name=PERSON.name, since=NOW)
        ann, bob, cy, dee = (Viewer(id=name, name=name, since=NOW) for name in ("ann", "bob", "cy", "dee"))
        following = [viewer.model_copy(update={"looking": Looking(follows=you.id)}) for viewer in (ann, bob)]
        screen._show_viewers((you, ann, bob, cy))
        said: list[str] = []
        monkeypatch.setattr(app, "show_notice", said.append)
        screen._show_viewers((you, *following, dee))
        assert said == ["◇ cy left · ◇ dee joined · ◇ ann and bob follow your view"]


class Resumed(StoryPort):
    """An investigation that was interrupted: this cockpit resumes it."""

    async def resume(self, execution_id: str, **_: object) -> bool:  # type: ignore[override]
        return True


async def test_what_was_said_before_it_was_resumed_is_not_news(opened: Opened) -> None:
    port = Resumed(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot):
        await settle(pilot)
        assert screen_of(app).joined_at_seq == (await port.state(EXECUTION)).seq > 0


class Speaking(StoryPort):
    """An ended incident of which somebody else says something while it is followed."""

    said: tuple[tuple[float, Who, object], ...] = ()

    async def follow(
        self, execution_id: str, after: int = 0, *, live: bool = True
    ) -> AsyncIterator[tuple[object, ...]]:  # type: ignore[override]
        told = [*before_confirmation(), *after_confirmation(), *self.said]
        yield tuple(events(told)[after:])  # type: ignore[arg-type]


async def test_what_the_other_says_is_told_with_the_name_and_what_was_said_before_is_not(opened: Opened) -> None:
    port = Speaking(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot), Other(port).here():
        await settle(pilot)
        app.clear_notifications()
        await settle(pilot)
        assert "runs the plan" not in notices(app)
        port.said = ((1.0, BOB, FactJudged(fact="F7", verdict="refuted", because="loki was down for a drill")),)
        screen_of(app).catch_up()
        await settle(pilot)
        assert "◇ bob refuted F7, because loki was down for a drill" in notices(app)


async def test_what_the_engine_carries_on_of_a_judgement_is_told(opened: Opened) -> None:
    port = Speaking(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot):
        await settle(pilot)
        app.clear_notifications()
        carried = FactJudged(fact="F7", verdict="refuted", carried_from="F1", clock="investigation")
        port.said = ((1.0, BOB, FactJudged(fact="F1", verdict="refuted")), (1.0, ENGINE, carried))
        screen_of(app).catch_up()
        await settle(pilot)
        assert "F7 measures F1 again: refuted like it · u undoes" in notices(app)


async def test_o_hands_over_with_a_note_that_names_the_other(opened: Opened) -> None:
    port = StoryPort(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (_, pilot), Other(port).here():
        await settle(pilot)
        await pilot.press("O")
        await settle(pilot)
        await pilot.press(*"db", "enter")
        await settle(pilot)
        assert port.commands == [AddNote(text="handed over to bob: db")]
        await pilot.press("O")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert len(port.commands) == 1, "nothing said, nothing kept"


class Older(StoryPort):
    """An engine that knows no presence."""

    asked = 0

    def presence(self, execution_id: str, viewer: str) -> AsyncIterator[tuple[Viewer, ...]]:
        self.asked += 1
        raise UsageError("the engine that has the store does not understand this request")


async def test_an_engine_without_presence_is_asked_once_and_all_else_works(opened: Opened) -> None:
    port = Older(wait=False)
    async with opened(Attach(EXECUTION), port=port) as (app, pilot):
        for _ in range(9):
            screen_of(app)._tick()
        await settle(pilot)
        assert port.asked == 1
        assert "Deployment v2.3.1" in shown(app)


def test_what_people_do_in_words() -> None:
    told = [
        (0.0, BOB, PlanConfirmed()),
        (1.0, BOB, FactJudged(fact="F1", verdict=None)),
        (1.0, BOB, NoteAdded(id="N1", text="a\x1b[31mb", at=ONSET + timedelta(minutes=1))),
        (1.0, ENGINE, after_confirmation()[1][2]),
    ]
    assert [said_words(event, full_name) for event in events(told)] == [
        "bob runs the plan", "bob took back what was said of F1", "bob: ab", "",
    ]  # fmt: skip
