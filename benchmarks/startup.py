"""Start-up: how long a person waits for the first answer, and how much memory it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.children import Child, cloudops, environment, interleaved, private_home, reported_peak, run
from benchmarks.figures import Figure, Reference, Result, Target, median
from benchmarks.options import ROOT, Options
from benchmarks.terminal import Terminal

__all__ = ["SAMPLE", "first_paint", "startup", "version"]

SAMPLE = ROOT / "sample_incidents" / "petshop-low-train-00"
STORY = ROOT / "sample_incidents" / "api-latency-spike"
_QUERY = "latency spike since noon"
_PANES = ("Plan", "Hypotheses", "Detail", "Timeline", "Remediation", "╭", "╯")
_STEP = "analyze_utilization"
_MINIMAL = (str(Path(__file__).with_name("minimal_app.py")),)
_MINIMAL_FRAME = ("a minimal app", "╭", "╯")
_PYTHON = (sys.executable, "-c", "pass")


def startup(options: Options) -> Result:
    """`--version`, whole investigations of a sample as separate processes, and their memory."""
    with private_home(options.scratch) as home:
        return Result([version(home, options.times(25, 7)), _story(options, home), *_investigations(options, home)])


def first_paint(options: Options) -> Result:
    """From the start of `cloudops investigate` on a terminal to its first whole frame, against a minimal app's.

    That frame has the title (the query) and the borders of all panes; a later one has the plan, for which the engine
    had to be loaded and the bundle read.
    """
    planned: list[float] = []
    with private_home(options.scratch) as home:
        env, numbers = environment(home), count()

        def cockpit() -> float:
            store = str(home / f"{next(numbers)}.db")
            command = (*cloudops(), "investigate", _QUERY, "--incident", str(SAMPLE), "--store", store)
            with Terminal(command, env) as terminal:
                painted = terminal.wait_for(_QUERY, *_PANES)
                planned.append(1000 * terminal.wait_for(_STEP))
            return 1000 * painted

        def minimal() -> float:
            with Terminal((sys.executable, *_MINIMAL), env) as terminal:
                return 1000 * terminal.wait_for(*_MINIMAL_FRAME)

        taken = interleaved({"cockpit": cockpit, "minimal": minimal}, options.times(15, 5))
    reference = Reference("minimal Textual app", median(taken["minimal"]))
    whole = median(taken["cockpit"])
    return Result(
        [
            Figure("first paint", "title and panes, 120x36", whole, "ms", Target(1.5, of="ratio"), reference),
            Figure("first paint", "the plan, 120x36", median(planned[1:]), "ms", None, reference),
        ]
    )


def version(home: Path, rounds: int) -> Figure:
    """`cloudops --version` against `python -c pass`, in turn."""
    env = environment(home)
    taken = interleaved(
        {"version": partial(_wall, (*cloudops(), "--version"), env), "python": partial(_wall, _PYTHON, env)}, rounds
    )
    reference = Reference("python -c pass", median(taken["python"]))
    return Figure("start-up", "cloudops --version", median(taken["version"]), "ms", Target(6, of="ratio"), reference)


def _story(options: Options, home: Path) -> Figure:
    """A whole investigation of the demonstration story against `python -c pass`, in turn; the best of each counts.

    The environment sets no PYTHONDONTWRITEBYTECODE, and the first round warms up: both have their bytecode caches.
    """
    env, numbers = environment(home), count()

    def investigated() -> float:
        store = str(home / f"story-{next(numbers)}.db")
        return _wall((*cloudops(), "investigate", "--incident", str(STORY), "--json", "--store", store), env)

    taken = interleaved({"story": investigated, "python": partial(_wall, _PYTHON, env)}, options.times(15, 5))
    reference = Reference("python -c pass", min(taken["python"]))
    best = min(taken["story"])
    return Figure("start-up", "investigate --json, the demonstration", best, "ms", Target(40, of="ratio"), reference)


def _investigations(options: Options, home: Path) -> list[Figure]:
    env, numbers, children = environment(home), count(), dict[str, list[Child]]()

    def investigation(form: str) -> Callable[[], float]:
        children[form] = []

        def investigated() -> float:
            store = str(home / f"{next(numbers)}.db")
            child = run((*cloudops(), "investigate", "--incident", str(SAMPLE), form, "--store", store), env)
            children[form].append(_sound(child, f"investigate {form}"))
            return child.wall_ms

        return investigated

    forms = {form: investigation(form) for form in ("--plain", "--json")}
    taken = interleaved({**forms, "python": partial(_wall, _PYTHON, env)}, options.times(11, 3))
    reference = Reference("python -c pass", median(taken["python"]))
    python_memory = Reference("python -c pass", run(_PYTHON, env).peak_mib)
    memory = reported_peak(children["--json"])
    return [
        Figure("start-up", "investigate --plain, PetShop", median(taken["--plain"]), "ms", None, reference),
        Figure("start-up", "investigate --json, PetShop", median(taken["--json"]), "ms", Target(1500), reference),
        Figure("memory", "investigate --json, PetShop, peak", memory, "MiB", Target(150), python_memory),
    ]


def _wall(command: Sequence[str], env: dict[str, str]) -> float:
    return _sound(run(command, env), " ".join(command[-2:])).wall_ms


def _sound(child: Child, what: str) -> Child:
    """`child`, unless it failed: 1 is a verdict (no cause was found), anything above is a failure."""
    if child.code not in (0, 1):
        raise RuntimeError(f"{what} ended with {child.code}")
    return child
