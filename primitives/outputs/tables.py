"""Tables in text: under a header of columns, with bars (psql, mysql), and one value a line (vertical output, INFO).

Columns begin where their header begins: kubectl, df, ss and Kafka's tools pad them so, and a cell may be empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from primitives.patterns import lazy_pattern

__all__ = ["Row", "barred", "columns", "pairs"]


class Row(dict[str, str]):
    """Cells by their column's name, in upper case; one that isn't there is empty."""

    def __missing__(self, name: str) -> str:
        return ""


_NAME: Final = lazy_pattern(r"\S+(?: \S+)*")
_WORD: Final = lazy_pattern(r"\S+")
_WIDE: Final = lazy_pattern(r" {2,}")
_AGO: Final = lazy_pattern(r" \((\S{1,20}) ago\)")
_PAIR: Final = lazy_pattern(r"^\s{0,60}([A-Za-z_][\w .()/-]{0,60}?)\s{0,40}[:=]\s{0,40}(\S.{0,400})$")
_MOST_ROWS: Final = 2_000


def columns(header: str, rows: Sequence[str]) -> Iterator[Row]:
    """The rows under a header, up to the first empty line."""
    wide = list(_NAME.finditer(header)) if _WIDE.search(header.strip()) else []
    starts = [match.start() for match in wide]
    names = [match[0].upper() for match in wide] or [match[0].upper() for match in _WORD.finditer(header)]
    for row in rows[:_MOST_ROWS]:
        if not row.strip():
            return
        if starts and all(start >= len(row) or start == 0 or row[start - 1] == " " for start in starts):
            ends = [*starts[1:], len(row)]
            yield Row({name: row[a:b].strip() for name, a, b in zip(names, starts, ends, strict=True)})
        else:
            cells = _AGO.sub(r"(\1)", row).split(None, len(names) - 1)
            yield Row({name: cell.strip() for name, cell in zip(names, cells, strict=False)})


def barred(lines: Sequence[str]) -> Iterator[Row]:
    """The rows of tables whose columns are parted by bars, as psql and mysql print them."""
    names: list[str] = []
    for place, line in enumerate(lines):
        bare = line.strip()
        ruled = bool(bare) and set(bare) <= set("+-|")
        if not bare or bare.startswith("("):
            names = []
            continue
        if ruled:
            continue
        cells = [cell.strip() for cell in bare.strip("|").split("|")]
        following = lines[place + 1].strip() if place + 1 < len(lines) else ""
        if not names and "|" in bare and following and set(following) <= set("+-|"):
            names = [cell.upper() for cell in cells]
        elif names and len(cells) == len(names):
            yield Row(zip(names, cells, strict=True))


def pairs(lines: Sequence[str]) -> Row:
    """What stands as `name: value` or `name=value`, by name in upper case."""
    known = Row()
    for line in lines:
        if match := _PAIR.match(line):
            known.setdefault(match[1].strip().upper(), match[2].strip())
    return known
