"""Runs command lines in forked processes within limits, and says what no command may do."""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

__all__ = ["MOST_CPU_S", "MOST_MEMORY", "Ran", "begin", "finish", "problem_of", "run"]

MOST_CPU_S: Final = 20.0
"""Processor time: wall time says how busy the machine is."""
MOST_MEMORY: Final = 1 << 30
_WALL_S: Final = 120.0
_EXIT_CODES: Final = frozenset({0, 1, 2, 3, 4, 130})
_SHOWN: Final = 4_000_000
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Ran:
    """How a process ended: its exit code or signal, processor time, greatest memory, and what it wrote."""

    arguments: tuple[str, ...]
    status: int
    cpu_s: float
    memory: int
    out: str
    err: str
    hung: bool


def run(arguments: Sequence[str | Path], folder: Path) -> Ran:
    """`cloudops arguments` in a fork of this process, which has imported what the commands need."""
    words = tuple(os.fspath(argument) for argument in arguments)
    return finish(begin(folder, partial(_command, words)), words, folder)


def begin(folder: Path, work: Callable[[], None]) -> int:
    """Do `work` in a fork of this process, within limits; the id of that process."""
    child = os.fork()
    if not child:
        _become(work, [folder / "stdout", folder / "stderr"], folder)
    return child


def finish(child: int, words: tuple[str, ...], folder: Path) -> Ran:
    """Wait for what `begin` began, and say how it ended."""
    status, used, hung = _wait(child)
    out, err = ((folder / name).read_bytes()[:_SHOWN].decode("utf-8", "replace") for name in ("stdout", "stderr"))
    return Ran(words, status, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, out, err, hung)


def _command(words: tuple[str, ...]) -> None:
    sys.argv = ["cloudops", *words]
    from cockpit.__main__ import main

    main()


def _become(work: Callable[[], None], streams: list[Path], folder: Path) -> None:
    try:
        os.setsid()
        os.environ.update(CLOUDOPS_DEBUG="1", HOME=str(folder), XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder))
        for number, path in enumerate(streams, start=1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        resource.setrlimit(resource.RLIMIT_CPU, (45, 46))
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
        os.chdir(folder)
        work()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    os._exit(70)


def _wait(child: int) -> tuple[int, resource.struct_rusage, bool]:
    until = time.monotonic() + _WALL_S
    pause = 0.001
    while True:
        ended, status, used = os.wait4(child, os.WNOHANG)
        if ended:
            return status, used, False
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            _, status, used = os.wait4(child, 0)
            return status, used, True
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def problem_of(ran: Ran) -> str:
    """What was wrong, as a short line that is the same for the same fault; empty where nothing was."""
    words = ran.arguments[2:] if ran.arguments[:1] == ("--config",) else ran.arguments
    command = words[0] if words else "?"
    if "Traceback" in ran.err:
        return f"{command}: traceback {_fault(ran.err)}"
    if ran.hung:
        return f"{command}: hung"
    if os.WIFSIGNALED(ran.status):
        return f"{command}: signal {signal.Signals(os.WTERMSIG(ran.status)).name}"
    if os.WEXITSTATUS(ran.status) not in _EXIT_CODES or "this is a bug" in ran.err:
        return f"{command}: exit {os.WEXITSTATUS(ran.status)} {ran.err[-200:]!r}"
    if ran.cpu_s > MOST_CPU_S:
        return f"{command}: took over {MOST_CPU_S:.0f} s"
    if ran.memory > MOST_MEMORY:
        return f"{command}: took over {MOST_MEMORY >> 20} MiB"
    for name, text in (("stdout", ran.out), ("stderr", ran.err)):
        if (hit := _UNSAFE.search(text)) is not None:
            return f"{command}: {name} has {unicodedata.name(hit[0], hex(ord(hit[0])))}"
    if os.WEXITSTATUS(ran.status) in {2, 3} and ran.err.count("\n") != 1 and command not in {"evaluate", "doctor"}:
        return f"{command}: {ran.err.count(chr(10))} lines of complaint"
    return ""


def _fault(err: str) -> str:
    """The innermost line of our code in a traceback, and the exception."""
    places = re.findall(r'File "[^"]*?((?:cockpit|engine|primitives|themes)/[^"]+)", line (\d+)', err)
    last = [line for line in err.splitlines() if line and not line.startswith((" ", "|"))]
    place = ":".join(places[-1]) if places else "?"
    return f"{place} {re.split(r'[:(]', last[-1])[0] if last else '?'}"
