"""Tables inside structure: which columns there are is said once, and the rows are lists.

`{"columns": ["user", "password"], "rows": [["bob", "..."]]}`, columns that are objects with a name, rows whose cells are
objects with a value, and lists of lists whose first one is the heading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from primitives.redact.keys import is_secret_key
from primitives.redact.structure.frames import Frame, Leaf, Span
from primitives.redact.values import is_secret_assignment

__all__ = ["secret_cells"]

_NAMES: Final = ("name", "Name", "id", "field", "column", "label", "key", "title", "text", "column_name", "columnName")
_MOST_COLUMNS: Final = 500
_MOST_HEADINGS: Final = 20
_DEEPEST: Final = 4


def secret_cells(frame: Frame, text: str) -> Iterator[Span]:
    """The secret cells of the tables whose heading and rows are both in `frame`."""
    inside = [value for _, value in frame.entries if isinstance(value, Frame)]
    # In a list, the heading comes first; of an object's entries, few are lists of names.
    for heading in inside[:1] if frame.style == "[" else inside[:_MOST_HEADINGS]:
        listed = _list_of(heading)
        columns = _columns(listed, text)
        if not columns:
            continue
        for rows in inside if frame.style != "[" else [frame]:
            if rows is not heading:
                yield from _cells(rows, columns, len(listed.entries), text, heading)


def _list_of(heading: Frame) -> Frame:
    """The heading, or the only list in an object: `{"schema": {"fields": [...]}}`."""
    if len(heading.entries) == 1 and heading.style == "{" and isinstance(heading.entries[0][1], Frame):
        return heading.entries[0][1]
    return heading


def _columns(heading: Frame, text: str) -> dict[int, str]:
    """The columns that hold secrets, by their number; none where it is no heading."""
    if not 1 < len(heading.entries) <= _MOST_COLUMNS:
        return {}
    names = [_name(key, value, text) for key, value in heading.entries]
    return {number: name for number, name in enumerate(names) if is_secret_key(name)} if all(names) else {}


def _name(key: str, value: Leaf | Frame, text: str) -> str:
    if key:
        return ""
    if isinstance(value, Frame):
        named = [leaf for name in _NAMES for key, leaf in value.entries if key.strip("\"'\\") == name]
        value = named[0] if named else value
    return text[value.start : value.end] if isinstance(value, Leaf) and value.end - value.start < 100 else ""


def _cells(frame: Frame, columns: dict[int, str], width: int, text: str, heading: Frame) -> Iterator[Span]:
    waiting = [(frame, 0)]
    while waiting:
        rows, depth = waiting.pop()
        for _, row in rows.entries:
            if not isinstance(row, Frame) or row is heading:
                continue
            if row.style == "[" and len(row.entries) == width:
                yield from _of_row(row, columns, text)
            elif depth < _DEEPEST:
                waiting.append((row, depth + 1))


def _of_row(row: Frame, columns: dict[int, str], text: str) -> Iterator[Span]:
    for number, name in columns.items():
        cell = row.entries[number][1]
        if isinstance(cell, Frame) and len(cell.entries) == 1:
            cell = cell.entries[0][1]
        if isinstance(cell, Leaf) and is_secret_assignment(name, text[cell.start : cell.end]):
            yield cell.start, cell.end
