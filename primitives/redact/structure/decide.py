"""Decides which values of a frame are secret: by its key, by a name beside it, by the frames around it, by the whole object.

Kinds whose values are secret whatever their key: Kubernetes Secrets, user data, SAML, what secret stores return. The
names are those of the platforms' own schemas (Kubernetes, AWS, Terraform's providers, JWK: RFC 7517).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from primitives.patterns import lazy_pattern
from primitives.redact.keys import is_secret_key
from primitives.redact.structure.frames import Frame, Leaf, Span
from primitives.redact.values import filled, is_placeholder, is_secret_assignment, stands_out

__all__ = ["is_whole_key", "secret_values"]

_STRIPPED: Final = str.maketrans("", "", "_- \"'\\@:*")
_NAMES: Final = frozenset(
    [
        "name",
        "key",
        "parameterkey",
        "parametername",
        "optionname",
        "field",
        "attribute",
        "setting",
        "property",
        "variable",
        "variablename",
        "label",
        "title",
        "id",
        "k",
        "path",
        "header",
        "configname",
        "configkey",
        "option",
        "param",
        "paramname",
        "entryname",
        "propertyname",
        "envname",
        "environmentname",
        "constructorarg",
        "enventryname",
        "fieldname",
        "rolname",
        "item",
    ]
)
_VALUES: Final = frozenset(
    [
        "value",
        "values",
        "v",
        "text",
        "content",
        "val",
        "old",
        "new",
        "oldvalue",
        "newvalue",
        "from",
        "to",
        "lhs",
        "rhs",
        "before",
        "after",
        "previous",
        "current",
        "default",
        "parametervalue",
        "stringvalue",
        "string",
        "configvalue",
        "paramvalue",
        "enventryvalue",
        "data",
        "plaintext",
        "plain",
        "raw",
        "s",
        "str",
        "set",
        "primary",
        "secondary",
        "setting",
        "body",
    ]
)
_WHOLE: Final = lazy_pattern(
    r"(?:.*\.)?(?:userdata(?:base64)?|saml(?:response|assertion|request)|secret(?:string|binary|hash)|passworddata|keymaterial|"
    r"authorizationtoken|dockerconfigjson|dockercfg|(?:client|tls|ca)\.?key(?:data)?|presharedkey|psk|authkey|"
    r"ssecustomerkey|privatekey(?:pem|openssh|data|pempkcs8)?|identitytoken|idtoken|accesstoken|refreshtoken|sessiontoken|"
    r"requirepass|masterauth|authenticationstring|bcrypthash|secrets?binary|chpasswd|secretkeybase|"
    r"plaintext(?=$)|(?:passin|passout))"
)
_USERS: Final = frozenset(
    [
        "user",
        "username",
        "userid",
        "login",
        "email",
        "uid",
        "accountname",
        "account",
        "dbuser",
        "smtpuser",
        "smtpauthusername",
        "cardholder",
        "owner",
        "usr",
        "mastername",
        "masterusername",
        "clientid",
        "accesskeyid",
        "bind",
        "principal",
    ]
)
_PASSES: Final = frozenset(
    ["pass", "pw", "pwd", "pswd", "password", "secret", "token", "auth", "pin", "credential", "credentials", "passcode"]
)
# Fields that are secret in an object of that type, or in a block with that label.
_TYPES: Final[dict[str, frozenset[str]]] = {
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
_KEY_TYPES: Final = frozenset({"kind", "type", "resource"})
_JWK: Final = frozenset(["d", "p", "q", "dp", "dq", "qi", "k"])
_CONTAINER: Final = lazy_pattern(
    r"(?:.{0,40}[_.-])?(?:credentials?|creds|secrets|tokens|passwords|passwds|(?:api|access|secret|auth)[_-]?keys|auth[_-]?tokens|"
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
_LAST: Final = lazy_pattern(r"(?<![\w.$@-])[\w.$@-]{1,100}$")
_ITEM_ASSIGNMENT: Final = lazy_pattern(r"[\w.-]{1,100}=")
_PATH: Final = lazy_pattern(r"[\w.$@-]{0,100}/[\w.$@/-]{0,200}")
_DATA_PATH: Final = lazy_pattern("/(?:stringData|binaryData|data)/")
_KEY_LIKE: Final = lazy_pattern(r"[A-Za-z][\w.-]{0,60}")


class _Scope(NamedTuple):
    """What the frames around say of a frame's values. `key` names them; `whole`: all are secret, `every`: those under any key."""

    key: str = ""
    every: bool = False
    whole: bool = False
    fields: frozenset[str] = frozenset()


_NO_SCOPE: Final = _Scope()
_WHOLE_SCOPE: Final = _Scope(whole=True)


def secret_values(frames: list[Frame], text: str, *, in_secret: bool) -> Iterator[Span]:
    """The places of the secret values in `frames`. `in_secret`: the text around them speaks of a Kubernetes Secret."""
    scope = _Scope(fields=_TYPES["secret"]) if in_secret else _NO_SCOPE
    waiting = [(frame, _of_string(frame, scope)) for frame in frames]
    while waiting:
        frame, scope = waiting.pop()
        judge = _Judge(frame, scope, text)
        for key, value in frame.entries:
            if isinstance(value, Frame):
                waiting.append((value, judge.scope_of(key, value)))
            else:
                span = judge.span_of(key, value)
                if span is not None:
                    yield span
        yield from _neighbours(frame, text)


def _of_string(frame: Frame, scope: _Scope) -> _Scope:
    """The scope of the frames in a string, by the key that it has."""
    return _WHOLE_SCOPE if frame.key and _WHOLE.fullmatch(_plain(frame.key)) else scope


def is_whole_key(key: str) -> bool:
    """Whether all that is under a key of this name is secret, or it holds several secrets."""
    return _WHOLE.fullmatch(_plain(key)) is not None or _CONTAINER.fullmatch(key) is not None


def _plain(key: str) -> str:
    return key.translate(_STRIPPED).lower()


class _Judge:
    """Judges the entries of one frame."""

    def __init__(self, frame: Frame, scope: _Scope, text: str) -> None:
        self.frame, self.scope, self.text = frame, scope, text
        self.pair = ""
        self.has_user = False
        self.sensitive = False
        self.is_jwk = False
        self.fields: frozenset[str] = scope.fields
        self._labelled()
        for key, value in frame.entries:
            if key:
                self._notice(_plain(key), value)

    def _labelled(self) -> None:
        for label in (*self.frame.labels, self.frame.key):
            fields = _TYPES.get(label.strip("\"'\\").lower())
            if fields:
                self.fields = fields

    def _notice(self, plain: str, value: Leaf | Frame) -> None:
        if isinstance(value, Frame):
            if plain == "kind" and any(self._is_kind_secret(entry) for entry in value.entries):
                self.fields = frozenset({"object", "oldobject"}) | _TYPES["secret"]
            elif plain == "objectref" and any(self._is_kind_secret(entry) for entry in value.entries):
                self.fields = frozenset({"requestobject", "responseobject"})
            elif plain == "path" and value.entries and isinstance(value.entries[-1][1], Leaf):
                self._name(self._text(value.entries[-1][1]))
            return
        text = self._text(value)
        if plain in _KEY_TYPES:
            self._type(plain, text)
        elif plain in _USERS:
            self.has_user = True
        elif plain in ("sensitive", "secret", "secure") and text.lower() == "true":
            self.sensitive = True
        elif plain == "kty":
            self.is_jwk = True
        if plain in _NAMES or plain.endswith("name"):
            self._name(text)

    def _is_kind_secret(self, entry: tuple[str, Leaf | Frame]) -> bool:
        key, value = entry
        return key in ("kind", "resource") and isinstance(value, Leaf) and self._text(value) in ("Secret", "secrets")

    def _type(self, plain: str, text: str) -> None:
        fields = _TYPES.get(text.lower())
        if fields and not (text.lower() == "secret" and text != "Secret"):
            self.fields = fields
        elif plain == "kind":
            self.fields = frozenset()

    def _name(self, text: str) -> None:
        last = _LAST.search(text.strip("]'\" "))
        if last and is_secret_key(last[0]):
            self.pair = last[0]
        elif self.fields and _DATA_PATH.search(text):
            self.sensitive = True

    def _text(self, leaf: Leaf) -> str:
        return self.text[leaf.start : leaf.end]

    def scope_of(self, key: str, frame: Frame) -> _Scope:
        """The scope of a frame inside."""
        plain = _plain(key or frame.key)
        if self.scope.whole or plain in self.fields or (plain and _WHOLE.fullmatch(plain)):
            if plain == "attributes":
                return _Scope(fields=self.fields)
            # An object that wraps the Secret whose fields are secret.
            return _Scope(fields=_TYPES["secret"]) if plain.endswith("object") else _WHOLE_SCOPE
        if self.pair and plain in _VALUES:
            return _Scope(self.pair, every=True)
        if self.sensitive and plain in _VALUES:
            return _WHOLE_SCOPE
        return self._named_scope(key or frame.key, plain)

    def _named_scope(self, key: str, plain: str) -> _Scope:
        fields = self.fields
        key = key.strip("\"'\\:@")
        if _CONTAINER.fullmatch(key):
            return _Scope(key.rstrip("s"), every=True, fields=fields)
        if is_secret_key(key) or is_secret_key(key.rstrip("s")):
            return _Scope(key, fields=fields)
        if self.scope.key and (not key or plain in _VALUES or (self.scope.every and not _PUBLIC.fullmatch(key))):
            return self.scope
        return _Scope(fields=fields) if fields else _NO_SCOPE

    def span_of(self, key: str, leaf: Leaf) -> Span | None:
        """The place of the secret in a plain value."""
        value = self._text(leaf)
        if not value or is_placeholder(value):
            return None
        plain = _plain(key)
        if self.scope.whole:
            return self._whole_item(leaf, value) if not key else (leaf.start, leaf.end)
        return (leaf.start, leaf.end) if self._is_secret(key, plain, value, quoted=leaf.quoted) else None

    def _whole_item(self, leaf: Leaf, value: str) -> Span:
        assignment = _ITEM_ASSIGNMENT.match(value)
        return (leaf.start + (assignment.end() if assignment and assignment.end() < len(value) else 0), leaf.end)

    def _is_secret(self, key: str, plain: str, value: str, *, quoted: bool) -> bool:
        if key and self._by_its_key(key.strip("\"'\\:@"), plain, value, quoted=quoted):
            return True
        if plain in _VALUES or plain.endswith("value") or (not key and self.frame.style == "<"):
            if self.pair and is_secret_assignment(self.pair, value):
                return True
            if self.sensitive and filled(value):
                return True
        if not self.scope.key or value.endswith((":", ",")):
            return False
        if key and plain not in _VALUES and (not self.scope.every or _PUBLIC.fullmatch(key)):
            return False
        return is_secret_assignment(self.scope.key, value) or (self.has_user and plain in _VALUES and filled(value))

    def _by_its_key(self, key: str, plain: str, value: str, *, quoted: bool) -> bool:
        if plain in self.fields and filled(value):
            return True
        if _WHOLE.fullmatch(plain):
            return filled(value) and len(value) >= (4 if self.frame.style else 8)
        if self.is_jwk and plain in _JWK:
            return True
        if self.has_user and plain in _PASSES:
            return filled(value) or (value.isdigit() and len(value) >= 4)
        if not self.frame.style or (self.frame.style in ("layout", "item") and " " in value):
            # The rules for text judge these: they know prose.
            return False
        if not is_secret_key(key) or len(value) >= 100_000:
            return False
        return is_secret_assignment(key, value) and (quoted or self.frame.style not in ("(", "[") or stands_out(value))


def _neighbours(frame: Frame, text: str) -> Iterator[Span]:
    """In lists, the value that follows the name of a secret: `["password", "..."]`, numbered replies, cells of a row."""
    if not frame.style or frame.style in ("layout", "item", "{"):
        return
    name = ""
    for key, value in frame.entries:
        if isinstance(value, Frame) or (key and key not in ("td", "th", "key", "string", "dt", "dd")):
            name = ""
            continue
        content = text[value.start : value.end]
        # Words of a sentence in brackets are neighbours as well.
        apart = (value.quoted or frame.style not in ("(", "[")) and not content.startswith("-")
        if apart and name and is_secret_assignment(name, content) and not _is_name(content):
            yield value.start, value.end
            name = ""
        else:
            last = (
                _LAST.search(content)
                if _is_name(content) or (frame.style == "row" and _PATH.fullmatch(content))
                else None
            )
            name = last[0] if last and is_secret_key(last[0]) else ""


def _is_name(content: str) -> bool:
    return _KEY_LIKE.fullmatch(content) is not None and is_secret_key(content)
