"""Investigates bundles, in this process or in several, and scores them in a fixed order."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from engine.engine import Engine
from engine.evaluate.cases import Case
from engine.evaluate.investigating import investigated
from engine.evaluate.result import Evaluation, evaluate
from engine.evaluate.workers import side_by_side
from primitives.errors import BundleError, UsageError
from primitives.telemetry import Question

__all__ = ["bundles_below", "evaluate_bundles"]

_MANIFESTS: Final = frozenset({"incident.yaml", "incident.yaml.gz"})
_MOST_ENTRIES: Final = 200_000
"""Files and directories that are looked through for bundles: a disk has more, and takes minutes."""
Scored = Case | BundleError | None


def bundles_below(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The bundles (absolute paths) that `paths` are or hold, sorted. Raises `UsageError` where there is none."""
    bundles: dict[Path, None] = {}
    for path in map(Path.absolute, paths):
        try:
            here = [path] if _is_bundle(path) else sorted(_below(path))
        except OSError as error:
            raise UsageError(f"{path}: can't be looked through ({error.strerror}); give a bundle") from None
        if not here:
            raise UsageError(f"{path}: holds no incident bundle; give a bundle or a directory of bundles")
        bundles.update(dict.fromkeys(here))
    return tuple(bundles)


def _is_bundle(path: Path) -> bool:
    return (path.is_file() and path.suffix == ".incident") or any((path / name).is_file() for name in _MANIFESTS)


def _below(path: Path) -> set[Path]:
    bundles: set[Path] = set()
    seen = 0
    for name, folders, files in os.walk(path):
        seen += len(folders) + len(files)
        if seen > _MOST_ENTRIES:
            raise UsageError(
                f"{path}: holds over {_MOST_ENTRIES:,} files; give a directory that holds bundles and little else"
            )
        folder = Path(name)
        if not _MANIFESTS.isdisjoint(files):
            bundles.add(folder)
        bundles.update(archive for file in files if file.endswith(".incident") and (archive := folder / file).is_file())
    return bundles


async def evaluate_bundles(
    bundles: Sequence[Path],
    *,
    without: Collection[Question] = (),
    jobs: int = 1,
    progress: Callable[[int, str], None] | None = None,
    broken: Callable[[Path, BundleError], None] | None = None,
) -> Evaluation:
    """Investigate each bundle that has a known answer in a store that is thrown away, and score it.

    `jobs` processes work side by side; with one it is this one. The questions `without` get no answer. `progress` is
    called with the number done and the name of the one that was begun (or, side by side, ended) last; `broken`, in the
    order of the bundles, with each that can't be read; without it the first one ends the evaluation. Raises
    `UsageError` where no bundle has an answer, `BundleError`, `StoreError`.
    """
    scored: dict[int, Scored] = {}
    reported = 0
    with TemporaryDirectory(prefix="cloudops-evaluate-") as folder:
        places = Path(folder)
        if jobs > 1 and len(bundles) > 1:
            work = side_by_side(bundles, places, without, min(jobs, len(bundles)))
        else:
            work = _one_by_one(bundles, places, without, progress)
        async with aclosing(work):
            async for place, score in work:
                scored[place] = score
                if progress and jobs > 1:
                    progress(len(scored), bundles[place].name)
                while reported in scored:
                    _report(bundles[reported], scored[reported], broken)
                    reported += 1
    cases = [score for _, score in sorted(scored.items()) if isinstance(score, Case)]
    if not cases:
        raise UsageError("none of these bundles can be read and has a truth.yaml; there is nothing to score against")
    return evaluate(cases, without=without)


def _report(bundle: Path, scored: Scored, broken: Callable[[Path, BundleError], None] | None) -> None:
    if isinstance(scored, BundleError):
        if broken is None:
            raise scored
        broken(bundle, scored)


async def _one_by_one(
    bundles: Sequence[Path],
    folder: Path,
    without: Collection[Question],
    progress: Callable[[int, str], None] | None,
) -> AsyncGenerator[tuple[int, Scored], None]:
    engine = await Engine.open(folder / "incidents.db")
    try:
        for place, bundle in enumerate(bundles):
            if progress:
                progress(place, bundle.name)
            try:
                done = await investigated(engine, bundle, without)
                yield place, done.case if done else None
            except BundleError as error:
                yield place, error
    finally:
        await engine.close()
