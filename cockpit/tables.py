"""The tables of commands that list things: plain text, whatever it is written to."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from engine.port import AuditResult, IncidentSummary
from primitives.text import safe_line

__all__ = ["Column", "audit_table", "count", "incident_table", "phase_word", "printed_width", "table_lines"]

UNLIMITED = 10_000
"""Cells of a line that no person reads on a terminal: nothing is cut."""


NARROWEST = 6
"""Cells that a column keeps."""


class Column(NamedTuple):
    """A column: its heading, its cells (as many as its longest text takes, where None), and whether it is a number."""

    title: str = ""
    width: int | None = None
    number: bool = False


def table_lines(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], width: int = UNLIMITED, *, gap: int = 2
) -> list[str]:
    """The lines of a table of at most `width` cells; outside text is made safe, and what doesn't fit ends in `…`.

    Of rich only its text is used: its `Table` takes seconds for ten thousand incidents.
    """
    from rich.text import Text

    titles = [column.title for column in columns]
    cells = [[Text(safe_line(cell)) for cell in row] for row in rows]
    lines = [[Text(title) for title in titles], *cells] if any(titles) else cells
    natural = [
        column.width or max((line[at].cell_len for line in lines), default=0) for at, column in enumerate(columns)
    ]
    fitted = _fitted(natural, width - gap * (len(columns) - 1))
    for line in lines:
        for cell, column, size in zip(line, columns, fitted, strict=True):
            cell.truncate(size, overflow="ellipsis")
            cell.align("right" if column.number else "left", size)
    return [(" " * gap).join(cell.plain for cell in line).rstrip() for line in lines]


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """The columns' widths, so that all fit into `room`: the last ones become narrower first, names stay whole."""
    fitted = list(widths)
    for at in range(len(fitted) - 1, -1, -1):
        excess = sum(fitted) - room
        if excess > 0:
            fitted[at] = max(min(fitted[at], NARROWEST), fitted[at] - excess)
    return fitted


def printed_width() -> int:
    """Cells of a line on standard output: the terminal's, or no limit for a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED


def incident_table(incidents: Sequence[IncidentSummary]) -> str:
    """The stored incidents, a line each, newest first."""
    if not incidents:
        return "No incidents are stored yet; `cloudops investigate` makes the first.\n"
    titles = ("EXECUTION", "OPENED (UTC)", "STATE", "CONF", "INCIDENT", "TITLE", "LIKELY CAUSE")
    return _text(table_lines([Column(title) for title in titles], map(_incident, incidents), printed_width()))


def audit_table(results: Sequence[AuditResult]) -> str:
    """The verdict on each chain, a line each, and a last line that sums them up."""
    if not results:
        return "The store holds no incidents, so there is nothing to verify.\n"
    broken = sum(not result.ok for result in results)
    lines = table_lines([Column(), Column(), Column()], map(_verdict, results), printed_width(), gap=1)
    events = sum(result.events for result in results)
    summary = (
        f"{broken} of {len(results)} chains are broken"
        if broken
        else f"{count(len(results), 'chain')} intact, {count(events, 'event')}"
    )
    return _text([*lines, summary])


def count(number: int, noun: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _incident(incident: IncidentSummary) -> tuple[str, ...]:
    return (
        incident.execution_id,
        _minute(incident.opened_at),
        phase_word(incident),
        f"{100 * incident.confidence:.0f} %" if incident.confidence is not None else "-",
        safe_line(incident.incident_id, limit=32),
        safe_line(incident.title, limit=40),
        safe_line(incident.top_cause or "-", limit=60),
    )


def phase_word(incident: IncidentSummary) -> str:
    """The state in one word: an investigation that neither runs nor ended was interrupted."""
    if incident.phase in ("completed", "cancelled", "failed", "closed"):
        return incident.phase
    return "running" if incident.running else "interrupted"


def _verdict(result: AuditResult) -> tuple[str, str, str]:
    if result.ok:
        words = f" {count(result.events, 'event')}, {result.anchored} confirmed outside the database"
        return "✓", result.execution_id, words
    where = f"at event {result.seq}: " if result.seq is not None else ""
    return "✗", result.execution_id, f" {where}{result.problem}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
