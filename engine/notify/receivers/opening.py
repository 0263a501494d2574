"""Opens a receiver from its settings. A new kind is a class in `engine.notify.settings`, a file here, and its case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from engine.notify.receiver import Receiver
from engine.notify.receivers.desktop import Desktop
from engine.notify.receivers.mail import Mail
from engine.notify.receivers.pagerduty import PagerDutyNotes
from engine.notify.receivers.posting import Poster, Variables
from engine.notify.receivers.slack import SlackBot, SlackWebhook
from engine.notify.receivers.teams import Teams
from engine.notify.receivers.through_apprise import ThroughApprise
from engine.notify.receivers.webhook import SignedWebhook
from engine.notify.settings import (
    AppriseSettings,
    DesktopSettings,
    EmailSettings,
    NotificationSettings,
    PagerDutySettings,
    ReceiverSettings,
    SlackSettings,
    TeamsSettings,
    WebhookSettings,
)
from primitives.clock import Clock
from primitives.outgoing import OutgoingGuard

__all__ = ["open_receiver", "open_receivers"]


def open_receivers(
    settings: NotificationSettings, environ: Mapping[str, str], clock: Clock, *, guard: OutgoingGuard | None = None
) -> dict[str, Receiver]:
    """Every receiver by its name. Raises `UsageError` where a variable isn't set or a secret can't be used."""
    checked = guard or OutgoingGuard(settings.allow_hosts)
    return {name: open_receiver(name, own, environ, clock, checked) for name, own in settings.receivers.items()}


def open_receiver(
    name: str, settings: ReceiverSettings, environ: Mapping[str, str], clock: Clock, guard: OutgoingGuard
) -> Receiver:
    """One receiver; nothing is asked of it yet. Raises `UsageError`."""
    place = f"notifications.receivers.{name}"
    variables = Variables(place, environ)
    match settings:
        case SlackSettings():
            return _slack(settings, variables, Poster("Slack", guard, clock))
        case TeamsSettings():
            return Teams(variables.get(settings.url_variable), Poster("Teams", guard, clock))
        case EmailSettings():
            password = variables.get(settings.password_variable) if settings.user is not None else None
            return Mail(settings, password, clock, place=place)
        case WebhookSettings():
            url = settings.url if settings.url is not None else variables.get(settings.url_variable or "")
            secret = variables.get(settings.secret_variable)
            return SignedWebhook(url, secret, Poster("the webhook", guard, clock), place=place)
        case PagerDutySettings():
            token = variables.get(settings.token_variable)
            return PagerDutyNotes(settings, token, Poster("PagerDuty", guard, clock))
        case DesktopSettings():
            return Desktop(bell=settings.bell)
        case AppriseSettings():
            return ThroughApprise(variables.get(settings.url_variable), settings.format, guard, place=place)
        case _:
            assert_never(settings)


def _slack(settings: SlackSettings, variables: Variables, poster: Poster) -> Receiver:
    if settings.url_variable is not None:
        return SlackWebhook(variables.get(settings.url_variable), poster)
    return SlackBot(settings, variables.get(settings.token_variable), poster)
