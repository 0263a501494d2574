"""One meaning of a severity's word, whether an alert is read, shown or told of."""

from __future__ import annotations

import pytest

from engine.severity import severity_level
from primitives.alert_payloads.fields import severity_of


@pytest.mark.parametrize(
    ("word", "read", "shown"),
    [
        ("P1", "critical", "critical"),
        ("crit", "critical", "critical"),
        ("high", "error", "warning"),
        ("low", "warning", "warning"),
        ("p4", "warning", "warning"),
        ("4", "warning", "warning"),
        (" Notice ", "info", "info"),
        ("sev4", "info", "info"),
        ("purple", "unknown", "warning"),
        ("", "unknown", "unknown"),
    ],
)
def test_a_word_means_the_same_where_it_is_read_and_where_it_is_shown(word: str, read: str, shown: str) -> None:
    assert severity_of(word) == read
    assert severity_level(word) == shown


def test_the_first_word_that_means_something_counts() -> None:
    assert severity_of("", "purple", "p5", "p1") == "info"
