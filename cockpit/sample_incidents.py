"""The incidents that come with CloudOps, to try it on and to learn from."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["bundle_path", "find_sample", "is_there", "samples"]

# A package directory beside this one, in a checkout and in site-packages alike.
_FOLDER = Path(__file__).parents[1] / "sample_incidents"


def samples() -> list[Path]:
    """The bundle directory of every sample incident, in the order of their names."""
    return sorted(manifest.parent for manifest in _FOLDER.glob("*/incident.yaml"))


def find_sample(name: str) -> Path | None:
    """The bundle directory of the sample called `name`, or None where there is none.

    `name` may be the sample's own (`api-latency-spike`) or how a README of a checkout writes it
    (`sample_incidents/api-latency-spike`), so that the same words work from any directory.
    """
    wanted = name.rstrip("/").removeprefix("./").removeprefix(f"{_FOLDER.name}/")
    return next((bundle for bundle in samples() if bundle.name == wanted), None)


def is_there(path: Path | str) -> bool:
    """Whether there is such a file or folder and we may look at it."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises where we may not look


def bundle_path(given: Path) -> Path:
    """Where the bundle is: the path that was given, or a sample incident's name; `sample_incidents` is all of them."""
    if not is_there(given):
        sample = _FOLDER if str(given) == _FOLDER.name else find_sample(str(given))
        if sample is not None:
            return sample.absolute()
    return given.absolute()
