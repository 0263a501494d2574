"""The collector of cycles: what is made to stay is not walked as the youngest, and garbage is still collected."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

from primitives.collector import collector_paused, made_to_stay


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


def test_it_runs_again_only_when_the_last_has_left() -> None:
    first, second = collector_paused(), collector_paused()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_what_start_up_made_is_walked_no_more_and_what_came_later_is() -> None:
    code = (
        "import gc; from primitives.collector import collect_in_small_pieces as small\n"
        "before = [[1]]; small(); later = [[2]]; small(); walked = {id(each) for each in gc.get_objects()}\n"
        "print(id(before) in walked, id(later) in walked)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "True"]
