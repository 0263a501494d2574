"""Keys and frames while facts pour in. How fast that is: `make bench BENCH_ARGS=keys`."""

from __future__ import annotations

import random

import pytest
from stage import Opened, settle
from story import NOW, StoryPort, shift
from textual.geometry import Region

from cockpit.screens.live import LiveScreen
from cockpit.screens.pacing import FRAME_S, LONGEST_REST_S, REST, Pacing
from cockpit.widgets.fact_order import FactGroup, FactOrder, grouped
from cockpit.widgets.facts import FactsPane
from engine.incident import FoundFact
from primitives.clock import ManualClock
from primitives.records import Symptom

SYMPTOM = Symptom(resource="api-0", metric="latency_p95")


def many(count: int, seed: int = 7) -> list[FoundFact]:
    """Shifts of a few services in several statistics, some of them calm, in no order."""
    chance = random.Random(seed)
    facts = []
    for number in range(1, count + 1):
        metric = chance.choice(["latency_p50", "latency_p95", "errors", "queue_p99"])
        values = (0.2, chance.choice([0.05, 1.5]))
        polarity = chance.choice(["present", "present", "absent"])
        fact = shift(metric, f"api-{chance.randrange(9)}", values, "s", "0" * 64, polarity=polarity)
        known = fact.model_copy(update={"score": float(chance.randrange(20))})
        facts.append(FoundFact(f"F{number}", "S1", "", known))
    return facts


def heaviest_first(groups: list[FactGroup], weights: dict[str, float]) -> list[float]:
    return [max(weights.get(key, 0.0) for key in (group.lead, *group.others)) for group in groups]


@pytest.mark.parametrize("seed", range(5))
def test_facts_that_come_one_by_one_stand_as_all_at_once(seed: int) -> None:
    chance, facts = random.Random(seed), many(200, seed)
    known = {fact.id: fact for fact in facts}
    order = FactOrder(SYMPTOM, {"F3"})
    weights: dict[str, float] = {}
    for fact in facts:
        order.take(fact)
        if chance.random() < 0.1:
            weights = {chance.choice(facts).id: chance.uniform(-2, 3) for _ in range(5)}
            order.weigh(weights)
        if chance.random() < 0.5:
            order.groups()
    assert (order.groups(), order.calm) == grouped(known, SYMPTOM, weights, {"F3"})
    listed = [key for group in order.groups() for key in (group.lead, *group.others)]
    assert sorted([*listed, *order.calm]) == sorted(known)
    above = [group for group in order.groups() if known[group.lead].fact.resource != "api-0"]
    weighed = [weight for weight in heaviest_first(above, weights) if weight > 0]
    assert weighed == sorted(weighed, reverse=True)


def test_a_new_fact_groups_its_own_family_again_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    *facts, last = many(300)
    order = FactOrder(SYMPTOM, ())
    for fact in facts:
        order.take(fact)
    order.groups()
    grouped_again: list[list[str]] = []
    original = FactOrder._group
    monkeypatch.setattr(FactOrder, "_group", lambda self, keys: (grouped_again.append(keys), original(self, keys))[1])
    order.take(FoundFact("F999", "S1", "", last.fact.model_copy(update={"polarity": "present"})))
    order.groups()
    order.groups()
    assert len(grouped_again) == 1
    assert "F999" in grouped_again[0]


def test_a_score_that_is_no_number_does_not_mix_up_the_others() -> None:
    broken, *facts = many(50)
    unclear = broken.fact.model_copy(update={"score": float("nan"), "polarity": "present"})
    broken = FoundFact(broken.id, "S1", "", unclear)
    order = FactOrder(None, ())
    for fact in (broken, *facts, *(FoundFact(f"G{fact.id}", "S1", "", fact.fact) for fact in facts)):
        order.take(fact)
        order.groups()
    listed = [key for group in order.groups() for key in (group.lead, *group.others)]
    assert len(listed) == len(set(listed)) == 99 - len(order.calm)


async def test_what_streams_in_rests_after_a_paint_and_a_person_does_not_wait() -> None:
    clock = ManualClock(NOW)
    pacing = Pacing(clock)
    assert pacing.wait_s(streamed=True) <= 0
    pacing.begin(streamed=True)
    await clock.sleep(0.02)
    pacing.end()
    assert pacing.wait_s(streamed=True) == pytest.approx(0.02 * REST)
    assert pacing.wait_s(streamed=False) <= 0
    pacing.begin(streamed=False)
    pacing.end()
    # The keys of a burst are painted a frame apart.
    assert pacing.wait_s(streamed=False) == pytest.approx(FRAME_S)
    pacing.begin(streamed=True)
    await clock.sleep(3600.0)
    pacing.end()
    assert pacing.wait_s(streamed=True) == pytest.approx(LONGEST_REST_S)


async def test_a_person_s_frame_overtakes_the_one_that_waits_for_its_turn(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await settle(pilot)
        clock = app.clock
        assert isinstance(clock, ManualClock)
        await clock.sleep(100.0)
        screen.pacing.begin(streamed=True)
        await clock.sleep(100.0)
        screen.pacing.end()
        before = screen.painted
        screen.dirty(streamed=True)
        screen.dirty(streamed=True)
        await pilot.pause()
        assert screen.painted == before
        screen.dirty()
        screen.dirty(streamed=True)
        await pilot.pause()
        assert screen.painted == before + 1
        await settle(pilot)
        assert screen.painted == before + 1


async def test_what_is_painted_next_already_is_painted_once_for_a_person_too(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await settle(pilot)
        assert isinstance(app.clock, ManualClock)
        await app.clock.sleep(100.0)
        before = screen.painted
        screen.dirty(streamed=True)
        screen.dirty()
        await settle(pilot)
        assert screen.painted == before + 1


async def test_a_key_is_answered_with_one_frame(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        await settle(pilot)
        frames: list[object] = []
        original = app._display
        monkeypatch.setattr(app, "_display", lambda screen, what: (frames.append(what), original(screen, what))[1])
        await pilot.press("j")
        await settle(pilot)
        assert len(frames) == 1


async def test_the_cursor_goes_to_the_row_that_is_seen_below_whatever_came_since(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await settle(pilot)
        pane, state = screen.pane("facts"), screen.view.state
        assert isinstance(pane, FactsPane)
        assert state is not None
        first, second, *_ = pane.keys
        pane.select(first)
        await settle(pilot)
        # It belongs between the two, and is not on the screen yet.
        state.facts["F99"] = FoundFact("F99", "S1", "", state.facts[second].fact.model_copy(update={"metric": "other"}))
        best = state.hypotheses[0]
        weights = {item.fact: item.weight for item in best.evidence}
        between = best.evidence[0].model_copy(update={"fact": "F99", "weight": max(weights.values()) + 1})
        changed = best.model_copy(update={"evidence": (*best.evidence, between)})
        state.investigation.hypotheses = (changed, *state.hypotheses[1:])
        pane.move(1)
        assert pane.selected == second
        assert pane.keys[:3] == [first, "F99", second]


async def test_a_count_in_the_border_paints_the_borders_alone(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await settle(pilot)
        pane = screen.pane("facts")
        asked: list[Region] = []
        pane._set_dirty = lambda *regions: asked.extend(regions or [pane.size.region])  # type: ignore[method-assign]
        pane._set_border("1 What we know", "8 facts")
        width, height = pane.outer_size
        left, top = pane.content_offset
        assert {region.translate((left, top)) for region in asked} == {
            Region(0, 0, width, 1), Region(0, height - 1, width, 1)
        }  # fmt: skip
