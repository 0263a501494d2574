"""Which kinds of evidence an incident has, by the parts of its bundle."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from primitives.backends.recorded.backend import part_of
from primitives.bundle import read_bundle
from primitives.telemetry import Question

__all__ = ["evidence_of"]

# Alerts and topology say where to look; they are no observations of the trouble.
_KINDS: Final[Mapping[Question, str]] = {
    "series": "metrics",
    "changes": "changes",
    "logs": "logs",
    "spans": "traces",
    "configuration": "configuration",
    "objects": "objects",
    "container_logs": "logs",
    "probes": "probes",
    "observations": "observations",
}


def evidence_of(bundle: Path, without: Collection[Question] = ()) -> tuple[str, ...]:
    """The kinds of evidence in the bundle at `bundle`, sorted; `without` those that only withheld questions ask for.

    Raises `BundleError`.
    """
    parts = read_bundle(bundle).parts
    return tuple(
        sorted({kind for question, kind in _KINDS.items() if question not in without and part_of(question) in parts})
    )
