"""AWS as a source: one account and region, asked with the credentials that the AWS command line uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from primitives.backends.registry import PlatformWriter, SourceSettings, backend, in_variable
from primitives.examination import Offer

if TYPE_CHECKING:
    from primitives.clock import Clock
    from primitives.telemetry import Backend

__all__ = ["PROFILE_VARIABLE", "AwsSettings", "open_aws"]

PROFILE_VARIABLE: Final = "CLOUDOPS_AWS_PROFILE"
_ROLE: Final = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,600}"
_ENDPOINT: Final = r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/?"
_LINE: Final = r"[^\x00-\x1f\x7f]{0,200}"


class AwsSettings(SourceSettings):
    """Which account and region, and with which credentials.

    `profile` is one of the AWS configuration files (empty: that of `AWS_PROFILE`, else keys of the environment, else
    the default). `role_arn` is assumed with them, with `external_id` where its owner wants one. `endpoint_url` replaces
    every service's address, for tests. `most_metrics` bounds the metrics that one question reads, `budget_usd` what
    the paid calls of one investigation may cost. `log_groups` are read besides those of the resources. `act_role_arn`
    is the role that executes actions, with `act_external_id`; without it the credentials that read do.
    """

    profile: str = ""
    role_arn: str = ""
    external_id: str = Field("", max_length=1224)
    act_role_arn: str = ""
    act_external_id: str = Field("", max_length=1224)
    endpoint_url: str = ""
    most_metrics: int = Field(5_000, ge=1, le=100_000)
    budget_usd: float = Field(1.0, ge=0.0, le=1_000.0)
    log_groups: tuple[str, ...] = Field((), max_length=50)
    config_file: str = ""
    credentials_file: str = ""
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None

    @field_validator("profile", "external_id", "act_external_id", "config_file", "credentials_file")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not re.fullmatch(_LINE, value):
            raise ValueError("expected one line of text")
        return value

    @field_validator("role_arn", "act_role_arn")
    @classmethod
    def _is_role(cls, role_arn: str) -> str:
        if role_arn and not re.fullmatch(_ROLE, role_arn):
            raise ValueError("expected a role's ARN, such as arn:aws:iam::123456789012:role/reader")
        return role_arn

    @field_validator("endpoint_url")
    @classmethod
    def _is_endpoint(cls, endpoint_url: str) -> str:
        if endpoint_url and not re.fullmatch(_ENDPOINT, endpoint_url):
            raise ValueError("expected an http or https address without a path, such as http://127.0.0.1:5000")
        return endpoint_url

    @field_validator("log_groups")
    @classmethod
    def _are_groups(cls, log_groups: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[.\w/#-]{1,512}", group) for group in log_groups):
            raise ValueError("expected names of log groups, such as [/ecs/orders]")
        return log_groups

    @model_validator(mode="after")
    def _no_cluster(self) -> Self:
        if self.cluster:
            raise ValueError("an AWS source has an `account` and a `region`, no `cluster`")
        return self

    def resolve(self, environment: Mapping[str, str]) -> Self:
        """With the profile, region, files and keys that the environment names, as the AWS command line takes them."""
        taken: dict[str, Any] = {
            "region": self.region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "",
            "config_file": self.config_file or environment.get("AWS_CONFIG_FILE", ""),
            "credentials_file": self.credentials_file or environment.get("AWS_SHARED_CREDENTIALS_FILE", ""),
        }
        if not self.profile and not self.access_key_id:
            taken |= _keys(environment) or {"profile": environment.get("AWS_PROFILE", "")}
        return self.model_copy(update=taken)


def _keys(environment: Mapping[str, str]) -> dict[str, Any]:
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return {}
    token = environment.get("AWS_SESSION_TOKEN")
    return {
        "access_key_id": SecretStr(key),
        "secret_access_key": SecretStr(secret),
        "session_token": SecretStr(token) if token else None,
    }


def _offer(environment: Mapping[str, str]) -> Iterator[Offer]:
    """The profiles of the AWS configuration files; no account is asked."""
    from primitives.backends.aws.profiles import profiles_of

    for profile, region in profiles_of(environment):
        settings = {"profile": profile, **({"region": region} if region else {})}
        yield Offer(f"aws-{profile}", "aws", settings, f"profile {profile} of your AWS configuration")


def _policy() -> Any:
    from primitives.backends.aws.permissions import read_policy

    return read_policy()


def _act_policy() -> Any:
    from primitives.backends.aws.permissions import act_policy

    return act_policy()


async def _open_writer(name: str, settings: Any) -> PlatformWriter:
    from primitives.backends.aws.writer import AwsWriter

    return AwsWriter(name, settings)


@backend(
    "aws",
    title="AWS: CloudWatch, CloudTrail and the services themselves",
    questions=("series", "alerts", "topology", "changes", "configuration", "observations", "probes", "logs", "spans"),
    settings=AwsSettings,
    discover=in_variable(PROFILE_VARIABLE, "profile"),
    discovered_by=PROFILE_VARIABLE,
    writer=_open_writer,
    policy=_policy,
    offer=_offer,
    act_policy=_act_policy,
)
def open_aws(name: str, settings: AwsSettings, clock: Clock) -> Backend:
    """The source `name`."""
    from primitives.backends.aws.backend import AwsBackend

    return AwsBackend(settings, clock=clock, name=name)
