"""What the command line, the environment and the configuration file say together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_config_path, user_data_path

from engine.store.locations import StoreLocation, parse_location
from primitives.dataclass import dataclass
from primitives.errors import UsageError

if TYPE_CHECKING:
    from cockpit.configuration import Configuration
    from engine.notify.settings import NotificationSettings
    from primitives.sources import SourceDirectory
    from themes import Palette

__all__ = ["Settings", "load_settings", "usual_config"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command works with.

    `configured` are the sources of the configuration file, `given` the settings of those that the command line
    defines, by name, and `chosen` the names of those that it asks for (none: the default). `palette` is a theme of
    one's own, `keys` a key by a command's id. `policy` is the policy file; it has to be there where the configuration
    or the environment names it (`policy_required`). `notifications` say who is told of what.
    """

    store: StoreLocation
    config: Path
    config_found: bool
    theme: str | None = None
    palette: Palette | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    reduced_motion: bool = False
    close_after_days: int | None = None
    watch_every_s: float = 15.0
    policy: Path | None = None
    policy_required: bool = False
    configured: SourceDirectory | None = None
    notifications: NotificationSettings | None = None
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    chosen: tuple[str, ...] = ()
    serve: Mapping[str, Any] | None = field(default=None, repr=False)

    def directory(self) -> SourceDirectory:
        """Every source that this process knows; what is found in the environment only where nothing else serves.

        Raises `UsageError` for settings that can't be used.
        """
        from primitives.sources import NO_SOURCES, SourceDirectory, define_source, discover_sources

        given = {name: define_source(name, document, os.environ) for name, document in self.given.items()}
        known = (self.configured or NO_SOURCES).updated(SourceDirectory(definitions=given))
        if known.definitions and all(name in known.definitions for name in self.chosen):
            return known
        return SourceDirectory(definitions=discover_sources(os.environ)).updated(known)

    def playbooks(self) -> tuple[Any, ...]:
        """The playbooks in force; files that can't be used are left out (`cloudops playbook validate` names them)."""
        if not self.playbook_folder.is_dir():
            return ()
        from engine.act.playbook_files import read_playbooks

        return tuple(file.playbook for file in read_playbooks(self.playbook_folder) if file.playbook is not None)

    @property
    def playbook_folder(self) -> Path:
        """Where playbooks are: the folder that the environment names, else `playbooks` beside the configuration."""
        return Path(os.environ.get("CLOUDOPS_PLAYBOOKS") or self.config.with_name("playbooks"))

    def live_request(self) -> dict[str, Any]:
        """The arguments `sources` and `definitions` of a request to an engine. Raises `UsageError`."""
        return {"sources": self.chosen, "definitions": self.directory()}


def load_settings(
    store: str | Path | None,
    config: Path | None,
    *,
    chosen: tuple[str, ...] = (),
    given: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """The settings; what is given wins over the file. Raises `UsageError` when the file can't be used."""
    path = config or usual_config()
    configuration = _read(path, required=config is not None)
    palette = _own_palette(path, configuration)
    named = os.environ.get("CLOUDOPS_POLICY") or (configuration.policy if configuration else None)
    return Settings(
        store=_store_location(store, path, configuration),
        theme=palette.name if palette is not None else configuration.theme if configuration else None,
        palette=palette,
        keys=configuration.keys if configuration else {},
        reduced_motion=configuration is not None and configuration.motion == "reduced",
        close_after_days=configuration.close_after_days if configuration else None,
        watch_every_s=configuration.watch_every_s if configuration else 15.0,
        policy=Path(named) if named else path.with_name("policy.yaml"),
        policy_required=bool(named),
        config=path,
        config_found=configuration is not None,
        configured=configuration.directory if configuration else None,
        notifications=configuration.notified if configuration else None,
        given=given or {},
        chosen=chosen,
        serve=configuration.serve if configuration else None,
    )


def _own_palette(path: Path, configuration: Configuration | None) -> Palette | None:
    """The theme in a file of one's own; a relative path begins at the configuration file's folder."""
    theme = configuration.theme if configuration is not None else None
    if theme is None:
        return None
    from cockpit.user_theme import is_theme_file, read_theme

    return read_theme(path.parent / Path(theme).expanduser()) if is_theme_file(theme) else None


def usual_config() -> Path:
    """The configuration file where nobody names another one."""
    return user_config_path("cloudops") / "config.yaml"


def _store_location(given: str | Path | None, path: Path, configuration: Configuration | None) -> StoreLocation:
    configured = configuration.store if configuration else None
    if given is not None or configured is None:
        return parse_location(given if given is not None else user_data_path("cloudops") / "incidents.db")
    try:
        return parse_location(configured)
    except UsageError as error:
        raise UsageError(f"{path}: store: {error}; see docs/configuration.md") from None


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
