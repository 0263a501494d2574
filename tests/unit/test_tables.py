"""Tables of the command line: whole lines in a pipe, cut ones on a terminal, columns that stay columns."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from cockpit import tables
from cockpit.tables import Column, audit_table, table_lines
from engine.port import AuditResult

ROWS = [("一二三", "12", "plain"), ("ab", "1234", "second\x1b[31m line"), ("[bold]x[/bold] :warning:", "5", "y")]


def test_columns_stay_columns_with_signs_of_two_cells_and_nothing_is_markup() -> None:
    lines = table_lines([Column("name"), Column("n", number=True), Column("rest")], ROWS)
    assert lines[0] == "name                         n  rest"
    assert lines[1] == "一二三                      12  plain"
    assert lines[2] == "ab                        1234  second line"
    assert lines[3] == "[bold]x[/bold] :warning:     5  y"


def test_a_line_that_is_too_long_for_the_terminal_is_cut_and_never_wrapped() -> None:
    lines = table_lines([Column("name", 4), Column("rest")], [("abcdefgh", "x" * 100), ("b", "y")], 20)
    assert lines == ["name  rest", "abc…  " + "x" * 13 + "…", "b     y"]
    assert max(map(cell_len, lines)) == 20


def test_in_a_pipe_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    problem = "the hash of event 7 does not follow from the event before it " * 3
    result = AuditResult(execution_id="exec-1", ok=False, events=9, anchored=0, seq=7, problem=problem)
    lines = audit_table([result]).splitlines()
    assert lines[0] == f"✗ exec-1  at event 7: {problem.strip()}"
    monkeypatch.setattr(tables.sys.stdout, "isatty", lambda: True, raising=False)
    assert max(map(cell_len, audit_table([result]).splitlines()[:1])) <= 20
