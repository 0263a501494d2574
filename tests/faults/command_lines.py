"""Command lines in processes of their own, and what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main

ROOT = Path(__file__).parents[2]
STORY = ROOT / "sample_incidents" / "api-latency-spike"

SLOW = """
import asyncio, sys
import engine.investigate.investigation

async def slowly(self):
    await asyncio.Event().wait()

engine.investigate.investigation.Investigation.{method} = slowly
"""
COMMAND = """
from cockpit.__main__ import main
sys.exit(main())
"""
HOLDER = """
from pathlib import Path
from engine.host import ServedEngine

async def hold():
    engine = await ServedEngine.serve(Path(sys.argv[1]))
    print("held", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await engine.close()

asyncio.run(hold())
"""


def command(*arguments: str | Path, program: str = "") -> list[str]:
    start = ["-c", program] if program else ["-m", "cockpit"]
    return [sys.executable, *start, *map(str, arguments)]


def finished(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(command(*arguments), cwd=ROOT, text=True, timeout=90, check=False, **options)


def line(text: str) -> str:
    """The one line that a command says when it was interrupted."""
    assert text.startswith("cloudops: "), text
    assert text.count("\n") == 1, text
    return text.removeprefix("cloudops: ").rstrip("\n")


def events(text: str) -> list[dict[str, Any]]:
    """The events that a process acknowledged: whole lines; it may have been ended within one."""
    return [json.loads(one) for one in text.splitlines(keepends=True) if one.endswith("\n")]


def attached(
    execution_id: str, store: Path, capfd: pytest.CaptureFixture[str]
) -> tuple[int, list[dict[str, Any]], str]:
    capfd.readouterr()
    code = main(["attach", execution_id, "--events", "--store", str(store)])
    out, err = capfd.readouterr()
    return code, events(out), err


def read_until(process: subprocess.Popen[str], kind: str) -> list[dict[str, Any]]:
    """The events that the process tells until one of that type."""
    assert process.stdout is not None
    seen: list[dict[str, Any]] = []
    while not seen or seen[-1]["body"]["type"] != kind:
        seen.append(json.loads(process.stdout.readline()))
    return seen


@contextmanager
def started(*arguments: str | Path, program: str = "", **options: Any) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command(*arguments, program=program),
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
