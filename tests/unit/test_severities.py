"""The severity that a line states in the way of its logger, where its source gives none."""

from __future__ import annotations

import pytest

from primitives.analysis.log_bodies import read_body
from primitives.analysis.severities import severity_in
from primitives.terms import Severity


def stated(line: str) -> Severity:
    return read_body(line).level or severity_in(line)


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("2026/03/10 12:00:00 [crit] 31#31: open() returned 24", "FATAL"),
        ("[Tue Mar 10 12:00:00 2026] [core:alert] [pid 7] child 9 left", "FATAL"),
        ("crit: Orders.Api[1] the queue is gone", "FATAL"),
        ("fail: Orders.Api[0] order 4711", "ERROR"),
        ("[12:00:00 ERR] order 4711", "ERROR"),
        ("10-Mar-2026 12:00:00.000 SEVERE [main] o.a.c.Startup order 4711", "ERROR"),
        ("npm ERR! code 1", "ERROR"),
        ('{"@l":"Error","@m":"order 4711"}', "ERROR"),
        ('{"t":{"$date":"2026-03-10"},"s":"W","c":"REPL","msg":"order 4711"}', "WARN"),
        ('{"PRIORITY":"3","MESSAGE":"order 4711"}', "ERROR"),
        ('{"PRIORITY":"6","MESSAGE":"order 4711"}', "INFO"),
        ("lvl=eror msg=late id=7", "ERROR"),
        ("fail: Orders.Api[0]", "INFO"),
        # Words of ordinary messages.
        ("the weather is severe", "INFO"),
        ("an alert was sent to 3 people", "INFO"),
        ("crit hit for 40 points", "INFO"),
    ],
)
def test_a_level_in_the_way_of_its_logger(line: str, severity: Severity) -> None:
    assert stated(line) == severity
