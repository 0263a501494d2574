"""The jobs that `cloudops serve` runs beside its investigations, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.settings import Settings
from engine.serve.jobs import Job

__all__ = ["jobs_of"]


def jobs_of(settings: Settings) -> Mapping[str, Job]:  # noqa: ARG001 - what is configured brings its jobs
    """The jobs that the settings ask for; made again when the configuration is read again."""
    return {}
