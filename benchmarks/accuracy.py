"""`make accuracy`: writes docs/accuracy.md, what the reasoner scores and what leaving a system out costs.

Every incident of the data sets, and of each stage whose first sight is recorded, is investigated once, without a
network. Then its facts are ranked under the shipped weights, under weights fitted to all incidents, and under weights
fitted without its system.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.accuracy_page import FITTED, SHIPPED, page
from benchmarks.sights import read_sights
from engine.evaluate import bundles_below
from engine.evaluate.fitting import Scorer, example_of, fit, left_out
from engine.evaluate.leaving_out import investigate_all
from engine.reason.fitted_calibration import CALIBRATION
from engine.reason.weights import WEIGHTS

__all__ = ["main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_SHARED: Final = _ROOT.parent / "shared"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="make accuracy", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=_SHARED, help="where datasets/ and unseen/ are")
    parser.add_argument("--docs", type=Path, default=_ROOT / "docs", help="where the page and the first sights are")
    options = parser.parse_args(arguments)
    sights = read_sights(options.docs / "first_sight.json")
    # A stage is development data from its first sight on, and is not to be read before.
    folders = [options.shared / "datasets", *(options.shared / "unseen" / sight.stage for sight in sights.stages)]
    if missing := [folder for folder in folders if not folder.is_dir()]:
        parser.error(f"{missing[0]} is no folder; give --shared")
    done = asyncio.run(investigate_all(bundles_below(folders), progress=_progress))
    scorer = Scorer([example_of(each) for each in done])
    shipped = Scorer(scorer.examples, CALIBRATION)
    everything = range(len(scorer.examples))
    _note(f"{len(everything)} incidents; fitting to all")
    fitted = fit(scorer, everything, WEIGHTS)
    _note("fitting without each system")
    columns = {
        SHIPPED: {place: shipped.outcome(place, WEIGHTS) for place in everything},
        FITTED: {place: scorer.outcome(place, fitted) for place in everything},
        "system left out": left_out(scorer, lambda example: example.system, WEIGHTS),
    }
    kinds = sorted({kind for each in done for kind in each.evidence})
    evidence = {kind: [place for place, each in enumerate(done) if kind in each.evidence] for kind in kinds}
    text = page(scorer.examples, columns, fitted, sights, evidence)
    (options.docs / "accuracy.md").write_text(text, encoding="utf-8")
    _note(f"wrote {options.docs / 'accuracy.md'}")
    return 0


def _progress(done: int, name: str) -> None:
    if done % 20 == 0:
        _note(f"{done} investigated, {name} is next")


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
