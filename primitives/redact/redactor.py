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

from primitives.redact.apply import Hide, Unchanged, apply_all, without_secrets, without_spans
from primitives.redact.assignments import redact_assignments
from primitives.redact.changes import CHANGE_RULES
from primitives.redact.commands import COMMAND_RULES
from primitives.redact.dispatch import Dispatch, words_of
from primitives.redact.encoded import ENCODED_RULES
from primitives.redact.first_look import FirstLook
from primitives.redact.known import alternation, known_forms
from primitives.redact.learned import Learned
from primitives.redact.marks import MARK, Marks, is_one_placeholder
from primitives.redact.parameters import PIECES_OF_PARAMETERS, has_parameters, redact_parameters
from primitives.redact.pem import PEM_RULES
from primitives.redact.pieces import Pieces
from primitives.redact.plain_forms import PlainForms
from primitives.redact.rules import RULES, Rule, Span
from primitives.redact.secret_documents import redact_secret_documents
from primitives.redact.shapes import Shape, Shapes
from primitives.redact.structure import (
    PIECES_OF_STRUCTURE,
    hints_at_a_secret,
    may_have_structure,
    may_hold_arguments,
    secret_names,
    secret_spans,
    spans_of_frames,
)
from primitives.redact.trees import Tree, documents_of, written_back
from primitives.redact.urls import URL_RULES
from primitives.redact.values import is_placeholder
from primitives.redact.vendors import ENDINGS, MARKERS, STARTS, rules_for, without_escapes
from primitives.redact.work_limit import NOT_KEPT, WorkLimit, what_names_it

__all__ = ["Redactor"]

_DEFAULT_KEY: Final = b"cloudops redaction placeholders, version 1"
_MOST_PASSES: Final = 4
_SHORTEST: Final = 2
_GLUED: Final = re.compile(MARK + r"(?:[A-Za-z0-9$][\w$+/=!.~-]{3,}|[/+][A-Za-z0-9+/=]{20,})")
_TOGETHER: Final = 6
_MEMO_SIZE: Final = 20_000
_MEMO_TEXT: Final = 200
_LONGEST_FORM: Final = 8_000
_MOST_CHANGED: Final = 200_000
_MOST_CHARACTERS: Final = 24_000_000
_MANY: Final = 200
# Nothing in so short a name without digits is a secret by itself; keys of objects are looked at by the thousand.
_MERE_NAME: Final = re.compile(r"[a-z_]{1,20}|[A-Za-z]{1,14}")
_DIGITS: Final = str.maketrans("123456789", "000000000")
_FIRST: Final = (*RULES, *URL_RULES)
_LAST: Final = (*COMMAND_RULES, *ENCODED_RULES)
_RULES: Final = Dispatch((*PEM_RULES, *_FIRST, *_LAST))
_CHANGED: Final = Dispatch(CHANGE_RULES)
# A text in which no other rule can match has nothing for the rules for changes and those behind marks.
_LOOK: Final = FirstLook(
    _RULES.first_words,
    STARTS,
    ENDINGS,
    (*_RULES.first_pieces, *MARKERS, *PIECES_OF_STRUCTURE, *PIECES_OF_PARAMETERS),
    _RULES.first_pairs,
)
# What is drawn at random and has one of these means something; those of two letters are in many a random text.
_MEANING: Final = Pieces(
    piece.translate(_DIGITS)
    for piece in (*PIECES_OF_STRUCTURE, *_RULES.first_pieces, *STARTS, *MARKERS, *ENDINGS)
    if len(piece) > _SHORTEST
)
_ON_A_LINE: Final = Dispatch((*_FIRST, *COMMAND_RULES))
# The first rules of the phases of a pass behind the first one, by their numbers.
_BEFORE_KEYS: Final = len(PEM_RULES)
_AFTER_KEYS: Final = _BEFORE_KEYS + len(_FIRST)


class Redactor:
    """Replaces credentials by stable placeholders.

    `known` are values known to be secret (this process's own credentials, say); those under 4 characters are ignored
    because they would be found everywhere. `key` is the placeholders' hash key.
    """

    def __init__(self, known: Iterable[str] = (), *, key: bytes = _DEFAULT_KEY, limit: WorkLimit | None = None) -> None:
        self._key = key[:64]
        self._known = known_forms(known)
        self._known_pattern = alternation(self._known)
        self._learned = Learned()
        self._seeks = False
        self._memo: dict[str, str] = {}
        self._stable: set[int] = set()
        self._plain = PlainForms()
        self._changed: dict[str, str] = {}
        self._characters = 0
        self._many = 0
        self._shapes = Shapes(_MEANING, self.placeholder)
        self._before: dict[str, str] = {}
        self._lively = ""
        self.limit: Final = limit or WorkLimit()
        self._calm: set[int] = set()
        self._trees: dict[int, Tree] = {}

    def knowing(self) -> Redactor | None:
        """A redactor that also finds this one's secrets where nothing names them; None where none is worth searching for."""
        if not self._learned:
            return None
        other = Redactor(key=self._key, limit=self.limit)
        other._known, other._known_pattern = self._known, self._known_pattern
        other._learned, other._seeks = self._learned, True
        other._before, other._calm, other._trees = self._changed, self._calm, self._trees
        return other

    def redact(self, text: str) -> str:
        """`text` with every credential that can be recognised replaced. Doing it twice changes nothing."""
        if len(text) > _MEMO_TEXT:
            return self._redact(text)
        if self._known_pattern is None and not self._seeks and _MERE_NAME.fullmatch(text):
            return text
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

        It is judged as a text that holds it would be: by keys, by names beside values, by what it is in, by its strings.
        """
        if isinstance(obj, str):
            return self.redact(obj)
        return self._redact_whole(obj) if isinstance(obj, Mapping | list | tuple) else obj

    def redact_secret_object(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """A Kubernetes Secret with its names and keys, without its values, whether it says what it is or not."""
        named = self.redact_value({**obj, "kind": "Secret"})
        return {key: value for key, value in named.items() if key != "kind" or "kind" in obj}

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
        before = self._before.get(text)
        if before is not None and self._has_none_learned(before):
            return before
        if self._is_dull(text) or (text.startswith("[redacted:") and is_one_placeholder(text)):
            return text
        if self._seeks:
            if self.limit.has_refused(text):
                return NOT_KEPT
            if hash(text) in self._calm and self._has_none_learned(text):
                return text
        # What a text loses may depend on more: on the secrets that are known.
        form = 0 if self._seeks or self._has_known(text) else self._plain.form_of(text)
        redacted = text if self._plain.has(form) else self._by_shape(text)
        if redacted != text:
            self._many += 1
            if len(self._changed) < _MOST_CHANGED and self._characters + len(text) <= _MOST_CHARACTERS:
                self._characters += len(text)
                self._changed[text] = redacted
        else:
            self._plain.add(form)
            if not self._seeks and len(self._calm) < _MOST_CHANGED:
                self._calm.add(hash(text))
        return redacted

    def _has_none_learned(self, text: str) -> bool:
        return self._learned.redact(text, self.placeholder) == text

    def _by_shape(self, text: str) -> str:
        """What is left of a text, many before it having lost something."""
        if (shape := self._shape_of(text)) is None:
            return self._carefully(text)
        if (secrets := self._shapes.lost_by(shape)) is not None:
            return without_secrets(text, secrets, self._hidden)
        redacted = self._carefully(text)
        self._shapes.learn(shape, redacted)
        return redacted

    def _carefully(self, text: str) -> str:
        """What is left of a text after a careful look, where the limit still allows one."""
        if not self._seeks and self.limit.refuses(text):
            return NOT_KEPT
        redacted = self._redact_anew(text)
        self.limit.spend(text, redacted)
        return redacted

    def _shape_of(self, text: str) -> Shape | None:
        return None if self._many < _MANY or self._seeks or self._has_known(text) else self._shapes.shape_of(text)

    def _has_known(self, text: str) -> bool:
        return self._known_pattern is not None and self._known_pattern.search(text) is not None

    def _redact_anew(self, text: str) -> str:
        text, is_document = self._redact_documents(text)
        if is_document:
            # It was judged as the object that it is; its escapes would make one sentence of lines that are apart.
            return text
        marks = Marks()
        return marks.show(self._passes(marks.hide(text), marks, self._hider(marks), read=True))

    def _redact_documents(self, text: str) -> tuple[str, bool]:
        """The text without the secrets in its JSON documents; whether it is one and nothing else."""
        parts: list[str] = []
        at = 0
        is_document = False
        if not may_hold_arguments(lower := text.lower()) and not hints_at_a_secret(lower):
            return text, False
        for start, end, document in documents_of(text):
            written = written_back(text[start:end], document, self._redact_object(document))
            if written is not None:
                parts += text[at:start], written
                at = end
                is_document = not text[:start].strip() and not text[end:].strip()
        return "".join((*parts, text[at:])) if parts else text, is_document

    def _redact_whole(self, obj: Any) -> Any:
        """What is left of an object that is part of no other."""
        tree = Tree(obj)
        if self._is_dull(tree.text):
            return obj
        if (shape := self._shape_of(tree.text)) is not None and (secrets := self._shapes.lost_by(shape)) is not None:
            return tree.without([(*secret, "") for secret in secrets], _same, self._hidden)
        if self.limit.has_refused(tree.text) if self._seeks else self.limit.refuses(tree.text):
            return what_names_it(obj, self.redact)
        if self._seeks and (before := self._trees.get(hash(repr(obj)))) and self._has_none_learned(before.text):
            return before.copy()
        redacted = self._redact_tree(tree)
        if not self._seeks:
            self._remember_tree(obj, Tree(redacted), tree.text)
        if redacted != obj:
            self._many += 1
        if shape is not None:
            self._shapes.learn(shape, Tree(redacted).text)
        return redacted

    def _remember_tree(self, obj: Any, redacted: Tree, text: str) -> None:
        self.limit.spend(text, redacted.text)
        if len(self._trees) < _MOST_CHANGED and self._characters + len(text) <= _MOST_CHARACTERS:
            self._characters += len(text)
            # Whoever gets the value may change it.
            self._trees[hash(repr(obj))] = Tree(redacted.copy())

    def _redact_object(self, obj: Any) -> Any:
        tree = Tree(obj)
        return obj if self._is_dull(tree.text) else self._redact_tree(tree)

    def _redact_tree(self, tree: Tree) -> Any:
        if (value := self._by_structure(tree)) != tree.value:
            tree = Tree(value)
        marks = Marks()
        text = self._passes(marks.hide(tree.text), marks, self._hider(marks), read=False)
        return tree.value if marks.is_full or not marks else tree.without(list(marks.places(text)), _same, self._hidden)

    def _by_structure(self, tree: Tree) -> Any:
        """The value of a tree without the secrets that its structure tells, and those in each string by itself."""
        spans: list[Span] = []
        lower = tree.text.lower()
        if may_have_structure(lower, named=bool(secret_names(tree.text))):
            spans = spans_of_frames([tree.frame()], tree.text, _places_on_a_line)
        hidden = [(start, end, "value", "") for start, end in spans if end - start >= _SHORTEST]
        dull = set[str]() if self._seeks or self._known_pattern else _dull_ones(tree.strings())
        return tree.without(hidden, lambda text: text if text in dull else self.redact(text), self._hidden)

    def _is_dull(self, text: str) -> bool:
        """Whether there is nothing to do in a text: a quick look."""
        if not text.isascii() or "[redacted:" in text or self._has_known(text):
            return False
        lower = text.lower()
        if _is_dull(lower):
            return not self._seeks or self._has_none_learned(text)
        self._lively = lower
        return False

    def _hider(self, marks: Marks) -> Hide:
        def hide(kind: str, secret: str) -> str:
            return secret if is_placeholder(secret) else marks.mark(self._hidden(kind, marks.show(secret)), secret)

        return hide

    def _passes(self, text: str, marks: Marks, hide: Hide, *, read: bool) -> str:
        """All passes, the text with marks. `read`: its structure is to be read."""
        unchanged = Unchanged()
        for number in range(_MOST_PASSES):
            form = hash(text.translate(_DIGITS)) if number and len(text) <= _LONGEST_FORM else 0
            if form in self._stable:
                break
            before, text = text, self._pass(text, hide, unchanged, read=read)
            if marks:
                # What directly follows a placeholder is the rest of a secret, or the placeholder is forged.
                text = _GLUED.sub(lambda match: hide(marks.kind(match[0][0]), match[0]), text)
            if text == before:
                if form:
                    self._remember_form(form)
                break
        return text

    def _remember_form(self, form: int) -> None:
        """A second pass changes nothing in texts that differ from this one in digits alone: times, counters."""
        if len(self._stable) >= _MEMO_SIZE:
            self._stable.clear()
        self._stable.add(form)

    def _pass(self, text: str, hide: Hide, unchanged: Unchanged, *, read: bool) -> str:
        """One pass of all rules. What a rule leaves may show another one something, so there may be a second one."""
        if self._known_pattern is not None:
            text = self._known_pattern.sub(lambda m: hide("known", self._known[m[0]]), text)
        lower = text.lower()
        if lower != self._lively and lower.isascii() and _is_dull(lower):
            return self._learned.redact(text, hide) if self._seeks else text
        words = words_of(lower)
        spaced = without_escapes(lower)
        for kind, _, pattern in rules_for(lower, words if spaced == lower else words_of(spaced)):
            before = text
            text = pattern.sub(lambda match, kind=kind: hide(kind, match[0]), text)  # type: ignore[misc]
            if text != before:
                lower = text.lower()
        if read and "kind" in lower and "secret" in lower:
            text = redact_secret_documents(text, lambda value: hide("value", value))
            lower = text.lower()
        hinted = hints_at_a_secret(lower)
        names = secret_names(text) if hinted else ()
        unchanged.begin(names)
        due = _RULES.numbered(lower, words, hinted=hinted)
        text = apply_all(_between(0, _BEFORE_KEYS, due), text, hide, names, unchanged)
        if read and may_have_structure(lower, named=bool(names)):
            text = without_spans(text, secret_spans(text, _places_on_a_line), hide)
        text = apply_all(_between(_BEFORE_KEYS, _AFTER_KEYS, due), text, hide, names, unchanged)
        if has_parameters(lower):
            text = redact_parameters(text, hide)
        if hinted:
            text = redact_assignments(text, hide)
        text = apply_all(_between(_AFTER_KEYS, None, due), text, hide, names, unchanged)
        if names or not text.isascii():
            text = apply_all(_CHANGED.due(lower, words, hinted=True), text, hide, names, unchanged)
        return self._learned.redact(text, hide) if self._seeks else text


def _is_dull(lower: str) -> bool:
    """Whether no rule has anything to do in a text in lower case."""
    if not _LOOK.is_dull(lower):
        return False
    spaced = without_escapes(lower)
    return spaced == lower or _LOOK.is_dull(spaced)


def _dull_ones(texts: list[str]) -> set[str]:
    """Those in which there is nothing to do. Several are looked at together: objects have hundreds of short ones."""
    dull = set[str]()
    for at in range(0, len(texts), _TOGETHER):
        together = texts[at : at + _TOGETHER]
        joined = " ; ".join(together)
        if joined.isascii() and "[redacted:" not in joined and _is_dull(joined.lower()):
            dull.update(together)
    return dull


def _same(text: str) -> str:
    return text


def _between(first: int, end: int | None, due: Iterable[tuple[int, Rule]]) -> list[Rule]:
    return [rule for number, rule in due if number >= first and (end is None or number < end)]


def _places_on_a_line(line: str) -> Iterator[Span]:
    """Where the rules for command lines and the like see secrets."""
    lower = line.lower()
    for rule in _ON_A_LINE.due(lower, words_of(lower), hinted=True):
        for match in rule.pattern.finditer(line):
            span = rule.secret_of(match)
            if span is not None:
                yield span
