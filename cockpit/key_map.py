"""Keys that a person gives to commands, by the ids of docs/keys.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cockpit.keys import KEYS, Key, keys_for
from primitives.errors import UsageError
from primitives.text import safe_line

__all__ = ["KeyMap"]

_FIXED: Final = frozenset({"interrupt", "back", "leave"})
"""What must work however a cockpit is configured: to stop and to leave."""

_NAMES: Final = {
    "?": "question_mark", ":": "colon", "/": "slash", "+": "plus", "-": "minus", "_": "underscore", "=": "equals_sign",
    "[": "left_square_bracket", "]": "right_square_bracket", "<": "less_than_sign", ">": "greater_than_sign",
    "@": "at", "#": "number_sign", "!": "exclamation_mark", ".": "full_stop", ";": "semicolon", "*": "asterisk",
    "%": "percent_sign", "&": "ampersand",
}  # fmt: skip
"""What Textual calls the keys that are written as a sign."""


class KeyMap:
    """`given` is a key by a command's id. Raises `UsageError` for an id that isn't there, or a key that is taken."""

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        self.bindings = {name: _key(name, key) for name, key in (given or {}).items()}
        self._shown = {key.id: given[key.id] for key in KEYS if given and key.id in given}
        self._old = {key.shown: self._shown[key.id] for key in KEYS if key.id in self._shown}
        for where in ("incident", "replay", "list"):
            self._refuse_clashes(keys_for(where))

    def keys_of(self, key: Key) -> tuple[str, ...]:
        """The keys that a command has now."""
        return tuple((self.bindings.get(key.id) or key.keys).split(","))

    def keys_with(self, ids: Iterable[str]) -> frozenset[str]:
        """The keys of these commands."""
        wanted = set(ids)
        return frozenset(name for key in KEYS if key.id in wanted and key.keys for name in self.keys_of(key))

    def shown(self, words: str) -> str:
        """`words` such as `p x u` with the keys as they are now."""
        return " ".join(self._old.get(word, word) for word in words.split(" ")) if self._old else words

    def _refuse_clashes(self, keys: Iterable[Key]) -> None:
        taken: dict[str, str] = {}
        for key in keys:
            for name in self.keys_of(key):
                other = taken.setdefault(name, key.id)
                given, kept = (key.id, other) if key.id in self.bindings else (other, key.id)
                if other != key.id and given in self.bindings:
                    raise UsageError(f"keys.{given}: {name} is the key of {kept} too; give one of them another")


def _key(name: str, key: str) -> str:
    known = next((each for each in KEYS if each.id == name), None)
    if known is None or not known.keys:
        raise UsageError(f"keys.{safe_line(name, limit=40)}: there is no such command; docs/keys.md lists the ids")
    if name in _FIXED:
        raise UsageError(f"keys.{name}: this key can't be given away: it stops and leaves")
    if not key or not key.isprintable() or " " in key or "," in key:
        raise UsageError(f"keys.{name}: give one key, such as P, ctrl+t or f5")
    return _NAMES.get(key, key)
