"""Every public incident beside the checkout is read whole, without a complaint that isn't known."""

from __future__ import annotations

from pathlib import Path

import pytest

from primitives.bundle import read_bundle
from primitives.bundle.truth import read_truth

_DATASETS = Path(__file__).parents[2].parent / "shared" / "datasets"
_BUNDLES = sorted(path.parent for path in _DATASETS.glob("*/*/incident.yaml"))


def test_the_data_sets_are_there(shared_datasets: Path) -> None:
    assert len(_BUNDLES) == 78
    assert shared_datasets == _DATASETS


@pytest.mark.parametrize("path", _BUNDLES, ids=lambda path: path.name)
def test_a_public_bundle_is_read_whole(path: Path) -> None:
    bundle = read_bundle(path)
    parts = bundle.load_all()
    truth = read_truth(path)
    assert bundle.manifest.id == path.name
    assert truth is not None
    assert bundle.manifest.window.start <= bundle.manifest.detected_at
    assert all(len(one.times) == len(one.values) for one in parts.series)
    allowed = {"performance_insights.json: unknown file (kept, not read)"}
    allowed.add("spans.jsonl: some spans name no trace (trace_id is null)")
    assert set(bundle.warnings) <= allowed
