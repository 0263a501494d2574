"""A change in a few words: which one it is, what it sets, and what its author says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cockpit.widgets.draw import cells, sanitised
from primitives.patterns import lazy_pattern

if TYPE_CHECKING:
    from primitives.records import Change

__all__ = ["change_words", "setting_words"]

LONGEST_DIFF = 20_000
"""Characters of a diff that is read for a line of the screen."""
# "v2026.07.11-1308 fix(cache): ..." of a change whose id is told: the release, and the kind of Conventional Commits.
_RELEASE = lazy_pattern(r"^v?\d[\w.+-]*\s+(?=\S)")
_COMMIT = lazy_pattern(
    r"^(?:build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test)(?:\([\w ,/.-]{1,40}\))?!?:\s+(?=\S)"
)


def setting_words(change: Change) -> str:
    """The setting that it gives another number, `pool_size 200 → 100`; empty where none is known."""
    after = change.after if isinstance(change.after, Mapping) else {}
    if len(str(after.get("diff") or "")) > LONGEST_DIFF:
        return ""
    # The engine is there by the time that there is a change; the first frame must not wait for it.
    from engine.reason.diffs import moved_settings

    return sanitised(next(iter(moved_settings(change)), ""))


def change_words(change: Change, room: int) -> str:
    """`Deployment 0123456789ab: default_ttl 15m → 15s · adjust the default ttl`: what the id says is said once.

    In less than `room` cells what its author says of it gives way to what it sets, then what kind of change it is.
    """
    from primitives.facts import change_name

    which, colon, said = sanitised(change_name(change)).partition(": ")
    said = _COMMIT.sub("", _RELEASE.sub("", said)) if colon else ""
    name = which.rpartition(" ")[2] if colon else which
    moved = setting_words(change)
    if not moved:
        return f"{which}: {said}" if said else which
    forms = [f"{which}: {' · '.join(part for part in (moved, said) if part)}", f"{which}: {moved}"]
    return next((form for form in forms if cells(form) <= room), f"{name}: {moved}")
