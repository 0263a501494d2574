"""When the garbage collector runs: not while thousands of records are made at once, which are part of no cycle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["collect_in_small_pieces", "collector_paused", "made_to_stay"]

_YOUNG: Final = 5_000
"""Containers, net of those freed, after which the youngest are walked: 4 to 11 ms of the processor on two slow cores.
After 50,000, which suits a command that ends soon, it was one stop of 35 to 56 ms."""
_OLDER: Final = 100
"""Young collections until the next generation is walked: after 500,000 containers, as with 50,000 and Python's 10."""


def collect_in_small_pieces() -> None:
    """For a process that answers keys: collect as much garbage as before, in pieces that nobody notices."""
    gc.set_threshold(_YOUNG, _OLDER, gc.get_threshold()[2])


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking what is being made, again and again as it grows.

    Halves the time to read a large topology. Safe in several threads at once: the one that saw the collector running
    lets it run again.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@contextmanager
def made_to_stay(*, large: bool) -> Iterator[None]:
    """While a `large` answer is made that stays: it is walked neither now nor as the youngest later.

    It joins the oldest generation at once, which is collected when it has grown by a quarter. Of 5,000 pods with their
    events the walks took 3 of 24 s, the longest 0.9 s, and every thread waits for them. Of a small answer nothing is
    changed: to join generations also sets back their counts, and done for every answer no cycle would be collected.
    """
    if not large:
        yield
        return
    with collector_paused():
        yield
        # Both only join lists: the first moves all generations aside, the second moves all of it to the oldest one.
        gc.freeze()
        gc.unfreeze()
