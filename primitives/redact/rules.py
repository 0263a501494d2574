"""Structural rules of redaction: where a text says of itself that a credential follows.

A rule finds candidates by a pattern that runs in linear time; a small function then decides and says which part of the
match is the secret. What follows a secret's name is often no secret at all (`invalid token: unexpected end`,
`token: str`, `secret: payments/db-credentials`, `password=${DB_PASSWORD}`), so most of this module is about what to
leave alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from primitives.dataclass import dataclass
from primitives.patterns import lazy_pattern

__all__ = [
    "COARSE_TRIGGERS",
    "KEY_TRIGGERS",
    "RULES",
    "Rule",
    "Span",
    "filled",
    "filled_group",
    "is_placeholder",
    "is_secret_assignment",
    "is_secret_key",
    "make_rule",
    "stands_out",
]

Span = tuple[int, int]

# Words that, at the end of a key, say that its value is a secret.
_SENSITIVE: Final = (
    "pass(?:w(?:or)?ds?|phrase|code|wort|wörter)?|pwd|pswd|(?<![a-z])pw|(?-i:(?<=[a-z])(?:Pw|Creds|Pat))|requirepass|masterauth|secret|token|kennwort|contrase[ñn]a|senha|"
    "wachtwoord|mot[_ -]?de[_ -]?passe|salasana|hasło|пароль|密码|パスワード|비밀번호|(?<=[_-])creds|(?<=[_-])pat|"
    "(?:api|access|secret|private|account|shared|sharedaccess|encryption|signing|master|auth|storage|license|deploy|"
    "functions|subscription|app|application|integration|service|consumer|webhook|hmac|jwt|cookie|"
    "openai|stripe|twilio|sendgrid|mailgun|mailchimp|datadog|dd|newrelic|pagerduty|opsgenie|sentry|algolia|cloudflare|"
    "anthropic|azure|gcp|google|aws|s3|github|gitlab|slack|maps|sumologic|splunk|honeycomb|grafana|vault|dropbox|"
    "routing|session)[_. -]?keys?(?:[_-]?id(?<=private.key.id))?|"
    "secret[_-]?access[_-]?key|credential|sig(?:nature)?|auth|connect\\.sid|jsessionid|phpsessid"
)
# What is put behind such a word: how it is written, which of several it is, how old.
_SUFFIX: Final = "(?:[_-]?(?:base64|b64|value|plain|text))?(?:[_-]?(?:old|prev|previous|new|current|v[0-9]|prod|staging|backup))?[_-]?[0-9]{0,3}"
KEY_TRIGGERS: Final = (
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "sig",
    "auth",
    "connect.sid",
    "sessid",
    "pswd",
    "pw",
    "kennwort",
    "contrase",
    "senha",
    "wachtwoord",
    "passe",
    "salasana",
    "hasło",
    "пароль",
    "密码",
    "パスワード",
    "비밀번호",
    "creds",
    "_pat",
    "-pat",
)
"""What a key that names a secret has in it, in lower case."""
COARSE_TRIGGERS: Final = (
    *KEY_TRIGGERS,
    "bearer",
    "cookie",
    "@",
    "private",
    "ls0tls1crudjti",
    "eyj",
    " -",
    "identified",
)
"""No rule changes a text (in lower case) without any of these; a test checks it."""
# Keys that end in such a word and name something public.
_PUBLIC_PREFIX: Final = lazy_pattern(
    r"(?:next|page|paging|continuation|continue|pagination|cancellation|cancel|public|fencing|idempotency|sync|start|"
    r"end|stop|eos|bos|pad|unk|mask|last|client|client[_-]?request|request|unexpected|lock|resume|scroll|marker|"
    r"verification|method|function|class|no|num|max|total)[_. -]?$",
    re.IGNORECASE,
)
_CAMEL: Final = lazy_pattern("(?<=[a-z])(?=[A-Z])")
_KEY_END: Final = lazy_pattern(f"(?:{_SENSITIVE}|authorization|cookie){_SUFFIX}$", re.IGNORECASE)
# "design", "oauth", "bypass": the word must be separate.
_NEVER_A_SUFFIX: Final = frozenset({"sig", "auth", "pass"})
# Keys so short or so common that their value must also look like a credential.
_WEAK_KEY: Final = lazy_pattern(r"(?:^|[^a-z])(?:auth|credential|pass|secret)$", re.IGNORECASE)
_STRONG_KEY: Final = lazy_pattern(
    r"(?:client|app|api|jwt|token|webhook|cookie|session|shared|consumer|oauth|signing|hmac|mfa|totp|encryption)[_.-]?secret"
    r"|[a-z][_.-]pass(?:[_-]?[0-9]+)?$|(?:become|ssh|auth|bind|user|db|root|smtp|redis)pass$",
    re.IGNORECASE,
)
# Keys that may also name something public: only what looks drawn at random is a secret.
_RANDOM_KEY: Final = lazy_pattern(
    r"(?:routing|session|service|app|application|integration|google|azure|s3|maps)[_ -]?keys?$", re.IGNORECASE
)
_RANDOM: Final = lazy_pattern(r"(?=[^0-9]*[0-9])[\w+/=.!-]{10,}")
_HEX_OR_WORD: Final = lazy_pattern(r"(?=[a-z]*[0-9])[a-z0-9]{16,}")
_SIGNATURE_KEY: Final = lazy_pattern(r"sig(?:nature)?$", re.IGNORECASE)
_DIGIT: Final = lazy_pattern("[0-9]")
_PASSWORD_KEY: Final = lazy_pattern(r"pass(?:w|phrase|code|$)|pwd|authorization|cookie|private", re.IGNORECASE)
_HEADER_PREFIX: Final = lazy_pattern(r"(?:^|[\s\"'{,\[\\])(?:x|ocp-apim)-[\w-]{0,40}$", re.IGNORECASE)

# What is written in a secret's place in prose, in type annotations, in templates and in masked output.
_NO_SECRET: Final = lazy_pattern(
    r"(?:none|null|nil|true|false|yes|no|on|off|undefined|unset|empty|set|changed|rotated|redacted|removed|hidden|masked|"
    r"required|missing|invalid|incorrect|wrong|expired|denied|failed|failure|mismatch|unknown|not|is|was|has|and|or|for|"
    r"error|ok|valid|authentication|str|string|int|integer|bool|boolean|bytes|text|varchar|object|any|number|optional|"
    r"path|file|env|secret|secrets|token|password|value|credentials?|basic|bearer|digest|negotiate|sigv4|"
    r"aws4-hmac-sha256|saml|oauth2?|oidc|jwt|mtls|iam|"
    r"\?|\$\d+|:\w+|@\w+|%s|%\(\w+\)s|[*x•.#_-]+|\$\{?[A-Za-z_][\w.:-]*\}?|\$\(.*|\$?\{\{.*|<.*>?|\d*)[.,:]?",
    re.IGNORECASE,
)
_CODE: Final = lazy_pattern(
    r"(?:self|this|os|env|config|settings|req|request|ctx|context|process|cfg|conf|params|args|options|opts|props|event|"
    r"secrets|var|local|data|user|form|body|headers|module|await|new|func|function|lambda)\b[.(\[]"
    r"|[A-Za-z_][\w.]*\(|[A-Za-z_]\w*\[[\"'A-Za-z_]"
)
# Names of objects (RFC 1123), with a namespace or without.
_OBJECT_NAME: Final = lazy_pattern(r"(?:[a-z][a-z0-9.-]*/)?[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*")
_OUTSIDE_REFERENCE: Final = lazy_pattern(
    r"(?:arn:|vault:|ssm:|sm://|secretsmanager|projects/|\./|file:)|/(?-i:[a-z0-9._-]+/)*(?-i:[a-z0-9._-]+)$",
    re.IGNORECASE,
)
_PLACEHOLDER: Final = lazy_pattern(r"\[redacted:[a-z0-9-]+:[0-9a-f]{6}\]")
_PLACEHOLDERS: Final = lazy_pattern(r"[\s\"'\\]{0,8}(?:\[redacted:[a-z0-9-]{1,40}:[0-9a-f]{6}\][\s\"'\\]{0,8}){1,100}")
_PROSE_SECRET: Final = lazy_pattern(r"(?=.{0,200}[0-9])(?=.{0,200}[A-Za-z])[^\s]{6,}|(?=.{0,200}[!@#$%^&*+])[^\s]{6,}")


def is_placeholder(text: str) -> bool:
    """Whether `text` is what redaction left and nothing else: a forged beginning doesn't protect what follows it."""
    return _PLACEHOLDERS.fullmatch(text) is not None


def filled(value: str) -> bool:
    """Whether `value` is more than what is written in a secret's place."""
    return not is_placeholder(value) and _NO_SECRET.fullmatch(value) is None


def is_secret_key(key: str) -> bool:
    """Whether a key of this name usually has a secret as its value."""
    if len(key) >= 200:
        return False
    key = _CAMEL.sub("_", key)
    match = _KEY_END.search(key)
    return match is not None and not _is_public(key[: match.start()], match[0])


def _is_public(prefix: str, word: str) -> bool:
    """Whether `word` is only the end of another word, or the prefix makes it a name of something public."""
    if word.lower() in _NEVER_A_SUFFIX and prefix[-1:].isalpha() and not (word[0].isupper() and prefix[-1:].islower()):
        return True
    word = word.lower()
    return word.startswith("token") and _PUBLIC_PREFIX.search(prefix) is not None


def is_secret_assignment(key: str, value: str) -> bool:
    """Whether `value`, given plainly under a key that names a secret, is one."""
    key = _CAMEL.sub("_", key)
    if not value or is_placeholder(value) or _NO_SECRET.fullmatch(value):
        # Digits alone may well be a password; nobody's token is that short.
        return value.isdigit() and (len(value) >= 10 or (_PASSWORD_KEY.search(key) is not None and len(value) >= 4))
    if _OUTSIDE_REFERENCE.match(value):
        return False
    if _SIGNATURE_KEY.search(key):
        return len(value) >= 16 and _DIGIT.search(value) is not None and " " not in value
    if _RANDOM_KEY.search(key):
        return (_RANDOM.fullmatch(value) is not None and not _OBJECT_NAME.fullmatch(value.replace("_", "-"))) or (
            _HEX_OR_WORD.fullmatch(value) is not None
        )
    if _WEAK_KEY.search(key) and not _STRONG_KEY.search(key):
        if _HEX_OR_WORD.fullmatch(value):
            return True
        return len(value) >= 8 and not _OBJECT_NAME.fullmatch(value) and " " not in value
    if not _PASSWORD_KEY.search(key):
        is_name = "-" in value and _OBJECT_NAME.fullmatch(value) and not _DIGIT.search(value)
        return len(value) >= 6 and value.count(" ") < 2 and not is_name
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` runs when one of `triggers` is in the text in lower case; `secret_of` says which part is the secret."""

    kind: str
    triggers: tuple[str, ...]
    pattern: re.Pattern[str]
    secret_of: Callable[[re.Match[str]], Span | None]


def _whole_group(match: re.Match[str]) -> Span | None:
    return match.span("secret")


def filled_group(match: re.Match[str]) -> Span | None:
    """The group `secret`, unless it holds what is written in a secret's place."""
    return None if _NO_SECRET.fullmatch(match["secret"]) else match.span("secret")


_KEY_BEFORE: Final = lazy_pattern(r"[\w.\- ]{0,60}$")
_LINE_START: Final = lazy_pattern(r"(?:^|\n)[ \t]*(?:- +|export +|set +)?[\\\"']{0,2}[\w.\-]*$", re.IGNORECASE)
_REST_OF_LINE: Final = lazy_pattern(r"[\"',;\s]*(?:#.*)?(?:\n|$)")


def _assigned(match: re.Match[str]) -> Span | None:
    """The value after `KEY =`, `KEY:`, `"KEY":` and so on."""
    text, separator = match.string, match["sep"]
    prefix = text[max(match.start() - 60, 0) : match.start()]
    if _is_public(prefix, match["word"]) or prefix.endswith("[redacted:"):
        return None
    key = _KEY_BEFORE.search(prefix)[0].rpartition(" ")[2] + match["word"]  # type: ignore[index]
    quoted = next((name for name in ("escaped", "double", "single") if match[name] is not None), None)
    value = match[quoted] if quoted else match["bare"]
    if not value or not is_secret_assignment(key, value):
        return None
    if quoted is None:
        if _CODE.match(value):
            return None
        in_prose = ":" in separator and "=" not in separator and separator[-1:].isspace()
        if in_prose and not _HEADER_PREFIX.search(prefix) and not _is_yaml(match, prefix) and not stands_out(value):
            return None
    return match.span(quoted or "bare")


def stands_out(value: str) -> bool:
    """Whether no sentence would go on with `value` after `token: `."""
    is_reference = "/" in value and _OBJECT_NAME.fullmatch(value)
    return _PROSE_SECRET.match(value) is not None and not value.endswith(":") and not is_reference


def _is_yaml(match: re.Match[str], prefix: str) -> bool:
    """Whether the key begins its line and the value ends it, as in YAML and HTTP headers."""
    return _LINE_START.search(prefix) is not None and _REST_OF_LINE.match(match.string, match.end()) is not None


_BARE: Final = r"(?:&(?![\w.%-]+=)|[^\s&;,\"'`<>(){}\[\]\\]|[)\]}](?![\s,;.)\]}\"']|$))"
_ASSIGNMENT: Final = (
    rf"(?P<word>(?:{_SENSITIVE}){_SUFFIX})"
    r"(?P<sep>\\{0,7}[\"']?\]?[ \t]{0,40}(?:=>|:=|:|=(?!=)|->)[ \t]{0,4}(?:!![a-z]{1,12}[ ])?)"
    r"(?:\\{1,7}\"(?P<escaped>(?:[^\"\\\n]|\\(?!\"))*)\\\""
    r"|N?\"(?P<double>(?:[^\"\\\n]|\\.)*)\""
    r"|N?'(?P<single>(?:[^'\\\n]|\\.)*)'"
    rf"|[\"'`]?(?P<bare>\[redacted:[a-z0-9-]+:[0-9a-f]{{6}}\](?:{_BARE}(?:{_BARE}|[({{\[])*)?|{_BARE}(?:{_BARE}|[({{\[])*))"
)

_SCHEME: Final = "(?:Bearer|Basic|Token|ApiKey|Api-Key|Key|Negotiate|NTLM|Splunk|GenieKey|SSWS|Digest)"


def _authorization(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    if _NO_SECRET.fullmatch(value) or _CODE.match(value):
        return None
    if match["scheme"] is None and (len(value) < 8 or not _PROSE_SECRET.match(value)):
        return None
    return match.span("secret") if len(value) >= 4 else None


def _bearer(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    return match.span("secret") if re.search("[0-9]", value) or len(value) >= 32 else None


def _flag(match: re.Match[str]) -> Span | None:
    value = match["secret"].strip("\"'")
    return None if _NO_SECRET.fullmatch(value) or value.startswith("-") else match.span("secret")


def make_rule(
    kind: str, triggers: tuple[str, ...], pattern: str, secret_of: Callable[[re.Match[str]], Span | None] = _whole_group
) -> Rule:
    """A rule whose pattern ignores case and is compiled when it is first used."""
    return Rule(kind, triggers, lazy_pattern(pattern, re.IGNORECASE), secret_of)


_QUOTED_OR_WORD: Final = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"']+)"

RULES: Final[tuple[Rule, ...]] = (
    make_rule("jwt", ("eyj",), r"(?<![A-Za-z0-9_-])(?-i:(?P<secret>eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){1,4}))"),
    make_rule(
        "authorization",
        ("authorization",),
        rf"(?<!\[redacted:)authorization\\?[\"']?\s{{0,3}}[:=]\s{{0,3}}\[?\\?[\"']?(?:(?P<scheme>{_SCHEME})\s+)?(?P<secret>[^\s,;\"'\\\[\]]+)",
        _authorization,
    ),
    make_rule("bearer", ("bearer",), r"\bbearer\s+(?P<secret>[A-Za-z0-9._~+/=-]{16,})", _bearer),
    make_rule(
        "cookie",
        ("cookie",),
        r"\bcookie\\?[\"']?\s{0,2}[:=]\s{0,3}\\?[\"']?(?P<secret>[\w.%!#$&*+^|~-]+=[^\s;\"'\\]{4,}(?:;\s?[^;\"'\\\r\n]+)*)",
    ),
    make_rule("password", ("://",), r"://[^\s/?#@:\"'<>]*:(?P<secret>[^\s/?#\"'<>]+)@", filled_group),
    make_rule("url-token", ("://",), r"://(?P<secret>[A-Za-z0-9_-]{20,})@"),
    make_rule(
        "password",
        ("@tcp(", "@unix(", "@udp("),
        r"[\w.-]{1,64}:(?P<secret>[^\s@/\"']{1,128})@(?:tcp|unix|udp)\(",
        filled_group,
    ),
    make_rule(
        "password", ("jdbc:oracle",), r"jdbc:oracle:\w{1,20}:[^/\s@]{1,128}/(?P<secret>[^@\s]{1,256})@", filled_group
    ),
    make_rule(
        "value",
        ("value",),
        r"\bname\\?[\"']?:[ ]*\\?[\"']?[\w.-]{0,80}?(?:password|passwd|secret|token|api_?key|access_?key|_pass|_pwd)"
        r"\\?[\"']?(?:,|\s)\s{0,40}\\?[\"']?value\\?[\"']?:[ ]*\\?[\"']?(?P<secret>[^\s\"'\\,}]+)",
        filled_group,
    ),
    make_rule(
        "password",
        ("--pass", "-pass", "-pwd", "-token", "-key", "-secret"),
        r"(?<![\w-])--?(?:[a-z0-9]+-)*(?:password|passwd|passphrase|pass|pwd|token|api-?key|access-key|secret-key|client-secret"
        rf"|auth-token)\s+(?P<secret>{_QUOTED_OR_WORD})",
        _flag,
    ),
    make_rule(
        "password",
        (" -p", " -a", " -w", " -u"),
        r"\b(?:mysql[a-z]*|mariadb[a-z-]*)\b[^\n|;]{0,200}?\s-p(?P<secret>\"[^\"\n]+\"|'[^'\n]+'|[^\s\"'-][^\s\"']*)",
        _flag,
    ),
    make_rule(
        "password",
        ("sshpass", "docker login", "podman login", "helm registry"),
        rf"\b(?:sshpass|(?:docker|podman|helm registry) login)\b[^\n|;]{{0,100}}?\s-p\s*(?P<secret>{_QUOTED_OR_WORD})",
        _flag,
    ),
    make_rule(
        "password", ("redis-cli",), rf"\bredis-cli\b[^\n|;]{{0,100}}?\s-a\s+(?P<secret>{_QUOTED_OR_WORD})", _flag
    ),
    make_rule("password", ("ldap",), rf"\bldap[a-z]+\b[^\n|;]{{0,200}}?\s-w\s+(?P<secret>{_QUOTED_OR_WORD})", _flag),
    make_rule(
        "password",
        ("curl", "wget"),
        r"\b(?:curl|wget)\b[^\n|;]{0,300}?\s(?:-u|--user)[\s=]*[\"']?[^\s:\"']{0,64}:(?P<secret>[^\s\"']+)",
        _flag,
    ),
    make_rule(
        "password",
        ("identified",),
        r"\bidentified\s+(?:with\s+\S+\s+)?by\s+(?:password\s+)?(?P<secret>'[^'\n]+'|\"[^\"\n]+\")",
        _flag,
    ),
    make_rule("password", ("password '",), r"\bpassword\s+(?P<secret>'(?=[^']*[0-9!@#$%^&*+])[^'\s]{4,}')", _flag),
    make_rule(
        "password", ("pass",), r"<(?P<tag>[\w:.-]{0,40}?pass(?:word|wd|phrase)?)>(?P<secret>[^<>\s]+)</", filled_group
    ),
    make_rule(
        "value",
        ("token>", "secret>", "key>"),
        r"<[\w:.-]{0,40}?(?:token|secret|apikey|api-key|accesskey)>(?P<secret>[^<>\s]{6,})</",
        filled_group,
    ),
    make_rule("value", KEY_TRIGGERS, _ASSIGNMENT, _assigned),
)
