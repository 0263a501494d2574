"""Scores systems under weights that were fitted without them: how far the fitted numbers carry to another system."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.engine import Engine
from engine.evaluate.fitting import Example, Scorer, example_of, fit
from engine.evaluate.investigating import Investigated, investigated
from engine.evaluate.result import Evaluation, evaluate
from engine.hypotheses import Hypothesis
from engine.reason import rank_facts
from engine.reason.weights import WEIGHTS, Weights
from primitives.errors import BundleError, UsageError

__all__ = ["evaluate_left_out", "investigate_all"]


async def investigate_all(
    bundles: Sequence[Path],
    *,
    progress: Callable[[int, str], None] | None = None,
    broken: Callable[[Path, BundleError], None] | None = None,
) -> list[Investigated]:
    """Each bundle that has a known answer, investigated in a store that is thrown away.

    `progress` and `broken` as in `evaluate_bundles`. Raises `BundleError`, `StoreError`.
    """
    results: list[Investigated] = []
    with TemporaryDirectory(prefix="cloudops-evaluate-") as folder:
        engine = await Engine.open(Path(folder) / "incidents.db")
        try:
            for place, bundle in enumerate(bundles):
                if progress:
                    progress(place, bundle.name)
                try:
                    result = await investigated(engine, bundle)
                except BundleError as error:
                    if broken is None:
                        raise
                    broken(bundle, error)
                    continue
                results += [result] if result else []
        finally:
            await engine.close()
    return results


async def evaluate_left_out(
    bundles: Sequence[Path],
    systems: Collection[str],
    *,
    progress: Callable[[int, str], None] | None = None,
    broken: Callable[[Path, BundleError], None] | None = None,
) -> Evaluation:
    """Score the incidents of `systems` (or folders) under weights fitted to all others among `bundles`.

    Raises `UsageError` where one of the systems has no incident, or all incidents are theirs.
    """
    done = await investigate_all(bundles, progress=progress, broken=broken)
    examples = [example_of(each) for each in done]
    _check(examples, systems)
    scorer = Scorer(examples)
    rest = [place for place, example in enumerate(examples) if not _belongs(example, systems)]
    weights = fit(scorer, rest, WEIGHTS)
    cases = [
        each.scored(_ranked(example, weights))
        for each, example in zip(done, examples, strict=True)
        if _belongs(example, systems)
    ]
    fitted = {name: round(value, 4) for name, value in asdict(weights).items()}
    return evaluate(cases).model_copy(update={"left_out": tuple(sorted(systems)), "weights": fitted})


def _belongs(example: Example, systems: Collection[str]) -> bool:
    return example.system in systems or example.dataset in systems


def _check(examples: Sequence[Example], systems: Collection[str]) -> None:
    known = {example.dataset for example in examples} | {example.system for example in examples}
    if unknown := sorted(set(systems) - known):
        raise UsageError(f"no incident is of {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    if all(_belongs(example, systems) for example in examples):
        raise UsageError("nothing is left to fit the weights to; give the paths of other systems' incidents too")


def _ranked(example: Example, weights: Weights) -> list[Hypothesis]:
    ranking = rank_facts(example.facts, example.opened, example.classification, weights=weights)
    return sorted(ranking.hypotheses, key=lambda hypothesis: -hypothesis.confidence)
