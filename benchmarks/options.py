"""How a run is done, and what there is to work on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Options", "datasets"]

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Options:
    """`quick` measures less often and on less; `scratch` is a folder on a real disk for stores."""

    quick: bool
    scratch: Path

    def times(self, usual: int, quick: int) -> int:
        """How often to do a thing."""
        return quick if self.quick else usual


def datasets() -> Path | None:
    """The public data sets beside the checkout; None when they are not there."""
    folder = ROOT.parent / "shared" / "datasets"
    return folder if folder.is_dir() else None
