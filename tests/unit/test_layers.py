"""The layers hold: imports go downward only, and nothing heavy loads before it is used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
_IMPORT_ALL = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def _run(code: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def _loaded_by(*modules: str) -> set[str]:
    done = _run(_IMPORT_ALL, *modules)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def _modules_of_contracts() -> set[str]:
    """Our modules that a contract names, with the packages that hold them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {
        name
        for contract in contracts
        for key in ("source_modules", "forbidden_modules")
        for name in contract.get(key, ())
    }
    ours = [name.split(".") for name in named if name.startswith(("cockpit.", "engine.", "primitives."))]
    return {".".join(parts[:length]) for parts in ours for length in range(1, len(parts) + 1)}


def test_every_import_contract_is_kept() -> None:
    done = _run(_LINT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("engine", "import cockpit"),
        ("engine", "import textual"),
        ("engine", "import boto3"),
        ("engine", "import themes"),
        ("primitives", "import engine"),
        ("primitives", "import rich"),
        ("cockpit", "import sqlite3"),
        ("cockpit", "import engine.server"),
        ("engine.store", "import engine.log"),
        ("themes", "import engine"),
    ],
)
def test_an_import_that_breaks_a_contract_is_found(tmp_path: Path, module: str, statement: str) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    for package in sorted({"cockpit", "engine", "primitives", "themes"} | _modules_of_contracts()):
        folder = tmp_path.joinpath(*package.split("."))
        folder.mkdir()
        (folder / "__init__.py").write_text(f"{statement}\n" if package == module else "")
    done = _run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {_LINT}", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"[1-9] broken", done.stdout)


def test_the_engine_and_the_primitives_load_no_screen_and_no_cloud_sdk() -> None:
    loaded = _loaded_by("engine", "primitives")
    assert {"engine", "primitives"} <= loaded
    assert not loaded & {
        "cockpit",
        "themes",
        "textual",
        "rich",
        "click",
        "boto3",
        "botocore",
        "kubernetes",
        "anthropic",
        "opentelemetry",
    }


def test_the_command_itself_loads_nothing_heavy() -> None:
    loaded = _loaded_by("cockpit.cli")
    assert not loaded & {
        "textual",
        "rich",
        "numpy",
        "pydantic",
        "aiosqlite",
        "httpx2",
        "boto3",
        "kubernetes",
        "anthropic",
    }


def test_a_whole_investigation_loads_what_it_uses(tmp_path: Path) -> None:
    story = str(ROOT / "sample_incidents" / "api-latency-spike")
    command = ["-m", "cockpit", "--store", str(tmp_path / "incidents.db"), "investigate", "--incident", story, "--json"]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "numpy" in loaded
    # Masked arrays are a tenth of what numpy takes to load: its own `median` and `unique` load them.
    assert not loaded & {"numpy.ma", "textual", "rich", "httpx2", "boto3", "botocore", "kubernetes", "anthropic"}
