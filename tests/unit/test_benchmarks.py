"""The table of `make bench`, its JSON, and what it measures with."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.children import Child, PeakMemoryHidden, environment, interleaved, own_peak_mib, reported_peak, run
from benchmarks.figures import Figure, Reference, Result, Target, document, median, percentile, render_table
from benchmarks.isolated import isolated
from benchmarks.made_system import Size, made_system
from benchmarks.reasoning import investigated
from benchmarks.registry import BENCHMARKS
from benchmarks.startup import version
from benchmarks.synthetic import BURST, LONG, SHORT, Mixture, entries, events
from benchmarks.terminal import NotShown, Terminal
from engine.events import decode_body, encode_body
from engine.incident import fold

RESULT = Result(
    figures=[
        Figure("start-up", "--version", 90.0, "ms", Target(6, of="ratio"), Reference("python -c pass", 20.0)),
        Figure("store", "in batches", 8_123.4, "events/s", Target(10_000, "at least")),
        Figure("memory", "peak", 74.61, "MiB"),
    ],
    notes=["no data sets"],
)

TABLE = """\
benchmark  figure      value  unit      target             met  ratio  reference
---------  ----------  -----  --------  -----------------  ---  -----  ----------------------
start-up   --version      90  ms        ≤ 6 ×              yes  4.5 ×  python -c pass (20 ms)
store      in batches  8,123  events/s  ≥ 10,000 events/s  NO
memory     peak         74.6  MiB

1 of 2 targets met
note: no data sets
"""


def test_the_table_is_aligned_and_judges_each_target() -> None:
    assert render_table(RESULT) == TABLE


def test_the_document_holds_what_the_table_shows() -> None:
    shown = document(RESULT, at=datetime(2026, 3, 10, 14, 30, tzinfo=UTC), quick=True)
    assert (shown["schema"], shown["at"], shown["quick"]) == (
        "cloudops-benchmarks/1",
        "2026-03-10T14:30:00+00:00",
        True,
    )
    assert shown["notes"] == ["no data sets"]
    assert shown["failed"] == []
    assert set(shown["machine"]) == {"python", "system", "cpus"}
    first, second, third = json.loads(json.dumps(shown, allow_nan=False))["figures"]
    assert first == {
        "benchmark": "start-up",
        "figure": "--version",
        "value": 90.0,
        "unit": "ms",
        "target": {"of": "ratio", "bound": "at most", "limit": 6},
        "met": True,
        "reference": {"name": "python -c pass", "value": 20.0},
        "ratio": 4.5,
    }
    assert (second["met"], second["ratio"]) == (False, None)
    assert (third["met"], third["target"]) == (None, None)


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("a", "b", 50.0, "ms", Target(50)), True),
        (Figure("a", "b", 50.1, "ms", Target(50)), False),
        (Figure("a", "b", 50.0, "1/s", Target(50, "at least")), True),
        (Figure("a", "b", 49.9, "1/s", Target(50, "at least")), False),
        (Figure("a", "b", math.nan, "ms", Target(50)), False),
        (Figure("a", "b", 1.0, "ms", Target(2, of="ratio")), False),
        (Figure("a", "b", 1.0, "ms", Target(2, of="ratio"), Reference("c", 0.0)), False),
    ],
)
def test_a_figure_that_is_none_or_has_nothing_to_be_held_against_misses_its_target(figure: Figure, met: bool) -> None:
    assert figure.met is met


def test_percentiles_lie_between_neighbours() -> None:
    # numpy.percentile's default, computed by hand: 0.95 * 4 = 3.8 places from the smallest.
    assert percentile([5, 1, 4, 2, 3], 95) == pytest.approx(4.8)
    assert median([4, 1, 3, 2]) == 2.5
    assert math.isnan(percentile([], 50))


def test_a_busy_moment_meets_all_that_are_compared() -> None:
    order: list[str] = []

    def noted(name: str) -> float:
        order.append(name)
        return float(len(order))

    taken = interleaved({"a": lambda: noted("a"), "b": lambda: noted("b")}, rounds=2)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert taken == {"a": [3.0, 6.0], "b": [4.0, 5.0]}


def test_a_program_is_measured_by_its_own_time_and_memory(tmp_path: Path) -> None:
    size = int((own_peak_mib() + 64) * 1024 * 1024)
    child = run(
        (sys.executable, "-c", f"import time; b = b'x' * {size}; time.sleep(0.2); exit(7)"), environment(tmp_path)
    )
    assert child.code == 7
    assert child.wall_ms >= 200
    assert reported_peak([child]) >= size / 1024 / 1024


def test_memory_that_the_measuring_process_hides_is_not_reported() -> None:
    with pytest.raises(PeakMemoryHidden):
        reported_peak([Child(0, 1.0, own_peak_mib(), 0.5)])


def test_what_a_terminal_shows_is_found_behind_its_escape_sequences(tmp_path: Path) -> None:
    script = "import os; print('\\x1b[1mPl\\x1b[0;32man\\x1b]0;title\\x07', *os.get_terminal_size()); input()"
    with Terminal((sys.executable, "-c", script), environment(tmp_path), (90, 30)) as terminal:
        assert 0 < terminal.wait_for("Plan 90 30", within_s=20) < 20
        with pytest.raises(NotShown, match="Hypotheses"):
            terminal.wait_for("Plan", "Hypotheses", within_s=0.05)
    assert terminal.code is not None


def test_a_program_that_ends_without_showing_it_is_told_at_once(tmp_path: Path) -> None:
    with (
        Terminal((sys.executable, "-c", "print('gone')"), environment(tmp_path)) as terminal,
        pytest.raises(NotShown, match="gone"),
    ):
        terminal.wait_for("Plan", within_s=60)


@pytest.mark.parametrize("mixture", [LONG, SHORT, BURST])
def test_a_made_up_log_is_the_same_every_time_and_can_be_stored_and_folded(mixture: Mixture) -> None:
    log = list(entries(6_000, mixture))
    assert log == list(entries(6_000, mixture))
    assert all(decode_body(encode_body(body)) == body for _, _, body in log[-1_000:])
    state = fold(events(6_000, mixture))
    counted = Counter(body.type for _, _, body in log)
    assert (state.seq, len(state.facts), len(state.answers)) == (
        6_000,
        counted["fact_found"],
        counted["answer_recorded"],
    )


def test_a_mixture_has_as_many_events_of_a_type_as_it_says() -> None:
    # Five that open the log, then a first step of 80 + 4 + 12 events and four of its own.
    counted = Counter(body.type for _, _, body in entries(5 + 100, LONG))
    assert (counted["step_progressed"], counted["answer_recorded"], counted["fact_found"]) == (80, 4, 12)
    assert (counted["step_added"], counted["hypotheses_ranked"]) == (1, 1)


def test_what_fails_in_a_process_of_its_own_is_told_here() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        isolated(int, "x")


def test_an_unknown_benchmark_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["fastest"])
    assert stop.value.code == 2
    told = capsys.readouterr().err
    assert all(name in told for name in BENCHMARKS)


def test_the_quick_start_up_benchmark_runs(tmp_path: Path) -> None:
    figure = version(tmp_path, rounds=2)
    assert figure.ratio is not None
    # Whatever the machine: the command does more than an empty program, and starts within seconds.
    assert 1 < figure.ratio < 100
    assert 5 < figure.value < 20_000


def test_a_made_system_is_the_same_every_time_and_as_large_as_it_says() -> None:
    made, again = made_system(Size(1_000, 5, 60)), made_system(Size(1_000, 5, 60))
    assert made.parts.topology is not None
    assert made.parts.topology == again.parts.topology
    assert made.culprit == again.culprit
    assert len(made.parts.topology.resources) == 1_000
    assert 4_900 <= len(made.parts.topology.edges) <= 5_100
    assert {len(one.times) for one in made.parts.series} == {60}
    assert all(
        (one.values == other.values).all() for one, other in zip(made.parts.series, again.parts.series, strict=True)
    )


def test_the_fault_of_a_made_system_is_felt_where_its_requests_come_in() -> None:
    made = made_system(Size(100, 5, 120))
    window = made.parts.manifest.window
    latency = next(one for one in made.parts.series if one.resource == "service-00000" and one.metric.unit == "s")
    normal = latency.values[latency.times < window.start.timestamp()]
    # Two of its normal latencies come on top, give or take 4 % of noise.
    assert latency.values[-10:].mean() / normal.mean() == pytest.approx(3.0, rel=0.1)


async def test_reasoning_is_measured_on_what_it_finds() -> None:
    measured = await investigated(made_system(Size(50, 5, 60)))
    assert measured.place == 1
    assert measured.facts > 10
    assert measured.facts_ms > 0
    assert measured.ranking_ms > 0
    assert measured.pinned_ms > 0
