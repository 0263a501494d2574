"""Redaction rules for command lines: flags that name a secret, and what programs' own flags and arguments hold.

The forms are those of the tools' own manuals. Each pattern's repeats are bounded, so that it takes linear time.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.keys import key_kind
from primitives.redact.rules import Rule, Span, filled_group, keyed_group, make_rule
from primitives.redact.values import filled, is_object_name, is_secret_assignment, stands_out

__all__ = ["CLIENT_RULES"]

_WORD: Final = r"(?:\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s\"'|;&<>]{1,500})"
_ARGUMENTS: Final = r"[^\n|;]{0,200}?\s"
_LETTERS: Final = lazy_pattern("[a-z0-9]+")
_LONG: Final = lazy_pattern(r"(?=[^0-9]{0,60}[0-9])[A-Za-z0-9_+/=.-]{16,2000}")


def _argument(match: re.Match[str]) -> Span | None:
    value = match["secret"].strip("\"'")
    return None if value.startswith(("-", "$")) or len(value) < 2 else filled_group(match)


def _flag(match: re.Match[str]) -> Span | None:
    """What follows a flag whose name says that it takes a secret; of a plain `--key` only what is long and mixed."""
    key, value = match["key"], match["secret"].strip("\"'")
    if value.startswith(("-", "$", "<")) or not filled(value):
        return None
    name = key.lower()
    if name in ("key", "license", "auth", "otp-key"):
        return match.span("secret") if _LONG.fullmatch(value) and not is_object_name(value) else None
    if name in ("pass", "oauth2-bearer", "bearer", "authkey", "auth-key", "secret-string") or name.endswith("-pass"):
        return match.span("secret")
    kind = key_kind(key)
    return match.span("secret") if kind is not None and is_secret_assignment(key, value) else None


def _drawn(match: re.Match[str]) -> Span | None:
    value = match["secret"].strip("\"'")
    return _argument(match) if stands_out(value) and not is_object_name(value) else None


_MYSQL: Final = (
    "mysql", "mysqldump", "mysqladmin", "mysqlbinlog", "mysqlimport", "mysqlshow", "mysqlcheck", "mysqlsh", "mysqlslap",
    "mysqlpump", "mariadb", "mariadb-dump", "mariadb-admin", "mysql_upgrade", "mysqld_safe",
)  # fmt: skip
_LDAP: Final = (
    "ldapsearch",
    "ldapmodify",
    "ldapadd",
    "ldapdelete",
    "ldappasswd",
    "ldapwhoami",
    "ldapcompare",
    "ldapmodrdn",
)
# Up to the first such flag and no further: two long gaps in a row would be tried in every combination.
_UNTIL_A: Final = r"(?:(?!\s(?-i:-A)\s)[^\n|;]){0,200}"
_UNTIL_W: Final = r"(?:(?!\s-w\s)[^\n|;]){0,200}"
_SNMP: Final = (
    "snmpwalk", "snmpget", "snmpset", "snmpgetnext", "snmpbulkwalk", "snmpbulkget", "snmptrap", "snmptable", "snmpinform",
)  # fmt: skip
# Programs, what may follow their names, and what stands before the secret.
_CLIENTS: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (("smbclient", "mount.cifs", "rpcclient", "net", "smbmap", "smbget"), "", r"(?:-U\s?|--user[= ])[\"']?[\w.\\/-]{1,64}%"),
    (
        ("mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport", "cqlsh", "beeline", "arangosh",
         "couchbase-cli", "mosquitto_pub", "mosquitto_sub", "psexec", "rdesktop", "hydra", "racadm", "rabbitmqadmin",
         "evil-winrm", "snowsql", "ncftpput", "ncftpget", "useradd", "usermod", "elasticsearch-users", "smartctl", "cmdkey"),
        "", r"(?:-p|-P)\s",
    ),
    (("sqlcmd", "bcp", "osql", "isql", "ipmitool", "zip", "tsql", "unzip"), "", r"(?-i:-P)\s?"),
    (
        ("oc", "cf", "argocd", "helm", "docker", "podman", "buildah", "skopeo", "nerdctl", "az", "twine", "crane"),
        r"\s[^\n|;]{0,60}?\b(?:login|upload)", r"-p\s?",
    ),
    (("skopeo", "buildah", "podman"), "", r"--(?:src-|dest-)?creds[ =][\w.@-]{1,64}:"),
    (("openssl",), "", r"-(?:pass|passin|passout)\s+pass:"),
    (("openssl",), "", r"-[kK]\s"),
    (("openssl",), r"\s+passwd", r"(?:-\w{1,6}\s+){1,3}"),
    (("keytool", "jarsigner", "apksigner"), "", r"-(?:store|key|deststore|srcstore|destkey)pass(?:\s+|:)"),
    (("7z", "7za", "rar", "unrar"), "", r"-h?p"),
    (("htpasswd",), r"\s+-\w{0,8}b\w{0,8}\s+\S{1,200}\s+\S{1,100}", ""),
    (("rabbitmqctl",), r"\s+(?:add_user|change_password|authenticate_user)\s+\S{1,100}", ""),
    (("vault", "doctl auth", "flyctl auth", "heroku auth", "cargo"), r"\s+login", r"(?:token=)?"),
    (("vault",), r"\s+(?:operator\s+unseal|token\s+\w{4,10}|unseal)", ""),
    (("lftp", "ftp", "ncftp", "httpie"), "", r"(?:-u|-a|--user|--auth)[ =]?[\"']?[\w.@-]{1,64}[,:]"),
    (
        ("curl", "wget"),
        "", r"(?:-[a-z]{0,6}u|--user|--proxy-user|-U)[ =]{0,3}[\"']?[^\s:\"'-][^\s:\"']{0,64}:",
    ),
    (("curl",), "", r"(?:-b|--cookie)\s{1,3}[\"']?[\w.-]{1,80}="),
    (("splunk", "jenkins-cli"), "", r"-auth\s{1,3}[\w.@-]{1,64}:"),
    (_SNMP, "", r"(?-i:-[AXc])\s"),
    (_SNMP, rf"{_UNTIL_A}\s(?-i:-A)\s\S{{1,100}}+", r"(?-i:-X)\s"),
    (("convertto-securestring",), "", r"(?:-string\s+)?"),
    (("net",), r"\s+(?:user\s+\S{1,64}|use\s+(?:\S{1,3}\s+)?\\\\\S{1,200}(?:\s+/\S{1,80}){0,3})", "(?!/)"),
    (("sqlplus", "sqlldr", "impdp", "expdp", "rman", "tnsping"), "", r"[\w.\"-]{1,64}/"),
    (("mysqladmin",), "", r"password\s"),
    (_MYSQL, "", r"-p"),
    (("sshpass",), "", r"-p\s?"),
    (("redis-cli",), "", r"(?:-a|--pass)\s"),
    (_LDAP, "", r"-[ws]\s"),
    (_LDAP, rf"{_UNTIL_W}\s-w\s\S{{1,100}}+", r"-s\s"),
    (("nodetool",), "", r"-pw\s"),
    (("influx",), "", r"(?:-password|-t|--token)\s"),
    (
        ("aws configure set", "npm config set", "pip config set", "git config", "kubectl config set-credentials", "poetry config"),
        "", r"\S{0,80}?(?:key|token|password)\S{0,20}[ =]",
    ),
    (("kadmin", "ktutil", "xmpp"), "", r"-w\s"),
    (("nuget", "dotnet nuget"), r"\s+push", r"(?:-k|--api-key|-ApiKey)\s"),
    (("gh",), r"\s+secret\s+set\s+\S{1,100}", r"(?:-b|--body)\s"),
    (("wrangler",), r"\s+secret\s+put\s+\S{1,100}", ""),
    (("user-secrets",), r"\s+set\s+\S{1,120}", ""),
    (("gitlab-runner",), r"\s+register", r"-r\s"),
    (("put-parameter",), r"[^\n|;]{0,200}?\s[\"']?securestring", r"--value[ =]"),
    (("put-parameter",), r"(?=[^\n|;]{0,400}?\s[\"']?securestring)", r"--value[ =]"),
    (("keyvault",), r"\s+secret\s+set(?:-attributes)?\b", r"--value[ =]"),
    (("gh", "glab"), r"\s+(?:secret|variable)\s+set\b", r"(?:-b|--body|-v|--value)[ =]?"),
    (("travis",), r"\s+encrypt", ""),
    (("winrs",), "", r"[-/]p(?:assword)?:"),
    (("htpasswd",), r"\s+-\w{0,8}n\w{0,8}\s+\S{1,100}", ""),
    (("rclone",), r"\s+obscure", ""),
    (("etcdctl",), "", r"--user[ =][\w.-]{1,64}:"),
    (("bw",), r"\s+(?:unlock|login\s+\S{1,100})", ""),
    (("plink", "pscp", "psftp", "kitty"), "", r"-pw\s"),
    (("ansible-vault",), r"\s+encrypt_string", ""),
    (("mosquitto_passwd",), r"\s+-b\s+\S{1,200}\s+\S{1,100}", ""),
    (("ejabberdctl", "prosodyctl"), r"\s+(?:register|change_password)\s+\S{1,100}\s+\S{1,100}", ""),
    (("nmcli",), "", r"password\s"),
    (("add-generic-password", "add-internet-password"), "", r"-w\s"),
    (("sysadminctl",), "", r"-(?:new|admin)?password\s"),
    (("pulumi",), r"\s+config\s+set\b", r"--secret\s+\S{1,100}\s"),
    (("doctl",), r"\s+auth\s+init", r"(?:-t|--access-token)[ =]"),
    (("consul", "nomad", "serf"), "", r"-encrypt[ =]"),
    (("crackmapexec", "nxc", "netexec"), "", r"-[pH]\s"),
    (("sendemail",), "", r"-xp\s"),
    (("wpa_passphrase",), r"\s+\S{1,64}", ""),
    (("mc",), r"\s+(?:alias\s+set|config\s+host\s+add)\s+\S{1,80}\s+\S{1,200}\s+\S{1,128}", ""),
    (("mc",), r"\s+(?:alias\s+set|config\s+host\s+add)\s+\S{1,80}\s+\S{1,200}", ""),
    (("xfreerdp", "mstsc", "cmdkey", "wmic"), "", r"/(?:p|pass|password):"),
    (("schtasks",), "", r"/rp\s"),
    (("config",), r"\s[^\n|;]{0,60}?obj=", r"password=\s"),
)  # fmt: skip


def _client_rule(names: tuple[str, ...], rest: str, before: str) -> Rule:
    programs = "|".join(map(re.escape, names))
    words = tuple(max(_LETTERS.findall(name), key=len) for name in names)
    pattern = rf"\b(?:{programs})(?:\.exe)?{rest}(?:{_ARGUMENTS}|\s)(?:{before})(?P<secret>{_WORD})"
    return make_rule("password", words, pattern, _argument)


# Everything that such a command puts is a secret, whatever its key.
_STORED: Final = r"(?:\bvault\s+(?:kv\s+(?:put|patch)|write)\b|\bnomad\s+var\s+put\b|\b(?:fly|flyctl)\s+secrets\s+set\b|\bsecrets?\s+(?:create|set)\b)"


def _stored(match: re.Match[str]) -> Span | None:
    key, value = match["key"].lower(), match["secret"].strip("\"'")
    is_option = value.startswith(("@", "-", "$", "/")) or key in _OPTIONS
    return None if is_option or len(value) < 4 or not filled(value) else match.span("secret")


_OPTIONS: Final = frozenset({
    "ttl", "max_ttl", "policies", "path", "type", "name", "app", "namespace", "mount", "format", "field", "options", "cas",
    "metadata", "common_name", "allowed_domains", "role", "period", "cluster", "from-file", "from-env-file", "docker-server",
    "docker-username", "docker-email", "append-hash", "dry-run", "output", "label", "labels", "env", "repo", "org",
})  # fmt: skip
_MORE: Final = rf"(?:\s[\w./@:-]{{1,80}}=(?:{_WORD})?|\s[^\s=|;]{{1,200}}){{0,12}}?\s"

CLIENT_RULES: Final[tuple[Rule, ...]] = (
    make_rule(
        "password",
        ("* -", "*\n-"),
        rf"(?<![\w-])--?(?P<key>[\w.-]{{2,60}}+)[ \t]{{1,4}}(?!-)(?P<secret>{_WORD})",
        _flag,
        keyed=True,
    ),
    make_rule(
        "password",
        ("echo", "printf"),
        rf"\b(?:echo|printf)\s+(?:-[ne]+\s+)?(?:[\"']?%s[^\s]{{0,4}}\s+)?(?P<secret>{_WORD})\s{{0,3}}\|\s{{0,3}}[^\n|;]{{0,120}}?"
        r"(?:--password-stdin|login|passwd|sudo\s+-S|--with-token|cryptsetup|gpg|kinit|create\s+secret|secret\s+create|secrets?\s+(?:set|put)|base64|openssl|--stdin)",
        _argument,
    ),
    make_rule(
        "password",
        ("*http -", "*https -"),
        rf"\bhttps?\s[^\n|;]{{0,100}}?-a\s{{0,3}}[\w.@-]{{1,64}}:(?P<secret>{_WORD})",
        _argument,
    ),
    *(_client_rule(*client) for client in _CLIENTS),
    make_rule(
        "password",
        ("config",),
        rf"\bconfig\s+set\s+(?:requirepass|masterauth)\s+(?P<secret>{_WORD})",
        _argument,
        keyed=True,
    ),
    make_rule("value", ("mask",), r"::add-mask::(?P<secret>[^\s]{4,2000})", filled_group),
    make_rule(
        "value",
        ("*::set-", "*::save-"),
        r"::(?:set-(?:output|env)|save-state)\sname=(?P<key>[\w.-]{1,100})::(?P<secret>[^\s\"']{4,2000})",
        keyed_group,
        keyed=True,
    ),
    make_rule(
        "password",
        ("*literal",),
        r"--from-literal[= ][\"']?(?P<key>[\w.-]{1,250})=[\"']?(?P<secret>[^\s\"']{2,500})",
        _stored,
    ),
    *(
        make_rule(
            "password",
            ("vault", "secrets", "secret", "nomad"),
            rf"{_STORED}{more}(?P<key>[A-Za-z_][\w.-]{{0,100}})=(?P<secret>{_WORD})",
            _stored,
        )
        for more in (
            rf"{_MORE}",
            rf"{_MORE}[\w.-]{{1,100}}={_WORD}\s",
            rf"{_MORE}[\w.-]{{1,100}}={_WORD}\s[\w.-]{{1,100}}={_WORD}\s",
        )
    ),
    # What such a command prints is on the next line.
    make_rule(
        "value",
        ("*jsonpath", "*template", "base64", "kv", "secretstring", "unmask"),
        r"(?:\b(?:get|read)\s{1,4}secrets?\b[^\n]{0,200}(?:jsonpath|template|base64)|\bkv\s+get\b[^\n]{0,200}-field|--query\s{1,4}[\"']?SecretString"
        r"|base64\s{1,4}(?:-d|--decode))[^\n]{0,200}(?:\n|->\s)(?P<secret>[^\s{}\[\]\"':]{6,10000})(?=\s|$)",
        _drawn,
    ),
    make_rule("password", ("*<<<",), rf"<<<\s{{0,3}}(?P<secret>{_WORD})", _drawn),
    make_rule(
        "password",
        ("*<<<",),
        rf"(?:--with-token|--password-stdin|\blogin|passwd|kinit|luksopen|unlock|sudo\s-S)\b[^\n|;]{{0,80}}?<<<\s{{0,3}}(?P<secret>{_WORD})",
        _argument,
    ),
    make_rule("password", ("send",), r"\bsend\s{1,3}(?:--\s)?\"(?P<secret>[^\"\n\\]{6,200})\\[rn]", _drawn),
    make_rule(
        "password",
        ("chpasswd",),
        r"\b[\w.-]{1,32}:(?P<secret>[^\s\"':|]{4,200})[\"']?\s{0,3}\|\s{0,3}(?:sudo\s)?chpasswd",
        _argument,
    ),
    make_rule("password", ("execve", "mysql"), r"\ba[0-9]{1,2}=\"-p(?P<secret>[^\"\n]{4,200})\"", _argument),
)
