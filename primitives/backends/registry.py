"""The one way in for a backend: a decorated factory in the `__init__.py` of a folder of its own.

A backend is the program that talks to one kind of source. A source is a backend with settings and a name. Third parties
add backends through the entry point group `cloudops.backends`, which names a module to import. That module and a
backend's `__init__.py` import nothing heavy: the factory does, when a source is opened.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from primitives.dataclass import dataclass
from primitives.examination import Offer
from primitives.extensions import load_extensions, load_folder
from primitives.identity import scope_text
from primitives.text import safe_line

if TYPE_CHECKING:
    from primitives.actions.proposal import ActionArguments
    from primitives.clock import Clock
    from primitives.telemetry import Backend, Question

__all__ = [
    "GROUP",
    "BackendKind",
    "PlatformWriter",
    "SourceSettings",
    "backend",
    "backend_problems",
    "backends",
    "in_variable",
]

GROUP = "cloudops.backends"


class SourceSettings(BaseModel):
    """What a source of one kind is configured with; a backend subclasses it. Credentials are `SecretStr`.

    `cluster`, or `account` and `region`, say where everything is that the source knows: its scope. Investigations that
    ask sources of several scopes tell equal names apart by it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    cluster: str = Field("", max_length=253)
    account: str = ""
    region: str = ""

    @field_validator("account", mode="before")
    @classmethod
    def _digits(cls, account: object) -> object:
        # YAML reads twelve digits as a number.
        digits = str(account) if isinstance(account, int) else account
        if isinstance(digits, str) and digits and not re.fullmatch(r"[0-9]{12}", digits):
            raise ValueError("expected the 12 digits of an AWS account, in quotes")
        return digits

    @field_validator("cluster")
    @classmethod
    def _one_line(cls, cluster: str) -> str:
        if cluster != safe_line(cluster).strip():
            raise ValueError("expected a cluster's name, such as its kubectl context")
        return cluster

    @field_validator("region")
    @classmethod
    def _is_region(cls, region: str) -> str:
        if region and not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", region):
            raise ValueError("expected a region, such as eu-west-1")
        return region

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if self.cluster and (self.account or self.region):
            raise ValueError("give `cluster`, or `account` and `region`, not both")
        return self

    @property
    def scope(self) -> str:
        """What is in front of the identifiers of this source where several scopes are asked; empty if unstated."""
        return scope_text(cluster=self.cluster, account=self.account, region=self.region)

    def resolve(self, environment: Mapping[str, str]) -> Self:
        """These settings with what they take from the environment, such as a token.

        It is called once, in the process of the person who configured the source.
        """
        del environment
        return self

    def warning(self) -> str:
        """What a person should know about these settings although they can be used; empty is nothing."""
        return ""

    def secrets(self) -> tuple[str, ...]:
        """The credentials among the settings. They are redacted wherever they appear."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))


S = TypeVar("S", bound=SourceSettings)
Factory = Callable[[str, S, "Clock"], "Backend"]
Discover = Callable[[Mapping[str, str]], Mapping[str, Any] | None]
Offering = Callable[[Mapping[str, str]], Iterable[Offer]]


def _no_offers(environment: Mapping[str, str]) -> Iterable[Offer]:
    del environment
    return ()


def _nothing(environment: Mapping[str, str]) -> None:
    del environment


def in_variable(variable: str, setting: str) -> Discover:
    """Discovery by one environment variable, which holds that setting."""

    def discover(environment: Mapping[str, str]) -> Mapping[str, Any] | None:
        value = environment.get(variable)
        return {setting: value} if value else None

    return discover


class PlatformWriter(Protocol):
    """The writing side of a source: it looks and acts with the identity that may act. Operations know their own kind.

    `identity` says who acts, for a person; `separate` that this isn't who reads. `place` is where it acts, by the keys
    of a policy's environments; `secrets` are its credentials.
    """

    name: str
    identity: str
    separate: bool
    place: dict[str, str]
    secrets: tuple[str, ...]

    def serves(self, arguments: ActionArguments) -> bool:
        """Whether an action with these arguments acts here."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


OpenWriter = Callable[[str, Any], "Awaitable[PlatformWriter]"]


@dataclass(frozen=True, slots=True)
class BackendKind:
    """A registered backend.

    `name` is the `kind` of its sources. `factory` opens a source by its name, settings and clock, without asking it
    anything; it raises `UsageError` for settings that can't be used. `discover` finds settings in the environment where
    nobody configured a source, and `discovered_by` says how, for a person. `writer` opens its writing side, where
    actions can be executed there. `policy` gives the least permissions that reading needs, as the platform has them: a
    document, or text; `act_policy` those that executing actions needs. `offer` finds what a person could configure, and
    asks nothing of it.
    """

    name: str
    title: str
    questions: frozenset[Question]
    settings: type[SourceSettings]
    factory: Factory[Any]
    discover: Discover
    discovered_by: str
    writer: OpenWriter | None = None
    policy: Callable[[], Any] | None = None
    offer: Offering = _no_offers
    act_policy: Callable[[], Any] | None = None

    @property
    def asked_by_url(self) -> bool:
        """Whether it is configured with the URL to ask; else something else says where it is."""
        return "url" in self.settings.model_fields


_registered: dict[str, BackendKind] = {}


def backend(
    name: str,
    *,
    title: str,
    questions: tuple[Question, ...],
    settings: type[S],
    discover: Discover = _nothing,
    discovered_by: str = "",
    writer: OpenWriter | None = None,
    policy: Callable[[], Any] | None = None,
    offer: Offering = _no_offers,
    act_policy: Callable[[], Any] | None = None,
) -> Callable[[Factory[S]], Factory[S]]:
    """Register the decorated factory as the backend `name`."""

    def register(factory: Factory[S]) -> Factory[S]:
        origin = discovered_by or "the environment"
        _registered[name] = BackendKind(
            name,
            title,
            frozenset(questions),
            settings,
            factory,
            discover,
            origin,
            writer,
            policy,
            offer,
            act_policy,
        )
        return factory

    return register


@cache
def backends() -> Mapping[str, BackendKind]:
    """Every backend by name: those of this folder and those of entry points."""
    load_folder("primitives.backends", GROUP)
    return dict(sorted(_registered.items()))


def backend_problems() -> tuple[str, ...]:
    """Backends of third parties that could not be loaded, a line each."""
    return load_extensions(GROUP)
