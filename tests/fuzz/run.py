"""The fuzz run: `make fuzz SECONDS=3600`.

Each round spoils an input at random and lets the commands read it, each in a process with limits. No command may end
by a signal or a traceback, take over 20 s of processor time or 1 GiB, hang, or write what drives a terminal. What did
is kept in a folder: the first input of each kind of fault, with its commands and its seed.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path

from bases import bundle
from children import Ran, problem_of, run
from jobs import JOBS, Prepared

_KEPT_BYTES = 30_000_000


def main() -> int:
    """Fuzz, print the faults, and return 1 when there were any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--seed", type=int, default=None, help="begin with this round [default: the clock's]")
    parser.add_argument("--job", choices=JOBS, default=None)
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir()) / "cloudops-fuzz")
    options = parser.parse_args()
    options.findings.mkdir(parents=True, exist_ok=True)
    seed = int(time.time()) * 100_000 if options.seed is None else options.seed
    until = time.monotonic() + options.seconds
    faults: Counter[str] = Counter()
    rounds = commands = 0
    with tempfile.TemporaryDirectory(prefix="cof-") as scratch:
        prepared = _prepare(Path(scratch))
        while time.monotonic() < until:
            commands += _round(seed + rounds, options.job, Path(scratch), prepared, faults, options.findings)
            rounds += 1
    sys.stdout.write(
        f"{rounds} rounds, {commands} commands, {len(faults)} kinds of fault; kept in {options.findings}\n"
    )
    for fault, count in faults.most_common():
        sys.stdout.write(f"{count:6} {fault}\n")
    return 1 if faults else 0


def _round(seed: int, job: str | None, scratch: Path, prepared: Prepared, faults: Counter[str], kept: Path) -> int:
    rng = random.Random(seed)
    names = list(JOBS)
    name = job or rng.choices(names, [JOBS[each][0] for each in names])[0]
    folder = scratch / "round"
    folder.mkdir()
    count = 0
    try:
        for command in JOBS[name][1](rng, folder, prepared):
            ran = command if isinstance(command, Ran) else run([*command, "--store", folder / "incidents.db"], folder)
            count += 1
            if fault := problem_of(ran):
                faults[fault] += 1
                if faults[fault] == 1:
                    _keep(kept, folder, seed, name, fault, ran)
                break
    finally:
        shutil.rmtree(folder)
    return count


def _keep(kept: Path, folder: Path, seed: int, job: str, fault: str, ran: Ran) -> None:
    sys.stderr.write(f"seed {seed} ({job}): {fault}\n")
    place = kept / f"{seed}-{job}"
    if sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < _KEPT_BYTES:
        shutil.copytree(folder, place / "input", dirs_exist_ok=True)
    place.mkdir(exist_ok=True)
    about = {
        "fault": fault,
        "command": ran.arguments,
        "seed": seed,
        "job": job,
        "cpu_s": ran.cpu_s,
        "mib": ran.memory >> 20,
    }
    (place / "fault.json").write_text(json.dumps(about, indent=2), encoding="utf-8", errors="backslashreplace")
    (place / "stderr").write_text(ran.err[-20_000:])


def _prepare(scratch: Path) -> Prepared:
    """Investigate the sound bundle once, here, so that every fork has what the commands import."""
    from cockpit.cli import main as cloudops

    place = scratch / "sound"
    for name, data in bundle().items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    store, export = scratch / "incidents.db", scratch / "export"
    told = run(["investigate", "--incident", place, "--json", "--store", store], scratch)
    execution_id = str(json.loads(told.out)["execution_id"])
    for words in (["export", execution_id, str(export)], ["replay", execution_id, "--plain"], ["report", execution_id]):
        sys.stdout.flush()
        # What they print is the sound bundle's, of no interest.
        with redirect_stdout(io.StringIO()):
            code = cloudops([*words, "--store", str(store)])
        if code:
            raise SystemExit(f"the sound bundle fails: {words[0]} ends with {code}")
    return Prepared(store, execution_id, export)


if __name__ == "__main__":
    sys.exit(main())
