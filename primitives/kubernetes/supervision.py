"""The supervised edge around each analyzer: what one of them fails at costs its own findings and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from primitives.text import safe_line

__all__ = ["Analyzers", "failed_analysis"]

T = TypeVar("T")


class Analyzers:
    """Runs analyzers and remembers which failed, and why: `failed` by name."""

    def __init__(self) -> None:
        self.failed: dict[str, str] = {}

    def run(self, name: str, analyzer: Callable[[], Iterable[T]]) -> list[T]:
        """What the analyzer finds; where it fails, what it had found until then."""
        results: list[T] = []
        try:
            for item in analyzer():
                results.append(item)  # noqa: PERF402 - what came before a failure must not be lost
        except Exception as error:  # Any failure of an analyzer ends its own findings; the caller says so as a gap
            self.failed[name] = safe_line(f"{type(error).__name__}: {error}", limit=200)
        return results


def failed_analysis(name: str, problem: str) -> str:
    """What a gap says of an analyzer that failed."""
    return f"the analysis of {name} failed ({problem}); its findings are missing"
