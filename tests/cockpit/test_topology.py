"""The topology around the cause, and the layouts that show it."""

from __future__ import annotations

import pytest
from stage import Opened, settle, shown
from story import NOW, StoryPort, after_confirmation, before_confirmation, events, shift

from cockpit.widgets.topology import state_of, tree_around
from engine.events import FactFound
from primitives.facts import Dependencies

EDGES = (
    ("shop-lb", "api-service", "calls"),
    ("api-service", "orders-db", "calls"),
    ("api-service", "search-service", "calls"),
    ("search-service", "search-index", "calls"),
    ("search-index", "api-service", "calls"),
    ("elsewhere", "far-away", "calls"),
)


def connected() -> StoryPort:
    told = [*before_confirmation(), *after_confirmation()]
    at = next(number for number, (_, _, body) in enumerate(told) if isinstance(body, FactFound))
    resources = dict.fromkeys((end for edge in EDGES for end in edge[:2]), "service")
    fact = Dependencies(resources=resources, edges=EDGES, observed_at=NOW, source="kubernetes")
    told.insert(at + 1, (0.0, told[at][1], FactFound(id="F90", step="S1", key="k90", fact=fact)))
    return StoryPort(events(told), wait=False)


def test_callers_stand_above_and_the_called_ones_below_each_once() -> None:
    nodes = tree_around("api-service", [edge[:2] for edge in EDGES])
    drawn = [f"{node.branch}{node.resource}" for node in nodes]
    assert drawn == [
        "shop-lb", "search-index", "└▸ api-service", "   ├▸ orders-db", "   └▸ search-service",
    ]  # fmt: skip


def test_a_ring_of_callers_ends_and_a_resource_alone_draws_nothing() -> None:
    assert len(tree_around("a", [("a", "b"), ("b", "c"), ("c", "a")])) == 3
    assert tree_around("a", [("b", "c")]) == []
    assert len(tree_around("a", [("a", f"b{number}") for number in range(500)])) <= 13


def test_a_resource_says_what_its_callers_feel_or_that_it_is_calm() -> None:
    slow = shift("latency_p95", "api", (0.2, 1.0), "s", "1" * 64, score=5.0)
    busy = shift("cpu", "api", (10.0, 90.0), "%", "1" * 64, kind="saturation", score=50.0)
    assert state_of([busy, slow])[1].startswith("latency p95")
    assert state_of([])[:2] == ("?", "not looked at")
    assert state_of([slow.model_copy(update={"polarity": "absent"})])[:2] == ("·", "calm")


async def test_at_200x60_the_topology_stands_beside_the_answer(opened: Opened) -> None:
    async with opened(port=connected(), size=(200, 60)) as (app, _):
        text = shown(app)
        assert "Topology" in text
        assert "▲ api-service" in text
        assert "├▸ ✗ orders-db" in text
        assert "not looked at" in text


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=str)
async def test_where_there_is_less_room_the_key_of_the_detail_brings_it(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(port=connected(), size=size) as (app, pilot):
        assert "├▸" not in shown(app)
        await pilot.press("3", "3")
        await settle(pilot)
        assert "├▸ ✗ orders-db" in shown(app)
        await pilot.press("j", "j", "j", "enter")
        await settle(pilot)
        assert "Detail: orders-db" in shown(app)


async def test_a_narrow_tall_terminal_stacks_the_first_screen(opened: Opened) -> None:
    async with opened(port=connected(), size=(80, 60)) as (app, pilot):
        text = shown(app)
        at = [text.index(words) for words in ("Answer", "1 Facts", "3 api-service", "2 Hypotheses", "4 Timeline",
                                              "5 Remediation")]  # fmt: skip
        assert at == sorted(at)
        assert "$ kubectl rollout undo deployment/api-service" in text
        assert "┤" in text
        await pilot.press("plus")
        await settle(pilot)
        assert "Remediation  Roll back" in shown(app)
