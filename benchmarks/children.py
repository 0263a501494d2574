"""Starts programs as a person would and measures wall time (start to end) and peak memory.

A child's peak memory includes what its parent held when it started the child, so the measuring process must be small:
`PeakMemoryHidden` says when it is not.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.options import ROOT

__all__ = [
    "Child",
    "PeakMemoryHidden",
    "cloudops",
    "environment",
    "interleaved",
    "own_peak_mib",
    "private_home",
    "reported_peak",
    "run",
]

# ru_maxrss is in KiB on Linux and in bytes on macOS.
_PER_MIB = 1024 if sys.platform.startswith("linux") else 1024 * 1024


class PeakMemoryHidden(RuntimeError):
    """The measuring process is larger than the child, so the child's own peak can't be measured."""


@dataclass(frozen=True, slots=True)
class Child:
    """A program that has ended: its exit code, its wall time in ms, peak memory in MiB and processor time in s."""

    code: int
    wall_ms: float
    peak_mib: float
    cpu_s: float


def cloudops() -> tuple[str, ...]:
    """The command as it is installed beside this Python; the module where it is not."""
    return (str(_script()),) if _script().exists() else (sys.executable, "-m", "cockpit")


def _script() -> Path:
    return Path(sys.executable).with_name("cloudops")


@contextmanager
def private_home(scratch: Path) -> Iterator[Path]:
    """A home that nobody's settings and stores are in; short, because a Unix socket's path must be."""
    home = Path(tempfile.mkdtemp(prefix="cob-", dir=scratch))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def environment(home: Path) -> dict[str, str]:
    """The environment of a person at a terminal, with `home` for everything that is kept."""
    passed = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    if not _script().exists():
        passed["PYTHONPATH"] = str(ROOT)
    return passed | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def run(command: Sequence[str], env: Mapping[str, str]) -> Child:
    """Run `command` with nothing to read and its output thrown away."""
    null = os.open(os.devnull, os.O_RDWR)
    try:
        before = time.perf_counter()
        pid = os.posix_spawn(
            command[0], list(command), env, file_actions=[(os.POSIX_SPAWN_DUP2, null, stream) for stream in range(3)]
        )
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - before
    finally:
        os.close(null)
    cpu = usage.ru_utime + usage.ru_stime
    return Child(os.waitstatus_to_exitcode(status), wall * 1000, usage.ru_maxrss / _PER_MIB, cpu)


def own_peak_mib() -> float:
    """The peak resident memory of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _PER_MIB


def reported_peak(children: Sequence[Child]) -> float:
    """The largest peak of `children`, in MiB. Raises `PeakMemoryHidden` when our own peak hides it."""
    peak = max(child.peak_mib for child in children)
    if peak <= own_peak_mib() * 1.02:
        raise PeakMemoryHidden(f"the child's {peak:.0f} MiB can't be told apart from our own {own_peak_mib():.0f} MiB")
    return peak


def interleaved(measurements: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Each measurement `rounds` times, in turn, so that a busy moment of the machine affects all of them.

    A first round that doesn't count fills the caches of files and bytecode.
    """
    taken: dict[str, list[float]] = {name: [] for name in measurements}
    for number in range(rounds + 1):
        order = list(measurements) if number % 2 else list(measurements)[::-1]
        for name in order:
            value = measurements[name]()
            if number:
                taken[name].append(value)
    return taken
