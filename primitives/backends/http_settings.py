"""Settings that the sources asked over HTTP share: a URL, and a bearer token from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, SecretStr, field_validator

from primitives.backends.registry import SourceSettings
from primitives.endpoints import Endpoint, parse_url
from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = ["HttpSettings", "TenantSettings"]


class HttpSettings(SourceSettings):
    """Where it is. `url` may hold user and password; else the bearer token is in the variable `token_variable`.

    A subclass says what the product is called, its usual port, and which variable holds the token by default. Where it
    is often run in Kubernetes, it says what the usual charts and operators call its Service, and which other ports than
    the usual one that has: a cluster that is read then offers it as a source.
    """

    PRODUCT: ClassVar[str]
    PORT: ClassVar[int]
    TOKEN_VARIABLE: ClassVar[str]
    SERVICE_NAMES: ClassVar[tuple[str, ...]] = ()
    SERVICE_PORTS: ClassVar[tuple[int, ...]] = ()

    url: SecretStr
    token: SecretStr | None = None
    token_variable: str = ""

    @field_validator("url")
    @classmethod
    def _is_one(cls, url: SecretStr) -> SecretStr:
        try:
            parse_url(url.get_secret_value(), product=cls.PRODUCT, port=cls.PORT)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return url

    def resolve(self, environment: Mapping[str, str]) -> Self:
        token = environment.get(self.token_variable or self.TOKEN_VARIABLE)
        return self if self.token or not token else self.model_copy(update={"token": SecretStr(token)})

    def warning(self) -> str:
        if self.token_variable in ("", self.TOKEN_VARIABLE) or self.token or self.endpoint.user is not None:
            return ""
        return f"{safe_line(self.token_variable, limit=80)}, its token_variable, is not set"

    def secrets(self) -> tuple[str, ...]:
        return self.endpoint.secrets

    @property
    def endpoint(self) -> Endpoint:
        """The address and the credentials apart."""
        token = self.token.get_secret_value() if self.token else None
        return parse_url(self.url.get_secret_value(), token, product=self.PRODUCT, port=self.PORT)


class TenantSettings(HttpSettings):
    """Of Grafana's stores also whose data to read: `tenant` is sent as X-Scope-OrgID (several are joined by `|`)."""

    tenant: str = Field("", max_length=1_000)

    @field_validator("tenant")
    @classmethod
    def _fits_a_header(cls, tenant: str) -> str:
        if not tenant.isascii() or not tenant.isprintable():
            raise ValueError("expected a tenant's id, or several joined by |")
        return tenant

    @property
    def headers(self) -> dict[str, str]:
        """What each request carries for the tenant."""
        return {"X-Scope-OrgID": self.tenant} if self.tenant else {}
