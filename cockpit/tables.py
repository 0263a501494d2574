"""Short tables for commands that list things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.cells import cell_len, set_cell_size

from engine.port import AuditResult, IncidentSummary
from primitives.text import safe_line

__all__ = ["audit_table", "column", "count", "incident_table", "phase_word"]


def incident_table(incidents: Sequence[IncidentSummary]) -> str:
    """The stored incidents, a line each, newest first."""
    if not incidents:
        return "No incidents are stored yet; `cloudops investigate` makes the first.\n"
    rows: list[tuple[str, ...]] = [("EXECUTION", "OPENED (UTC)", "STATE", "CONF", "INCIDENT", "TITLE", "LIKELY CAUSE")]
    rows += [_incident(incident) for incident in incidents]
    return _aligned(rows)


def audit_table(results: Sequence[AuditResult]) -> str:
    """The verdict on each chain, a line each, and a last line that sums them up."""
    if not results:
        return "The store holds no incidents, so there is nothing to verify.\n"
    broken = sum(not result.ok for result in results)
    lines = [_verdict(result) for result in results]
    events = sum(result.events for result in results)
    summary = (
        f"{broken} of {len(results)} chains are broken"
        if broken
        else f"{count(len(results), 'chain')} intact, {count(events, 'event')}"
    )
    return "\n".join([*lines, summary]) + "\n"


def count(number: int, noun: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def column(text: str, width: int) -> str:
    """Outside text made safe, cut or filled to `width` cells of a terminal: some signs take two."""
    whole = safe_line(text)
    if cell_len(whole) > width:
        whole = set_cell_size(whole, width - 1) + "…"
    return set_cell_size(whole, width)


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


def _verdict(result: AuditResult) -> str:
    if result.ok:
        return f"✓ {result.execution_id}  {result.events} events, {result.anchored} vouched for outside the database"
    where = f" at event {result.seq}" if result.seq is not None else ""
    return f"✗ {result.execution_id}{where}: {safe_line(result.problem)}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _aligned(rows: Iterable[tuple[str, ...]]) -> str:
    table = list(rows)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)
    return "\n".join(lines) + "\n"
