"""Searches by JMESPath within a bound on the work: a few hundred characters can ask for years of it."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

__all__ = ["MOST_STEPS", "search"]

MOST_STEPS: Final = 500_000
"""Expressions visited, and values that their results hold. A payload of 512 KB that is walked through takes a tenth."""


def search(expression: str, document: Any) -> Any:
    """What `expression` finds in `document`. Raises `jmespath.exceptions.JMESPathError`, also past `MOST_STEPS`."""
    import jmespath

    return _interpreter()().visit(jmespath.compile(expression).parsed, document)


@cache
def _interpreter() -> Any:
    """The interpreter's class, made when it is first used: no other command needs jmespath."""
    from jmespath.exceptions import JMESPathError
    from jmespath.visitor import TreeInterpreter

    class Bounded(TreeInterpreter):  # type: ignore[misc]
        """Counts what it visits, and how many values a result has, those that are in it several times as often."""

        def __init__(self) -> None:
            super().__init__()
            self._left = MOST_STEPS
            self._sizes: dict[int, tuple[Any, int]] = {}

        def visit(self, node: Any, *arguments: Any, **options: Any) -> Any:
            self._spend(1)
            result = super().visit(node, *arguments, **options)
            if isinstance(result, dict | list):
                self._spend(len(result))
                if self._size(result) > MOST_STEPS:
                    self._spend(MOST_STEPS)
            return result

        def _spend(self, steps: int) -> None:
            self._left -= steps
            if self._left < 0:
                raise JMESPathError(f"it takes over {MOST_STEPS:,} steps")

        def _size(self, value: Any) -> int:
            """The values in a value. Each object's is worked out once, and it is kept, so that its id stays its own."""
            if not isinstance(value, dict | list):
                return 1
            known = self._sizes.get(id(value))
            if known is None:
                items = value.values() if isinstance(value, dict) else value
                known = self._sizes[id(value)] = (value, 1 + sum(map(self._size, items)))
            return known[1]

    return Bounded
