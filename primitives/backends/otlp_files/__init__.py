"""Files with traces in OTLP's JSON form, as OpenTelemetry's collector writes them (`file` exporter)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import Field, field_validator

from primitives.backends.registry import SourceSettings, backend

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend

__all__ = ["OtlpFilesSettings", "open_otlp_files"]


class OtlpFilesSettings(SourceSettings):
    """`path` is a file, or a folder whose `.json` and `.jsonl` files are read; each line is a document of its own."""

    path: str = Field(max_length=4_096, min_length=1)

    @field_validator("path")
    @classmethod
    def _is_path(cls, path: str) -> str:
        if "\0" in path:
            raise ValueError("expected the path of a file or a folder")
        return path

    def resolve(self, environment: Mapping[str, str]) -> Self:
        # The process that asks may stand elsewhere.
        home = environment.get("HOME", "")
        path = home + self.path[1:] if self.path.startswith("~/") and home else self.path
        return self.model_copy(update={"path": str(Path(path).absolute())})


@backend("otlp_files", title="OTLP-JSON files", questions=("spans", "topology"), settings=OtlpFilesSettings)
def open_otlp_files(name: str, settings: OtlpFilesSettings, clock: Clock) -> Backend:
    """The source `name`."""
    from primitives.backends.otlp_files.store import OtlpFileStore
    from primitives.traces.source import TraceSource

    return TraceSource(OtlpFileStore(Path(settings.path), source=name), clock=clock, name=name)
