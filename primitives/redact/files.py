"""Redaction rules for files of credentials and settings that aren't keys with values: one directive a line.

netrc, pgpass, htpasswd and shadow, Redis, JSON Web Keys, SNMP, routers and switches, PPP, IPsec, DNS, VPN.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.redact.keys import key_kind
from primitives.redact.rules import Rule, Span, filled_group, make_rule
from primitives.redact.values import is_no_secret, is_object_name, is_secret_assignment, stands_out

__all__ = ["FILE_RULES"]

_W: Final = r"(?P<secret>\"[^\"\n]{4,300}\"|'[^'\n]{4,300}'|[^\s\"';]{4,300})"
# Settings of daemons that nobody writes prose with.
_DIRECTIVES: Final = frozenset({
    "bindpw", "rootpw", "requirepass", "masterauth", "auth_pass", "pre-shared-key", "insecure-password", "psk", "psksecret",
})  # fmt: skip


def _directive(match: re.Match[str]) -> Span | None:
    """The only value on the line of a key that names a secret."""
    key, value = match["key"], match["secret"].strip("\"'")
    if key_kind(key) in (None, "header") or not is_secret_assignment(key, value) or value.startswith(("-", "$", "%")):
        return None
    return match.span("secret") if key.lower() in _DIRECTIVES or _is_drawn(value) else None


def _is_drawn(value: str) -> bool:
    return stands_out(value) and not is_object_name(value) and "://" not in value


def _setting(match: re.Match[str]) -> Span | None:
    value = match["secret"].strip("\"'")
    return None if is_no_secret(value) or value.startswith(("-", "$")) else match.span("secret")


def _drawn(match: re.Match[str]) -> Span | None:
    return _setting(match) if _is_drawn(match["secret"].strip("\"'")) else None


_KEY_WORDS: Final = (
    "password", "passwd", "pass", "pwd", "pw", "passphrase", "secret", "token", "key", "psk", "bindpw", "rootpw", "psksecret",
    "requirepass", "masterauth", "authtoken", "auth",
)  # fmt: skip

# What crypt(3) writes before a hash says how it was made.
_CRYPT: Final = (
    "$1$",
    "$5$",
    "$6$",
    "$y$",
    "$2a$",
    "$2b$",
    "$2x$",
    "$2y$",
    "*$apr1$",
    "*$argon2",
    "*$pbkdf2",
    "*$scrypt$",
)

FILE_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "password",
        ("login", "default"),
        rf"\blogin\s{{1,8}}\S{{1,100}}\s{{1,8}}(?:account\s{{1,8}}\S{{1,100}}\s{{1,8}})?password\s{{1,8}}{_W}",
        _setting,
    ),
    make_rule(
        "password",
        ("*:*:", "*:5432:", "*:5433:", "*:6432:"),
        r"(?:^|\n)[+<>-]?[ ]?(?:[\w.-]{1,250}|\*):(?:[0-9]{2,5}|\*):[\w*.-]{1,64}:[\w*.-]{1,64}:(?P<secret>[^\s:]{4,200})[ \t]{0,4}(?=\n|$)",
        _setting,
    ),
    make_rule(
        "hash", _CRYPT, r"(?P<secret>\$(?:apr1|2[abxy]|[156y]|argon2id?|pbkdf2[\w-]{0,20}|scrypt)\$[\w./$,=+-]{8,300})"
    ),
    make_rule(
        "hash",
        ("sha", "ssha", "smd5", "crypt", "ssha512"),
        r"\{(?:S?SHA(?:256|512)?|SMD5|CRYPT|PBKDF2)\}(?P<secret>[\w+/=$.]{8,300})",
    ),
    make_rule("value", ("kty",), r"\"(?:k|d|p|q|dp|dq|qi)\"\s?:\s?\"(?P<secret>[A-Za-z0-9_+/=-]{16,4000})\""),
    make_rule(
        "value",
        _KEY_WORDS,
        r"(?:^|\n)[+<>-]?[ \t]{0,40}(?P<key>[\w.-]{2,60}+)[ \t]{1,20}(?P<secret>\"[^\"\s]{4,300}\"|[^\s\"'=:;]{4,300})[ \t;]{0,4}(?=\r?\n|$)",
        _directive,
    ),
    # Routers and switches: a digit says how the secret is written down.
    make_rule(
        "password",
        ("password", "secret", "key", "md5", "sha", "ascii", "hex"),
        r"\b(?:password|secret|key|md5|sha|ascii|hex)\s{1,3}[0-9]\s{1,3}(?!(?:times|attempts|tries|characters|digits|days|hours|retries)\b)(?P<secret>[^\s\"';,]{4,300})",
        _setting,
        begins="trigger",
    ),
    make_rule(
        "password",
        ("enable", "username", "neighbor", "insecure", "remote"),
        r"\b(?:enable|username\s\S{1,64}(?:\sprivilege\s[0-9]{1,2})?|neighbor\s\S{1,64}|user\s\S{1,64})"
        r"\s{1,3}(?:secret|(?:insecure-)?password|pass)\s{1,3}(?P<secret>[^\s\"';,]{4,300})",
        _drawn,
    ),
    make_rule(
        "password",
        ("tacacs", "radius", "isakmp", "key", "ospf", "chap", "standby", "tacplus"),
        r"\b(?:(?:tacacs|radius)-server\b[^\n]{0,60}?\skey|isakmp\skey|key-string|authentication-key|chap\spassword"
        rf"|standby\s\d{{1,4}}\sauthentication(?:\s(?:md5|text))?)\s{{1,3}}(?:[0-9]\s)?{_W}",
        _setting,
    ),
    make_rule(
        "password",
        ("ascii", "encrypted", "psksecret", "passwd", "enc", "pre"),
        rf"\b(?:ascii-text|encrypted-password|psksecret|set\s(?:password|passwd)(?:\sENC)?|pre-shared-key(?:\s(?:local|remote|ascii-text))?)\s{{1,3}}{_W}",
        _drawn,
    ),
    make_rule(
        "community",
        ("community", "rocommunity", "rwcommunity", "rocommunity6", "com2sec"),
        r"\b(?:(?:snmp-server|snmp)\s{1,4}community|r[ow]community6?|com2sec\s\S{1,60}\s\S{1,60})\s{1,4}(?P<secret>[^\s\"';]{3,64})",
        _setting,
    ),
    make_rule(
        "password",
        ("createuser", "snmp"),
        r"\b(?:createuser|snmp-server\suser)\b[^\n]{0,80}?\s(?:MD5|SHA(?:-?\d{3})?)\s{1,3}[\"']?(?P<secret>[^\s\"';]{4,200})",
        _setting,
    ),
    make_rule(
        "password",
        ("aes", "des", "priv"),
        r"\b(?:priv\s)?(?:AES|DES|3DES)(?:\s(?:128|192|256))?\s{1,3}(?P<secret>[^\s\"';]{6,200})",
        _drawn,
    ),
    make_rule(
        "password",
        ("psk", "eap", "xauth"),
        r"\s?:\s{1,3}(?:PSK|EAP|XAUTH)\s{1,3}(?P<secret>\"[^\"\n]{4,300}\")",
        _setting,
    ),
    make_rule(
        "password",
        ("*]:25 ", "*]:465 ", "*]:587 ", "*stats auth "),
        r"(?:\]:[0-9]{1,5}|\bstats\sauth)\s{1,8}[\w.@-]{1,80}:(?P<secret>[^\s:]{4,200})",
        _setting,
    ),
    make_rule(
        "password",
        ('*" * ', "** "),
        r"(?:^|\n)[+<>-]?\"?[\w.@-]{1,64}\"?\s{1,4}\*\s{1,4}(?P<secret>\"[^\"\n]{4,200}\"|[^\s\"*]{6,200})\s{1,4}(?:\*|[0-9])",
        _drawn,
    ),
    make_rule("password", ("auth",), r"(?:^|\n)auth[ ](?P<secret>[^\s\"']{6,100})(?=\n)", _drawn, needs="\n"),
    make_rule(
        "value", ("base64",), r"\b\w{0,40}key[=:]\s{0,2}[\"']?base64:(?P<secret>[A-Za-z0-9+/=]{16,300})", filled_group
    ),
    make_rule("password", ("*loginmodule",), r"\buser_\w{1,60}=(?P<secret>\"[^\"\n]{4,200}\")", _setting),
    make_rule(
        "value",
        ("*-oauth", "bundle"),
        r"(?:-oauth\"\s?:\s?\{\s?\"[\w.-]{1,100}\"\s?:\s?\"|\bBUNDLE_\w{1,100}:\s\"?(?:[\w.@-]{1,60}:)?)(?P<secret>[^\s\"':]{6,200})",
        _setting,
    ),
    make_rule("private-key", ("openvpn",), r"-----BEGIN OpenVPN Static key V1-----(?P<secret>[0-9a-f\s\\nr]{16,4000})"),
    make_rule(
        "private-key",
        ("putty",),
        r"Private-Lines:\s{0,4}[0-9]{0,4}\s{0,4}(?P<secret>[A-Za-z0-9+/=\s\\]{16,20000}?)(?=\s{0,4}(?:Private-MAC|$))",
        filled_group,
    ),
)
