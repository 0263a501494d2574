"""Redaction rules for URLs: passwords, parameters and parts of paths that let whoever has the link in.

Spark's and Akka's addresses (`spark://CoarseGrainedScheduler@10.0.0.4:7077`) name an actor where others have a user.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.rules import Rule, Span, filled_group, make_rule
from primitives.redact.values import is_no_secret, is_uuid

__all__ = ["URL_RULES"]

# Parameters that usually hold a token, though other things have these names as well.
_TOKEN_PARAMETERS: Final = frozenset({
    "key", "auth", "code", "ticket", "sid", "session", "sessionid", "session_id", "appid", "app_id", "app_key", "sentry_key",
    "oobcode", "otp", "xauth", "hdnea", "credential", "assertion", "invite", "magic", "state_token", "st", "k", "hash_key", "t", "p",
    "jwt", "tok", "bearer", "s_token", "sig", "passkey", "share", "h_token", "x_token", "at", "rt",
})  # fmt: skip
_MIXED: Final = lazy_pattern(r"(?=[^0-9]{0,60}[0-9])(?=[^A-Za-z]{0,60}[A-Za-z])[A-Za-z0-9_.~%+=-]{16,2000}")
_TIME: Final = lazy_pattern(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*")


def _password(match: re.Match[str]) -> Span | None:
    """What stands behind a user: a number may be one, but for short ones."""
    value = match["secret"]
    return match.span("secret") if (value.isdigit() and len(value) >= 4) or not is_no_secret(value) else None


def _parameter(match: re.Match[str]) -> Span | None:
    key, value = match["key"].lower(), match["secret"]
    if key not in _TOKEN_PARAMETERS or not _MIXED.fullmatch(value) or _TIME.fullmatch(value) or is_uuid(value):
        return None
    return match.span("secret")


def _path(match: re.Match[str]) -> Span | None:
    """A part of a path that was drawn at random; an identifier in UUID form names an object."""
    value = match["secret"]
    is_name = is_uuid(value) or (value.islower() and not re.search("[0-9][^0-9]{0,60}[a-z][^0-9]{0,60}[0-9]", value))
    return None if is_name or not _MIXED.fullmatch(value) else match.span("secret")


def _user(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    digits = sum(character.isdigit() for character in value)
    mixed = digits == 1 and not value.islower() and not value.isupper()
    return match.span("secret") if (digits >= 2 or mixed) and "." not in value else None


URL_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "password",
        ("://",),
        r"://[^\s/?#:\"'<>\[\]]{0,200}:(?P<secret>[^\s/?\"'<>@]{1,500}(?:@[^\s/?\"'<>@:,]{0,200}(?=@)){0,4})@(?=[\w\[/?]|$|[\s\"'])",
        _password,
        needs="@",
    ),
    make_rule(
        "password",
        ("://",),
        r"://[\w.%-]{1,80}:(?P<secret>[^\s?#\"'<>@:]{1,200}/[^\s?#\"'<>@:/]{0,200})@(?=[\w.-]{1,250}:[0-9])",
        filled_group,
        needs="@",
    ),
    make_rule(
        "password",
        ("*//",),
        r"(?<![:\w/])//[^\s/?#:\"'<>\[\]@]{1,64}:(?P<secret>[^\s/?#\"'<>@]{3,300})@(?=[\w\[])",
        filled_group,
        needs="@",
    ),
    make_rule(
        "url-token",
        ("://",),
        r"(?<![a-z.])(?:https?|git\+https|nats|ftp|ssh)://(?P<secret>[A-Za-z0-9_-]{16,300})(?=@|:[^\s/@]{1,200}@)",
        _user,
        needs="@",
    ),
    make_rule("url-token", ("oauth",), r"://(?P<secret>[A-Za-z0-9_-]{16,300}):x-oauth-basic@"),
    make_rule("password", ("%3a%2f%2f",), r"%3a%2f%2f[^\s%/&]{1,100}%3a(?P<secret>[^\s&%]{1,200})%40", filled_group),
    make_rule(
        "url-token",
        ("*?", "*&", "*#"),
        r"[?&;#](?P<key>[\w.-]{1,40})=(?P<secret>[^\s&;\"'<>#\\]{16,2000})",
        _parameter,
        needs="=",
    ),
    make_rule(
        "url-token",
        ("*&p=", "*&pw="),
        r"[?&](?:u|user|usr|login|username)=[^\s&]{1,100}&(?:p|pw)=(?P<secret>[^\s&\"']{4,200})",
        filled_group,
    ),
    make_rule("url-token", ("jsessionid", "phpsessid"), r"(?:jsessionid|phpsessid)=(?P<secret>[\w.-]{8,200})"),
    make_rule(
        "webhook",
        ("zapier", "pagerduty", "ping", "hook", "webhook", "webhookb2", "inputs", "receiver", "ifttt"),
        r"(?:zapier\.com/hooks/catch/[0-9]{1,12}/|pagerduty\.com/integration/|hc-ping\.com/|/bot/v2/hook/|/webhook(?:b2)?/"
        r"|loggly\.com/inputs/|/receiver/v1/http/|ifttt\.com/trigger/[\w-]{1,60}/with/key/)(?P<secret>[\w@=/-]{16,400})",
    ),
    make_rule(
        "url-token",
        (
            "reset",
            "verify",
            "confirm",
            "invite",
            "invitation",
            "magic",
            "token",
            "tokens",
            "key",
            "keys",
            "activate",
            "hooks",
            "activation",
            "unsubscribe",
            "hook",
            "webhook",
            "webhooks",
            "*/v1/http/",
            "link",
            "password",
            "services",
        ),
        r"/(?:reset|password|reset-password|verify|verify-email|confirm|invit(?:e|ation)|magic(?:-link)?|tokens?|keys?|activat(?:e|ion)"
        r"|unsubscribe|(?:web)?hooks?|v[0-9]/http|catch/[0-9]{1,12}|services/T\w{1,12}/B\w{1,12})/(?P<secret>[A-Za-z0-9_=.-]{20,300})(?![\w.-])",
        _path,
    ),
    make_rule("webhook", ("qyapi", "weixin"), r"webhook/send\?key=(?P<secret>[\w-]{16,100})"),
    make_rule(
        "url-token", ("slack", "ss", "pushover", "tgram"), r"\b(?:slack|ss|tgram)://(?P<secret>[\w/:=+-]{20,300})"
    ),
    make_rule("url-token", ("pushover",), r"\bpushover://[\w.]{0,40}:(?P<secret>[\w-]{16,100})@"),
    make_rule("url-token", ("/bot",), r"/bot[0-9]{6,12}:(?P<secret>[\w-]{30,100})"),
)
