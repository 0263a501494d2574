"""What tells a store from every other one: a random name in a file beside it.

An incident's first event says in which store it was opened. One that came from elsewhere (a bundle, a copy without this
file) is never acted on: it is a recording of another place and time.
"""

from __future__ import annotations

import os
from pathlib import Path

from primitives.clock import new_id
from primitives.patterns import lazy_pattern
from primitives.private_files import create_private

__all__ = ["home_of", "new_home"]

_HOME = lazy_pattern(r"home-[0-9a-f]{8,64}")
_LONGEST = 100


def new_home() -> str:
    """A name that no store has."""
    return new_id("home") + new_id("")[-8:].lstrip("-")


def home_of(path: Path, *, writable: bool) -> str:
    """The name of the store at `path`; where there is none yet one is made, or (read-only) empty.

    A file that can't be read or holds something else counts as another store's, so that nothing is acted on.
    """
    file = path.with_name(path.name + ".id")
    try:
        text = file.read_text(encoding="ascii")[:_LONGEST].strip()
    except FileNotFoundError:
        return _made(file) if writable else ""
    except (OSError, ValueError):
        return ""
    return text if _HOME.fullmatch(text) else ""


def _made(file: Path) -> str:
    name = new_home()
    try:
        descriptor = create_private(file)
    except OSError:
        return ""
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(name + "\n")
    return name
