"""Redaction rules for settings of routers, switches, firewalls and access points, one a line.

The forms are those of the command references of Cisco IOS, NX-OS and ASA, Arista, Juniper, Huawei, HPE, FortiOS, MikroTik,
VyOS and Palo Alto. A digit or a word between key and secret says how the secret is written down.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.redact.rules import Begins, Rule, Span, make_rule
from primitives.redact.values import is_no_secret

__all__ = ["NETWORK_RULES"]

_SAID: Final = r"[\"']?(?P<secret>[^\s\"';,]{3,300})"
_HOW: Final = (
    r"(?:(?:[0-9]|0x[0-9]|ENC|cipher|irreversible-cipher|simple|encrypted|plaintext|clear|hidden|sha512|sha256|md5|hash|ascii-text"
    r"|ascii|hexadecimal|hex|local|remote)\s{1,3}){0,2}"
)
_TYPED: Final = re.compile(r"\$[0-9]{1,2}\$.")
# Words that go on the same commands and are no secrets.
_WORDS: Final = re.compile(
    r"(?:encryption|recovery|policy|required|aging|minimum|maximum|length|history|strength|type|retry|lifetime|update|chain"
    r"|authentication|manager|operator|view|read|write|ro|rw|map|group|address|interface|key|v[123]c?|priv|auth|noauth|times|attempts|tries|characters|digits|days|hours|retries)",
    re.IGNORECASE,
)


def _setting(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    if is_no_secret(value) and not _TYPED.match(value):
        return None
    return None if _WORDS.fullmatch(value) or value.startswith("-") else match.span("secret")


def _rule(kind: str, triggers: tuple[str, ...], before: str, begins: Begins = "") -> Rule:
    return make_rule(kind, triggers, rf"{before}\s{{1,3}}{_HOW}{_SAID}", _setting, keyed=True, begins=begins)


NETWORK_RULES: Final[tuple[Rule, ...]] = (
    _rule("password", ("enable",), r"\benable\s(?:algorithm-type\s\w{1,10}\s)?(?:secret|password)", "trigger"),
    _rule("password", ("super",), r"\bsuper\s(?:password(?:\slevel\s\d{1,2})?|authentication)", "trigger"),
    _rule(
        "password",
        ("username", "user"),
        r"\buser(?:name)?\s\S{1,64}\s(?:[\w-]{1,20}\s\S{1,20}\s){0,2}(?:secret|password|password-hash|phash|sshkey)(?=\s[0-9$]|\s[\w-]{1,20}\s\S{8})",
        "trigger",
    ),
    _rule("password", ("neighbor",), r"\bneighbor\s\S{1,64}\s(?:password|authentication-key)", "trigger"),
    _rule(
        "password",
        ("authkey", "md5", "sha", "sha1", "sha256", "hmac"),
        r"\b(?:authkey|message-digest-key|authentication-key|key-id)\s[0-9]{1,5}\s(?:hmac-)?(?:md5|sha[-\w]{0,8})",
    ),
    _rule(
        "password",
        ("tacacs", "radius", "isakmp", "aaa"),
        r"\b(?:(?:tacacs|radius)(?:-server)?\b[^\n]{0,80}?\s(?:shared-)?(?:key|secret)|isakmp\skey)",
    ),
    make_rule(
        "password",
        ("key",),
        rf"\b(?:aaa-server|tacacs|radius)[^\n]{{0,120}}\n(?:[ \t][^\n]{{0,120}}\n){{0,4}}[ \t]{{1,4}}key\s{_HOW}{_SAID}",
        _setting,
        keyed=True,
    ),
    _rule("password", ("pre", "preshared"), r"\b(?:pre-?shared-(?:key|secret)|ikev1\spre-shared-key|preshared-key)"),
    _rule("password", ("key",), r"\bkey-string"),
    _rule("password", ("chap", "pap", "ppp"), r"\bppp\s(?:chap|pap)\s(?:sent-username\s\S{1,64}\s)?password"),
    _rule("password", ("wpa", "wep"), r"\b(?:wpa-psk|wpa2?-passphrase|wep\skey(?:\s[0-9])?|wep-key)"),
    _rule("password", ("password",), r"\bip\s(?:ftp|http\sclient|scp)\spassword"),
    _rule("password", ("plaintext", "plain"), r"\b(?:plain-?text-password(?:-value)?|user-name\s\S{1,64}\splaintext)"),
    make_rule("password", ("enc",), rf"\bset\s[\w-]{{2,40}}\sENC\s{_SAID}", _setting, keyed=True),
    _rule("community", ("community",), r"\bset\ssnmp(?:\sv[123])?\scommunity"),
    _rule("community", ("snmp",), r"\bsnmp-agent\scommunity\s(?:read|write)"),
    make_rule(
        "community",
        ("snmp",),
        rf"\bsnmp-server\shost\s\S{{1,64}}\s(?:(?:traps|informs|vrf\s\S{{1,32}})\s){{0,2}}(?:version\s(?:1|2c)\s)?{_SAID}",
        _setting,
    ),
    make_rule("hash", ("$8$", "$9$", "$14$", "$5$"), r"(?P<secret>\$(?:[89]|14)\$[\w./$-]{6,300})"),
)
