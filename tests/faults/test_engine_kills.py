"""Killed at any named place, an investigation resumes it and tells the same in the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cases.unexplained import bundle_with_an_older_change

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
    command = [sys.executable, "-m", "cockpit", *arguments, "--store", str(store)]
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


# The investigation of what nothing explains asks one further question, its sixth step.
FURTHER = ["actor.asked_further:1", "run.step_started:6", "run.step_finished:6", "actor.asked_further:2"]


@pytest.fixture(scope="module")
def unexplained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle_with_an_older_change(tmp_path_factory.mktemp("unexplained") / "bundle")


@pytest.fixture(scope="module")
def asked_further(unexplained: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    store = tmp_path_factory.mktemp("asked-further") / "store.db"
    run = cloudops("investigate", "--events", "--incident", str(unexplained), store=store)
    events = events_of(run.stdout)
    assert [event["body"]["step"]["id"] for event in events if event["body"]["type"] == "step_added"] == ["S6"]
    return settled(store, events[0]["execution_id"])


@pytest.mark.parametrize("place", FURTHER)
def test_a_further_question_is_asked_once_however_often_the_engine_dies(
    place: str, tmp_path: Path, unexplained: Path, asked_further: dict[str, Any]
) -> None:
    log = killed_and_resumed(place, tmp_path / "store.db", unexplained)
    assert [event["body"]["step"]["id"] for event in log if event["body"]["type"] == "step_added"] == ["S6"]
    assert settled(tmp_path / "store.db", log[0]["execution_id"]) == asked_further


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_investigation_goes_on_where_it_stopped(
    place: str, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    log = killed_and_resumed(place, tmp_path / "store.db", SAMPLE)
    assert settled(tmp_path / "store.db", log[0]["execution_id"]) == undisturbed


def killed_and_resumed(place: str, store: Path, bundle: Path) -> list[dict[str, Any]]:
    """The log of an investigation that was killed at `place` and went on."""
    killed = cloudops("investigate", "--events", "--incident", str(bundle), store=store, failpoint=place)
    assert killed.returncode == -9, f"{place} was never passed: {killed.stderr}"
    acknowledged = events_of(killed.stdout)
    execution_id = json.loads(cloudops("incidents", "--json", store=store).stdout)[0]["execution_id"]

    resumed = cloudops("attach", execution_id, "--events", store=store)
    assert resumed.returncode in (0, 1), resumed.stderr
    log = events_of(resumed.stdout)

    assert log[: len(acknowledged)] == acknowledged
    assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
    found = [(event["body"]["step"], event["body"]["key"]) for event in log if event["body"]["type"] == "fact_found"]
    assert len(found) == len(set(found))
    assert cloudops("audit", "verify", execution_id, store=store).returncode == 0
    return log
