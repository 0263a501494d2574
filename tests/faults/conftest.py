"""The command line, a small bundle and a store with one investigation."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bad_input import MANIFEST, ROOT, STORY, Cloudops, Told

from cockpit.cli import main


@pytest.fixture
def bounded() -> Iterator[None]:
    """What blocks for ever fails instead: a pipe, a device, a socket."""

    def too_long(*_: object) -> None:
        raise TimeoutError("the command hangs")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def cloudops(capfd: pytest.CaptureFixture[str]) -> Cloudops:
    """The command line, in this process; an error that nobody foresaw is raised, not told."""

    def run(*arguments: str | Path) -> Told:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return Told(code, *capfd.readouterr())

    return run


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The smallest bundle there is."""
    bundle = tmp_path / "small"
    bundle.mkdir()
    (bundle / "incident.yaml").write_text(MANIFEST)
    return bundle


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """A store with one investigation, its execution id, and its bundle as a directory. Not to be written to."""
    folder = tmp_path_factory.mktemp("finished")
    store, bundle = folder / "incidents.db", folder / "exported"
    arguments = ["investigate", "--incident", str(STORY), "--json", "--store", str(store)]
    reported = subprocess.run(
        [sys.executable, "-m", "cockpit", *arguments], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    execution_id = str(json.loads(reported.stdout)["execution_id"])
    assert main(["export", execution_id, str(bundle), "--store", str(store)]) == 0
    return store, execution_id, bundle


@pytest.fixture
def store(finished: tuple[Path, str, Path], short_path: Path) -> Path:
    """A copy of that store, to be spoilt."""
    for file in finished[0].parent.glob("incidents.db*"):
        if file.is_file():
            shutil.copy(file, short_path)
    return short_path / "incidents.db"
