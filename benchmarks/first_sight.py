"""`make first-sight STAGE=stage-2`: scores incidents that nobody has looked at, once, and keeps the figures for good.

What is scored on incidents that no rule was written with in sight can be measured only once: whoever has seen the
answers may fit to them, wanting to or not. So a stage that is recorded is never recorded again, and what was measured
is a commit: a tree with changes is refused. `docs/first_sight.json` holds aggregates only, no id, name, message or
answer of an incident; docs/accuracy.md shows them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from benchmarks.accuracy_page import first_sight_section, with_section
from benchmarks.sights import Sight, read_sights, sight_of, write_sights
from engine.evaluate import Case, Evaluation, bundles_below, evaluate, evaluate_bundles
from engine.evaluate.evidence import evidence_of
from primitives.errors import CloudopsError

__all__ = ["main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_UNSEEN: Final = _ROOT.parent / "shared" / "unseen"


def main(arguments: Sequence[str] | None = None) -> int:
    """Record a stage: 0 done, 1 it is recorded already or the tree has changes, 2 wrong use."""
    options = _parser().parse_args(arguments)
    record = options.docs / "first_sight.json"
    sights = read_sights(record)
    if known := sights.of(options.stage):
        return _refuse(f"the first sight of {known.stage} was recorded on {known.date} at {known.commit}; it stays")
    try:
        bundles = bundles_below([options.bundles / options.stage])
        sight = _taken_earlier(options, bundles) if options.taken else _taken_now(options.stage, bundles)
    except CloudopsError as error:
        return _refuse(str(error))
    if sight is None:
        return _refuse("the tree has changes; commit them first, so that the figures are those of a commit")
    sights = sights.model_copy(update={"stages": (*sights.stages, sight)})
    write_sights(sights, record)
    page = options.docs / "accuracy.md"
    section = first_sight_section(sights)
    page.write_text(with_section(page.read_text(encoding="utf-8"), section), encoding="utf-8")
    print(section)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make first-sight", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stage", help="the folder of its incidents below --bundles, such as stage-2")
    parser.add_argument(
        "--bundles", type=Path, default=_UNSEEN, help="where the stages are [default: ../shared/unseen]"
    )
    parser.add_argument("--docs", type=Path, default=_ROOT / "docs", help="where the record and the page are")
    parser.add_argument("--taken", type=Path, help="what `cloudops evaluate --json` wrote at first sight, to import it")
    parser.add_argument("--commit", help="with --taken: the commit that was measured")
    parser.add_argument("--date", type=date.fromisoformat, help="with --taken: the day on which it was measured")
    return parser


def _refuse(problem: str) -> int:
    print(f"first sight: {problem}", file=sys.stderr)
    return 1


def _taken_now(stage: str, bundles: Sequence[Path]) -> Sight | None:
    """The first sight as of now; None where the tree is not that of a commit."""
    if _git("status", "--porcelain"):
        return None
    commit, today = _git("rev-parse", "--short=7", "HEAD"), datetime.now(UTC).date()
    result = asyncio.run(evaluate_bundles(bundles))
    return sight_of(stage, today, commit, result, faulty=result.faulty)


def _taken_earlier(options: argparse.Namespace, bundles: Sequence[Path]) -> Sight:
    """A first sight that was taken before this command was there; what evidence there was is read from the bundles."""
    content = json.loads(options.taken.read_bytes())
    evidence = {(path.parent.name, path.name): evidence_of(path) for path in bundles}
    cases = [Case.model_validate(case) for case in content["cases"]]
    seen = [case.model_copy(update={"evidence": evidence[case.dataset, case.id]}) for case in cases]
    result: Evaluation = evaluate(seen)
    # Then an analyzer's failure did not reach the figures.
    return sight_of(options.stage, options.date, options.commit, result, faulty=None)


def _git(*arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(_ROOT), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
