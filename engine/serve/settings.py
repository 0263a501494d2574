"""What `serve:` of the configuration says: where to listen, what comes in, and what becomes of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from primitives.alert_payloads.model import AlertSeverity, IncomingAlert
from primitives.errors import UsageError

__all__ = [
    "ArchiveSettings",
    "PullSettings",
    "Rule",
    "ServeSettings",
    "TlsSettings",
    "TraceSettings",
    "Verification",
    "WebhookSettings",
    "read_secrets",
]

Verification = Literal["bearer", "certificate", "github", "grafana", "pagerduty", "sentry", "sns", "standard"]
PullKind = Literal["alertmanager", "datadog", "grafana", "imap", "pagerduty", "sqs"]

_BY_PROVIDER: Final[Mapping[str, Verification]] = {
    "aws": "sns", "github": "github", "grafana": "grafana", "pagerduty": "pagerduty", "sentry": "sentry",
    "standard": "standard",
}  # fmt: skip
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_LEAST_SECRET: Final = 12
"""Characters; a shorter one can be guessed."""
_SECRET_BYTES: Final = 4096


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class _WithSecrets(_Settings):
    """Where its secrets stand: environment variables and files, never here. Several are for changing them."""

    secret_variables: tuple[str, ...] = ()
    secret_files: tuple[Path, ...] = ()


class WebhookSettings(_WithSecrets):
    """A path that takes deliveries: whose they are, and how they are verified (default: the provider's own way).

    `topics` are the SNS topics that may send: any account can sign with Amazon's certificate. `mapping` is the file for
    alerts of one's own shape. `timestamp_header` is what Grafana was told to put the time into.
    """

    provider: str
    verify: Verification | None = None
    mapping: Path | None = None
    topics: tuple[str, ...] = ()
    timestamp_header: str = ""
    rate_per_s: float = Field(1_000.0, gt=0)

    @property
    def verification(self) -> Verification:
        """How a delivery is verified."""
        return self.verify or _BY_PROVIDER.get(self.provider, "bearer")

    @model_validator(mode="after")
    def _is_whole(self) -> WebhookSettings:
        # Only those who configure a webhook load every parser.
        from primitives.alert_payloads.registry import PROVIDERS

        if self.provider not in PROVIDERS and self.provider != "custom":
            raise ValueError(f"`provider` is one of {', '.join(PROVIDERS)}, custom")
        if (self.provider == "custom") != (self.mapping is not None):
            raise ValueError("`mapping` belongs to `provider: custom`, and the other way round")
        if self.verification == "sns" and not self.topics:
            raise ValueError("name the `topics` that may send: Amazon signs for every account")
        if self.verification not in ("sns", "certificate") and not (self.secret_variables or self.secret_files):
            raise ValueError("name where its secret is: `secret_variables` or `secret_files`")
        return self


class TlsSettings(_Settings):
    """The listener's certificate and key (PEM); with `client_ca` every client needs a certificate of that authority."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class PullSettings(_WithSecrets):
    """A service whose alerts are asked for every `every_s` seconds.

    `url` is its API, `services` are PagerDuty's service ids, `queue_url` and `region` are SQS's. `host` to
    `ca_file` are a mailbox's.
    """

    kind: PullKind
    url: str = ""
    every_s: float = Field(15.0, ge=0.2, le=3600.0)
    services: tuple[str, ...] = ()
    queue_url: str = ""
    region: str = ""
    profile: str = ""
    user: str = ""
    """PagerDuty's `From`: the e-mail address of the user in whose name acknowledgements and notes are written.

    A mailbox's login.
    """
    resolve_closed: bool = False
    """Whether an incident that a person closes here is resolved in PagerDuty."""
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    security: Literal["tls", "starttls", "none"] = "tls"
    folder: str = "INBOX"
    ca_file: Path | None = None
    senders: tuple[str, ...] = ()
    """Whose mails are alerts: addresses, or `@example.org` for all of it."""
    authenticated_by: str = ""
    """The mail server whose word counts that a mail is from its sender (Authentication-Results, dmarc=pass)."""

    @model_validator(mode="after")
    def _is_whole(self) -> PullSettings:
        if self.kind == "sqs" and not self.queue_url:
            raise ValueError("`kind: sqs` needs `queue_url`")
        if self.kind in ("alertmanager", "grafana") and not self.url:
            raise ValueError(f"`kind: {self.kind}` needs `url`")
        if self.kind == "imap" and not (self.host and self.user and self.senders):
            raise ValueError("`kind: imap` needs `host`, `user` and `senders`: anybody can send a mail")
        if self.security == "none" and self.host not in ("", "127.0.0.1", "::1", "localhost"):
            raise ValueError("`security: none` is for a mail server on this machine: it sends the password as it is")
        if self.resolve_closed and not (self.kind == "pagerduty" and self.user):
            raise ValueError(
                "`resolve_closed` is for `kind: pagerduty` with a `user`: the others end an alert by themselves, and "
                "have no call for it (silence it there)"
            )
        if self.kind in ("pagerduty", "datadog", "grafana", "imap") and not (
            self.secret_variables or self.secret_files
        ):
            raise ValueError(f"`kind: {self.kind}` needs a token: `secret_variables` or `secret_files`")
        return self


class ArchiveSettings(_Settings):
    """Where closed incidents go, `after_days` after the last that happened to them, or when the store is too large."""

    folder: Path
    after_days: int = Field(90, ge=1, le=36_500)
    max_gib: float | None = Field(None, gt=0)


class TraceSettings(_Settings):
    """The OTLP/HTTP address that the service's traces of itself go to, and which share of them."""

    endpoint: str = Field("http://localhost:4318/v1/traces", pattern=r"^https?://[^\s@]+$")
    sample: float = Field(1.0, gt=0, le=1)


class Rule(_Settings):
    """What becomes of an alert that all of this fits; patterns as in `shop-*`. Nothing given fits everything."""

    providers: tuple[str, ...] = ()
    severities: tuple[AlertSeverity, ...] = ()
    services: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    investigate: bool = True
    sources: tuple[str, ...] = ()

    def fits(self, alert: IncomingAlert) -> bool:
        """Whether it is for this alert."""
        return (
            (not self.providers or alert.provider in self.providers)
            and (not self.severities or alert.severity in self.severities)
            and (not self.services or _any(self.services, alert.service or ""))
            and (not self.titles or _any(self.titles, alert.title))
        )


class ServeSettings(_Settings):
    """The service. Without `listen` nothing is exposed; without `webhooks` and `pull` it only serves cockpits.

    The first of `rules` that fits an alert says whether it is investigated by itself; without any, everything but mere
    information is. At most `parallel` investigations run at once. Alerts of one service within `group_within_s` are one
    incident, and so is everything beyond `storm_after` new ones a minute. An alert that nobody takes for
    `escalate_after_s` is escalated. What was answered is forgotten after `keep_days`.
    """

    listen: str | None = None
    tls: TlsSettings | None = None
    webhooks: Mapping[str, WebhookSettings] = {}
    pull: Mapping[str, PullSettings] = {}
    archive: ArchiveSettings | None = None
    traces: TraceSettings | None = None
    rules: tuple[Rule, ...] = ()
    parallel: Annotated[int, Field(ge=1, le=64)] = 4
    group_within_s: Annotated[float, Field(ge=0, le=86_400)] = 600.0
    storm_after: Annotated[int, Field(ge=1, le=10_000)] = 10
    escalate_after_s: Annotated[float, Field(ge=10, le=86_400)] = 600.0
    keep_days: Annotated[int, Field(ge=1, le=3_650)] = 30

    @field_validator("listen")
    @classmethod
    def _is_address(cls, listen: str | None) -> str | None:
        if listen is not None:
            host, colon, port = listen.rpartition(":")
            if not (host and colon and port.isascii() and port.isdigit() and int(port) < 65_536):
                raise ValueError("expected HOST:PORT, such as 127.0.0.1:8765")
        return listen

    @model_validator(mode="after")
    def _is_consistent(self) -> ServeSettings:
        for name in (*self.webhooks, *self.pull):
            if not _NAME.fullmatch(name):
                raise ValueError("names of webhooks and pulls are small letters, digits, - and _")
        if set(self.webhooks) & set(self.pull):
            raise ValueError("a webhook and a pull can't have the same name")
        if self.webhooks and self.listen is None:
            raise ValueError("webhooks need an address to `listen` on, such as 127.0.0.1:8765")
        certificates = any(webhook.verification == "certificate" for webhook in self.webhooks.values())
        if certificates and (self.tls is None or self.tls.client_ca is None):
            raise ValueError("`verify: certificate` needs `tls` with `client_ca`")
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Where to listen."""
        assert self.listen is not None
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    def rule_for(self, alert: IncomingAlert) -> Rule:
        """The rule that fits the alert."""
        default = Rule(investigate=alert.severity != "info")
        return next((rule for rule in self.rules if rule.fits(alert)), default)


def read_secrets(settings: WebhookSettings | PullSettings, name: str) -> tuple[bytes, ...]:
    """The secrets that the settings name. Raises `UsageError`, which says what is missing, never what is there."""
    secrets: list[bytes] = []
    for variable in settings.secret_variables:
        value = os.environ.get(variable, "").strip().encode()
        if len(value) < _LEAST_SECRET:
            raise UsageError(f"{name}: the environment variable {variable} holds no secret ({_LEAST_SECRET} or more)")
        secrets.append(value)
    for path in settings.secret_files:
        try:
            with path.expanduser().open("rb") as file:
                value = file.read(_SECRET_BYTES).strip()
        except OSError as error:
            raise UsageError(f"{name}: {path} can't be read as a secret ({error.strerror})") from None
        if len(value) < _LEAST_SECRET:
            raise UsageError(f"{name}: {path} holds no secret ({_LEAST_SECRET} characters or more)")
        secrets.append(value)
    return tuple(secrets)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(fnmatchcase(text.casefold(), pattern.casefold()) for pattern in patterns)
