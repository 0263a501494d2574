"""The configuration file, `config.yaml`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cockpit.user_theme import is_theme_file
from primitives.errors import UsageError
from primitives.sources import SourceDefinition, SourceDirectory, define_source
from primitives.text import safe_line
from themes import PALETTES

if TYPE_CHECKING:
    from engine.notify.settings import NotificationSettings

__all__ = ["Configuration", "parse_configuration"]


class Configuration(BaseModel):
    """The configuration file's keys.

    `store` is the URL or path of the store, `theme` the cockpit's colours: the name of a theme, or a
    YAML file with one's own. `keys` gives keys to commands by their ids; `motion: reduced` stops what turns and blinks.
    `sources` are what live investigations ask: settings with a `kind`, by name. `prometheus` is short for one of that
    kind and name. `names` ties what a source calls a resource to the resource. `close_after_days` is after how long a
    live incident that nobody touched is closed (0: never).
    `serve` is what the service does (`engine.serve.settings`).
    `notifications` are receivers and rules (`engine.notify.settings`).
    `policy` is the path of the policy file. `watch_every_s` is how often a watched incident's sources are asked again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    store: str | None = None
    theme: str | None = None
    keys: Mapping[str, str] = {}
    motion: Literal["full", "reduced"] = "full"
    close_after_days: int | None = Field(None, ge=0, le=36_500)
    watch_every_s: float = Field(15.0, ge=1.0, le=3600.0)
    policy: str | None = Field(None, min_length=1, max_length=4096)
    sources: Mapping[str, Any] = {}
    names: Mapping[str, str] = {}
    prometheus: Mapping[str, Any] | None = None
    serve: Mapping[str, Any] | None = None
    notifications: Any = None

    @model_validator(mode="before")
    @classmethod
    def _has_keys(cls, document: object) -> object:
        if not isinstance(document, Mapping):
            raise ValueError("expected keys with values, such as `theme: cloudops-light`")  # noqa: TRY004
        return document

    @field_validator("sources", mode="before")
    @classmethod
    def _are_named(cls, sources: object) -> object:
        if sources is None:
            return {}
        if not isinstance(sources, Mapping):
            raise ValueError("expected a mapping of names to settings")  # noqa: TRY004 - pydantic wants this one
        if not all(isinstance(name, str) for name in sources):
            raise ValueError("expected a mapping of names to settings; a name is a string: put it in quotes")
        return sources

    @field_validator("names", mode="before")
    @classmethod
    def _tie_names(cls, names: object) -> object:
        if not isinstance(names, Mapping) or not all(
            isinstance(part, str) and part and part == safe_line(part, limit=500).strip()
            for pair in names.items()
            for part in pair
        ):
            raise ValueError(
                "expected names with the resource that each means, such as `till: shop/deployment/till-api`"
            )
        return names

    @field_validator("prometheus", mode="before")
    @classmethod
    def _are_settings(cls, prometheus: object) -> object:
        if prometheus is not None and not isinstance(prometheus, Mapping):
            raise ValueError("expected settings, such as `url: http://localhost:9090`")
        return prometheus

    @field_validator("serve")
    @classmethod
    def _can_serve(cls, serve: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if serve is not None:
            # Only a configuration with a service loads what reads it; its problem is said with the key's whole path.
            from engine.serve.settings import ServeSettings

            try:
                ServeSettings.model_validate(serve)
            except ValidationError as error:
                problem = error.errors()[0]
                where = "".join(f".{part}" for part in problem["loc"])
                raise ValueError(f"serve{where}: {str(problem['msg']).removeprefix('Value error, ')}") from None
        return serve

    @field_validator("theme")
    @classmethod
    def _is_there(cls, theme: str | None) -> str | None:
        if theme is not None and theme not in PALETTES and not is_theme_file(theme):
            own = "or a .yaml file of your own"
            raise ValueError(f"there is no theme {safe_line(theme, limit=60)!r}; choose {', '.join(PALETTES)}, {own}")
        return theme

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, keys: Mapping[str, str]) -> Mapping[str, str]:
        from cockpit.key_map import KeyMap

        try:
            KeyMap(keys)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return keys

    @field_validator("policy")
    @classmethod
    def _at_home(cls, policy: str | None) -> str | None:
        return str(Path(policy).expanduser()) if policy is not None else None

    @cached_property
    def directory(self) -> SourceDirectory:
        """The configured sources. Raises `UsageError`, which names the key."""
        documents = {f"sources.{name}": (name, document) for name, document in self.sources.items()}
        if self.prometheus is not None:
            documents["prometheus"] = ("prometheus", {**self.prometheus, "kind": "prometheus"})
        if not documents:
            return SourceDirectory(names=self.names)
        definitions: dict[str, SourceDefinition] = {}
        for key, (name, document) in documents.items():
            if name in definitions:
                raise UsageError(f"{key}: sources.{name} is configured too; keep one of them")
            definitions[name] = define_source(name, document, os.environ, key=key)
        return SourceDirectory(definitions=definitions, names=self.names)

    @cached_property
    def notified(self) -> NotificationSettings | None:
        """The receivers and rules of notifications. Raises `UsageError`, which names the key."""
        if self.notifications is None:
            return None
        from engine.notify.settings import parse_notifications

        return parse_notifications(self.notifications)


def parse_configuration(path: Path, text: str) -> Configuration:
    """What `text`, read from `path`, configures. Raises `UsageError` when it can't be used."""
    from primitives.bundle.parse import DuplicateKey, LargeYaml, TooDeepYaml, load_yaml

    try:
        document: Any = load_yaml(text) or {}
        configuration = Configuration.model_validate(document)
        _ = configuration.directory, configuration.notified
    except UsageError as error:
        raise UsageError(f"{path}: {error}; see docs/configuration.md") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        # What else YAML's reader says may repeat a credential.
        what = str(error.problem) if isinstance(error, DuplicateKey | LargeYaml | TooDeepYaml) else "is not YAML"
        raise UsageError(f"{path}{line}: {what}; see docs/configuration.md") from error
    except (ValidationError, RecursionError) as error:
        problem = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "nested too deeply"}
        where = ".".join(str(part) for part in problem["loc"]) or "the file"
        raise UsageError(
            f"{path}: {where}: {str(problem['msg']).removeprefix('Value error, ')}; see docs/configuration.md"
        ) from error
    return configuration
