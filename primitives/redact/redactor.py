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
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from primitives.redact.apply import Hide, apply_all
from primitives.redact.assignments import redact_assignments
from primitives.redact.changes import CHANGE_RULES
from primitives.redact.commands import COMMAND_RULES
from primitives.redact.dispatch import Dispatch, words_of
from primitives.redact.encoded import ENCODED_RULES
from primitives.redact.first_look import FirstLook
from primitives.redact.keys import is_secret_key
from primitives.redact.known import encodings_of
from primitives.redact.learned import Learned
from primitives.redact.marks import MARK, Marks
from primitives.redact.parameters import PIECES_OF_PARAMETERS, has_parameters, redact_parameters
from primitives.redact.pem import PEM_RULES
from primitives.redact.rules import RULES, Rule, Span
from primitives.redact.secret_documents import redact_secret_documents
from primitives.redact.structure import (
    PIECES_OF_STRUCTURE,
    hints_at_a_secret,
    may_have_structure,
    secret_names,
    secret_spans,
)
from primitives.redact.urls import URL_RULES
from primitives.redact.values import is_placeholder, is_secret_assignment
from primitives.redact.vendors import MARKERS, STARTS, rules_for

__all__ = ["Redactor"]

_DEFAULT_KEY: Final = b"cloudops redaction placeholders, version 1"
_MOST_PASSES: Final = 4
_SHORTEST: Final = 2
_GLUED: Final = re.compile(MARK + r"(?:[A-Za-z0-9$][\w$+/=!.~-]{3,}|[/+][A-Za-z0-9+/=]{20,})")
_MEMO_SIZE: Final = 20_000
_MEMO_TEXT: Final = 200
_NAME_KEYS: Final = ("name", "Name", "key", "Key", "ParameterName", "parameter_name")
_VALUE_KEYS: Final = ("value", "Value", "ParameterValue", "parameter_value")
_FIRST: Final = (*RULES, *URL_RULES)
_LAST: Final = (*COMMAND_RULES, *ENCODED_RULES)
_RULES: Final = Dispatch((*PEM_RULES, *_FIRST, *_LAST))
_CHANGED: Final = Dispatch(CHANGE_RULES)
# A text in which no other rule can match has nothing for the rules for changes and those behind marks.
_LOOK: Final = FirstLook(
    _RULES.first_words,
    STARTS,
    (*_RULES.first_pieces, *MARKERS, *PIECES_OF_STRUCTURE, *PIECES_OF_PARAMETERS),
    _RULES.first_pairs,
)
_ON_A_LINE: Final = Dispatch((*_FIRST, *COMMAND_RULES))
# The phases of a pass, by the identity of their rules.
_PRIVATE_KEYS: Final = frozenset(map(id, PEM_RULES))
_BEFORE_KEYS: Final = frozenset(map(id, _FIRST))
_AFTER_KEYS: Final = frozenset(map(id, _LAST))
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
        self._learned = Learned()
        self._seeks = False
        self._memo: dict[str, str] = {}

    def knowing(self) -> Redactor | None:
        """A redactor that also finds, where nothing names them, the secrets that this one has redacted.

        None where no such secret is worth searching for.
        """
        if not self._learned:
            return None
        other = Redactor(key=self._key)
        other._known, other._known_pattern = self._known, self._known_pattern
        other._learned, other._seeks = self._learned, True
        return other

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

    def _hidden(self, kind: str, secret: str) -> str:
        """The replacement for a secret that a rule has found."""
        if not self._seeks:
            self._learned.add(kind, secret)
        return self.placeholder(kind, secret)

    def _redact(self, text: str) -> str:
        marks = Marks()

        def hide(kind: str, secret: str) -> str:
            return secret if is_placeholder(secret) else marks.mark(self._hidden(kind, marks.show(secret)))

        text = marks.hide(text)
        for _ in range(_MOST_PASSES):
            before, text = text, self._pass(text, hide)
            if marks:
                # What directly follows a placeholder is the rest of a secret, or the placeholder is forged.
                text = _GLUED.sub(lambda match: hide(marks.kind(match[0][0]), match[0]), text)
            if text == before:
                break
        return marks.show(text)

    def _pass(self, text: str, hide: Hide) -> str:
        """One pass of all rules. What a rule leaves may show another one something, so there may be a second one."""
        if self._known_pattern is not None:
            text = self._known_pattern.sub(lambda m: hide("known", self._known[m[0]]), text)
        lower = text.lower()
        if lower.isascii() and _LOOK.is_dull(lower):
            return self._learned.redact(text, hide) if self._seeks else text
        words = words_of(lower)
        for kind, _, pattern in rules_for(lower, words):
            text = pattern.sub(lambda match, kind=kind: hide(kind, match[0]), text)  # type: ignore[misc]
            lower = text.lower()
        if "kind" in lower and "secret" in lower:
            text = redact_secret_documents(text, lambda value: hide("value", value))
            lower = text.lower()
        hinted = hints_at_a_secret(lower)
        names = secret_names(text) if hinted else ()
        due = _RULES.due(lower, words, hinted=hinted)
        text = apply_all(_of_phase(_PRIVATE_KEYS, due), text, hide, names)
        if may_have_structure(lower, named=bool(names)):
            text = _redact_by_structure(text, hide)
        text = apply_all(_of_phase(_BEFORE_KEYS, due), text, hide, names)
        if has_parameters(lower):
            text = redact_parameters(text, hide)
        if hinted:
            text = redact_assignments(text, hide)
        text = apply_all(_of_phase(_AFTER_KEYS, due), text, hide, names)
        if names or not text.isascii():
            text = apply_all(_CHANGED.due(lower, words, hinted=True), text, hide, names)
        return self._learned.redact(text, hide) if self._seeks else text

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
            return self._hidden("value", text) if is_secret_assignment(key, text) else self.redact_value(value)
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
        return text if not text or is_placeholder(text) else self._hidden("value", text)


def _of_phase(phase: frozenset[int], rules: Iterable[Rule]) -> Iterator[Rule]:
    return (rule for rule in rules if id(rule) in phase)


def _redact_by_structure(text: str, hide: Hide) -> str:
    pieces, position = [], 0
    for start, end in secret_spans(text, _places_on_a_line):
        if end - start < _SHORTEST:
            continue
        pieces += [text[position:start], hide("value", text[start:end])]
        position = end
    return "".join((*pieces, text[position:])) if pieces else text


def _places_on_a_line(line: str) -> Iterator[Span]:
    """Where the rules for command lines and the like see secrets."""
    lower = line.lower()
    for rule in _ON_A_LINE.due(lower, words_of(lower), hinted=True):
        for match in rule.pattern.finditer(line):
            span = rule.secret_of(match)
            if span is not None:
                yield span


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
