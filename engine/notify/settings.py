"""The `notifications:` part of the configuration file: receivers, and rules that choose their notices."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from engine.notify.notice import KINDS, NoticeKind, Severity
from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = [
    "DAYS",
    "AppriseSettings",
    "DesktopSettings",
    "EmailSettings",
    "Escalation",
    "NotificationSettings",
    "PagerDutySettings",
    "QuietHours",
    "ReceiverSettings",
    "Rule",
    "SlackSettings",
    "TeamsSettings",
    "WebhookSettings",
    "parse_notifications",
]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Address = Annotated[str, Field(pattern=r"^[^@\s<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}$")]

_USUAL: Final = tuple(kind for kind in KINDS if kind not in ("note", "escalated", "test"))
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)
"""The days of a week, in the order of `date.weekday`."""


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class SlackSettings(_Settings):
    """Slack: with `channel` and a bot's token one message an incident, which is edited; else an incoming webhook.

    `token_variable` and `url_variable` name environment variables. A webhook can't edit: each notice is a message.
    `api` is where Slack's methods are, for GovSlack.
    """

    kind: Literal["slack"]
    channel: str | None = Field(None, pattern=r"^[A-Z0-9]{1,64}$")
    token_variable: Variable = "CLOUDOPS_SLACK_TOKEN"  # noqa: S105 - a name
    url_variable: Variable | None = None
    api: str = Field("https://slack.com/api", pattern=r"^https?://[^\s]{1,500}$")

    @model_validator(mode="after")
    def _reachable(self) -> SlackSettings:
        if (self.channel is None) == (self.url_variable is None):
            raise ValueError("give either `channel` (a channel's id, such as C0123456789) or `url_variable`")
        return self


class TeamsSettings(_Settings):
    """Microsoft Teams through a webhook of Workflows. The URL is a secret: `url_variable` names where it is."""

    kind: Literal["teams"]
    url_variable: Variable = "CLOUDOPS_TEAMS_URL"


class EmailSettings(_Settings):
    """Mail by SMTP. `security`: STARTTLS (port 587), TLS from the first byte (465), or none, for a local relay.

    `password_variable` names the environment variable with the password of `user`. `ca_file` holds the certificates
    of a relay's own authority.
    """

    kind: Literal["email"]
    host: Text
    port: int | None = Field(None, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = Field(None, min_length=1, max_length=200)
    password_variable: Variable = "CLOUDOPS_SMTP_PASSWORD"  # noqa: S105 - a name
    sender: Address
    to: tuple[Address, ...] = Field(min_length=1, max_length=50)
    ca_file: str | None = None

    @model_validator(mode="after")
    def _no_password_in_the_clear(self) -> EmailSettings:
        if self.security == "none" and self.user is not None:
            raise ValueError("a password isn't sent without TLS: choose `security: starttls` or leave `user` out")
        return self


class WebhookSettings(_Settings):
    """A signed webhook (Standard Webhooks). The URL stands in `url`, or in the variable that `url_variable` names.

    `secret_variable` names the environment variable with the secret (`whsec_...`).
    """

    kind: Literal["webhook"]
    url: str | None = Field(None, pattern=r"^https?://[^\s]{1,2000}$")
    url_variable: Variable | None = None
    secret_variable: Variable = "CLOUDOPS_WEBHOOK_SECRET"  # noqa: S105 - a name

    @model_validator(mode="after")
    def _somewhere(self) -> WebhookSettings:
        if (self.url is None) == (self.url_variable is None):
            raise ValueError("give either `url` or `url_variable`")
        return self


class PagerDutySettings(_Settings):
    """Notes on the PagerDuty incident that an incident came from. `sender` is the mail address of a PagerDuty user."""

    kind: Literal["pagerduty"]
    token_variable: Variable = "CLOUDOPS_PAGERDUTY_TOKEN"  # noqa: S105 - a name
    sender: Address
    api: str = Field("https://api.pagerduty.com", pattern=r"^https?://[^\s]{1,500}$")


class DesktopSettings(_Settings):
    """The desktop of the machine that CloudOps runs on (`notify-send`, or macOS's), and the terminal's bell."""

    kind: Literal["desktop"]
    bell: bool = True


class AppriseSettings(_Settings):
    """One of the services that Apprise knows. Its URL holds secrets: `url_variable` names where it is."""

    kind: Literal["apprise"]
    url_variable: Variable
    format: Literal["text", "markdown"] = "text"


ReceiverSettings = Annotated[
    SlackSettings
    | TeamsSettings
    | EmailSettings
    | WebhookSettings
    | PagerDutySettings
    | DesktopSettings
    | AppriseSettings,
    Field(discriminator="kind"),
]
"""The settings of a receiver, by its kind."""


class QuietHours(_Settings):
    """From when to when nothing is sent, by the clock of `timezone`; it may go past midnight.

    `days` are those on which it begins (all, where none is named). What comes meanwhile is sent at its end, only the
    latest of each incident. A severity in `except_for` is sent at once.
    """

    start: time = Field(alias="from")
    end: time = Field(alias="to")
    timezone: str = "UTC"
    days: tuple[Day, ...] = DAYS
    except_for: tuple[Severity, ...] = ("critical",)

    @field_validator("start", "end", mode="before")
    @classmethod
    def _is_a_time(cls, value: object) -> object:
        # YAML reads 22:00 without quotes as a number of base 60.
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
            return time(value // 60, value % 60)
        if isinstance(value, str) and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            return time.fromisoformat(value)
        raise ValueError('expected a time of day, such as "22:00"')

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError(
                f"there is no time zone {safe_line(name, limit=60)!r}; expected a name such as Europe/Berlin"
            ) from None
        return name

    @model_validator(mode="after")
    def _lasts(self) -> QuietHours:
        if self.start == self.end:
            raise ValueError("`from` and `to` are the same; leave `quiet` out, or give two times")
        return self


class Escalation(_Settings):
    """Who is notified when nobody confirmed the plan, or approved the action, within `after_minutes`."""

    after_minutes: float = Field(gt=0, le=7 * 24 * 60)
    to: tuple[Name, ...] = Field(min_length=1, max_length=20)


class Rule(_Settings):
    """Which notices go to which receivers. A list that is left out matches all; `services` are patterns with `*`.

    Without `kinds` it is for all but notes. Incidents from bundles count only with `recorded`.
    """

    name: Name
    to: tuple[Name, ...] = Field(min_length=1, max_length=20)
    kinds: tuple[NoticeKind, ...] = _USUAL
    severities: tuple[Severity, ...] = ()
    services: tuple[Text, ...] = ()
    recorded: bool = False
    quiet: QuietHours | None = None
    escalate: Escalation | None = None


class NotificationSettings(_Settings):
    """Receivers by their name, and rules. For each receiver the first matching rule that names it applies.

    `link` is the address of an incident's page, with `{execution_id}` or `{incident_id}` in it. `allow_hosts` are hosts
    that may be reached although they are on this machine or its local link. A notice that can't be delivered is given
    up after `give_up_after_hours`.
    """

    receivers: Mapping[Name, ReceiverSettings] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = Field(default=(), max_length=200)
    link: str = Field("", pattern=r"^(https://[^\s<>\"|]{1,500})?$")
    allow_hosts: tuple[Text, ...] = ()
    give_up_after_hours: float = Field(24.0, gt=0, le=24 * 30)

    @model_validator(mode="after")
    def _names_fit(self) -> NotificationSettings:
        known = ", ".join(self.receivers) or "none is configured"
        names: set[str] = set()
        for rule in self.rules:
            if rule.name in names:
                raise ValueError(f"two rules are called {rule.name!r}; give each a name of its own")
            names.add(rule.name)
            for receiver in (*rule.to, *(rule.escalate.to if rule.escalate else ())):
                if receiver not in self.receivers:
                    raise ValueError(f"rule {rule.name!r} names the receiver {receiver!r}; there are: {known}")
        return self


def parse_notifications(document: object) -> NotificationSettings:
    """Parse the `notifications` of a configuration file. Raises `UsageError`: a line that names the key."""
    if not isinstance(document, Mapping):
        raise UsageError("notifications: expected `receivers` and `rules`")
    try:
        return NotificationSettings.model_validate(document)
    except ValidationError as error:
        raise UsageError(_problem(error.errors()[0], document)) from None


def _problem(problem: Any, document: Mapping[str, Any]) -> str:
    where: list[str] = []
    place: Any = document
    for part in problem["loc"]:
        # Behind a receiver's name pydantic puts its kind, which is no key.
        if isinstance(place, Mapping) and part not in place and place.get("kind") == part:
            continue
        where.append(safe_line(str(part), limit=80))
        place = place.get(part) if isinstance(place, Mapping) else None
    said = safe_line(str(problem["msg"]).removeprefix("Value error, "))
    if problem["type"] == "union_tag_invalid":
        said = f"there is no such kind of receiver; kinds are {problem['ctx']['expected_tags']}"
    elif problem["type"] == "union_tag_not_found":
        said = "expected a `kind`, such as `kind: slack`"
    return f"{'.'.join(['notifications', *where])}: {said}"
