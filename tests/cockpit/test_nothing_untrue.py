"""What a walk through the cockpit found to be untrue or confusing, each told rightly since."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, NOW, StoryPort, after_confirmation, before_confirmation, events, whole
from story import opened as opening

from cockpit.screens.footer_keys import footer_keys
from cockpit.screens.story import StoryScreen
from cockpit.start_modes import Browse, Replay
from cockpit.widgets.answer import Answer
from cockpit.widgets.detail import DetailPane
from cockpit.widgets.draw import Line, Styles, plain
from cockpit.widgets.header import Header
from cockpit.widgets.view import Mode, Playback, Subject, View
from engine.events import ConclusionReached, FactFound
from engine.incident import IncidentState, fold
from primitives.facts import SourceGap
from themes.dark import DARK

PLANNED = fold(events(before_confirmation()))


def words(*lines: Line) -> str:
    return "\n".join(plain([*line.left, *line.right]) for line in lines)


def view_of(state: IncidentState, mode: Mode) -> View:
    playback = Playback(time=NOW, speed=0.25) if mode == "REPLAY" else None
    return View(state=state, mode=mode, now=NOW, playback=playback)


def without_actions() -> StoryPort:
    told = [*before_confirmation(), *after_confirmation()]
    told = [entry for entry in told if not isinstance(entry[2], ConclusionReached)]
    return StoryPort(events(told), wait=False)


def test_a_replay_offers_no_key_that_runs_the_plan() -> None:
    for mode, waits in (("LIVE", True), ("REPLAY", False)):
        view = view_of(PLANNED, mode)
        told = words(*Answer(view, Styles(DARK), id="answer").lines(100), Header(view, Styles(DARK))._first(120))
        assert ("y runs its" in told) is waits
        assert ("WAITS FOR YOU" in told) is waits
        assert ("waited for a person here" in told) is not waits


def test_what_is_done_between_two_steps_is_told_as_it_is() -> None:
    told = [*before_confirmation(), *after_confirmation()]
    begun = fold(events(told[: len(before_confirmation()) + 1]))
    first = replace(begun, investigation=replace(begun.investigation, hypotheses=()))
    for step in first.steps.values():
        step.status = "waiting"
    answer = Answer(view_of(first, "LIVE"), Styles(DARK), id="answer")
    assert words(*answer.lines(100)).strip() == "The next step begins …"
    for step in first.steps.values():
        step.status = "completed"
    assert words(*answer.lines(100)).strip() == "Every step has ended; concluding …"


def test_the_header_keeps_what_is_wrong_beside_words_of_its_condition() -> None:
    state = fold(events(before_confirmation()))
    state.apply(events([*before_confirmation(), *after_confirmation()[:1]])[-1])
    gap = SourceGap(question="logs", status="unreachable", detail="no route", source="loki", observed_at=NOW)
    step = next(iter(state.steps))
    fact = events([*before_confirmation(), *after_confirmation()[:1], (0.1, state.opened_by, FactFound(
        id="F1", step=step, key="k", fact=gap))])[-1]  # fmt: skip
    state.apply(fact)
    told = words(Header(view_of(state, "REPLAY"), Styles(DARK))._first(72))
    assert opening().title[:7] in told
    assert "not known" in told
    assert told.count("?") == 1


def test_the_story_of_a_recording_says_as_of_when_it_is_bad() -> None:
    view = view_of(fold(whole()), "RECORDED")
    told = words(*StoryScreen(view, Styles(DARK))._now(view.state, 100))  # type: ignore[arg-type]
    assert "bad at 14:52" in told
    assert "still bad" not in told


def test_a_detail_of_nothing_says_so_in_one_line() -> None:
    pane = DetailPane(view_of(PLANNED, "LIVE"), Styles(DARK), id="detail")
    pane.view.subject = Subject("none")
    assert words(pane.summary()) == "nothing to show yet"


@pytest.mark.parametrize(("width", "heading"), [(80, "SEV "), (120, "SEVERITY ")])
async def test_a_heading_of_the_list_is_never_cut(opened: Opened, width: int, heading: str) -> None:
    async with opened(Browse(), port=StoryPort(), size=(width, 30)) as (app, pilot):
        await settle(pilot)
        assert heading in shown(app)


def test_where_nothing_is_proposed_the_footer_names_no_key_of_an_action() -> None:
    assert "a" in dict(footer_keys("remediation", "incident", "quit"))
    shown_keys = dict(footer_keys("remediation", "incident", "quit", nothing=True))
    assert "a" not in shown_keys
    assert shown_keys["y"] == "copy"
    assert shown_keys["N"] == "next look"


async def test_without_an_action_nobody_is_sent_to_one(opened: Opened) -> None:
    async with opened(port=without_actions(), size=(80, 24), notices=True) as (app, pilot):
        await pilot.press("5", "a")
        await settle(pilot)
        assert "no action is proposed" in shown(app).splitlines()[-1]


async def test_where_pane_3_has_no_chart_nobody_is_sent_there(opened: Opened) -> None:
    async with opened(port=StoryPort(whole(), wait=False), size=(120, 36), notices=True) as (app, pilot):
        await pilot.press("5", "v")
        await settle(pilot)
        assert "no chart is on the screen; a metric's fact in pane 1 has one" in shown(app)


async def test_in_a_replay_the_plan_is_told_as_of_the_past(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, str(len(before_confirmation()))), port=StoryPort()) as (app, pilot):
        await settle(pilot)
        assert "y runs its" not in shown(app)
