"""The toy platform, known for the time of one test."""

from __future__ import annotations

import pytest
from cases.toy_platform import TOY, TURN_DIAL

from primitives.backends.registry import backends
from primitives.remediations.registry import remediations


@pytest.fixture(autouse=True)
def toy_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register the toy's source and action."""
    monkeypatch.setitem(remediations(), "turn_dial", TURN_DIAL)
    monkeypatch.setitem(backends(), "toy", TOY)  # type: ignore[arg-type]
