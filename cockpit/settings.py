"""What the command line, the environment and the configuration file say together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from platformdirs import user_config_path, user_data_path
from pydantic import BaseModel, ConfigDict, ValidationError

from primitives.errors import UsageError

__all__ = ["Configuration", "Prometheus", "Settings", "load_settings"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Prometheus(_Frozen):
    """Where the Prometheus is that live investigations ask."""

    url: str


class Configuration(_Frozen):
    """The configuration file, `config.yaml`.

    `store` is the path of the store, `theme` the cockpit's colours (`cloudops-dark` or `cloudops-light`).
    """

    store: Path | None = None
    theme: str | None = None
    prometheus: Prometheus | None = None


class Settings(_Frozen):
    """What a command works with. `store` is absolute."""

    store: Path
    theme: str | None = None
    prometheus: str | None = None
    config: Path
    config_found: bool


def load_settings(store: Path | None, config: Path | None) -> Settings:
    """The settings; what is given wins over the file. Raises `UsageError` when the file can't be used."""
    path = config or user_config_path("cloudops") / "config.yaml"
    found = _read(path, required=config is not None)
    configuration = found or Configuration()
    chosen = store or configuration.store or user_data_path("cloudops") / "incidents.db"
    return Settings(
        store=chosen.expanduser().absolute(),
        theme=configuration.theme,
        prometheus=configuration.prometheus.url if configuration.prometheus else None,
        config=path,
        config_found=found is not None,
    )


def _read(path: Path, *, required: bool) -> Configuration | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise UsageError(f"{path}: no such configuration file; leave --config out to do without one") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"{path}: can't be read as configuration ({reason})") from error
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
        raise UsageError(f"{path}: {where}: {problem['msg']}; see docs/configuration.md") from error
