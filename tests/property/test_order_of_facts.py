"""Which source answers first, and so the order of facts in a live log, changes no ranking."""

from __future__ import annotations

import random
from pathlib import Path

import orjson
import pytest

from engine.events import Event
from engine.incident import fold
from engine.reason.ranking import rank_facts
from engine.wire import decode_event

LOGS = sorted((Path(__file__).parents[1] / "golden").glob("*/*.events.jsonl"))


def events_of(path: Path) -> list[Event]:
    return [decode_event(orjson.loads(line)) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name.split(".")[0])
def test_the_order_of_facts_changes_no_ranking(path: Path) -> None:
    state = fold(events_of(path))
    assert state.opened is not None
    facts = list(state.facts.values())
    rankings = set()
    for seed in range(4):
        ranking = rank_facts(facts, state.opened, state.classification)
        # Those with one confidence are a tie, and the order of a tie says nothing.
        rankings.add(frozenset((entry.cause_id, entry.resource, entry.confidence) for entry in ranking.hypotheses))
        random.Random(seed).shuffle(facts)
    assert len(rankings) == 1
