"""Redaction: credentials leave a text before it is stored, shown or sent anywhere.

In this order: values known to be secret, in each encoding they may appear in; forms that only vendors' credentials
have (`vendors`); structure (a key that names a secret and its value, headers, URLs with user-info, private keys,
command lines). There is no entropy rule: on operations logs those mark ids and hashes, not secrets.

A secret becomes `[redacted:KIND:HASH]`. HASH is the start of a keyed hash of the secret, so that equal secrets stay
equal and the same bundle always gives the same report. The key is a constant unless one is passed: the hash's 24 bits
distinguish secrets and are too few to recover one; pass a key where weak passwords could be guessed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from primitives.redact.changes import CHANGE_RULES
from primitives.redact.commands import COMMAND_RULES, COMMAND_TRIGGERS
from primitives.redact.encoded import ENCODED_RULES
from primitives.redact.known import encodings_of
from primitives.redact.pem import PEM_RULES
from primitives.redact.rules import (
    COARSE_TRIGGERS,
    KEY_TRIGGERS,
    RULES,
    Rule,
    Span,
    is_placeholder,
    is_secret_assignment,
    is_secret_key,
)
from primitives.redact.secret_documents import redact_secret_documents
from primitives.redact.structure import secret_spans
from primitives.redact.vendors import SHORTEST, VENDOR_RULES, VendorRule

__all__ = ["Redactor"]

_DEFAULT_KEY: Final = b"cloudops redaction placeholders, version 1"
_LONG_WORD: Final = re.compile(f"[A-Za-z0-9_.~/:@+-]{{{SHORTEST},}}")
_MEMO_SIZE: Final = 20_000
_MEMO_TEXT: Final = 200
_NAME_KEYS: Final = ("name", "Name", "key", "Key", "ParameterName", "parameter_name")
_VALUE_KEYS: Final = ("value", "Value", "ParameterValue", "parameter_value")
_ALL_RULES: Final = (*RULES, *COMMAND_RULES, *CHANGE_RULES, *ENCODED_RULES)
# Lists of arguments have these, where nothing names a secret.
_ARGUMENTS: Final = ("'-", '"-', ", -p", ", -a", "- -p", "- -a")
# Keys whose whole value is secret.
_WHOLE: Final = ("saml", "userdata", "user_data", "user-data", "psk", "plaintext", "securestring", "sensitive")
_ALL_TRIGGERS: Final = (*COARSE_TRIGGERS, *COMMAND_TRIGGERS, *ENCODED_RULES[0].triggers, *_ARGUMENTS, *_WHOLE)
_STRUCTURE_TRIGGERS: Final = frozenset((*KEY_TRIGGERS, *_ARGUMENTS, *_WHOLE, "private", "login"))
_RULES_TRIGGERS: Final = (
    frozenset(trigger for rule in (*_ALL_RULES, *PEM_RULES) for trigger in rule.triggers) | _STRUCTURE_TRIGGERS
)
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


class Redactor:
    """Replaces credentials by stable placeholders.

    `known` are values known to be secret (this process's own credentials, say); those under 4 characters are ignored
    because they would be found everywhere. `key` is the placeholders' hash key.
    """

    def __init__(self, known: Iterable[str] = (), *, key: bytes = _DEFAULT_KEY) -> None:
        self._key = key[:64]
        self._known = _known_forms(known)
        self._known_pattern = _alternation(self._known)
        self._memo: dict[str, str] = {}

    def redact(self, text: str) -> str:
        """`text` with every credential that can be recognised replaced. Doing it twice changes nothing."""
        if len(text) > _MEMO_TEXT:
            return self._redact(text)
        # Resources, span names and attribute values repeat by the thousand.
        redacted = self._memo.get(text)
        if redacted is None:
            redacted = self._redact(text)
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()
            self._memo[text] = redacted
        return redacted

    def redact_value(self, obj: Any) -> Any:
        """A JSON-like value with every string redacted, and the value under a key that names a secret replaced.

        Understands `{"name": "DB_PASSWORD", "value": ...}` pairs and Kubernetes Secrets. Shares what didn't change.
        """
        if isinstance(obj, str):
            return self.redact(obj)
        if isinstance(obj, Mapping):
            return self._redact_mapping(obj)
        if isinstance(obj, list | tuple):
            return type(obj)(self.redact_value(item) for item in obj)
        return obj

    def placeholder(self, kind: str, secret: str) -> str:
        """The replacement for `secret`."""
        digest = hashlib.blake2b(secret.encode("utf-8", "surrogatepass"), key=self._key, digest_size=3)
        return f"[redacted:{kind}:{digest.hexdigest()}]"

    def _redact(self, text: str) -> str:
        if self._known_pattern is not None:
            text = self._known_pattern.sub(lambda m: self.placeholder("known", self._known[m[0]]), text)
        text = self._redact_vendors(text)
        lower = text.lower()
        if "kind" in lower and "secret" in lower:
            text = redact_secret_documents(text, self._replace_all)
            lower = text.lower()
        for trigger in _ALL_TRIGGERS:
            if trigger in lower:
                return self._redact_structure(text, frozenset(filter(lower.__contains__, _RULES_TRIGGERS)))
        return text

    def _redact_structure(self, text: str, present: frozenset[str]) -> str:
        text = self._apply(PEM_RULES, text, present)
        if not present.isdisjoint(_STRUCTURE_TRIGGERS):
            text = self._redact_by_structure(text)
        return self._apply(_ALL_RULES, text, present)

    def _apply(self, rules: Iterable[Rule], text: str, present: frozenset[str]) -> str:
        for rule in rules:
            if not present.isdisjoint(rule.triggers):
                text = rule.pattern.sub(self._replacer(rule), text)
        return text

    def _redact_by_structure(self, text: str) -> str:
        pieces, position = [], 0
        for start, end in secret_spans(text, _places_on_a_line):
            secret = text[start:end]
            if not is_placeholder(secret):
                pieces += [text[position:start], self.placeholder("value", secret)]
                position = end
        return "".join([*pieces, text[position:]])

    def _redact_vendors(self, text: str) -> str:
        words = "\n".join(_LONG_WORD.findall(text)).lower()
        if words:
            for marker, rules in _VENDORS_BY_MARKER.items():
                if marker in words:
                    text = self._apply_vendors(rules, words, text)
        return text

    def _apply_vendors(self, rules: Iterable[VendorRule], words: str, text: str) -> str:
        for kind, trigger, pattern in rules:
            if trigger in words:
                text = pattern.sub(lambda match, kind=kind: self.placeholder(kind, match[0]), text)  # type: ignore[misc]
        return text

    def _replacer(self, rule: Rule) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            span = rule.secret_of(match)
            if span is None:
                return match[0]
            start, end = span
            secret = match.string[start:end]
            if is_placeholder(secret):
                return match[0]
            before = match.string[match.start() : start]
            return before + self.placeholder(rule.kind, secret) + match.string[end : match.end()]

        return replace

    def _redact_mapping(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        if obj.get("kind") == "Secret":
            return self.redact_secret_object(obj)
        pair = _named_value(obj)
        return {
            self.redact(key): self._redact_entry(pair if key in _VALUE_KEYS else key, value)
            for key, value in obj.items()
        }

    def _redact_entry(self, key: str | None, value: Any) -> Any:
        if value is None or isinstance(value, bool) or key is None or not is_secret_key(key):
            return self.redact_value(value)
        if isinstance(value, str | int | float):
            text = str(value)
            if is_secret_assignment(key, text):
                return text if is_placeholder(text) else self.placeholder("value", text)
            return self.redact_value(value)
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return type(value)(self._redact_entry(key, item) for item in value)
        return self.redact_value(value)

    def redact_secret_object(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """A Kubernetes Secret with its names and keys, without its values."""
        result: dict[str, Any] = {}
        for key, value in obj.items():
            if key in ("data", "stringData", "binaryData") and isinstance(value, Mapping):
                result[key] = {self.redact(name): self._replace_all(inner) for name, inner in value.items()}
            elif key == "metadata" and isinstance(value, Mapping):
                result[key] = self._redact_secret_metadata(value)
            else:
                result[self.redact(key)] = self.redact_value(value)
        return result

    def _redact_secret_metadata(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        redacted = dict(self.redact_value(metadata))
        annotations = redacted.get("annotations")
        if isinstance(annotations, Mapping) and _LAST_APPLIED in annotations:
            # kubectl keeps a copy of the whole object there, values included.
            redacted["annotations"] = {**annotations, _LAST_APPLIED: self._replace_all(annotations[_LAST_APPLIED])}
        return redacted

    def _replace_all(self, value: Any) -> Any:
        text = value if isinstance(value, str) else repr(value)
        return text if not text or is_placeholder(text) else self.placeholder("value", text)


def _places_on_a_line(line: str) -> Iterator[Span]:
    """Where the rules for command lines and the like see secrets."""
    lower = line.lower()
    for rule in _ALL_RULES:
        if any(trigger in lower for trigger in rule.triggers):
            for match in rule.pattern.finditer(line):
                span = rule.secret_of(match)
                if span is not None:
                    yield span


def _by_marker(rules: Iterable[VendorRule]) -> dict[str, list[VendorRule]]:
    """The rules by the rarest character of their trigger: one search for it rules out all of them."""
    groups: dict[str, list[VendorRule]] = {}
    for rule in rules:
        marker = next((character for character in "_-/:.~" if character in rule[1]), "")
        groups.setdefault(marker, []).append(rule)
    return groups


_VENDORS_BY_MARKER: Final = _by_marker(VENDOR_RULES)


def _named_value(obj: Mapping[str, Any]) -> str | None:
    """The name that a `{"name": NAME, "value": ...}` pair gives its value."""
    for key in _NAME_KEYS:
        name = obj.get(key)
        if isinstance(name, str):
            return name
    return None


def _alternation(forms: Mapping[str, str]) -> re.Pattern[str] | None:
    if not forms:
        return None
    return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))


def _known_forms(known: Iterable[str]) -> dict[str, str]:
    """Each text under which a known value may appear, and the value."""
    forms: dict[str, str] = {}
    for value in sorted(set(known)):
        if len(value) >= 4:
            for form in encodings_of(value):
                forms.setdefault(form, value)
    return forms
