"""The same bundle gives the same report, and a stored investigation is the same wherever and however it is read."""

from __future__ import annotations

import asyncio
import difflib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cockpit.cli import main
from cockpit.sample_incidents import samples
from engine.engine import Engine
from engine.incident import fold
from engine.report import without_volatile

ROOT = Path(__file__).parents[2]
DATASETS = ROOT.parent / "shared" / "datasets"
FOLDERS = ("kubernetes-and-databases", "nezha", "petshop", "rootcausebench")

# Investigates bundles in a store and prints a line for each: what its live state was, and what was told meanwhile.
_LIVE = """
import asyncio, json, sys
from pathlib import Path
from cockpit.plain import PlainReport
from engine.engine import Engine
from engine.follow_to_end import follow_investigation
from engine.incident import IncidentState
from engine.port import Investigate

async def live(store, *bundles):
    engine = await Engine.open(Path(store))
    for bundle in bundles:
        execution_id = await engine.investigate(Investigate(bundle=bundle, confirm=False))
        actor = engine._actors[execution_id]
        state, plain, told = IncidentState(), PlainReport(width=100), ""
        async for batch in follow_investigation(engine, execution_id):
            for event in batch:
                state.apply(event)
                told += plain.tell(state, event)
        seen = {"bundle": bundle, "execution_id": execution_id, "digest": actor.state.digest(), "told": told}
        print(json.dumps(seen), flush=True)
    await engine.close()

asyncio.run(live(*sys.argv[1:]))
"""


@dataclass(frozen=True)
class Run:
    """One process' investigations, by their bundle: its store, and what it printed of each."""

    store: Path
    seen: Mapping[str, Mapping[str, Any]]


def _bundles() -> list[Path]:
    """Every sample, and of each public folder the first and the last."""
    chosen = samples()
    for folder in FOLDERS:
        found = sorted(manifest.parent for manifest in (DATASETS / folder).glob("*/incident.yaml"))
        chosen += [found[at] for at in (0, -1)] if found else []
    return chosen


BUNDLES = _bundles()
EACH = pytest.mark.parametrize(
    "bundle", [str(one) for one in BUNDLES], ids=[f"{one.parent.name}-{one.name}" for one in BUNDLES]
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """The same bundles twice, side by side, in processes that order their sets and hashes differently."""
    started = []
    for seed in ("1", "2"):
        store = tmp_path_factory.mktemp("determinism") / "incidents.db"
        process = subprocess.Popen(
            [sys.executable, "-c", _LIVE, store, *map(str, BUNDLES)],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append((store, process))
    done = []
    for store, process in started:
        told, _ = process.communicate(timeout=180)
        assert process.returncode == 0
        done.append(Run(store, {one["bundle"]: one for one in map(json.loads, told.splitlines())}))
    return done[0], done[1]


Cloudops = Callable[..., str]


@pytest.fixture
def cloudops(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cloudops:
    """The command line: what it prints when all is well."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str | Path) -> str:
        capfd.readouterr()
        assert main([str(argument) for argument in arguments]) == 0
        return capfd.readouterr().out

    return run


def report(cloudops: Cloudops, run: Run, bundle: str) -> dict[str, Any]:
    execution_id = run.seen[bundle]["execution_id"]
    told: dict[str, Any] = json.loads(cloudops("report", execution_id, "--format", "json", "--store", run.store))
    return told


def stored_digest(store: Path, execution_id: str) -> tuple[str, str]:
    """The digest of the state as the store has it, and of the fold over its log."""

    async def read() -> tuple[str, str]:
        engine = await Engine.open(store)
        try:
            log = [event async for batch in engine.follow(execution_id, live=False) for event in batch]
            return (await engine.state(execution_id)).digest(), fold(log).digest()
        finally:
            await engine.close()

    return asyncio.run(read())


def test_every_folder_of_the_public_data_takes_part(shared_datasets: Path) -> None:
    assert shared_datasets == DATASETS
    assert {bundle.parent.name for bundle in BUNDLES} == {"sample_incidents", *FOLDERS}


@EACH
def test_two_runs_differ_only_in_what_is_declared_volatile(
    runs: tuple[Run, Run], cloudops: Cloudops, bundle: str
) -> None:
    first, second = (report(cloudops, run, bundle) for run in runs)
    assert first["execution_id"] != second["execution_id"]
    shown = [json.dumps(without_volatile(one), indent=1).splitlines() for one in (first, second)]
    assert list(difflib.unified_diff(*shown, lineterm="", n=1))[:40] == []


@EACH
def test_the_report_is_what_its_published_schema_says(runs: tuple[Run, Run], cloudops: Cloudops, bundle: str) -> None:
    schema = json.loads((ROOT / "docs" / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.validate(report(cloudops, runs[0], bundle), schema, format_checker=checker)


@EACH
def test_the_state_is_the_same_live_stored_and_taken_into_another_store(
    runs: tuple[Run, Run], cloudops: Cloudops, tmp_path: Path, bundle: str
) -> None:
    seen = runs[0].seen[bundle]
    execution_id, digest = seen["execution_id"], seen["digest"]
    assert stored_digest(runs[0].store, execution_id) == (digest, digest)
    exported, elsewhere = tmp_path / "exported.incident", tmp_path / "elsewhere.db"
    cloudops("export", execution_id, exported, "--store", runs[0].store)
    assert cloudops("import", exported, "--store", elsewhere) == f"{execution_id}\n"
    assert stored_digest(elsewhere, execution_id) == (digest, digest)
    assert json.loads(cloudops("audit", "verify", "--json", "--store", elsewhere))[0]["ok"]


@EACH
def test_a_replay_tells_what_was_told_live(runs: tuple[Run, Run], cloudops: Cloudops, bundle: str) -> None:
    seen = runs[0].seen[bundle]
    replayed = cloudops("replay", seen["execution_id"], "--plain", "--store", runs[0].store)
    assert replayed == seen["told"], "the very same, id and duration too: it is the same investigation"


def test_the_command_itself_gives_the_same_report_twice(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = []
    for name in ("one.db", "two.db"):
        capfd.readouterr()
        arguments = ["investigate", "API latency spike in prod", "--incident", str(samples()[0]), "--json"]
        assert main([*arguments, "--store", str(tmp_path / name)]) == 0
        told.append(without_volatile(json.loads(capfd.readouterr().out)))
    assert told[0] == told[1]
