"""The words of schemas: which keys hold names, values, users, whole secrets, and which hold nothing secret.

They are those of the platforms' own schemas (Kubernetes, AWS, Terraform's providers, JWK: RFC 7517).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = [
    "JWK",
    "KEY_TYPES",
    "PASSES",
    "STRIPPED",
    "TYPES",
    "USERS",
    "holds_a_name",
    "holds_a_value",
    "is_container",
    "is_public",
    "is_whole",
]

STRIPPED: Final = str.maketrans("", "", "_- \"'\\@:*")
_NAMES: Final = frozenset({
    "id", "k", "header", "rolname", "item", "title", "envvar", "env", "constructorarg", "target", "pointer", "key", "which",
    "what", "column", "element", "identifier", "ref",
})  # fmt: skip
_LAST_OF_NAMES: Final = (
    "name", "key", "field", "setting", "option", "param", "parameter", "property", "attribute", "variable", "label", "path",
    "prop", "attr", "var",
)  # fmt: skip
_VALUES: Final = frozenset({
    "v", "text", "content", "contents", "old", "new", "from", "to", "lhs", "rhs", "before", "after", "previous", "prev",
    "current", "default", "string", "data", "plaintext", "plain", "raw", "s", "str", "set", "primary", "secondary", "setting",
    "body", "was", "now", "is", "setto", "original", "updated", "actual", "expected", "desired", "live", "literal", "left",
    "right", "a", "b", "x", "y", "removed", "added",
})  # fmt: skip


@lru_cache(maxsize=4096)
def holds_a_name(plain: str) -> bool:
    """Whether what stands under this key, stripped, may be the name of what stands beside it."""
    return plain in _NAMES or plain.endswith(_LAST_OF_NAMES)


@lru_cache(maxsize=4096)
def holds_a_value(plain: str) -> bool:
    """Whether what stands under this key, stripped, is the value of what is named beside or around it."""
    return plain in _VALUES or plain.endswith(("value", "values", "val"))


_WHOLE: Final = lazy_pattern(
    r"(?:.*\.)?(?:userdata(?:base64)?|saml(?:response|assertion|request)|secret(?:string|binary|hash)|passworddata|keymaterial|"
    r"authorizationtoken|dockerconfigjson|dockercfg|stringdata|(?:client|tls|ca)\.?key(?:data)?|presharedkey|psk|authkey|"
    r"ssecustomerkey|privatekey(?:pem|openssh|data|pempkcs8)?|identitytoken|idtoken|accesstoken|refreshtoken|sessiontoken|"
    r"requirepass|masterauth|authenticationstring|bcrypthash|secrets?binary|chpasswd|secretkeybase|"
    r"plaintext(?=$)|(?:passin|passout))"
)
USERS: Final = frozenset({
    "user", "username", "userid", "login", "email", "uid", "accountname", "account", "dbuser", "smtpuser",
    "smtpauthusername", "cardholder", "owner", "usr", "mastername", "masterusername", "clientid", "accesskeyid",
    "bind", "principal",
})  # fmt: skip
PASSES: Final = frozenset({
    "pass", "pw", "pwd", "pswd", "password", "secret", "token", "auth", "pin", "credential", "credentials",
    "passcode",
})  # fmt: skip
# Fields that are secret in an object of that type, or in a block with that label.
TYPES: Final[dict[str, frozenset[str]]] = {
    "secret": frozenset({"data", "stringdata", "binarydata"}),
    "secrets": frozenset({"data", "stringdata", "binarydata", "object", "requestobject"}),
    "kubernetes_secret": frozenset({"data", "binary_data", "string_data"}),
    "kubernetes_secret_v1": frozenset({"data", "binary_data"}),
    "random_password": frozenset({"result", "attributes"}),
    "random_bytes": frozenset({"base64", "hex"}),
    "securestring": frozenset({"value"}),
    "set_sensitive": frozenset({"value"}),
    "vault_generic_secret": frozenset({"data_json"}),
    "secretgenerator": frozenset({"literals"}),
    "rsakeyvalue": frozenset(["p", "d", "q", "dp", "dq", "inverseq"]),
    "hudson.util.secret": frozenset({"value"}),
}
KEY_TYPES: Final = frozenset({"kind", "type", "resource"})
JWK: Final = frozenset(["d", "p", "q", "dp", "dq", "qi", "k"])
_CONTAINER: Final = lazy_pattern(
    r"(?:.{0,40}[_.-])?(?:credentials?|creds|auth[_-]?users|secrets|tokens|passwords|passwds|(?:api|access|secret|auth|encryption|signing)[_-]?keys|auth[_-]?tokens|"
    r"(?:api|access|auth|refresh|bearer)tokens)",
    re.IGNORECASE,
)
_PUBLIC: Final = lazy_pattern(
    r"(?:user.*|.*name|id|.*_?ids?|type|kind|url|uri|host.*|port|region|email|role.*|scopes?|created.*|updated.*|exp.*|version|"
    r"description|enabled|status|state|namespace|algorithm|alg|issuer|provider|path|.*_?at|.*_?in|source|labels?|annotations|ref|"
    r"count|size|total|used|max.*|min.*|ttl|backend|store|driver|engine|.*file|.*path|.*arn|optional|mountpath|reason|"
    r"message|login|accesskeyid)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_whole(plain: str) -> bool:
    """Whether all that stands under this key, stripped, is secret."""
    return _WHOLE.fullmatch(plain) is not None


@lru_cache(maxsize=4096)
def is_container(key: str) -> bool:
    """Whether several secrets stand under this key, each under a name."""
    return _CONTAINER.fullmatch(key) is not None


@lru_cache(maxsize=4096)
def is_public(key: str) -> bool:
    """Whether what stands under this key beside secrets is none."""
    return _PUBLIC.fullmatch(key) is not None
