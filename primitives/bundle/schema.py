"""JSON Schemas of every part of a bundle: `python -m primitives.bundle.schema [FOLDER]` writes them.

They describe what the reader accepts: an editor can check a bundle with them while it is written. A JSON-lines part's
schema is that of one line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, Field, RootModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from primitives.bundle.manifest import Manifest
from primitives.bundle.truth import Truth
from primitives.records import (
    Change,
    ConfigurationSnapshot,
    LogRecord,
    Observation,
    Probe,
    Record,
    Span,
    Topology,
)
from primitives.terms import MetricKind, Statistic, Worse

__all__ = ["DEFAULT_FOLDER", "schemas", "write_schemas"]

DEFAULT_FOLDER: Final = Path("docs/schemas")
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TIME_PATTERN: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$"


class _Meaning(Record):
    """What a metric means. `limit` is the value, in `unit`, at which the resource is full."""

    kind: MetricKind
    unit: str
    statistic: Statistic
    worse: Worse
    limit: float | None = None


class _Metrics(RootModel[dict[str, _Meaning]]):
    """What each metric means, by its name: the name of its file in `metrics/`."""


class _KubernetesList(BaseModel):
    """What `kubectl get KIND -A -o json` prints."""

    items: tuple[dict[str, Any], ...] = Field(description="The objects, as the API server gave them.")


_PARTS: Final[dict[str, tuple[str, Any]]] = {
    "incident": ("incident.yaml", Manifest),
    "metrics": ("metrics.yaml", _Metrics),
    "topology": ("topology.yaml", Topology),
    "change": ("a line of changes.jsonl", Change),
    "log": ("a line of logs.jsonl", LogRecord),
    "span": ("a line of spans.jsonl", Span),
    "probe": ("a line of probes.jsonl", Probe),
    "observation": ("a line of observations.jsonl", Observation),
    "configuration": ("a line of configuration.jsonl", ConfigurationSnapshot),
    "kubernetes": ("kubernetes/<time>/<kind>.json", _KubernetesList),
    "truth": ("truth.yaml", Truth),
}
# What the reader lets a file leave out or set to null, and the record types, made for telemetry in general, don't.
_OPTIONAL_KEYS: Final = {"log": ("attributes", "severity"), "span": ("attributes", "parent_span_id")}
_NULLABLE_KEYS: Final = {"log": ("attributes",), "span": ("attributes", "trace_id")}


class _Generator(GenerateJsonSchema):
    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:  # noqa: ARG002 - pydantic's signature
        return {"type": "string", "format": "date-time", "pattern": _TIME_PATTERN}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each part, by the name of its file without the suffix."""
    return {name: _schema(name, title, model) for name, (title, model) in _PARTS.items()}


def _schema(name: str, title: str, model: Any) -> dict[str, Any]:
    schema = TypeAdapter(model).json_schema(by_alias=True, schema_generator=_Generator)
    schema.pop("$schema", None)
    if name in _OPTIONAL_KEYS:
        schema["required"] = [key for key in schema["required"] if key not in _OPTIONAL_KEYS[name]]
    for key in _NULLABLE_KEYS.get(name, ()):
        schema["properties"][key]["type"] = [schema["properties"][key]["type"], "null"]
    if name == "incident":
        schema["required"] = ["format", *schema["required"]]
    return {"$schema": _DIALECT, **schema, "title": title}


def write_schemas(folder: Path) -> None:
    """Write each schema as `<name>.schema.json` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_FOLDER)
