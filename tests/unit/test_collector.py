"""The collector of cycles: what is made to stay is not walked as the youngest, and garbage is still collected."""

from __future__ import annotations

import gc
import weakref

from primitives.collector import made_to_stay


class Node:
    def __init__(self) -> None:
        self.itself: object = self


def youngest() -> set[int]:
    return {id(each) for generation in (0, 1) for each in gc.get_objects(generation)}


def test_what_is_made_to_stay_joins_the_oldest_generation_at_once() -> None:
    with made_to_stay(large=True):
        assert not gc.isenabled()
        kept = [[number] for number in range(1_000)]
    assert gc.isenabled()
    assert not youngest() & {id(each) for each in kept}


def test_a_cycle_among_it_is_still_collected() -> None:
    with made_to_stay(large=True):
        node = Node()
    gone = weakref.ref(node)
    del node
    gc.collect()
    assert gone() is None


def test_a_small_answer_leaves_the_collector_as_it_is() -> None:
    gc.collect()
    kept = [[number] for number in range(100)]
    before = gc.get_count()
    with made_to_stay(large=False):
        assert gc.isenabled()
    assert gc.get_count()[0] >= before[0]
    assert youngest() & {id(each) for each in kept}


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with made_to_stay(large=True):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
