"""What is installed is what was meant: dependencies, locks, and a wheel that carries everything."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import primitives
from cockpit.sample_incidents import samples

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Distributions whose import package has another name.
_IMPORTED_AS = {"ahocorasick-rs": "ahocorasick_rs", "pyyaml": "yaml", "prometheus-client": "prometheus_client"}

_BY_ANOTHER = {"anyio", "httptools"}
"""What only another dependency imports: uvicorn's protocol that the listener uses; and what httpx2 stands on, which is
named to hold it back (tests/unit/test_held_back_libraries.py)."""


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


RUNTIME = [_name(requirement) for requirement in PROJECT["project"]["dependencies"]]
DEVELOPMENT = [_name(requirement) for group in PROJECT["dependency-groups"].values() for requirement in group]


def _locked(name: str) -> dict[str, list[str]]:
    """The locked distributions of a file, each with its digests."""
    locked: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if requirement := re.match(r"([a-z0-9-]+)==[^ ]+", line):
            current = locked.setdefault(requirement[1], [])
        current.extend(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    return locked


def _imports() -> Iterator[str]:
    for package in ("cockpit", "engine", "primitives", "themes"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    ("lock", "wanted"), [("requirements.lock", RUNTIME), ("requirements-dev.lock", RUNTIME + DEVELOPMENT)]
)
def test_a_lock_names_every_dependency_with_its_digests(lock: str, wanted: list[str]) -> None:
    locked = _locked(lock)
    assert set(wanted) <= set(locked)
    assert [name for name, digests in locked.items() if not digests] == []


def test_both_locks_agree() -> None:
    versions = [
        set(re.findall(r"^([a-z0-9-]+==[^\s\\]+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    ]
    assert versions[0] <= versions[1]


def test_every_dependency_is_used() -> None:
    imported = {*_imports(), *_BY_ANOTHER}
    assert [name for name in RUNTIME if _IMPORTED_AS.get(name, name) not in imported] == []


def test_the_changelog_says_why_each_dependency_is_there() -> None:
    explained = {name.lower() for name in re.findall(r"[\w-]+", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))}
    assert [name for name in RUNTIME + DEVELOPMENT if name not in explained] == []


def test_an_installed_wheel_finds_its_samples_and_its_version(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("cloudops-*.whl")
    installed = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.startswith(("tests/", "benchmarks/"))]
        archive.extractall(installed)
    code = (
        "import primitives, cockpit.sample_incidents as s; print(s.__file__); print(primitives.__version__);"
        "print(*sorted(b.name for b in s.samples()))"
    )
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    where, version, names = done.stdout.splitlines()
    assert where == str(installed / "cockpit" / "sample_incidents.py")
    assert version == primitives.__version__
    assert names.split() == [bundle.name for bundle in samples()]
    recorded = {path.relative_to(ROOT) for bundle in samples() for path in bundle.rglob("*") if path.is_file()}
    assert [path for path in recorded if not (installed / path).is_file()] == []
