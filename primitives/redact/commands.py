"""Redaction rules for command lines, SQL, credential files and pairs of a name and a value.

The forms are those of the tools' own manuals. Each pattern's repeats are bounded, so that it takes linear time.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.rules import Rule, Span, filled_group, is_secret_assignment, is_secret_key, make_rule, stands_out

__all__ = ["COMMAND_RULES"]

_WORD: Final = r"(?:\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s\"'|;&<>]{1,500})"
_NAME: Final = lazy_pattern(r"[a-z][a-z0-9]*(?:[-/][a-z0-9]+)+")
_QUOTE: Final = r"\\{0,7}[\"']?"
_LETTERS: Final = lazy_pattern("[a-z0-9]+")
_ARGUMENTS: Final = r"[^\n|;]{0,200}?\s"


def _named(match: re.Match[str]) -> Span | None:
    """The value of a pair whose name says that it is a secret."""
    key = match["key"]
    return match.span("secret") if is_secret_key(key) and is_secret_assignment(key, match["secret"]) else None


def _said(match: re.Match[str]) -> Span | None:
    """What a sentence gives as the secret; an ordinary word isn't one unless it is quoted."""
    value = match["secret"]
    if _NAME.fullmatch(value):
        return None
    quoted = match.string[match.start("secret") - 1] in "\"'`" and value.isalnum()
    return match.span("secret") if quoted or stands_out(value) else None


def _argument(match: re.Match[str]) -> Span | None:
    value = match["secret"].strip("\"'")
    return None if value.startswith(("-", "$", "[redacted:")) else filled_group(match)


# Programs, what may follow their names, and what stands before the secret. Every text that a pattern matches has one of
# the names with a space behind it, or with further letters where the names may go on.
_CLIENTS: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (("smbclient", "mount.cifs", "rpcclient", "net", "smbmap"), "", r"(?:-U\s?|--user[= ])[\w.\\/-]{1,64}%"),
    (
        ("mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "cqlsh", "beeline", "arangosh",
         "couchbase-cli", "mosquitto_pub", "mosquitto_sub"),
        "", r"(?:-p|-P)\s",
    ),
    (("sqlcmd", "bcp", "osql", "isql", "ipmitool", "zip", "unzip", "tsql"), "", r"-P\s?"),
    (
        ("oc", "cf", "argocd", "helm", "docker", "podman", "buildah", "skopeo", "nerdctl", "az", "twine", "crane"),
        r"\s[^\n|;]{0,60}?\b(?:login|upload)", r"-p\s?",
    ),
    (("openssl",), "", r"-(?:pass|passin|passout)\s+pass:"),
    (("openssl",), "", r"-[kK]\s"),
    (("keytool", "jarsigner", "apksigner"), "", r"-(?:store|key|deststore|srcstore|destkey)pass(?:\s+|:)"),
    (("7z", "7za", "rar", "unrar"), "", r"-h?p"),
    (("htpasswd",), r"\s+-\w{0,8}b\w{0,8}\s+\S{1,200}\s+\S{1,100}", ""),
    (
        ("rabbitmqctl", "rabbitmqadmin"),
        r"\s+(?:add_user|change_password|authenticate_user)\s+\S{1,100}", "",
    ),
    (("vault", "doctl auth", "flyctl auth", "heroku auth"), r"\s+login", r"(?:token=)?"),
    (
        ("lftp", "ftp", "ncftp", "xfreerdp", "curl", "http", "https"),
        "", r"(?:-u|-a|--user|--auth|--proxy-user)[ =]?[\"']?[\w.@-]{1,64}[,:]",
    ),
    (("snmpwalk", "snmpget", "snmpset", "snmpgetnext", "snmpbulkwalk", "snmpbulkget", "snmptrap", "snmptable", "snmpinform"), "", r"-[AXcC]\s"),
    (("convertto-securestring",), "", r"(?:-string\s+)?"),
    (("net",), r"\s+(?:user\s+\S{1,64}|use\s+\S{1,200})", ""),
    (("sqlplus", "sqlldr", "impdp", "expdp", "rman", "tnsping"), "", r"[\w.\"-]{1,64}/"),
    (("mysqladmin",), "", r"password\s"),
    (
        ("aws configure set", "npm config set", "pip config set", "git config", "kubectl config set-credentials"),
        "", r"\S{0,80}?(?:key|token|password)\S{0,20}[ =]",
    ),
    (("kadmin", "ktutil", "xmpp"), "", r"-w\s"),
    (("gpg", "gpg2", "borg", "restic", "cryptsetup"), "", r"--?(?:passphrase|password|vault-pass)[ =]"),
    (("ansible",), r"[\w-]{0,12}", r"--?(?:passphrase|password|vault-pass)[ =]"),
    (("nuget", "dotnet nuget"), r"\s+push", r"(?:-k|--api-key|-ApiKey)\s"),
    (("mc",), r"\s+(?:alias\s+set|config\s+host\s+add)\s+\S{1,80}\s+\S{1,200}\s+\S{1,128}", ""),
)  # fmt: skip


def _client_rule(names: tuple[str, ...], rest: str, before: str) -> Rule:
    programs = "|".join(map(re.escape, names))
    words = tuple(max(_LETTERS.findall(name), key=len) for name in names)
    pattern = rf"\b(?:{programs}){rest}(?:{_ARGUMENTS}|\s)(?:{before})(?P<secret>{_WORD})"
    return make_rule("password", tuple(words), pattern, _argument)


COMMAND_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "value",
        ("*value",),
        rf"\b(?:name|key|parameter)\\?[\"']?[:=][ ]?{_QUOTE}(?P<key>[\w./:-]{{1,80}}){_QUOTE}(?:,|\s|/?>)\s{{0,40}}"
        rf"<?{_QUOTE}(?:old_?|new_?|string_?|default_?|parameter)?value{_QUOTE}[:=>][ ]?{_QUOTE}(?P<secret>[^\s\"'\\,}}<>]{{1,500}})",
        _named,
    ),
    make_rule(
        "value",
        ("*value",),
        rf"\bvalue{_QUOTE}[:=][ ]?{_QUOTE}(?P<secret>[^\s\"'\\,}}<>]{{1,500}}){_QUOTE}(?:,|\s)\s{{0,40}}"
        rf"(?:{_QUOTE}(?:type|secure|sensitive){_QUOTE}:[ ]?{_QUOTE}\w{{1,20}}{_QUOTE},\s{{0,40}})?"
        rf"{_QUOTE}(?:name|key){_QUOTE}[:=][ ]?{_QUOTE}(?P<key>[\w./:-]{{1,80}})",
        _named,
    ),
    make_rule(
        "value",
        ("env", "setenv", "arg", "param", "proxy"),
        r"\b(?:env|setenv|arg|fastcgi_param|uwsgi_param|proxy_set_header)[ \t]{1,8}(?P<key>[\w-]{1,80})[ \t]{1,8}"
        r"[\"']?(?P<secret>[^\s\"';=]{1,500})",
        _named,
    ),
    make_rule(
        "value",
        ("\n",),
        r"(?<![\w.-])[\"']?(?P<key>[\w.-]{2,80})[\"']?:[ ]{0,4}(?:[|>][-+]?|!vault[ ]?\|)?[ ]{0,4}\n[ ]{1,40}(?:- |value: )?[\"']?"
        r"(?P<secret>[^\s\"':{}\[\]#]{4,500})(?=[\"']?[ ]{0,8}(?:\n|$))",
        _named,
    ),
    make_rule(
        "password",
        (
            "password",
            "passwd",
            "passwort",
            "passphrase",
            "passcode",
            "pw",
            "pwd",
            "pswd",
            "token",
            "secret",
            "key",
            "contraseña",
            "senha",
            "wachtwoord",
            "passe",
        ),
        r"\b(?:password|passwd|passwort|passphrase|passcode|pwd?|pswd|token|secret|(?:api|access|secret)[ -]?key|contraseña|"
        r"senha|wachtwoord|mot de passe)\b(?:[ ](?:for|of|to)[ ][\w.@-]{1,40})?[ ]{0,2}"
        r"(?:is|was|are|now|set to|changed to|reset to|ist|lautet|es|est|is now|of|with|:|->|=>)?[ ]{1,2}[\"'`]?"
        r"(?P<secret>[^\s\"'`,;()<>\[\]{}]{6,200})",
        _said,
    ),
    make_rule(
        "password",
        ("echo", "printf"),
        rf"\b(?:echo|printf)\s+(?:-[ne]+\s+)?(?P<secret>{_WORD})\s{{0,3}}\|\s{{0,3}}[^\n|;]{{0,120}}?(?:--password-stdin|login|passwd|sudo\s+-S|--with-token|cryptsetup|gpg)",
        _argument,
    ),
    *(_client_rule(*client) for client in _CLIENTS),
    make_rule(
        "password",
        ("password",),
        r"\bset\s+password\b[^\n;']{0,120}?(?:=|\bto\b)\s{0,4}(?:password\s{0,2}\(\s{0,2})?(?P<secret>'[^'\n]{1,200}')",
        filled_group,
    ),
    make_rule(
        "password",
        ("password", "identified"),
        r"\b(?:password|identified by)\s{1,4}(?P<secret>[\"'][^\"'\s]{4,200}[\"'])",
        _argument,
    ),
    make_rule(
        "password",
        ("login",),
        r"\blogin\s{1,8}\S{1,100}\s{1,8}password\s{1,8}(?P<secret>\S{1,500})",
        _argument,
    ),
    make_rule("hash", ("$",), r"(?P<secret>\$(?:apr1|2[abxy]|[156y]|argon2id?)\$[\w./$,=+-]{12,200})"),
    make_rule(
        "community",
        ("community",),
        r"\b(?:snmp-server|snmp)\s{1,4}community\s{1,4}(?P<secret>[^\s\"';]{3,64})",
        _argument,
    ),
    make_rule(
        "value",
        ("*samlresponse", "*userdata", "user_data", "user-data"),
        r"\b(?:SAMLResponse|user_?-?data)(?:\\?[\"'])?\s?[:=]\s?\\?[\"']?(?P<secret>[A-Za-z0-9+/=%_-]{16,1000000})",
    ),
    make_rule("authorization", ("sharedkey",), r"\bSharedKey(?:Lite)?\s[\w-]{1,64}:(?P<secret>[\w+/=]{16,200})"),
    make_rule("authorization", ("digest",), r"\bdigest\s[^\n]{0,400}?\bresponse=\"(?P<secret>[0-9a-f]{16,128})\""),
    make_rule(
        "authorization", ("oauth_",), r"\boauth_(?:token|signature|consumer_key)=\\?\"(?P<secret>[^\"\\]{6,300})"
    ),
    make_rule("url-token", ("/bot",), r"/bot[0-9]{6,12}:(?P<secret>[\w-]{30,40})"),
)
