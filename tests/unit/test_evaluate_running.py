"""Evaluations run side by side, with questions that nothing may answer, and end when they are told to."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest

from cockpit.cli import main
from cockpit.commands.evaluate import QUESTIONS
from engine.evaluate import bundles_below, evaluate_bundles, running
from engine.evaluate.ablation import withhold
from engine.investigate.scenario import open_scenario
from engine.port import Investigate
from primitives.errors import BundleError, CloudopsError, UsageError
from primitives.sources import NO_SOURCES
from primitives.telemetry import Question

SAMPLES = Path(__file__).parents[2] / "sample_incidents"
NAMES = ("opensre-rds-007", "opensre-rds-003", "holmes-13b-pending")
TIMELESS = {"duration_s": 0.0, "cpu_s": 0.0}


def children() -> set[int]:
    """The processes that this one started and that run."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z" and b"spawn_main" in (stat.parent / "cmdline").read_bytes():
                found.add(int(stat.parent.name))
    return found


def test_bundles_are_looked_for_within_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b/a", "a"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "incident.yaml").touch()
    (tmp_path / "c.incident").touch()
    assert [path.relative_to(tmp_path).as_posix() for path in bundles_below([tmp_path])] == ["a", "b/a", "c.incident"]
    monkeypatch.setattr(running, "_MOST_ENTRIES", 5)
    with pytest.raises(UsageError, match="holds over 5 files"):
        bundles_below([tmp_path])


def test_a_path_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be looked through"):
        bundles_below([tmp_path / ("x" * 300)])


async def test_side_by_side_gives_the_same_scores_in_the_same_order() -> None:
    bundles = [SAMPLES / name for name in NAMES]
    seen: list[int] = []
    alone = await evaluate_bundles(bundles)
    beside = await evaluate_bundles(bundles, jobs=2, progress=lambda done, _: seen.append(done))
    assert [one.id for one in beside.cases] == list(NAMES)
    assert [one.model_copy(update=TIMELESS) for one in beside.cases] == [
        one.model_copy(update=TIMELESS) for one in alone.cases
    ]
    assert all(one.cpu_s > 0 for one in (*alone.cases, *beside.cases))
    assert seen == [1, 2, 3]
    assert not children()


async def test_side_by_side_broken_bundles_are_told_in_their_order(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        shutil.copytree(SAMPLES / "opensre-rds-007", tmp_path / name)
    (tmp_path / "a" / "incident.yaml").write_text("[{")
    (tmp_path / "c" / "truth.yaml").write_text("[{")
    told: list[str] = []
    result = await evaluate_bundles(bundles_below([tmp_path]), jobs=2, broken=lambda path, _: told.append(path.name))
    assert (told, result.n) == (["a", "c"], 1)
    assert not children()


async def test_one_by_one_a_broken_bundle_that_nobody_watches_for_ends_it(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "opensre-rds-007", tmp_path / "a")
    (tmp_path / "a" / "incident.yaml").write_text("[{")
    with pytest.raises(BundleError, match=r"incident\.yaml"):
        await evaluate_bundles(bundles_below([tmp_path]))


async def test_a_killed_worker_is_told_and_no_other_is_left() -> None:
    work = asyncio.ensure_future(evaluate_bundles([SAMPLES / name for name in NAMES], jobs=2))
    while not (workers := children()):
        await asyncio.wait({work}, timeout=0.02)
    os.kill(min(workers), signal.SIGKILL)
    with pytest.raises(CloudopsError, match=r"was killed .*--jobs 1"):
        await work
    assert not children()


async def test_what_is_cancelled_leaves_no_process() -> None:
    work = asyncio.ensure_future(evaluate_bundles([SAMPLES / name for name in NAMES], jobs=2))
    while not children():
        await asyncio.wait({work}, timeout=0.02)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not children()


async def test_a_withheld_question_is_routed_to_nobody() -> None:
    bundle = str(SAMPLES / "api-latency-spike")
    scenario = await open_scenario(Investigate(bundle=bundle), NO_SOURCES)
    hidden = withhold(scenario, ("changes", "alerts"))
    whole, part = await scenario.backends[0].check(), await hidden.backends[0].check()
    assert set(whole.questions) - set(part.questions) == {"changes", "alerts"}
    assert scenario.backends[0].questions - hidden.backends[0].questions == {"changes", "alerts"}
    assert withhold(scenario, ()) is scenario
    assert (hidden.opened.alert, scenario.opened.alert is None) == (None, False)
    # What the bundle says of its changes' source is gone with it; what it says of others stays.
    kinds = {kind for entry in hidden.opened.coverage for kind in entry.kinds}
    before = {kind for entry in scenario.opened.coverage for kind in entry.kinds}
    assert before - kinds >= {"deployment", "infrastructure"}
    assert "deployment" not in kinds


async def test_without_changes_no_change_can_be_blamed_and_the_evaluation_says_so() -> None:
    result = await evaluate_bundles([SAMPLES / "api-latency-spike"], without=("changes",))
    assert result.without == ("changes",)
    assert result.cases[0].named is not None
    assert result.cases[0].named.change is None
    assert result.top1 == 0.0


def test_every_question_can_be_withheld() -> None:
    assert get_args(Question) == QUESTIONS


def test_wrong_use_is_one_line_and_told_before_anything_is_investigated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(SAMPLES / "opensre-rds-007")
    (tmp_path / "text.json").write_text("hello")
    missing, text = str(tmp_path / "no.json"), str(tmp_path / "text.json")
    for options in (("--without", "weather"), ("--against", missing), ("--against", text), ("--jobs", "0")):
        assert main(["evaluate", bundle, *options]) == 2
        told = capsys.readouterr()
        assert (told.out, told.err.count("\n")) == ("", 1)


def test_the_json_of_one_run_is_what_the_next_is_compared_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(SAMPLES / "opensre-rds-007")
    assert main(["evaluate", bundle, "--json"]) == 0
    (tmp_path / "before.json").write_text(capsys.readouterr().out)
    assert main(["evaluate", bundle, "--json", "--against", str(tmp_path / "before.json")]) == 0
    against = json.loads(capsys.readouterr().out)["against"]
    assert (against["n"], against["better"], against["worse"]) == (1, [], [])
    assert against["differences"]["top1"]["verdict"] == "same"
