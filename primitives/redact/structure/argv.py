"""Secrets in lists of arguments: a flag and its value are two items, and programs' short flags are read as on a line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.keys import is_secret_key
from primitives.redact.structure.frames import Frame, Leaf, Span
from primitives.redact.values import filled

__all__ = ["secret_arguments"]

_FLAG: Final = lazy_pattern(r"\"?(?:--?|/)[A-Za-z][\w.-]{0,80}\"?")
# Items of the audit log's records of `execve` have such keys.
_NUMBERED: Final = lazy_pattern(r"(?:a[0-9]{1,3})?")
_LONGEST: Final = 4_000

Finder = Callable[[str], Iterable[Span]]


def secret_arguments(frames: list[Frame], text: str, find: Finder) -> Iterator[Span]:
    """The secrets in every list among `frames`. `find` gives the places of secrets on a command line."""
    waiting = list(frames)
    while waiting:
        frame = waiting.pop()
        waiting += [value for _, value in frame.entries if isinstance(value, Frame)]
        items = [value for key, value in frame.entries if isinstance(value, Leaf) and _NUMBERED.fullmatch(key)]
        if len(items) > 1 and _may_be_arguments(frame, items, text):
            yield from _of_list(items, text, find)


def _may_be_arguments(frame: Frame, items: list[Leaf], text: str) -> bool:
    """Whether the items are no words or lines of prose."""
    if frame.style == "[":
        return True
    if frame.style == "(":
        return items[0].quoted
    return frame.style != "table" and any(text.startswith(("-", '"-'), item.start) or item.quoted for item in items)


def _of_list(items: list[Leaf], text: str, find: Finder) -> Iterator[Span]:
    line, starts = "", []
    flag = False
    for item in items:
        value = text[item.start : item.end]
        if flag and not value.startswith("-") and filled(value):
            yield item.start, item.end
        flag = _FLAG.fullmatch(value) is not None and is_secret_key(value.strip('"'))
        starts.append(len(line))
        line += value + " "
    if len(line) <= _LONGEST:
        for start, end in find(line):
            yield from _back(items, starts, start, end)


def _back(items: list[Leaf], starts: list[int], start: int, end: int) -> Iterator[Span]:
    """A place on the line as places in the items."""
    for item, begin in zip(items, starts, strict=True):
        first, last = max(start - begin, 0), min(end - begin, item.end - item.start)
        if first < last:
            yield item.start + first, item.start + last
