"""When the garbage collector runs: not while thousands of records are made at once, which are part of no cycle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from functools import cache
from threading import Lock
from typing import Final

from primitives.dataclass import dataclass

__all__ = ["collect_in_small_pieces", "collector_paused", "made_to_stay"]

_YOUNG: Final = 5_000
"""Containers, net of those freed, after which the youngest are walked: 4 to 11 ms of the processor on two slow cores.
After 50,000, which suits a command that ends soon, it was one stop of 35 to 56 ms."""
_OLDER: Final = 100
"""Young collections until the next generation is walked: after 500,000 containers, as with 50,000 and Python's 10."""


@dataclass(slots=True)
class _Pause:
    """How many have the collector paused, and whether it ran before the first of them."""

    changing: Lock = field(default_factory=Lock)
    inside: int = 0
    ran: bool = True


_pause: Final = _Pause()


def collect_in_small_pieces() -> None:
    """For a process that answers keys: collect as much garbage as before, in pieces that nobody notices.

    What start-up made, modules above all, lives as long as the process: no collection walks it until `made_to_stay`
    brings it back, into the oldest generation.
    """
    _set_start_up_aside()
    gc.set_threshold(_YOUNG, _OLDER, gc.get_threshold()[2])


@cache
def _set_start_up_aside() -> None:
    # Once: what is there the next time need not stay.
    gc.freeze()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking what is being made, again and again as it grows.

    Halves the time to read a large topology. It runs again when the last thread has left: the first to leave would
    have it walk what the others are making.
    """
    with _pause.changing:
        if not _pause.inside:
            _pause.ran = gc.isenabled()
            gc.disable()
        _pause.inside += 1
    try:
        yield
    finally:
        with _pause.changing:
            _pause.inside -= 1
            if not _pause.inside and _pause.ran:
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
