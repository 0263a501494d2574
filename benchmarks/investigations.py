"""Whole investigations, in-process: of the sample incidents, and of the public data sets where they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.children import private_home
from benchmarks.figures import Figure, Reference, Result, median, percentile
from benchmarks.options import ROOT, Options, datasets

__all__ = ["investigations"]

_MANIFEST = "incident.yaml"
_QUICK = 3


def investigations(options: Options) -> Result:
    """p50, p95 and the longest per folder; the reference is reading the same bundles and nothing more."""
    result = Result()
    with private_home(options.scratch) as home:
        _measure(ROOT / "sample_incidents", home, result, None)
        shared = datasets()
        if shared is None:
            result.notes.append(
                "investigate: no data sets beside the checkout (../shared/datasets), so only the samples"
            )
        for folder in sorted(shared.iterdir()) if shared else ():
            if _bundles(folder):
                _measure(folder, home, result, _QUICK if options.quick else None)
    return result


def _bundles(folder: Path) -> list[Path]:
    return sorted(manifest.parent for manifest in folder.glob(f"*/{_MANIFEST}"))


def _measure(folder: Path, home: Path, result: Result, most: int | None) -> None:
    bundles = _bundles(folder)[:most]
    read = [_read(bundle) for bundle in bundles]
    taken, failed = asyncio.run(_investigate(bundles, home / f"{folder.name}.db"))
    result.failed += failed
    for name, ours, reference in (
        ("p50", median(taken), median(read)),
        ("p95", percentile(taken, 95), percentile(read, 95)),
        ("longest", max(taken), max(read)),
    ):
        label = f"{folder.name} ({len(bundles)}), {name}"
        result.figures.append(Figure("investigate", label, ours, "ms", None, Reference("reading it", reference)))


def _read(bundle: Path) -> float:
    from primitives.bundle import read_bundle

    begin = time.perf_counter()
    read_bundle(bundle).validate()
    return 1000 * (time.perf_counter() - begin)


async def _investigate(bundles: Sequence[Path], store: Path) -> tuple[list[float], list[str]]:
    """The ms of each investigation, one after another in one store, and those that did not complete."""
    from engine.engine import Engine
    from engine.follow_to_end import follow_investigation
    from engine.port import Investigate

    taken: list[float] = []
    failed: list[str] = []
    engine = await Engine.open(store)
    try:
        for bundle in bundles:
            begin = time.perf_counter()
            execution_id = await engine.investigate(Investigate(bundle=str(bundle), confirm=False))
            async for _ in follow_investigation(engine, execution_id):
                pass
            taken.append(1000 * (time.perf_counter() - begin))
            phase = (await engine.state(execution_id)).phase
            if phase != "completed":
                failed.append(f"investigate {bundle.name}: it {phase}")
    finally:
        await engine.close()
    return taken, failed
