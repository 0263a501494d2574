"""Regular expressions that are compiled when they are first used.

Compiling one takes 0.1 to 2 ms, and a run uses a quarter of the hundreds that there are.
"""

from __future__ import annotations

import re
from typing import Any, Final, cast

__all__ = ["lazy_pattern"]

_METHODS: Final = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn")


class _LazyPattern:
    """Stands for `re.compile(source, flags)`. After the first use its methods are the compiled pattern's own."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Called for a name that isn't there yet: compiles, and puts the compiled pattern's methods in place."""
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self._source, self._flags)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)


def lazy_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that is compiled when it is first used. Raises `re.error` only then: a test uses each of them."""
    return cast("re.Pattern[str]", _LazyPattern(source, flags))
