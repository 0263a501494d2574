"""Redaction rules for database logs: statements with passwords in them, their parameters, and what names a value.

The forms are those of the manuals of MySQL, PostgreSQL, Oracle, SQL Server, ClickHouse, MongoDB and Redis.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.redact.keys import is_secret_key
from primitives.redact.rules import Rule, Span, filled_group, keyed_group, make_rule
from primitives.redact.values import is_no_secret, names_a_secret, stands_out

__all__ = ["SQL_RULES"]

_QUOTED: Final = r"(?:[NE]?'[^'\n]{1,500}'|\"[^\"\n]{1,500}\"|\$\$[^$\n]{1,500}\$\$)"
_TEXT: Final = r"'[^'\n]{0,300}'"
_OF_A_PARSER: Final = re.compile(
    r"\b(?:un)?(?:expect(?:ed|ing)|known|terminated|recognized|reserved|stray|illegal|invalid|bad|near|syntax|parse|parsing|missing|duplicate)"
    r"(?:\s\w{1,12})?\s?$",
    re.IGNORECASE,
)
_MIXED: Final = re.compile(r"(?=[^0-9]{0,60}[0-9])(?=[^A-Za-z]{0,60}[A-Za-z]).{12}")
# An index has its column's name and what sort of index it is.
_INDEX: Final = re.compile(r"(?:_(?:unique|uniq|uq|idx|index|key|ukey)){1,3}$|^(?:idx|uq|uk|ix)_", re.IGNORECASE)


def _quoted(match: re.Match[str]) -> Span | None:
    """A value in quotes: no placeholder of a statement, no words of a sentence."""
    value = match["secret"].lstrip("NE").strip("\"'$`")
    return None if len(value) < 4 or " " in value or is_no_secret(value) else match.span("secret")


def _bare_or_quoted(match: re.Match[str]) -> Span | None:
    value = match["secret"]
    if value[-1] in "\"'$":
        return _quoted(match)
    return match.span("secret") if stands_out(value) and not is_no_secret(value) else None


def _beside_its_key(match: re.Match[str]) -> Span | None:
    """The value behind a key that names a secret; to a parser, a token is a word of what it reads."""
    if names_a_secret(match["secret"].strip("\"'")):
        return None  # a label: `resource "aws_secretsmanager_secret" "db_password"`
    before = match.string[max(match.start() - 40, 0) : match.start()]
    if match["key"].lower() in ("token", "tokens", "key") and _OF_A_PARSER.search(before):
        return keyed_group(match) if _MIXED.search(match["secret"]) else None
    return keyed_group(match)


def _of_column(match: re.Match[str]) -> Span | None:
    """The value of a column or an index whose name says that it is a secret."""
    key = _INDEX.sub("", match["key"].rpartition(".")[2]) or match["key"]
    secret = any(is_secret_key(name) for name in (key, match["key"]))
    return match.span("secret") if secret and not is_no_secret(match["secret"].strip("\"'")) else None


SQL_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "password",
        ("identified",),
        r"\bidentified\s{1,4}(?:with\s{1,4}\S{1,80}\s{1,4})?(?:by|as|using)\s{1,4}(?:(?:password|values)\s{1,4})?"
        rf"(?P<secret>{_QUOTED}|[^\s;,\"'()]{{4,200}})",
        _bare_or_quoted,
    ),
    make_rule("password", ("identified",), r"\breplace\s{1,4}(?P<secret>\"[^\"\n]{1,200}\")", _quoted),
    make_rule(
        "password",
        ("password", "passwd", "string", "pwd"),
        r"\b(?:\w{0,40}password|passwd|pwd|authentication_string)\b[\s=:]{0,6}"
        r"(?:(?:to|from|is|for[ ]\S{1,80}[ ]{0,3}=)\s{0,4})?"
        rf"(?:[a-z0-9_]{{0,24}}\(\s?)?(?P<secret>{_QUOTED})",
        _quoted,
        needs="'\"$",
    ),
    make_rule(
        "password",
        ("password",),
        rf"\bset\s+password\s+from\s+\S{{1,200}}\s+to\s+(?P<secret>{_QUOTED})",
        _quoted,
        needs="'\"$",
    ),
    make_rule(
        "value",
        (
            "password",
            "secret",
            "token",
            "key",
            "pass",
            "passwd",
            "auth",
            "masterauth",
            "requirepass",
            "psk",
            "pw",
            "salt",
            "secretkey",
            "apikey",
            "accesskey",
            "clientsecret",
            "accesstoken",
            "apitoken",
            "authtoken",
        ),
        r"(?<![\w.-])(?P<key>[\w.-]{3,60}+)[\"']?(?:\s{1,3}|\s?(?:=|like)\s?[a-z0-9_]{1,24}\(\s?|\s{1,3}like\s{1,3})"
        r"(?P<secret>'[^'\s]{4,500}'|\"[^\"\s]{4,500}\")",
        _beside_its_key,
        needs="'\"",
        begins="key",
    ),
    make_rule("value", ('*["',), r"\[\s?\"(?P<key>[\w.-]{2,60})\",\s?(?P<secret>\"[^\"\n]{4,500}\")\s?\]", keyed_group),
    make_rule(
        "value",
        ("define", "env", "getenv", "setenv", "config"),
        r"\b(?:define|(?:get|set)?env|config)\(\s?[\"'](?P<key>[\w.-]{2,60})[\"']\s?,\s?(?P<secret>[\"'][^\"'\s]{4,500}[\"'])",
        keyed_group,
    ),
    make_rule(
        "password",
        ("key",),
        rf"\b(?:pragma\s+\w{{0,8}}key\s{{0,3}}=|attach\b[^\n]{{0,200}}?\skey)\s{{0,3}}(?P<secret>{_TEXT})",
        _quoted,
        needs="'",
    ),
    make_rule(
        "password",
        ("auth", "login", "logon", "createuser", "changeuserpassword", "networkcredential", "pscredential", "check"),
        r"\b(?:changeuserpassword|createuser|auth|networkcredential|pscredential|authenticate|check\w{0,20}|log[io]n)"
        r"\s?\(\s?[\"']?[\w.@\\-]{1,80}[\"']?\s?,\s?(?P<secret>[\"'][^\"'\s]{4,200}[\"']|[^\"'\s,()=:]{6,200})(?=\s?[,)])",
        _bare_or_quoted,
        needs="(",
    ),
    make_rule(
        "password",
        ("sp",),
        r"\bsp_\w{5,30}\s[^\n']{0,60}?(?:'[^'\n]{0,80}',\s?)?(?P<secret>'[^'\n]{4,200}')",
        _quoted,
    ),
    make_rule(
        "password",
        ("sym", "aes", "crypt", "changepassword"),
        r"\b(?:(?:pgp_sym_|aes_)(?:en|de)crypt\((?:'[^'\n]{0,300}'|[^()'\n]{1,100}),\s?|crypt\(\s?(?=[^()\n]{1,200}gen_salt)"
        r"|changepassword\(\s?)(?P<secret>'[^'\n]{4,300}')",
        _quoted,
    ),
    make_rule(
        "password",
        ("mysql", "postgresql", "remote", "remotesecure", "s3"),
        rf"\b(?:(?:mysql|postgresql)\((?:\s?{_TEXT},){{4}}|remote(?:secure)?\((?:\s?{_TEXT},){{3}}|s3\((?:\s?{_TEXT},){{2}})"
        r"\s?(?P<secret>'[^'\n]{4,300}')",
        _quoted,
    ),
    make_rule(
        "value", ("key",), r"\bkey[ ]\((?P<key>[\w.]{2,80})\)=\((?P<secret>[^)\n]{4,500})\)", _of_column, needs="("
    ),
    make_rule(
        "value",
        ("duplicate",),
        r"duplicate entry '(?P<secret>[^'\n]{4,500})' for key '(?P<key>[\w.]{2,100})'",
        _of_column,
    ),
    make_rule(
        "password", ("auth",), r"\"auth\"(?:\s\"[^\"\s]{1,64}\")?\s(?P<secret>\"[^\"\n]{4,200}\")", _quoted, needs='"'
    ),
    make_rule(
        "password",
        ("auth",),
        r"(?:^|\n|\bredis-cli\s|\bhello\s[23]\s)auth\s(?:[\w-]{1,40}\s)?(?P<secret>[^\s\"'=:]{6,200})\s{0,4}(?=\n|$)",
        _bare_or_quoted,
    ),
    make_rule(
        "password",
        ("* on >", "* on #", "* on <", "setuser"),
        r"\buser\s[^\n]{0,200}?[\s\"][>#<](?P<secret>[^\s\"<>]{4,200})",
        filled_group,
    ),
    make_rule(
        "password", ("setuser",), r"\bsetuser\b[^\n]{0,200}?[\s\"][>#<](?P<secret>[^\s\"<>]{4,200})", filled_group
    ),
    make_rule(
        "password",
        ("connect",),
        r"\bconnect\s+to\s+\S{1,80}\s+user\s+\S{1,80}\s+using\s+(?P<secret>[^\s;]{4,200})",
        filled_group,
    ),
    make_rule(
        "password",
        ("logon", "connect", "*user="),
        r"\b(?:logon|connect|user=)[\w ]{0,40}?[\w.]{1,40}/(?P<secret>[^\s@/\"']{4,200})(?=@[\w/]|\s|$)",
        _bare_or_quoted,
        needs="/",
    ),
    make_rule(
        "password", ("password",), r"argument[ ](?P<secret>\"[^\"\n]{4,200}\")[ ]for[ ]--?pass", _quoted, needs='"'
    ),
)
