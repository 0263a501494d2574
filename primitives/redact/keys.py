"""Names of keys: which say that their value is a secret, and of what kind.

A name is taken apart into words (`dbPassword_old2`: db, password, old). What only says how, which or how old is dropped;
the last words that are left decide. They are the words of configuration formats, in the languages that people name
settings in.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from primitives.patterns import lazy_pattern
from primitives.redact import languages
from primitives.redact.key_pieces import ANY_KEY_PIECE

__all__ = ["KeyKind", "is_secret_key", "key_kind"]

KeyKind = Literal["password", "token", "weak", "random", "session", "signature", "header"]
"""How strictly a value is judged, see `values`: a token must not be a name; a weak one must also be longer; a random one
must look drawn at random, one of a session be long as well; a signature must be long and have a digit. Nearly any password or header is taken for one."""

_PASSWORD_ENDS: Final = (
    "password", "passwd", "passwrd", "passphrase", "passcode", "pwd", "pswd", "requirepass", "masterauth", *languages.PASSWORDS,
)  # fmt: skip
_PHRASES: Final = frozenset({
    ("de", "passe"), ("clave", "secreta"), ("kata", "sandi"), ("mat", "khau"), ("mật", "khẩu"), ("كلمة", "المرور"),
    ("mot", "passe"), ("clave", "acceso"), ("parola", "d'ordine"), ("пароль", "бд"), ("senha", "db"), ("parola", "db"),
    ("master", "auth"), ("auth", "pass"), ("default", "authtok"), ("parola", "chiave"), ("palavra", "passe"),
    ("code", "secret"), ("phrase", "secrete"), ("kod", "dostepu"), ("tajne", "haslo"),
})  # fmt: skip
_PASSWORDS: Final = frozenset({"pw", "mdp", "psk", "motdepasse", "senhas", "pgpass", "psksecret"})
_PREFIXES_OF_PASS: Final = (
    "user", "db", "root", "smtp", "redis", "bind", "login", "admin", "auth", "ssh", "become", "su", "sudo", "pg", "key",
    "store", "ldap", "mail", "proxy", "ftp", "mysql", "deststore", "srcstore", "master", "vnc", "wifi", "dest",
)  # fmt: skip
_QUALIFIERS: Final = frozenset({
    "api", "access", "secret", "private", "priv", "account", "shared", "sharedaccess", "encryption", "enc", "signing",
    "sign", "signature", "master", "auth", "storage", "license", "licence", "deploy", "functions", "function", "subscription",
    "consumer", "webhook", "hmac", "jwt", "cookie", "openai", "stripe", "twilio", "sendgrid", "mailgun", "mailchimp",
    "datadog", "dd", "newrelic", "relic", "pagerduty", "pd", "opsgenie", "sentry", "algolia", "cloudflare", "anthropic",
    "gcp", "github", "gitlab", "slack", "sumologic", "splunk", "honeycomb", "grafana", "vault", "dropbox",
    "wrapping", "aes", "des", "fernet", "crypto", "cipher", "decryption", "presharedkey", "preshared", "psk",
    "activation", "recovery", "unseal", "sec", "sas", "cosmos", "firebase", "fcm", "ingest", "ingestion",
})  # fmt: skip
# Keys that may also name something public: only what looks drawn at random is a secret.
_RANDOM_QUALIFIERS: Final = frozenset({
    "routing", "session", "service", "app", "application", "integration", "google", "azure", "aws", "s3", "maps", "write",
    "server", "data", "sa", "ssh", "client", "instrumentation", "certificate", "host", "bot", "live", "search", "admin",
})  # fmt: skip
_RANDOM_WORDS: Final = frozenset({
    "pat", "salt", "pepper", "hec", "sas", "community", "license", "licence", "kek", "sk", "privkey", "authkey", "signing",
    "apikey", "xauth", "wsk", "authtok", "apitok", "otpauth",
})  # fmt: skip
_SEEDED: Final = frozenset({"otp", "totp", "mfa", "tfa", "2fa", "wallet", "hotp"})
_STRONG_SECRETS: Final = frozenset({
    "client", "app", "api", "jwt", "token", "webhook", "cookie", "session", "shared", "consumer", "oauth", "signing",
    "hmac", "mfa", "totp", "otp", "encryption", "access", "minio", "radius", "aws", "s3", "django", "flask", "login",
    "hook", "sip", "master", "user", "admin", "auth", "bot",
})  # fmt: skip
_DROPPED: Final = frozenset({
    "old", "prev", "previous", "new", "current", "prod", "production", "staging", "backup", "value", "base64", "b64",
    "plain", "plaintext", "text", "dev", "live", "primary", "secondary", "default", "base", "hash", "hashed", "enc",
    "encrypted", "string", "decrypted", "raw", "val", "digest", "sha256", "sha512", "sha1", "md5", "bcrypt",
    "hs256", "hs384", "hs512", "prd", "preprod", "nonprod", "stage", "stg", "test", "testing", "qa", "uat", "sandbox", "canary",
    "eu", "us", "uk", "emea", "apac", "asia", "ro", "rw", "readonly", "legacy", "temp", "tmp", "internal", "external",
    "replica", "rotated",
})  # fmt: skip
# Whose password it is may stand behind that word: `PASSWORD_ROOT`, `contrasena_bd`.
_OWNERS: Final = frozenset({
    "db", "bd", "bdd", "root", "admin", "sql", "mysql", "postgres", "pg", "oracle", "mongo", "redis", "rabbitmq", "smtp", "mail",
    "ftp", "sftp", "ldap", "ssh", "vpn", "wifi", "app", "web", "bot", "owner", "deploy", "grafana",
})  # fmt: skip
# Keys that end in `token` and name something public.
_PUBLIC_TOKENS: Final = frozenset({
    "next", "page", "paging", "continuation", "continue", "pagination", "cancellation", "cancel", "public", "fencing",
    "idempotency", "sync", "start", "end", "stop", "eos", "bos", "pad", "unk", "mask", "last", "request", "unexpected",
    "lock", "resume", "scroll", "marker", "verification", "method", "function", "class", "no", "num", "max", "total",
    "invalid", "sep", "cls", "special", "nexttoken", "cursor", "per", "input", "output", "prompt", "completion",
})  # fmt: skip
_CAMEL: Final = lazy_pattern(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN: Final = lazy_pattern(r"[^\w']+|_+")
_NUMBER: Final = lazy_pattern(r"v?[0-9]{1,4}")
_ENDING: Final = re.compile(r"\d{1,4}$")


def is_secret_key(key: str) -> bool:
    """Whether a key of this name usually has a secret as its value."""
    return key_kind(key) is not None


def key_kind(key: str) -> KeyKind | None:
    """What kind of secret a key of this name has as its value; None where it has none."""
    # Times, numbers and addresses stand before colons as well.
    return None if len(key) >= 200 or (key[:1].isdigit() and not key.strip(_NUMERIC)) else _kind(key)


_NUMERIC: Final = "0123456789.-T"


@lru_cache(maxsize=8192)
def _kind(key: str) -> KeyKind | None:
    if key.isascii() and not ANY_KEY_PIECE.are_in(key.lower()):
        return None
    words = [word for word in _BETWEEN.split(_CAMEL.sub("_", key).lower()) if word]
    while len(words) > 1 and (words[-1] in _DROPPED or _NUMBER.fullmatch(words[-1])):
        words.pop()
    if not words:
        return None
    if len(words) > 1 and words[-1] in _OWNERS and words[-2].endswith(_PASSWORD_ENDS):
        return "token"
    words[-1] = _ENDING.sub("", words[-1]) or words[-1]
    if len(words[-1]) > 3 and words[-1].endswith("s") and not words[-1].endswith("ss"):
        words[-1] = words[-1][:-1]
    return _kind_of(words[-1], words[-2] if len(words) > 1 else "", words)


def _kind_of(word: str, before: str, words: list[str]) -> KeyKind | None:
    if word.endswith(_PASSWORD_ENDS) or word in _PASSWORDS or (before, word) in _PHRASES:
        return "password"
    if word.endswith("secret"):
        strong = before in _STRONG_SECRETS or word[:-6] in _STRONG_SECRETS
        return "token" if strong else "weak"
    if word.endswith("token"):
        return None if (word[:-5] or before) in _PUBLIC_TOKENS or before == "no" else "token"
    if word.endswith("key"):
        return _kind_of_key(word[:-3] or before, bool(word[:-3]), before)
    return _kind_elsewhere(word, before) or _kind_of_rest(word, before, words)


def _kind_elsewhere(word: str, before: str) -> KeyKind | None:
    """The kind that words of other languages say."""
    if word in languages.SECRETS:
        return "weak"
    if word.endswith(languages.TOKENS):
        return "token"
    if word in languages.SECRET_QUALIFIERS and before.endswith(languages.KEYS):
        return "token"
    if word.endswith(languages.KEYS):
        qualified = before in languages.SECRET_QUALIFIERS or before in _QUALIFIERS
        glued = any(word.startswith(qualifier) for qualifier in languages.SECRET_QUALIFIERS)
        return "token" if qualified or glued else "random"
    return None


def _kind_of_key(qualifier: str, glued: bool, before: str) -> KeyKind | None:
    if qualifier in _QUALIFIERS or (glued and qualifier.endswith(("api", "secret", "access", "private", "auth"))):
        # What is public has a name of its own: a public key isn't found here.
        return None if before == "public" else "token"
    return "random" if qualifier in _RANDOM_QUALIFIERS else None


def _kind_of_rest(word: str, before: str, words: list[str]) -> KeyKind | None:
    if word == "pass":
        return "token" if before else "weak"
    if word.endswith(("pass", "pw")) and word[: -4 if word.endswith("pass") else -2] in _PREFIXES_OF_PASS:
        return "password"
    if word in ("sig", "signature"):
        return "signature"
    if word in ("auth", "credential", "authtoken", "jwt", "tok", "bearer"):
        return "weak"
    if word in ("cred", "creds"):
        return "token" if before or word == "creds" else None
    if word in ("authorization", "cookie"):
        return "header"
    return _kind_of_last(word, before, words)


def _kind_of_last(word: str, before: str, words: list[str]) -> KeyKind | None:
    if word == "pat" and not before:
        return None
    if word in ("session", "sessionid", "sessid", "sessionkey") or (before, word) == ("session", "id"):
        return "session"
    if word in ("dockerconfigjson", "dockercfg"):
        return "token"
    if word in _RANDOM_WORDS or (word == "seed" and before in _SEEDED):
        return "random"
    if (
        word in ("jsessionid", "phpsessid")
        or words[-2:] == ["connect", "sid"]
        or words[-3:] == ["private", "key", "id"]
    ):
        return "token"
    if words[-2:] == ["secret", "id"] or words[-3:] == ["client", "key", "data"] or words[-2:] == ["erlang", "cookie"]:
        return "random"
    return None
