"""A short fuzz run, and its parts; `make fuzz` runs it for an hour."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from bases import bundle
from children import Ran, problem_of
from mutations import LARGEST, mutate

ROOT = Path(__file__).parents[2]
# Rounds of each job that reached far: a part grown to thousands of records, a forged chain, a spoilt store.
SEEDS = {"parts": 2010007, "alerts": 1010003, "archives": 5, "exports": 1010011, "stores": 7, "words": 11, "sockets": 3,
         "sources": 5, "policies": 3, "alert_files": 4, "environments": 6, "other_stores": 8, "other_sources": 9,
         "recordings": 10, "mappings": 11, "backups": 12}  # fmt: skip


@pytest.mark.parametrize("job", SEEDS)
def test_rounds_of_each_job_have_no_fault(job: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "tests/fuzz/run.py", "--seconds", "4", "--seed", str(SEEDS[job]), "--job", job,
         "--findings", str(tmp_path)],
        cwd=ROOT, env={"PYTHONPATH": ".:tests/fuzz", "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
        timeout=170, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


# What a run found, cut to what matters: an integer of more than 64 bits in the alert couldn't be stored.
KEPT = {
    "a huge integer in an alert": {
        "alert.json": b'{"version": "4", "alerts": [{"labels": {"a": 1}, "value": 1%s}]}' % (b"0" * 59)
    },
    "a huge integer in a label": {"incident.yaml": bundle()["incident.yaml"].replace(b"flowers", b"9" * 70)},
    "a huge integer in a topology": {"topology.yaml": b"resources: [{id: a, attributes: {n: 1%s}}]" % (b"0" * 400)},
}


@pytest.mark.parametrize("kind", KEPT)
def test_what_was_found_stays_mended(kind: str, tmp_path: Path) -> None:
    for name, data in (bundle() | KEPT[kind]).items():
        path = tmp_path / "b" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-m", "cockpit", "investigate", "--incident", tmp_path / "b", "--json", "--store",
         tmp_path / "incidents.db"],
        cwd=ROOT, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1, 2}, done.stderr
    assert "bug" not in done.stderr


def test_the_same_seed_spoils_alike_and_within_the_limit() -> None:
    for name, data in bundle().items():
        for seed in range(20):
            spoilt = mutate(random.Random(seed), name, data)
            assert spoilt == mutate(random.Random(seed), name, data)
            assert len(spoilt) <= LARGEST


@pytest.mark.parametrize(("ran", "problem"), [
    (Ran(("x",), 0, 1.0, 1, "all is well\n", "", False), ""),
    (Ran(("x",), 2 << 8, 1.0, 1, "", "cloudops: no\n", False), ""),
    (Ran(("x",), 11, 1.0, 1, "", "", False), "x: signal SIGSEGV"),
    (Ran(("x",), 70 << 8, 1.0, 1, "", "", False), "x: exit 70 ''"),
    (Ran(("x",), 0, 21.0, 1, "", "", False), "x: took over 20 s"),
    (Ran(("x",), 0, 1.0, 2 << 30, "", "", False), "x: took over 1024 MiB"),
    (Ran(("x",), 0, 1.0, 1, "a\x1b[2J", "", False), "x: stdout has 0x1b"),
    (Ran(("x",), 0, 1.0, 1, "", "\u202e", False), "x: stderr has RIGHT-TO-LEFT OVERRIDE"),
    (Ran(("x",), 0, 1.0, 1, "", "", True), "x: hung"),
    (Ran(("--config", "c.yaml", "doctor"), 3 << 8, 1.0, 1, "! prod\n", "", False), ""),
    (Ran(("--config", "c.yaml", "x"), 3 << 8, 1.0, 1, "", "", False), "x: 0 lines of complaint"),
])  # fmt: skip
def test_each_fault_is_seen(ran: Ran, problem: str) -> None:
    assert problem_of(ran) == problem
