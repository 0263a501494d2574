"""The directory of sources: each a backend with a name and settings, configured or found in the environment.

The log of an incident keeps the names. Addresses and credentials stay in a `SourceDirectory`, in the memory of the
process that asks the sources.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from primitives.backends.registry import PlatformWriter, SourceSettings, backend_problems, backends
from primitives.dataclass import dataclass
from primitives.errors import CloudopsError, SourceDenied, SourceError, UsageError
from primitives.examination import Offer
from primitives.patterns import lazy_pattern
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend, BackendStatus

__all__ = [
    "CHECK_DEADLINE_S",
    "NO_SOURCES",
    "Source",
    "SourceDefinition",
    "SourceDirectory",
    "check_sources",
    "define_source",
    "discover_sources",
    "offered_sources",
    "open_source",
    "open_writer",
]

CHECK_DEADLINE_S: Final = 10.0
"""A source that has not said by then whether it can be asked is unreachable."""

_NAME: Final = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_LONGEST_NAME: Final = 58
_RESERVED: Final = frozenset({"none", "recorded"})
"""Names that answers without a configured source have."""

_MESSAGES: Final = {"missing": "is required", "extra_forbidden": "is no such setting"}


class SourceDefinition(BaseModel):
    """A source's kind and its settings as JSON, credentials included: never log it, never show it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    kind: str
    settings: Mapping[str, Any] = Field(repr=False)
    discovered_by: str = ""

    @property
    def scope_words(self) -> str:
        """Where everything is that it knows, as far as that is stated: "cluster prod-eu"."""
        stated = {key: self.settings.get(key) for key in ("cluster", "account", "region")}
        return ", ".join(f"{key} {value}" for key, value in stated.items() if value)


class SourceDirectory(BaseModel):
    """The sources that a process knows, by name. Immutable.

    `names` ties what a source calls a resource to the resource, where a person says so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    definitions: Mapping[str, SourceDefinition] = {}
    names: Mapping[str, str] = {}

    @property
    def default(self) -> tuple[str, ...]:
        """The names that are asked when nobody chooses: the configured ones, else the discovered ones."""
        configured = tuple(name for name, entry in self.definitions.items() if not entry.discovered_by)
        return configured or tuple(self.definitions)

    def updated(self, other: SourceDirectory) -> SourceDirectory:
        """These sources and those of `other`, which win."""
        return SourceDirectory(
            definitions={**self.definitions, **other.definitions}, names={**self.names, **other.names}
        )

    def choose(self, names: Iterable[str]) -> tuple[str, ...]:
        """`names`, each once; without any the default. Raises `UsageError` when one, or all, are not there."""
        chosen = tuple(dict.fromkeys(names)) or self.default
        missing = [name for name in chosen if name not in self.definitions]
        if missing or not chosen:
            what = f"there is no source {safe_line(missing[0], limit=60)}" if missing else "there is no source to ask"
            known = f"configured are {', '.join(self.definitions)}" if self.definitions else "none is configured"
            raise UsageError(f"{what}: {known}; add it to `sources:` in the configuration file (docs/configuration.md)")
        return chosen


NO_SOURCES: Final = SourceDirectory()


@dataclass(frozen=True, slots=True)
class Source:
    """An opened source: its backend, the credentials that must not show in its answers, its scope, and a warning."""

    backend: Backend
    secrets: tuple[str, ...] = ()
    scope: str = ""
    warning: str = ""

    def __repr__(self) -> str:
        return f"Source({self.backend.name!r})"


def define_source(
    name: str, document: Any, environment: Mapping[str, str], *, key: str | None = None
) -> SourceDefinition:
    """The source that `document`, such as `{kind: KIND, ...}`, configures.

    Raises `UsageError`, which begins with `key` (None: the name), says what was expected, and repeats no value.
    """
    shown = safe_line(key or name, limit=80)
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise UsageError(f"{shown}: is no name for a source: give 1 to 64 letters, digits, '-', '_' and '.'")
    if not isinstance(document, Mapping):
        raise UsageError(f"{shown}: expected settings with a `kind`, such as `kind: {next(iter(backends()), 'KIND')}`")
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in backends():
        what = "is required" if kind is None else f"there is no kind {safe_line(str(kind), limit=60)}"
        known = "; ".join([f"known kinds are {', '.join(backends())}", *backend_problems()])
        raise UsageError(f"{shown}.kind: {what}; {known}")
    model = backends()[kind].settings
    settings = {str(key): value for key, value in document.items() if key != "kind"}
    try:
        resolved = model.model_validate(settings).resolve(environment)
    except ValidationError as error:
        raise UsageError(f"{shown}{_problem(error, kind, model)}") from None
    return SourceDefinition(kind=kind, settings=_reveal(resolved))


def discover_sources(environment: Mapping[str, str]) -> Mapping[str, SourceDefinition]:
    """The sources that can be found without configuration, named by their kind. Raises `UsageError`."""
    definitions = {}
    for kind in backends().values():
        settings = kind.discover(environment)
        if settings is not None:
            definition = define_source(kind.name, {**settings, "kind": kind.name}, environment, key=kind.discovered_by)
            definitions[kind.name] = definition.model_copy(update={"discovered_by": kind.discovered_by})
    return definitions


def offered_sources(environment: Mapping[str, str]) -> tuple[Offer, ...]:
    """What could be configured on this machine, each under a name of its own. Files are read; nothing is asked."""
    offers: dict[str, Offer] = {}
    for kind in backends().values():
        for offer in kind.offer(environment):
            name = re.sub(r"[^A-Za-z0-9_.-]+", "-", offer.name).strip("-.")[-_LONGEST_NAME:].lstrip("-._") or kind.name
            unique = next(each for each in (name, *(f"{name}-{n}" for n in range(2, 1000))) if each not in offers)
            offers[unique] = replace(offer, name=unique)
    return tuple(offers.values())


def open_source(name: str, definition: SourceDefinition, clock: Clock) -> Source:
    """Make the source's backend; nothing is asked yet. Raises `UsageError`."""
    kind = backends().get(definition.kind)
    if kind is None:
        raise UsageError(
            f"source {name}: there is no kind {definition.kind} in the engine's CloudOps: install it there"
        )
    try:
        settings = kind.settings.model_validate(definition.settings)
    except ValidationError as error:
        raise UsageError(f"source {name}{_problem(error, kind.name, kind.settings)}") from None
    opened = kind.factory(name, settings, clock)
    if opened.name != name:
        raise UsageError(f"source {name}: the backend {kind.name} calls it something else; update the backend")
    return Source(opened, settings.secrets(), settings.scope, settings.warning())


async def open_writer(name: str, definition: SourceDefinition) -> PlatformWriter:
    """The writing side of the source. Raises `UsageError`, `SourceError`."""
    kind = backends().get(definition.kind)
    if kind is None or kind.writer is None:
        raise UsageError(f"source {name}: nothing can be executed on {definition.kind}")
    try:
        settings = kind.settings.model_validate(definition.settings)
    except ValidationError as error:
        raise UsageError(f"source {name}{_problem(error, kind.name, kind.settings)}") from None
    return await kind.writer(name, settings)


async def check_sources(
    backends: Sequence[Backend], secrets: Iterable[str] = (), *, deadline_s: float = CHECK_DEADLINE_S
) -> tuple[BackendStatus, ...]:
    """Whether each backend can be asked, side by side. A check that fails or takes too long makes it unreachable."""
    from primitives.redact import Redactor

    redactor = Redactor(secrets)
    checks = await asyncio.gather(*(_check(backend, deadline_s) for backend in backends))
    return tuple(replace(check, detail=redactor.redact(safe_line(check.detail))) for check in checks)


async def _check(backend: Backend, deadline_s: float) -> BackendStatus:
    from primitives.telemetry import BackendStatus

    questions = tuple(sorted(backend.questions))
    try:
        async with asyncio.timeout(deadline_s):
            return await backend.check()
    except TimeoutError:
        return BackendStatus(backend.name, "unreachable", f"no answer within {deadline_s:g} s", questions)
    except SourceDenied as error:
        return BackendStatus(backend.name, "denied", error.problem, questions)
    except SourceError as error:
        return BackendStatus(backend.name, "unreachable", error.problem, questions)
    except CloudopsError as error:
        return BackendStatus(backend.name, "unreachable", str(error), questions)
    except Exception as error:  # Any failure of a backend leaves that source out; the others are asked.
        return BackendStatus(backend.name, "unreachable", f"{type(error).__name__}: {error}", questions)


def _problem(error: ValidationError, kind: str, model: type[SourceSettings]) -> str:
    """`.KEY: what was expected`, of the first problem."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = "".join(f".{safe_line(str(part), limit=60)}" for part in first["loc"])
    what = _MESSAGES.get(first["type"]) or safe_line(str(first["msg"]).removeprefix("Value error, "))
    if first["type"] in _MESSAGES:
        what += f"; the settings of {kind} are {', '.join(model.model_fields)}"
    return f"{where}: {what}"


def _reveal(settings: SourceSettings) -> dict[str, Any]:
    """The settings as JSON, credentials included."""
    revealed = settings.model_dump(mode="json", exclude_defaults=True)
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            revealed[name] = value.get_secret_value()
    return revealed
