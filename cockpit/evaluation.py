"""`cloudops evaluate`: scores the reasoner on bundles whose cause is known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cockpit.output import note, say, say_document
from cockpit.sample_incidents import bundle_path
from cockpit.signals import run
from engine.evaluate import Case, bundles_below, compare, evaluate_bundles, evaluate_left_out, read_earlier
from primitives.dataclass import dataclass
from primitives.errors import BundleError, UsageError
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.telemetry import Question

__all__ = ["EvaluateOptions", "evaluate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    without: tuple[str, ...]
    leave_out: tuple[str, ...]
    jobs: int
    against: Path | None
    as_json: bool
    min_top1: float | None


@dataclass(frozen=True, slots=True)
class EvaluateOptions(_Options):
    """What is evaluated and how."""

    paths: tuple[Path, ...]


def evaluate(options: EvaluateOptions) -> int:
    """Score the reasoner. Raises `UsageError`.

    1 when top1 is under the minimum or a diagnostic failed by a fault of its own, 2 when a bundle can't be read.
    """
    if options.leave_out and (options.without or options.jobs > 1):
        raise UsageError("--leave-out goes with neither --without nor --jobs")
    bundles = bundles_below(map(bundle_path, options.paths))
    earlier = read_earlier(options.against) if options.against else None
    failed: list[Path] = []

    def progress(done: int, name: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{done}/{len(bundles)} {safe_line(name, limit=60)}")
            sys.stderr.flush()

    def broken(path: Path, error: BundleError) -> None:
        failed.append(path)
        note(f"cloudops: {path}: {error}; left out")

    if options.leave_out:
        result = run(evaluate_left_out(bundles, options.leave_out, progress=progress, broken=broken))
    else:
        without = cast("tuple[Question, ...]", options.without)
        result = run(evaluate_bundles(bundles, without=without, jobs=options.jobs, progress=progress, broken=broken))
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    for case in result.cases:
        _complain(case)
    if earlier is not None:
        result = result.model_copy(update={"against": compare(earlier, result.cases)})
    if options.as_json:
        say_document(result.model_dump(mode="json", by_alias=True))
    else:
        from cockpit.evaluation_tables import evaluation_table

        say(evaluation_table(result))
    if failed:
        return BundleError.exit_code
    if result.faulty:
        note(f"cloudops: in {result.faulty} of {result.n} incidents the investigation itself failed in part; see above")
        return 1
    return 1 if options.min_top1 is not None and (result.top1 or 0.0) < options.min_top1 else 0


def _complain(case: Case) -> None:
    """A fault of ours looks like a wrong answer in the figures; whoever develops must see it."""
    if case.problem is not None:
        note(f"cloudops: {case.id}: the investigation had a problem: {case.problem}")
