"""What is written under a key that names a secret, and whether it is one.

What follows a secret's name is often no secret at all (`invalid token: unexpected end`, `token: str`,
`secret: payments/db-credentials`, `password=${DB_PASSWORD}`), so most of this is about what to leave alone.
"""

from __future__ import annotations

import re
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.keys import KeyKind, key_kind
from primitives.redact.marks import MARK

__all__ = [
    "filled",
    "is_code",
    "is_no_secret",
    "is_object_name",
    "is_placeholder",
    "is_secret_assignment",
    "is_uuid",
    "names_a_secret",
    "stands_out",
]

# What is written in a secret's place in prose, in type annotations, in templates and in masked output.
_NO_SECRETS: Final = (
    "none", "null", "nil", "true", "false", "yes", "no", "on", "off", "undefined", "unset", "empty", "set", "changed", "rotated",
    "redacted", "removed", "hidden", "masked", "required", "missing", "invalid", "incorrect", "wrong", "expired", "denied",
    "failed", "failure", "mismatch", "unknown", "not", "is", "was", "has", "and", "or", "for", "error", "ok", "valid",
    "authentication", "str", "string", "int", "integer", "bool", "boolean", "bytes", "text", "varchar", "object", "any", "number",
    "optional", "path", "file", "env", "secret", "secrets", "token", "password", "value", "credential", "credentials", "basic",
    "bearer", "digest", "negotiate", "sigv4", "authtok", "aws4-hmac-sha256", "saml", "oauth", "oauth2", "oidc", "jwt", "mtls",
    "iam", "changemehere", "changeme_here", "sensitive", "redacted]",
)  # fmt: skip
_NO_SECRET: Final = lazy_pattern(
    rf"(?:{'|'.join(_NO_SECRETS)}|"
    r"\?|\$\d+|:\w+|@\w+|%s|%\(\w+\)s|[*x•.#_-]+|\$\{?[A-Za-z_][\w.:-]*\}?|\$\(.*|\$?\{\{.*|<[^<>]*>?|\[?redacted\]?|\d*)[.,:]?",
    re.IGNORECASE,
)
_WORDS: Final = frozenset(word + end for word in _NO_SECRETS for end in ("", ".", ",", ":"))
_CODE: Final = lazy_pattern(
    r"(?:self|this|os|env|config|settings|req|request|ctx|context|process|cfg|conf|params|args|options|opts|props|event|"
    r"secrets|var|local|data|user|form|body|headers|module|await|new|func|function|lambda)\b[.(\[]"
    r"|[A-Za-z_][\w.]*\(|[A-Za-z_]\w*\[[\"'A-Za-z_]"
)
# Names of objects (RFC 1123), with a namespace or without.
_OBJECT_NAME: Final = lazy_pattern(r"(?:[a-z][a-z0-9.-]*/)?[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*")
_OUTSIDE_REFERENCE: Final = lazy_pattern(
    r"(?:arn:|vault:|ssm:|sm://|secretsmanager|projects/|\./|~/|file:|sha256:[0-9a-f]{8})"
    r"|/(?-i:[a-z0-9._-]+/)*(?-i:[a-z0-9._-]+)$",
    re.IGNORECASE,
)
_PLACEHOLDERS: Final = lazy_pattern(
    rf"[\s\"'\\]{{0,8}}(?:(?:{MARK}|\[redacted:[a-z0-9-]{{1,40}}:[0-9a-f]{{6}}\])[\s,;:/@.!?)\]}}\\\"']{{0,8}}){{1,100}}"
)
_PROSE_SECRET: Final = lazy_pattern(r"(?=.{0,200}[0-9])(?=.{0,200}[A-Za-z])[^\s]{6,}|(?=.{0,200}[!@#$%^&*+])[^\s]{6,}")
_RANDOM: Final = lazy_pattern(r"(?=[^0-9]*[0-9])[\w+/=.!-]{10,}")
# No word of a language is as long as the last kind.
_HEX_OR_WORD: Final = lazy_pattern(r"(?=[a-z]*[0-9])[a-z0-9]{16,}|[a-z]{24,}")
_UUID: Final = lazy_pattern(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAME_OF_WORDS: Final = lazy_pattern(r"[a-z]{2,20}(?:[_.-][a-z]{2,20}){1,6}")
_DIGIT: Final = lazy_pattern("[0-9]")


def is_placeholder(text: str) -> bool:
    """Whether `text` is what redaction left and nothing else: a forged beginning doesn't protect what follows it."""
    return (not text.isascii() or "[redacted:" in text) and _PLACEHOLDERS.fullmatch(text) is not None


def filled(value: str) -> bool:
    """Whether `value` is more than what is written in a secret's place."""
    return not is_placeholder(value) and not is_no_secret(value)


def is_no_secret(value: str) -> bool:
    """Whether `value` is what is written in a secret's place."""
    if value[:1].isalpha() and value[0] not in "xX" and value.isascii():
        # The pattern has nothing but these words for it.
        return value.lower() in _WORDS
    return _NO_SECRET.fullmatch(value) is not None


def is_code(value: str) -> bool:
    """Whether `value` begins as an expression of a programming language does."""
    return ("(" in value or "." in value or "[" in value) and _CODE.match(value) is not None


def is_object_name(value: str) -> bool:
    """Whether `value` may name an object."""
    return _OBJECT_NAME.fullmatch(value) is not None


def is_uuid(value: str) -> bool:
    """Whether `value` is an identifier in UUID form, which names an object more often than it is a secret."""
    return _UUID.fullmatch(value) is not None


def names_a_secret(value: str) -> bool:
    """Whether `value` is itself the name of a setting whose value is a secret: `db_password`."""
    return _NAME_OF_WORDS.fullmatch(value) is not None and key_kind(value) is not None


def stands_out(value: str) -> bool:
    """Whether no sentence would go on with `value` after `token: `."""
    is_reference = "/" in value and _OBJECT_NAME.fullmatch(value)
    return _PROSE_SECRET.match(value) is not None and not value.endswith(":") and not is_reference


def is_secret_assignment(key: str, value: str, kind: KeyKind | None = None) -> bool:
    """Whether `value`, given plainly under a key that names a secret, is one. `kind` is that of the key, where known."""
    kind = kind or key_kind(key) or "token"
    if not filled(value):
        # Digits alone may well be a password; nobody's token is that short.
        least = 4 if kind in ("password", "header") or key.lower().endswith("pass") else 10
        return value.isdigit() and len(value) >= least and kind not in ("random", "signature")
    if value.startswith("/") and key.lower().endswith("pwd"):
        return False  # a shell's working directory
    if len(value) < 16 and key.lower().endswith(("license", "licence")):
        return False  # `Apache-2.0`
    return not _is_reference(value) and _is_of_kind(kind, value)


def _is_reference(value: str) -> bool:
    """Whether it names a secret that is kept elsewhere."""
    may_be = ":" in value or "/" in value or value[:1] in "sS" or not value.isascii()
    return may_be and _OUTSIDE_REFERENCE.match(value) is not None


def _is_of_kind(kind: KeyKind, value: str) -> bool:
    match kind:
        case "signature":
            # A search engine's link has one of 22 characters; a signed request's has 27 (SHA-1) and more.
            return len(value) >= 24 and not value.isdigit() and _DIGIT.search(value) is not None and " " not in value
        case "random":
            is_random = _RANDOM.fullmatch(value) is not None and not _OBJECT_NAME.fullmatch(value.replace("_", "-"))
            return is_random or is_uuid(value) or _HEX_OR_WORD.fullmatch(value) is not None
        case "session":
            # ZooKeeper's are numbers, ConsoleKit's are paths, and those in UUID form are in traces of what a user clicks.
            is_public = value.isdigit() or value.startswith(("0x", "0X", "/")) or is_uuid(value)
            mixed = _DIGIT.search(value) is not None and value.lower() != value.upper()
            return len(value) >= 20 and " " not in value and mixed and not is_public
        case "weak":
            if _HEX_OR_WORD.fullmatch(value):
                return True
            return len(value) >= 8 and not _OBJECT_NAME.fullmatch(value) and " " not in value
        case "token":
            is_name = "-" in value and _OBJECT_NAME.fullmatch(value) and not _DIGIT.search(value)
            return len(value) >= 6 and value.count(" ") < 2 and not is_name
        case _:
            return True
