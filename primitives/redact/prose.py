"""Redaction rules for sentences: `the password is ...`, `token ... expired`, `changed ... from ... to ...`.

A word that a sentence goes on with is no secret; what has digits and letters, or signs, may be one. The fewer words say
that it is, the more it must look like one.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.keys import key_kind
from primitives.redact.marks import MARK
from primitives.redact.rules import Rule, Span, keyed_group, make_rule
from primitives.redact.values import is_code, is_no_secret, is_secret_assignment, is_uuid, names_a_secret, stands_out

__all__ = ["PROSE_RULES"]

_NAME: Final = lazy_pattern(r"[a-z][a-z0-9]*(?:[-/._][a-z0-9]+)+")
# Times, numbers, addresses, versions, paths, flags, files and hosts.
_ORDINARY: Final = lazy_pattern(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9.,:/_+-]+[a-z%]{0,3}|v?[0-9]+\.[0-9]+.*|HTTP/.*|--?\w.*|[~./].*|0[xX][0-9a-fA-F]+"
    r"|(?i:sha)-?[0-9]+(?:[:-].*)?|[\w+.-]+://.*"
    r"|[\w.-]+\.(?:go|py|java|c|rb|js|ts|rs|cc|conf|ya?ml|json|pem|crt|key|log|txt|com|svc|local|internal|io|net|org)(?:[:/].*)?"
    r"|[\w.+-]+@[\w-]+\.\w.*|system:.*|[\w.-]+[:=].*|[a-z]+_[a-z0-9_]+|[A-Z]+_[A-Z0-9_]+|\w+/\w+(?:/.*)?"
    r"|[A-Z]?[a-z]+(?:[A-Z][a-z]+)*[0-9]?|[\w.-]*#[0-9]+"
)
_PARTS: Final = lazy_pattern(r"[^A-Za-z]+")
# `errorCode`, `HTTPServer`, `getURL`; in what was drawn at random, one capital letter stands between small ones sooner or later.
_HUMPS: Final = lazy_pattern(r"[a-z]*(?:[A-Z]{1,5}[a-z]{2,})*[A-Z]{0,5}")
_LONG_MIXED: Final = lazy_pattern(r"(?=[^0-9]{0,80}[0-9])(?=[^A-Za-z]{0,80}[A-Za-z])[A-Za-z0-9_+/=.-]{16,2000}")
_STRONG: Final = (
    r"pass(?:word|wd|phrase|code|wort|word\sattempt)|pwd?|pswd|kennwort|contraseña|contrasena|senha|wachtwoord|"
    r"parola|hasło|heslo|salasana|lösenord|adgangskode|şifre|пароль|密码|パスワード|비밀번호|jelszó|lozinka"
)
_SPACED: Final = r"mot\sde\spasse|kata\ssandi|mật\skhẩu"
_KEYS: Final = (
    r"(?:api|access|secret|encryption|wi-?fi|wlan|network|door|safe|session|signing|recovery|licen[cs]e|private|account|master|shared|client|webhook|hmac|"
    r"backup|one-time|verification|unseal|bearer|refresh|auth|root|deploy|bot)[ -](?:access[ -])?(?:keys?|codes?|secret|token|password)"
    r"(?:\s[0-9])?|token|secret|creds|credentials?"
)
_COPULA: Final = (
    r"\s?(?::\s{1,3}|：\s{0,3})|(?:\svalue)?\s{1,2}(?:(?:has\sbeen\s|was\s|is\s)?(?:re)?(?:set|changed)\sto|is(?:\s(?:now|still|currently|just|simply|again))?|(?:will|should|must)\sbe|was|are|now|to|ist|lautet|es|est|é|è|"
    r"on|of|with|value|entered|->|=>|→|是)(?:\s?:)?\s{1,3}"
)
# Words of clauses: `the passphrase we use there: ...`.
_ABOUT: Final = (
    r"(?:we|you|they|i|he|she|it|that|which|use[ds]?|need|there|here|today|again|right|can|have|has|got|set|sent|gave|in|on|at"
    r"|prod|production|staging|dev|test|this|time|below|my|our|your|the|old|new"
    r"|asked|wanted|needed|given|shared|created|generated|issued|received|requested|for|with|from|by|to)"
)
_SAYS: Final = r"\s?:\s|\s(?:is|was|will|should|must|has)\s"
_VALUE: Final = (
    r"\\{0,3}[\"'`(]?(?:\[redacted:(?:[a-z0-9-]{1,40}:[0-9a-f]{6}\])?(?=\w))?(?P<secret>[^\s\"'`,;()<>\[\]{}：]{5,500})"
)


def _is_said(value: str, *, quoted: bool) -> bool:
    if is_no_secret(value) or _NAME.fullmatch(value) or is_code(value) or names_a_secret(value):
        return False
    if _ORDINARY.fullmatch(value):
        return quoted and value.isalnum() and not value.isdigit() and len(value) > 7 and not value.islower()
    if quoted and value.isalnum():
        return len(value) > 5
    return stands_out(value) or (_is_jagged(value) and len(value) >= 10)


def _is_jagged(value: str) -> bool:
    """Whether a long word has capital letters where no name has them."""
    letters = max(_PARTS.split(value), key=len)
    return len(letters) >= 8 and _HUMPS.fullmatch(letters) is None


def _trimmed(match: re.Match[str]) -> tuple[str, Span, bool]:
    start = match.start("secret")
    value = match["secret"].rstrip(".:!?\\")
    quoted = start > 0 and match.string[start - 1] in "\"'`("
    return value, (start, start + len(value)), quoted


def _stated(match: re.Match[str]) -> Span | None:
    """What is said to be the secret."""
    value, span, quoted = _trimmed(match)
    return span if len(value) > 4 and _is_said(value, quoted=quoted) else None


def _generated(match: re.Match[str]) -> Span | None:
    """What a database server made up, which may have any sign; or a code."""
    return match.span("secret") if match["secret"] is not None else match.span("code")


def _beside(match: re.Match[str]) -> Span | None:
    """What stands beside the word for a secret, and nothing says that it is one."""
    value, span, quoted = _trimmed(match)
    if quoted or match["strong"] is not None:
        return span if len(value) > 5 and _is_said(value, quoted=quoted) and not is_uuid(value) else None
    is_random = (
        _LONG_MIXED.fullmatch(value) is not None and not _ORDINARY.fullmatch(value) and not _NAME.fullmatch(value)
    )
    return span if is_random and not is_uuid(value) else None


def _drawn(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    return match.span("secret") if stands_out(value) and not _NAME.fullmatch(value) and not is_code(value) else None


def _given(match: re.Match[str]) -> Span | None:
    """The argument of a method whose name says that it sets a secret."""
    return _drawn(match) if is_secret_assignment(match["key"], match["secret"]) and key_kind(match["key"]) else None


def _about_a_secret(match: re.Match[str]) -> Span | None:
    if match["copula"] is None:
        return _beside(match)
    value, span, _ = _trimmed(match)
    is_number = value.isdigit() and len(value) >= 6 and match["strong"] is not None
    return span if is_number else _stated(match)


def _of_key(match: re.Match[str]) -> Span | None:
    """The value that a sentence gives a setting whose name says that it is a secret."""
    value, span, quoted = _trimmed(match)
    kind = key_kind(match["key"])
    if kind is None or kind == "header" or not ("_" in match["key"] or "." in match["key"] or "-" in match["key"]):
        return None
    return span if _is_said(value, quoted=quoted) and is_secret_assignment(match["key"], value) else None


_WORDS: Final = (
    "password", "passwd", "passwort", "passphrase", "passcode", "pw", "pwd", "pswd", "kennwort", "contraseña", "contrasena",
    "senha", "wachtwoord", "parola", "hasło", "heslo", "salasana", "lösenord", "adgangskode", "şifre", "пароль",
    "jelszó", "lozinka", "*密码", "*パスワード", "*비밀번호",
)  # fmt: skip
_KEY_WORDS: Final = ("key", "keys", "token", "secret", "creds", "credentials", "credential", "code", "codes")
# Last words of settings' names.
_SETTING_WORDS: Final = (
    "password", "passwd", "pass", "pwd", "pw", "secret", "token", "key", "keys", "pat", "creds", "passphrase", "pswd",
    "passwords", "tokens",
)  # fmt: skip


def _said_of(words: str) -> str:
    """The pattern of a value that stands behind these words."""
    return (
        rf"(?<![\w/.-])(?:{words})(?:\s(?:for|für|of|to)\s(?:the\s|user\s)?[\w.@-]{{1,40}}(?={_COPULA})|(?:\s(?:for|of|to)(?:\s[\w.@'-]{{1,40}}+){{2,5}}|(?:\s{_ABOUT}){{1,5}})(?={_SAYS}))?"
        rf"(?:(?P<copula>{_COPULA})|[ ]{{1,2}}){_VALUE}"
    )


PROSE_RULES: Final[tuple[Rule, ...]] = (
    make_rule("password", _WORDS, _said_of(rf"(?P<strong>{_STRONG})"), _about_a_secret, begins="trigger"),
    make_rule(
        "password",
        ("passe", "sandi", "khẩu", *_KEY_WORDS),
        _said_of(rf"(?P<strong>{_SPACED})|{_KEYS}|(?:with|wrong|invalid|incorrect)\s(?:key|hash)"),
        _about_a_secret,
    ),
    make_rule(
        "password",
        ("following",),
        rf"\b(?:following|below)\s(?:[\w-]{{1,20}}\s){{0,3}}(?:{_STRONG}|token|key|secret|code)\b[^\n:]{{0,80}}:\s{{1,8}}{_VALUE}",
        _stated,
        keyed=True,
    ),
    make_rule(
        "password",
        ("as",),
        rf"\b(?:with|using|use|enter|typed?)\s[\"'`]?(?P<secret>[^\s\"'`,;()]{{6,300}})[\"'`]?\sas\s(?:(?:the|a|an|your|his|her|their|my|our|its)\s)?(?:[\w-]{{1,20}}\s)?"
        rf"(?:{_STRONG}|{_KEYS})\b",
        _stated,
        keyed=True,
    ),
    make_rule(
        "password",
        ("is", "was", "it's", "that's"),
        rf"(?<![^\s\"'`(])[\"'`]?(?P<secret>[^\s\"'`,;()]{{6,300}})[\"'`]?,?\s(?:is|was|(?:that|this|which|it)(?:\s(?:is|was)|'s))\s"
        rf"(?:the|a|an|your|his|her|their|my|our)\s(?:(?:new|old|current|right|correct|real|actual|temporary|default|[\w-]{{2,12}})\s)?(?:{_STRONG}|{_KEYS})\b",
        _stated,
        keyed=True,
    ),
    make_rule(
        "value",
        ("*password(", "*token(", "*secret(", "*key(", "*pass(", "*pwd(", "*passwd(", "*passphrase("),
        r"(?<![\w-])(?P<key>(?:with|set|add|use)?[A-Za-z_]{2,40})\(\s?[\"'](?P<secret>[^\"'\s]{6,500})[\"']\s?\)",
        _given,
    ),
    make_rule(
        "value",
        ("*(",),
        rf"(?<![\w./-])(?P<key>[A-Za-z][\w.-]{{2,60}}+)\s\((?:masked|hidden|secret|sensitive|encrypted|plain|decoded|raw|new|old|current)\)\s?[:=]\s?{_VALUE}",
        keyed_group,
        begins="key",
    ),
    make_rule(
        "value",
        ("*secret", "password", "apikey", "accesstoken", "sensitive"),
        r"(?<!\.)\b(?-i:Secret(?:Str|String|Bytes|Box|Vec|Value|Text)?|Password|ApiKey|AccessToken|Sensitive(?:String)?)"
        r"\(\s?[\"'](?P<secret>[^\"'\s]{6,500})[\"']\s?\)",
        _drawn,
        needs="(",
        keyed=True,
    ),
    make_rule(
        "value",
        ("secrets",),
        rf"(?:\bsecrets\.|\$\{{\{{\s?secrets\.)[\w-]{{1,100}}(?:\s?\}}\}})?\s?(?:=>|->|=|:|is|resolved\sto|evaluated\sto)\s?{_VALUE}",
        _stated,
        keyed=True,
    ),
    make_rule(
        "value",
        ("value",),
        r"\bvalue:?\s[\"'`](?P<secret>[^\s\"'`]{4,500})[\"'`]\s(?:of|for|in|from|to|on)\s(?:the\s)?"
        r"(?:(?:env(?:ironment)?|masked|secret|config(?:uration)?|ci)\s)?(?:variable|secret|parameter|setting|key|property|field)?\s?"
        r"[\"'`]?(?P<key>[\w.-]{2,80})",
        keyed_group,
        keyed=True,
    ),
    make_rule(
        "password",
        ("generated", "one"),
        rf"\b(?:password\sis\sgenerated\sfor\s\S{{1,80}}:\s(?P<secret>\S{{6,100}})|one-time\scode\sfor\s\S{{1,80}}:\s{_VALUE.replace('secret', 'code')})",
        _generated,
    ),
    make_rule(
        "value",
        _SETTING_WORDS,
        r"(?<![\w./-])(?P<key>[A-Za-z][\w.-]{3,60}+),?(?:\s(?:changed|rotated|updated|set|has|was|is|the|new|value|now|to|from|of|in)){0,4}"
        rf"[ ]{{1,2}}{_VALUE}",
        _of_key,
        begins="key",
    ),
    make_rule(
        "value",
        ("from", "changed", "got", "updated", "*->", "*→", "codes"),
        MARK + r"[\"']?\s(?:to\s|->\s|→\s|=>\s|but\sgot\s)?[\"']?(?P<secret>[^\s\"',;()]{6,500})",
        _stated,
        begins="mark",
    ),
    make_rule(
        "password",
        (
            "credentials",
            "credential",
            "creds",
            "login",
            "log",
            "logged",
            "logon",
        ),
        r"\b(?:credentials?|creds|log(?:ged)?[ -]?[io]n)\b(?:\s(?:for|to|on|of|in)\s(?:the\s)?[\w.@-]{1,40}(?=\s?[:=]|\sare))?(?:\s(?:is|are|with|as|of|for|using)|\s?[:=]){0,3}\s{1,2}"
        r"(?P<user>[\w.@-]{1,40})(?:\s?[/:]\s?|\swith\s|\s\(password\s)(?P<secret>[^\s\"',;/:(){}]{6,100})",
        _stated,
        begins="trigger",
    ),
    make_rule(
        "password",
        ("using", "comparing"),
        r"\b(?:\"[ ]using|comparing)[ ][\"']?(?P<secret>[^\s\"',;:()]{6,100})[\"']?(?=$|\n|[ ]with[ ]stored)",
        _stated,
    ),
)
