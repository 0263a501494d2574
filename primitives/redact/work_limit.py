"""A limit on how much text with secrets in it is looked at carefully; what may hold one beyond that is not kept.

A careful look at a text takes hundreds of times as long as the one that shows that there is nothing to do, so that a small
bundle could hold up a command for minutes. Work is counted in characters and secrets, never in seconds: the same bundle
gives the same report on any machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["NOT_KEPT", "WorkLimit", "what_names_it"]

NOT_KEPT: Final = "[not kept: it may hold a secret]"
"""What stands for a text that wasn't looked at."""
_FREE: Final = 1_000_000
"""Units for a bundle of up to `_SMALL` bytes: 4 to 8 s of a slow and busy processor."""
_SMALL: Final = 10_000_000
_PER_CHANGED_TEXT: Final = 60
_PER_SECRET: Final = 15
_PER_QUOTE: Final = 12
_PER_BRACE: Final = 8
_PER_KEY: Final = 3
_CHARACTERS_OF_UNIT: Final = 4
_LONGEST_NAME: Final = 63
_FEW_FIELDS: Final = 20
"""No record has more, so an object that has them is no record, and needs none."""
# Fields by which a record is told from others; they hold names, and each is looked at by itself.
_NAMING: Final = frozenset({
    "apiVersion", "kind", "metadata", "name", "namespace", "time", "id", "resource", "summary", "actor", "origin", "probe",
    "target", "result",
})  # fmt: skip


class WorkLimit:
    """What was spent of the units, and what was refused since then. `left_out` counts texts and objects."""

    def __init__(self) -> None:
        self.left_out = 0
        self._spent = 0
        self._read: Callable[[], int] | None = None
        self._refused: set[int] = set()

    def begin(self, bytes_read: Callable[[], int]) -> None:
        """From now on there is a limit. `bytes_read` says how much input there was by now: of much, more is looked at."""
        self._read = bytes_read

    def spend(self, text: str, redacted: str) -> None:
        """Count a careful look that left `redacted` of `text`."""
        structure = _PER_QUOTE * text.count("'") + _PER_KEY * text.count('": ')
        self._spent += len(text) // _CHARACTERS_OF_UNIT + structure
        if redacted != text:
            secrets = redacted.count("[redacted:") - text.count("[redacted:")
            self._spent += _PER_CHANGED_TEXT + _PER_SECRET * max(secrets, 0) + _PER_BRACE * text.count("{")

    def refuses(self, text: str) -> bool:
        """Whether a text may not be looked at any more. Names of things always may."""
        if (
            self._read is None
            or self._spent <= _FREE
            or (len(text) <= _LONGEST_NAME and not set(" \n").intersection(text))
        ):
            return False
        if self._spent <= _FREE + max(0, self._read() - _SMALL) // 2:
            return False
        self.left_out += 1
        self._refused.add(hash(text))
        return True

    def has_refused(self, text: str) -> bool:
        """Whether a text was refused, when it was read for the first time."""
        return bool(self._refused) and hash(text) in self._refused


def what_names_it(obj: Any, redact: Callable[[str], str], *, depth: int = 0) -> Any:
    """What is kept of an object that isn't looked at as a whole: the fields that name it, each redacted by itself."""
    if not isinstance(obj, Mapping):
        return [NOT_KEPT]
    kept: dict[str, Any] = {}
    for key, value in obj.items():
        if key not in _NAMING:
            if len(obj) <= _FEW_FIELDS:
                empty: Any = {} if isinstance(value, Mapping) else [] if isinstance(value, list | tuple) else NOT_KEPT
                kept[redact(str(key))] = empty
        elif isinstance(value, str):
            kept[key] = redact(value)
        elif key == "metadata" and not depth:
            kept[key] = what_names_it(value, redact, depth=1)
    return kept
