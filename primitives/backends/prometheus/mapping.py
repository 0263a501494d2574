"""What a person says of a Prometheus whose labels and names are their own: a mapping file.

It names the labels that say which service a series is about, and series under names of their own (recording rules,
gauges of an unusual exporter) as the metrics that diagnostics compare.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from primitives.bundle.parse import load_yaml
from primitives.errors import UsageError
from primitives.regular_files import read_regular
from primitives.terms import MetricKind, Worse
from primitives.text import safe_line

__all__ = ["MappedMetric", "Mapping", "read_mapping"]

_LABEL: Final = r"^[a-zA-Z_][a-zA-Z0-9_]{0,127}$"
_SERIES: Final = r"^[a-zA-Z_:][a-zA-Z0-9_:]{0,255}$"
_MOST_BYTES: Final = 1_000_000
_FROZEN: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class MappedMetric(BaseModel):
    """A series of the server as a metric: its name there, what it is called here, its kind and unit.

    `label` names the resource (empty: as for every other series). Of several series of one resource traffic is added
    up, of anything else the worst is taken. `limit` is the value at which the resource is full.
    """

    model_config = _FROZEN

    series: str = Field(pattern=_SERIES)
    name: str = Field(pattern=_LABEL)
    kind: MetricKind
    unit: str = Field(min_length=1, max_length=40)
    worse: Worse = "higher"
    limit: float | None = Field(None, allow_inf_nan=False)
    label: str = Field("", pattern=rf"^$|{_LABEL}")


class Mapping(BaseModel):
    """`service_labels` are tried before the usual ones, best first; `namespace_label` replaces `namespace`."""

    model_config = _FROZEN

    service_labels: tuple[str, ...] = Field((), max_length=20)
    namespace_label: str = Field("", pattern=rf"^$|{_LABEL}")
    metrics: tuple[MappedMetric, ...] = Field((), max_length=500)


def read_mapping(path: Path) -> Mapping:
    """What the mapping file says. Raises `UsageError`, which names the file and what was expected."""
    shown = safe_line(str(path), limit=200)
    try:
        data = read_regular(path, _MOST_BYTES, what="mapping file", see="see docs/prometheus.md")
        document: Any = load_yaml(data.decode("utf-8")) or {}
        mapping = Mapping.model_validate(document)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"mapping file {shown}: can't be read ({reason}); see docs/prometheus.md") from None
    except (yaml.YAMLError, RecursionError):
        raise UsageError(f"mapping file {shown}: is not YAML; see docs/prometheus.md") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(safe_line(str(part), limit=40) for part in first["loc"]) or "the file"
        raise UsageError(f"mapping file {shown}: {where}: {safe_line(first['msg'])}; see docs/prometheus.md") from None
    for label in mapping.service_labels:
        if not label.isidentifier() or not label.isascii():
            raise UsageError(f"mapping file {shown}: service_labels: {safe_line(label, limit=40)} is no label's name")
    return mapping
