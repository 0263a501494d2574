"""Scores the reasoner on made incidents (`cases.scenarios`) and prints a table by kind. Run by hand, from the checkout:

    PYTHONPATH=.:tests python -m cases.score_scenarios --seeds 20
    PYTHONPATH=.:tests python -m cases.score_scenarios --seeds 20 --kinds surge,deep --cases

It is evidence of how the reasoner does on what it has not seen: no rule may be tuned to it. `--first` has other seeds.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from cases.scenarios import KINDS, make_scenario, write_scenario

from engine.evaluate import Case, Evaluation, Scores, bundles_below, evaluate_bundles

_COLUMNS = ("n", "top1", "top3", "top5", "resource_top1", "brier", "ece", "duration_p50_s", "duration_p95_s")


def score(kinds: Sequence[str], seeds: Sequence[int], folder: Path) -> Evaluation:
    """Make the incidents of these kinds and seeds below `folder`, investigate and score them."""
    for kind in kinds:
        for seed in seeds:
            write_scenario(make_scenario(kind, seed), folder)
    return asyncio.run(evaluate_bundles(bundles_below([folder])))


def render(result: Evaluation) -> str:
    """A line a kind, then all: how often right, how sure, and what was claimed of innocent changes."""
    by_kind: dict[str, list[Case]] = {}
    for case in result.cases:
        by_kind.setdefault(case.dataset, []).append(case)
    scores: Mapping[str, Scores | Evaluation] = {**result.by_dataset, "all": result}
    lines = [f"{'kind':22}" + "".join(f"{name.removeprefix('duration_'):>14}" for name in _COLUMNS)
             + f"{'confidence':>12}{'decoys > 0.5':>14}"]  # fmt: skip
    for name, scored in scores.items():
        cases = by_kind.get(name, list(result.cases))
        cells = "".join(f"{_cell(getattr(scored, column)):>14}" for column in _COLUMNS)
        sure = fmean(case.confidence or 0.0 for case in cases)
        decoyed = [case.decoy_confidence for case in cases if case.decoy_confidence is not None]
        blamed = f"{sum(value > 0.5 for value in decoyed)} of {len(decoyed)}" if decoyed else "-"
        lines.append(f"{name:22}{cells}{sure:12.2f}{blamed:>14}")
    if "two_faults" in by_kind:
        lines.append("of two faults the second must be found too, so its rank is 2 at best: read top3")
    return "\n".join(lines) + "\n"


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(
        prog="python -m cases.score_scenarios", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--seeds", type=int, default=20, help="how many of each kind [default: 20]")
    parser.add_argument("--first", type=int, default=0, help="the first seed [default: 0]")
    parser.add_argument("--kinds", default=",".join(KINDS), help="comma-separated [default: all]")
    parser.add_argument("--cases", action="store_true", help="print each incident's answer too")
    parser.add_argument("--keep", type=Path, help="a folder to leave the incidents in")
    parser.add_argument("--json", type=Path, help="write the evaluation (cloudops-evaluation/1) to this file")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="made-") as scratch:
        seeds = range(options.first, options.first + options.seeds)
        result = score(options.kinds.split(","), seeds, options.keep or Path(scratch))
    if options.json:
        options.json.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")
    if options.cases:
        for case in result.cases:
            sys.stdout.write(f"{case.id:34} rank {case.rank!s:5} resource {case.resource_rank!s:5} "
                             f"{case.confidence or 0:.2f}  {case.top}\n")  # fmt: skip
    sys.stdout.write(render(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
