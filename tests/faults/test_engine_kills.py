"""Killed at any named place, an investigation goes on where it stopped and tells the same in the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.report import without_volatile

SAMPLE = Path(__file__).parents[2] / "sample_incidents" / "holmes-13b-pending"
PLACES = [
    "actor.planned",
    "actor.confirmed",
    "run.step_started:1",
    "run.step_started:4",
    "run.facts_written:1",
    "run.facts_written:2",
    "run.before_step_finished:2",
    "run.step_finished:1",
    "run.step_finished:5",
    "actor.concluded",
]


def cloudops(*arguments: str, store: Path, failpoint: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CLOUDOPS_FAILPOINT": failpoint}
    command = [sys.executable, "-m", "cockpit.cli", *arguments, "--store", str(store)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def events_of(output: str) -> list[dict[str, Any]]:
    """The acknowledged events on standard output; a kill may cut the last line short."""
    lines = output.splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def settled(store: Path, execution_id: str) -> dict[str, Any]:
    told = cloudops("report", execution_id, "--format", "json", store=store)
    assert told.returncode == 0, told.stderr
    return without_volatile(json.loads(told.stdout))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    store = tmp_path_factory.mktemp("undisturbed") / "store.db"
    run = cloudops("investigate", "--events", "--incident", str(SAMPLE), store=store)
    assert run.returncode == 0, run.stderr
    return settled(store, events_of(run.stdout)[0]["execution_id"])


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_investigation_goes_on_where_it_stopped(
    place: str, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    store = tmp_path / "store.db"
    killed = cloudops("investigate", "--events", "--incident", str(SAMPLE), store=store, failpoint=place)
    assert killed.returncode == -9, f"{place} was never passed: {killed.stderr}"
    acknowledged = events_of(killed.stdout)
    execution_id = json.loads(cloudops("incidents", "--json", store=store).stdout)[0]["execution_id"]

    resumed = cloudops("attach", execution_id, "--events", store=store)
    assert resumed.returncode == 0, resumed.stderr
    log = events_of(resumed.stdout)

    assert log[: len(acknowledged)] == acknowledged
    assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
    found = [(event["body"]["step"], event["body"]["key"]) for event in log if event["body"]["type"] == "fact_found"]
    assert len(found) == len(set(found))
    assert cloudops("audit", "verify", execution_id, store=store).returncode == 0
    assert settled(store, execution_id) == undisturbed
