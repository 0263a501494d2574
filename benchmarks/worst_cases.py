"""Processor time of what every investigation goes through, on the inputs that are worst for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from benchmarks.figures import Figure, Result, Target
from benchmarks.options import Options

__all__ = ["worst_cases"]

_LINES: Final = ("[" * 600, "a" * 600, "/a" * 300, "[a, " * 150, '"' * 600, "0x" * 300, "1." * 300, "[b," + " " * 590)
_PIECES: Final = (
    "a", "a ", "no ", "no free ", "timeout", "timeout ", "0 ", "error=", "pool ", "token ", "failed ", "x.", '"', "{",
    "=a ", 'a="', "\\", "status ", "GET /", "lock ", "max ", "reached ", "certificate ", "A1", "-a1",
)  # fmt: skip
_TEXT: Final = 4_000


def worst_cases(options: Options) -> Result:
    """Hostile lines and texts, many lines, many series; quick: a tenth of the lines and series."""
    from primitives.analysis.log_templates import mask

    lines, series = options.times(100_000, 10_000), options.times(50_000, 5_000)
    texts = [piece * (_TEXT // len(piece)) for piece in _PIECES]
    return Result([
        Figure("worst cases", "a hostile line masked", max(_ms(partial(mask, line)) for line in _LINES), "ms",
               Target(25)),
        Figure("worst cases", "a hostile text read", max(_ms(partial(_read, text)) for text in texts), "ms",
               Target(300)),
        Figure("worst cases", f"{lines:,} log lines grouped", _ms(partial(_grouped, lines)), "ms",
               Target(lines / 12.5)),
        Figure("worst cases", f"{series:,} series judged", _ms(partial(_judged, series)), "ms", Target(series / 10)),
    ])  # fmt: skip


def _ms(work: Callable[[], object]) -> float:
    """The least processor time of three rounds, after one that doesn't count."""
    taken = []
    for _ in range(4):
        begin = time.process_time()
        work()
        taken.append(1_000 * (time.process_time() - begin))
    return min(taken[1:])


def _read(text: str) -> None:
    from primitives.analysis.error_families import family_of
    from primitives.analysis.log_bodies import read_body
    from primitives.analysis.log_templates import mask
    from primitives.analysis.severities import severity_in

    family_of.__wrapped__(text)
    read_body(text)
    severity_in(text)
    mask(text)


def _grouped(count: int) -> None:
    from primitives.analysis.log_patterns import Line, patterns
    from primitives.analysis.naming import NameFinder

    lines = [
        Line(None, f"r{n % 50}", "INFO", f"user {n} asked /a/b{n % 7}/c for {n * 7 % 1000} items") for n in range(count)
    ]
    patterns(lines, [], NameFinder([]))


def _judged(count: int) -> None:
    from primitives.change_points import shifts_of
    from primitives.statistics import Level

    table = np.random.default_rng(2).normal(10, 1, (count, 30))
    levels = [Level(10.0, 1.0, 90)] * len(table)
    times = np.arange(0.0, 1_800.0, 60.0)
    shifts_of(times, table, levels, normals=np.full((count, 1), 10.0), worse=[1] * len(table))
