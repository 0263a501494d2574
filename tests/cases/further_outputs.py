"""Further made incidents that only collected outputs tell: databases, caches, hosts, clouds, and their look-alikes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from cases.collected_outputs import Collected


def _case(row: Mapping[str, Any]) -> Collected:
    """A case whose symptom is on the first known resource."""
    known = tuple(row["known"].items())
    return Collected(
        name=row["name"],
        query="something fails",
        symptom=known[0][0] if known else row["resource"],
        observations=tuple((part["resource"], part["data"]) for part in row["observations"]),
        cause=row.get("cause"),
        resource=row.get("resource", ""),
        not_causes=tuple(row.get("not_causes", ())),
        known=known,
        calls=tuple(row.get("calls", {}).items()),
    )


FURTHER: Final = tuple(map(_case, yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())))
