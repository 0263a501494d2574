"""What the command line, the environment and the configuration file say together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_config_path, user_data_path

from primitives.errors import UsageError

if TYPE_CHECKING:
    from cockpit.configuration import Configuration

__all__ = ["Settings", "load_settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command works with. `store` is absolute."""

    store: Path
    config: Path
    config_found: bool
    theme: str | None = None
    prometheus: str | None = None


def load_settings(store: Path | None, config: Path | None, prometheus: str | None = None) -> Settings:
    """The settings; what is given wins over the file. Raises `UsageError` when the file can't be used."""
    path = config or user_config_path("cloudops") / "config.yaml"
    found = _read(path, required=config is not None)
    default = user_data_path("cloudops") / "incidents.db"
    chosen = store or (found.store if found else None) or default
    if "\0" in str(chosen):
        raise UsageError(f"{path}: store: no path holds a NUL character; see docs/configuration.md")
    configured = found.prometheus.url if found and found.prometheus else None
    return Settings(
        store=chosen.expanduser().absolute(),
        theme=found.theme if found else None,
        prometheus=prometheus if prometheus is not None else configured,
        config=path,
        config_found=found is not None,
    )


def _read(path: Path, *, required: bool) -> Configuration | None:
    try:
        if not path.is_file() and path.exists():
            # A pipe would be waited for forever, a device has no end.
            raise UsageError(f"{path}: is no regular file, so it can't be read as configuration; give one")
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if required:
            raise UsageError(f"{path}: no such configuration file; leave --config out to do without one") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"{path}: can't be read as configuration ({reason})") from error
    # YAML and pydantic load only for those who have a file: the first frame needs not wait for them.
    from cockpit.configuration import parse_configuration

    return parse_configuration(path, text)
