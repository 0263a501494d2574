"""Reads tables: of psql, MySQL, kubectl and the like, Markdown, CSV, and numbered replies.

A row under a heading has the heading's words as keys. A row without one is a list of its cells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from primitives.patterns import lazy_pattern
from primitives.redact.keys import is_secret_key
from primitives.redact.structure.frames import Frame, Leaf

__all__ = ["read_tables"]

_CELL: Final = {
    "bar": lazy_pattern(r"[^|│║┃\n]{1,20000}"),
    "tab": lazy_pattern(r"[^\t\n]{1,20000}"),
    ",": lazy_pattern(r"\"(?:[^\"]|\"\"){0,20000}\"|[^,\n]{1,20000}"),
    ";": lazy_pattern(r"\"(?:[^\"]|\"\"){0,20000}\"|[^;\n]{1,20000}"),
    "gap": lazy_pattern(r"[^\s](?:[^\s]|[ ](?=[^\s])){0,20000}"),
    "space": lazy_pattern(r"[^\s]{1,20000}"),
}
_BARS: Final = lazy_pattern(r"[|│║┃]")
_RULER: Final = lazy_pattern(r"[\s|+:═╪╠╣╔╗╚╝╤╧│║┃─┼├┤┌┐└┘┬┴=*.-]{1,5000}")
_NUMBERED: Final = lazy_pattern(r"[ \t]{0,40}\d{1,6}\) \"(?P<inside>[^\"\n]{0,20000})\"")
_WORDS: Final = lazy_pattern(r"[A-Za-z@:_][\w .()/:-]{0,60}")
_NAMING: Final = lazy_pattern(
    r"(?i)name|key|setting|variable|field|option|param|property|attribute|label|title|header|item|config|^id$|value|authentication"
)
_LAST: Final = lazy_pattern(r"^[\w.$@-]{0,100}/")
_MOST_COLUMNS: Final = 200


def read_tables(text: str) -> list[Frame]:
    """A frame for each row of each table in `text`."""
    rows = Frame(style="table")
    numbered = Frame(style="list")
    heading: tuple[str, list[str]] | None = None
    position = 0
    for line in text.split("\n"):
        start, position = position, position + len(line) + 1
        if match := _NUMBERED.match(line):
            numbered.entries.append(("", Leaf(start + match.start("inside"), start + match.end("inside"), quoted=True)))
        elif not line.strip():
            heading = None
        elif not _RULER.fullmatch(line):
            heading = _line(text, start, start + len(line), heading, rows)
    return [rows, numbered]


def _line(
    text: str, start: int, end: int, heading: tuple[str, list[str]] | None, rows: Frame
) -> tuple[str, list[str]] | None:
    """Take a line as a row, if it can be one under the heading; else it may be a heading itself."""
    if heading is not None and not _tells(heading):
        # Nothing in such a table is secret by its place; a line of another form may begin another one.
        if len(_cells(text, start, end, heading[0])) == len(heading[1]):
            return heading
    elif heading is not None:
        row = _row(text, start, end, heading)
        if row is not None:
            rows.entries.append(("", row))
            return heading
    style = _style(text, start, end)
    if style is None:
        return None
    cells = _cells(text, start, end, style)
    words = [text[cell.start : cell.end].lstrip(":") for cell in cells]
    if len(cells) == 2 and _LAST.sub("", words[0]) and is_secret_key(_LAST.sub("", words[0])):
        rows.entries.append(("", _frame(["", ""], cells)))
    is_pair = len(cells) == 2 and words[0].endswith(":")
    is_heading = 1 < len(cells) <= _MOST_COLUMNS and not is_pair and all(_WORDS.fullmatch(word) for word in words)
    return (style, words) if is_heading else None


@lru_cache(maxsize=256)
def _tells_of(words: tuple[str, ...]) -> bool:
    return any(is_secret_key(word) or _NAMING.search(word) for word in words)


def _tells(heading: tuple[str, list[str]]) -> bool:
    """Whether a column holds secrets, or the names of what stands beside them."""
    return _tells_of(tuple(heading[1]))


def _row(text: str, start: int, end: int, heading: tuple[str, list[str]]) -> Frame | None:
    style, words = heading
    styles = (style, "space") if style == "gap" else (style,)
    for way in styles:
        cells = _cells(text, start, end, way)
        if len(cells) == len(words):
            return _frame(words, cells)
    return None


def _frame(keys: list[str], cells: list[Leaf]) -> Frame:
    frame = Frame(style="row")
    frame.entries = list(zip(keys, cells, strict=True))
    return frame


def _style(text: str, start: int, end: int) -> str | None:
    """How the cells of a line are set apart."""
    line = text[start:end]
    if _BARS.search(line):
        return "bar"
    if "\t" in line.strip():
        return "tab"
    for mark in (";", ","):
        if mark in line:
            return mark
    if "  " in line.strip():
        return "gap"
    return None


def _cells(text: str, start: int, end: int, style: str) -> list[Leaf]:
    cells = []
    for match in _CELL[style].finditer(text, start, end):
        inside = match[0].strip()
        if inside:
            begin = match.start() + match[0].index(inside)
            quoted = len(inside) > 1 and inside[0] == inside[-1] == '"'
            cells.append(Leaf(begin + quoted, begin + len(inside) - quoted, quoted))
    return cells[: _MOST_COLUMNS + 1]
