"""The configuration file, `config.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from primitives.errors import UsageError
from primitives.text import safe_line
from themes import PALETTES

__all__ = ["Configuration", "Prometheus", "parse_configuration"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Prometheus(_Frozen):
    """Where the Prometheus is that live investigations ask."""

    url: str


class Configuration(_Frozen):
    """The configuration file's keys.

    `store` is the path of the store, `theme` the cockpit's colours (`cloudops-dark` or `cloudops-light`).
    """

    store: Path | None = None
    theme: str | None = None
    prometheus: Prometheus | None = None

    @field_validator("theme")
    @classmethod
    def _is_there(cls, theme: str | None) -> str | None:
        if theme is not None and theme not in PALETTES:
            raise ValueError(f"there is no theme {safe_line(theme, limit=60)!r}; choose {' or '.join(PALETTES)}")
        return theme


def parse_configuration(path: Path, text: str) -> Configuration:
    """What `text`, read from `path`, configures. Raises `UsageError` when it can't be used."""
    try:
        document: Any = yaml.safe_load(text) or {}
        return Configuration.model_validate(document)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{line}: is not YAML; see docs/configuration.md") from error
    except (ValidationError, RecursionError) as error:
        problem = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "nested too deeply"}
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise UsageError(
            f"{path}: {where}: {str(problem['msg']).removeprefix('Value error, ')}; see docs/configuration.md"
        ) from error
