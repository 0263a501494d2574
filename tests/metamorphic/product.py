"""Every transformation on every incident: `make metamorphic`. Prints each first answer that changed, and a table.

PYTHONPATH=.:tests/metamorphic python -m product --only renamed,later --below ../shared/datasets
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from answers import ROOT, SHARED, TRANSFORMATIONS, answered, expected, incidents, investigated, read_files
from evidence import raised_without_evidence

from engine.engine import Engine

_PLACES = (ROOT / "sample_incidents", ROOT / "tests" / "cases" / "recorded", SHARED / "datasets")


async def compare(paths: list[Path], names: list[str]) -> list[dict[str, str]]:
    """The first answers that changed."""
    changed, done = [], Counter[str]()
    with tempfile.TemporaryDirectory(prefix="metamorphic-") as scratch:
        engine = await Engine.open(Path(scratch) / "incidents.db")
        try:
            for path in paths:
                files = read_files(path)
                known = await answered(engine, files)
                for name in names:
                    other = TRANSFORMATIONS[name](files)
                    if other is None:
                        continue
                    done[name] += 1
                    now = await answered(engine, other)
                    if now.first in expected(name, files, known):
                        continue
                    changed.append({"transformation": name, "incident": f"{path.parent.name}/{path.stem}",
                                    "before": str(known), "after": str(now)})  # fmt: skip
                    sys.stdout.write(f"{name:22} {path.parent.name}/{path.stem}: {known} -> {now}\n")
                    sys.stdout.flush()
                for fact, (least, most) in raised_without_evidence(await investigated(engine, path)).items():
                    sys.stdout.write(f"without {fact:14} {path.parent.name}/{path.stem}: {least:.2f} -> {most:.2f}\n")
        finally:
            await engine.close()
    failed = Counter(entry["transformation"] for entry in changed)
    for name in names:
        sys.stdout.write(f"{name:22} {failed[name]:4} of {done[name]} changed\n")
    return changed


def main() -> int:
    """The program: 1 when a first answer changed."""
    parser = argparse.ArgumentParser(prog="make metamorphic", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(TRANSFORMATIONS), help="comma-separated [default: all]")
    parser.add_argument("--below", type=Path, action="append", help="folders of incidents [default: all there are]")
    parser.add_argument("--json", type=Path, help="write what changed to this file")
    options = parser.parse_args()
    paths = [path for place in options.below or _PLACES if place.is_dir() for path in incidents(place)]
    changed = asyncio.run(compare(paths, options.only.split(",")))
    if options.json:
        options.json.write_text(json.dumps(changed, indent=1) + "\n", encoding="utf-8")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
