"""Decides which values of a frame are secret: by its key, by a name beside it, by the frames around it, by the whole object.

Kinds whose values are secret whatever their key: Kubernetes Secrets, user data, SAML, what secret stores return.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from primitives.patterns import lazy_pattern
from primitives.redact.keys import is_secret_key, key_kind
from primitives.redact.structure.frames import Frame, Leaf, Span
from primitives.redact.structure.grids import secret_cells
from primitives.redact.structure.words import (
    JWK,
    KEY_TYPES,
    PASSES,
    STRIPPED,
    TYPES,
    USERS,
    holds_a_name,
    holds_a_value,
    is_container,
    is_public,
    is_whole,
)
from primitives.redact.values import filled, is_placeholder, is_secret_assignment, stands_out

__all__ = ["is_whole_key", "secret_values"]

_LAST: Final = lazy_pattern(r"(?<![\w.$@-])[\w.$@-]{1,100}$")
_ITEM_ASSIGNMENT: Final = lazy_pattern(r"[\w.-]{1,100}=")
_PATH: Final = lazy_pattern(r"[\w.$@-]{0,100}/[\w.$@/-]{0,200}")
_COPY: Final = "lastappliedconfiguration"
_DATA: Final = TYPES["secret"]
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
    scope = _Scope(fields=TYPES["secret"]) if in_secret else _NO_SCOPE
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
        yield from secret_cells(frame, text)


def _of_string(frame: Frame, scope: _Scope) -> _Scope:
    """The scope of the frames in a string, by the key that it has."""
    return _WHOLE_SCOPE if frame.key and is_whole(_plain(frame.key)) else scope


def is_whole_key(key: str) -> bool:
    """Whether all that is under a key of this name is secret, or it holds several secrets."""
    return is_whole(_plain(key)) or is_container(key)


@lru_cache(maxsize=4096)
def _plain(key: str) -> str:
    return key.translate(STRIPPED).lower()


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
            word = label.strip("\"'\\")
            fields = TYPES.get(word.lower())
            if fields:
                self.fields = fields
            elif label is not self.frame.key and is_secret_key(word):
                self.pair = word  # `variable "db_password" { default = ... }`

    def _notice(self, plain: str, value: Leaf | Frame) -> None:
        if isinstance(value, Frame):
            if plain == "kind" and any(self._is_kind_secret(entry) for entry in value.entries):
                self.fields = frozenset({"object", "oldobject"}) | TYPES["secret"]
            elif plain == "objectref" and any(self._is_kind_secret(entry) for entry in value.entries):
                self.fields = frozenset({"requestobject", "responseobject"})
            elif plain == "path" and value.entries and isinstance(value.entries[-1][1], Leaf):
                self._name(self._text(value.entries[-1][1]))
            return
        text = self._text(value)
        if plain in KEY_TYPES:
            self._type(plain, text)
        elif plain in USERS:
            self.has_user = True
        elif plain in ("sensitive", "secret", "secure") and text.lower() == "true":
            self.sensitive = True
        elif plain == "kty":
            self.is_jwk = True
        if holds_a_name(plain):
            self._name(text)

    def _is_kind_secret(self, entry: tuple[str, Leaf | Frame]) -> bool:
        key, value = entry
        return key in ("kind", "resource") and isinstance(value, Leaf) and self._text(value) in ("Secret", "secrets")

    def _type(self, plain: str, text: str) -> None:
        fields = TYPES.get(text.lower())
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
        if self.scope.whole or plain in self.fields or (plain and is_whole(plain)):
            if plain == "attributes":
                return _Scope(fields=self.fields)
            # An object that wraps the Secret whose fields are secret.
            return _Scope(fields=TYPES["secret"]) if plain.endswith("object") else _WHOLE_SCOPE
        if self.pair and holds_a_value(plain):
            return _Scope(self.pair, every=True)
        if self.sensitive and holds_a_value(plain):
            return _WHOLE_SCOPE
        return self._named_scope(key or frame.key, plain)

    def _named_scope(self, key: str, plain: str) -> _Scope:
        fields = self.fields
        key = key.strip("\"'\\:@")
        if key.lower() == "keys" and is_container(f"{self.frame.key}_keys"):
            return _Scope(f"{self.frame.key}_key", every=True, fields=fields)  # `api: {keys: ...}`
        if is_container(key):
            return _Scope(key.rstrip("s"), every=True, fields=fields)
        if is_secret_key(key) or is_secret_key(key.rstrip("s")):
            return _Scope(key, fields=fields)
        if self.scope.key and (not key or holds_a_value(plain) or (self.scope.every and not is_public(key))):
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
        if holds_a_value(plain) or (not key and self.frame.style == "<"):
            if self.pair and is_secret_assignment(self.pair, value):
                return True
            if self.sensitive and filled(value):
                return True
        if not self.scope.key or value.endswith((":", ",")):
            return False
        if key and not holds_a_value(plain) and (not self.scope.every or is_public(key)):
            return False
        return is_secret_assignment(self.scope.key, value) or (self.has_user and holds_a_value(plain) and filled(value))

    def _by_its_key(self, key: str, plain: str, value: str, *, quoted: bool) -> bool:
        # kubectl keeps a copy of the whole object in an annotation, values included.
        if (plain in self.fields or (plain.endswith(_COPY) and not self.fields.isdisjoint(_DATA))) and filled(value):
            return True
        if is_whole(plain):
            return filled(value) and len(value) >= (4 if self.frame.style else 8)
        if self.is_jwk and plain in JWK:
            return True
        if self.has_user and plain in PASSES:
            return filled(value) or (value.isdigit() and len(value) >= 4)
        if key.lower() == "keys" and value.startswith("[") and is_container(f"{self.frame.key}_keys"):
            return True  # `api: {keys: [...]}`, the list on the line of its key
        if not self.frame.style or (self.frame.style in ("layout", "item") and " " in value):
            # The rules for text judge these: they know prose.
            return False
        if key.lower() == "key" and self.frame.key and key_kind(f"{self.frame.key}_key") == "token":
            key = f"{self.frame.key}_key"  # `api: {key: ...}`
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
