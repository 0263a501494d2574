"""p, x, u, f and N: what an engineer says goes to the engine, and what comes of it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from stage import Opened, settle, shown
from story import EXECUTION, NOW, PERSON, StoryPort, events, whole

from cockpit.app import CockpitApp
from cockpit.screens.judging import OptionalLinePrompt
from cockpit.start_modes import Replay
from cockpit.widgets.draw import plain
from cockpit.widgets.waterfall import describe_waterfall
from cockpit.widgets.words import percent
from engine.deciders.judge import judge
from engine.events import Body, Who
from engine.incident import fold
from engine.port import AddFact, AskNext, Command, Exclude, HoldHypothesis, Judge, PinFact, RefuteFact, Undo
from primitives.display_names import full_name


class HeedingPort(StoryPort):
    """An engine whose investigation has ended, and that heeds what is said of it."""

    def __init__(self) -> None:
        super().__init__(wait=False)

    async def send(self, execution_id: str, command: Command) -> None:
        await super().send(execution_id, command)
        if isinstance(command, Judge):
            self._append(judge(fold(self.log), command, PERSON, NOW).events)

    def _append(self, told: Sequence[tuple[Who, Body]]) -> None:
        before = [(0.0, event.who, event.body) for event in self.log]
        self.log = events([*before, *((0.0, who, body) for who, body in told)])


def statements_of(port: StoryPort) -> list[object]:
    return [one for command in port.commands if isinstance(command, Judge) for one in command.statements]


def notices(app: CockpitApp) -> str:
    return " ".join(str(one.message) for one in app._notifications)


async def test_p_pins_the_fact_under_the_cursor_and_u_takes_it_back(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("m", "g", "p")
        await settle(pilot)
        assert statements_of(port) == [PinFact(fact="F1")]
        assert f"pinned by {PERSON.name}" in shown(app)
        await pilot.press("u")
        await settle(pilot)
        assert statements_of(port)[1:] == [Undo(what="F1")]
        assert "pinned by" not in shown(app)


@pytest.mark.parametrize("more", [[], ["G"], ["g"], ["4"]])
async def test_u_takes_back_what_the_notice_named_wherever_the_ranking_put_it(opened: Opened, more: list[str]) -> None:
    port = HeedingPort()
    async with opened(port=port, size=(160, 50)) as (app, pilot):
        await pilot.press("2", "x")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert statements_of(port) == [Exclude(what="H1")]
        assert "H1 excluded · u undoes" in notices(app)
        assert fold(port.log).hypotheses[0].id != "H1"
        await pilot.press(*more, "u")
        await settle(pilot)
        assert statements_of(port)[-1] == Undo(what="H1")
        assert "H1: judgement taken back" in notices(app)
        assert fold(port.log).hypotheses[0].id == "H1"


async def test_u_takes_back_a_refuted_fact_that_is_no_longer_listed_as_evidence(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port, size=(160, 50)) as (app, pilot):
        await pilot.press("2", "g", "j", "x")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        (refuted,) = statements_of(port)
        assert isinstance(refuted, RefuteFact)
        await pilot.press("u")
        await settle(pilot)
        assert statements_of(port)[-1] == Undo(what=refuted.fact)
        assert f"{refuted.fact}: judgement taken back" in notices(app)


async def test_x_asks_why_and_refutes_the_fact(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port, size=(160, 50)) as (app, pilot):
        await pilot.press("m", "g", "x")
        await settle(pilot)
        assert "REFUTE F1?" in shown(app)
        await pilot.press(*"stale", "enter")
        await settle(pilot)
        assert statements_of(port) == [RefuteFact(fact="F1")]
        assert [command.because for command in port.commands if isinstance(command, Judge)] == ["stale"]
        assert f"refuted by {PERSON.name}, because stale" in shown(app)


async def test_a_reason_may_be_empty_and_escape_says_nothing(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("2", "g", "x")
        await settle(pilot)
        assert isinstance(app.screen, OptionalLinePrompt)
        await pilot.press("escape")
        await settle(pilot)
        assert statements_of(port) == []
        await pilot.press("x")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert statements_of(port) == [Exclude(what="H1")]


async def test_p_on_a_hypothesis_holds_it_for_right(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (_, pilot):
        await pilot.press("2", "g", "p")
        await settle(pilot)
        assert statements_of(port) == [HoldHypothesis(hypothesis="H1")]


async def test_f_adds_a_fact_about_what_the_cursor_is_on(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("m", "g", "f")
        await settle(pilot)
        assert "about api-service" in shown(app)
        await pilot.press(*"disk full", "enter")
        await settle(pilot)
        assert statements_of(port) == [AddFact(text="disk full", about="api-service")]
        await pilot.press("G")
        await settle(pilot)
        assert "disk full" in shown(app)


async def test_capital_n_asks_for_the_next_best_diagnostic(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (_, pilot):
        await pilot.press("N")
        await settle(pilot)
        assert [command for command in port.commands if isinstance(command, AskNext)] == [AskNext()]


async def test_what_is_said_elsewhere_of_an_ended_investigation_shows_up(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("m", "g")
        await port.send(EXECUTION, Judge(statements=(PinFact(fact="F1"),)))
        for _ in range(200):
            await pilot.pause(0.05)
            if "pinned by" in shown(app):
                break
        assert f"pinned by {PERSON.name}" in shown(app)


async def test_a_replay_shows_what_was_said_when_it_was_said(opened: Opened) -> None:
    port = HeedingPort()
    await port.send(EXECUTION, Judge(statements=(PinFact(fact="F1"),)))
    port.commands.clear()
    async with opened(Replay(EXECUTION), port=port) as (app, pilot):
        await pilot.press("space", "m", "g", "end")
        await settle(pilot)
        assert f"pinned by {PERSON.name}" in shown(app)
        await pilot.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        await settle(pilot)
        assert "pinned by" not in shown(app)


async def test_the_detail_of_a_hypothesis_draws_bars_that_add_up(opened: Opened) -> None:
    async with opened(port=HeedingPort(), size=(160, 50)) as (app, pilot):
        await pilot.press("2", "g", "p")
        await settle(pilot)
        state = app.screen.view.state  # type: ignore[attr-defined]
        first = state.hypotheses[0]
        (total, *lines) = describe_waterfall(first, state, 120, full_name)
        steps = [line for line in lines if line.left[0][0].strip()]  # parts of a fact have no name of their own
        numbers = [float(re.findall(r"[+−]\d+\.\d", plain(line.left))[0].replace("−", "-")) for line in steps]
        whole = float(re.findall(r"[+−]\d+\.\d", plain(total.left))[0].replace("−", "-"))
        assert abs(sum(numbers) - whole) <= 0.05 * (len(numbers) + 1)
        assert f"{PERSON.name} says so" in " ".join(plain(line.left) for line in steps)
        assert percent(first.confidence) in plain(total.left)


async def test_what_the_engine_refuses_is_told(opened: Opened) -> None:
    async with opened(port=HeedingPort()) as (app, pilot):
        await pilot.press("m", "g", "u")
        await settle(pilot)
        assert "nothing was said of F1" in notices(app)


async def test_where_nothing_can_be_said_of_it_the_key_says_so(opened: Opened) -> None:
    port = HeedingPort()
    async with opened(port=port) as (app, pilot):
        await pilot.press("1", "1", "p")
        await settle(pilot)
        assert "put the cursor on a fact or a hypothesis" in notices(app)
        assert port.commands == []


@pytest.mark.parametrize("key", ["p", "x", "u", "N", "b"])
async def test_a_replay_only_shows_what_was(opened: Opened, key: str) -> None:
    port = StoryPort(whole(), wait=False)
    async with opened(Replay(EXECUTION), port=port) as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        assert "a replay shows the past" in notices(app)
        assert port.commands == []
