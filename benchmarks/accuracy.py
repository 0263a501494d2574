"""`python -m benchmarks.accuracy`: writes docs/accuracy.md, what the reasoner scores and what leaving data out costs.

Every incident of the data sets is investigated once, without a network. Then its facts are ranked under the shipped
weights, under weights fitted to all incidents, and under weights fitted without its data set, or without the incidents
of its data set that have the same culprit.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.fit import Example, Outcome, Scorer, fit, left_out
from engine.engine import Engine
from engine.evaluate import bundles_below
from engine.follow_to_end import follow_investigation
from engine.port import Investigate
from engine.reason.weights import WEIGHTS, Weights
from primitives.bundle.truth import Truth, read_truth

__all__ = ["examples_in", "main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_DATASETS: Final = _ROOT.parent / "shared" / "datasets"
_PAGE: Final = _ROOT / "docs" / "accuracy.md"
_BINS: Final = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--datasets", type=Path, default=_DATASETS, help="folders of incidents with a known answer")
    parser.add_argument("--page", type=Path, default=_PAGE, help="what to write [default: docs/accuracy.md]")
    options = parser.parse_args(arguments)
    if not options.datasets.is_dir():
        parser.error(f"{options.datasets} is no folder; give --datasets")
    scorer = Scorer(asyncio.run(examples_in(options.datasets)))
    everything = range(len(scorer.examples))
    _note(f"{len(everything)} incidents; fitting to all")
    fitted = fit(scorer, everything, WEIGHTS)
    _note("fitting without each data set")
    without_dataset = left_out(scorer, lambda example: example.dataset, WEIGHTS)
    _note("fitting without each culprit")
    without_culprit = left_out(scorer, lambda example: f"{example.dataset} {example.culprit}", WEIGHTS)
    shipped = {place: scorer.outcome(place, WEIGHTS) for place in everything}
    columns = {
        "shipped": shipped,
        "fitted to all": {place: scorer.outcome(place, fitted) for place in everything},
        "data set left out": without_dataset,
        "culprit left out": without_culprit,
    }
    options.page.write_text(_page(scorer.examples, columns, fitted), encoding="utf-8")
    _note(f"wrote {options.page}")
    return 0


async def examples_in(folder: Path) -> list[Example]:
    """Investigate the incidents below a folder that have a known answer."""
    examples = []
    with TemporaryDirectory(prefix="cloudops-accuracy-") as scratch:
        engine = await Engine.open(Path(scratch) / "incidents.db")
        try:
            for path in bundles_below([folder]):
                truth = read_truth(path)
                if truth is None:
                    continue
                execution_id = await engine.investigate(Investigate(bundle=str(path), confirm=False))
                async for _ in follow_investigation(engine, execution_id):
                    pass
                state = await engine.state(execution_id)
                assert state.opened is not None
                facts = tuple(state.facts.values())
                examples.append(
                    Example(
                        path.name, path.parent.name, _culprit(truth), facts, state.opened, state.classification, truth
                    )
                )
        finally:
            await engine.close()
    return examples


def _culprit(truth: Truth) -> str:
    first = truth.root_causes[0] if truth.root_causes else None
    return (first.resource if first else None) or (first.cause_id if first else None) or "none"


def _page(examples: Sequence[Example], columns: Mapping[str, Mapping[int, Outcome]], fitted: Weights) -> str:
    datasets = sorted({example.dataset for example in examples})
    places = {name: [place for place, example in enumerate(examples) if example.dataset == name] for name in datasets}
    places["all"] = list(range(len(examples)))
    return "\n".join(
        (
            *_HEAD,
            *_table(places, columns),
            "",
            "## Calibration of the shipped weights",
            "Of the incidents whose first hypothesis had a confidence in the bin, how many were right.",
            "",
            *_reliability(columns["shipped"]),
            "",
            "## Weights",
            "What a fit to all incidents would make of the shipped weights (`engine/reason/weights.py`).",
            "",
            *_weights(fitted),
            "",
        )
    )


_HEAD: Final = (
    "<!-- made by `make accuracy`; don't edit -->",
    "# How accurate is it, and what does leaving data out cost?",
    "",
    "The rules' weights are explained beside the rules, from platforms' documentation and practice. A few numbers",
    "scale them; these are fitted to the development incidents in `../shared/datasets`. This page says what each data",
    "set scores when the fit did not see it, or did not see those of its incidents that have the same culprit. The",
    "rules themselves were written by people who knew all development incidents. So this page measures overfitting",
    "of the 11 fitted numbers, not of the rules. `tests/cases/recorded` and the generated incidents of",
    "`tests/cases/worlds.py` come nearest to incidents that no rule has seen. There a sharper fit is too confident,",
    "so the shipped weights are less sharp than the fitted ones.",
    "",
    "`top-1` asks for all that the known answer names (resource, cause, change), `resource` for the resource alone.",
    "",
)


def _table(places: Mapping[str, Sequence[int]], columns: Mapping[str, Mapping[int, Outcome]]) -> list[str]:
    lines = [
        "| data set | incidents | weights | top-1 | resource | Brier | ECE |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for dataset, members in places.items():
        for name, outcomes in columns.items():
            own = [outcomes[place] for place in members]
            cells = (
                f"{fmean(case.right for case in own):.3f}",
                f"{fmean(bool(case.right_resource) for case in own if case.right_resource is not None):.3f}",
                f"{fmean((case.confidence - case.right) ** 2 for case in own):.3f}",
                f"{_ece(own):.3f}",
            )
            lines.append(f"| {dataset} | {len(members)} | {name} | {' | '.join(cells)} |")
    return lines


def _bins(outcomes: Sequence[Outcome]) -> dict[int, list[Outcome]]:
    bins: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        bins.setdefault(min(int(outcome.confidence * _BINS), _BINS - 1), []).append(outcome)
    return dict(sorted(bins.items()))


def _ece(outcomes: Sequence[Outcome]) -> float:
    gaps = [len(members) * abs(fmean(each.confidence for each in members) - fmean(each.right for each in members))
            for members in _bins(outcomes).values()]  # fmt: skip
    return sum(gaps) / len(outcomes)


def _reliability(outcomes: Mapping[int, Outcome]) -> list[str]:
    lines = ["| confidence | incidents | mean confidence | right |", "| --- | --- | --- | --- |"]
    for number, members in _bins(list(outcomes.values())).items():
        stated, right = fmean(outcome.confidence for outcome in members), fmean(outcome.right for outcome in members)
        lines.append(
            f"| {number / _BINS:.1f} to {(number + 1) / _BINS:.1f} | {len(members)} | {stated:.2f} | {right:.2f} |"
        )
    return lines


def _weights(fitted: Weights) -> list[str]:
    argued, shipped = asdict(Weights()), asdict(WEIGHTS)
    lines = ["| weight | argued | shipped | fitted to all |", "| --- | --- | --- | --- |"]
    for name, value in asdict(fitted).items():
        lines.append(f"| {name} | {argued[name]:.3g} | {shipped[name]:.3g} | {value:.3g} |")
    return lines


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
