"""Which part of a message decides, so that a narrow line cuts the rest."""

from __future__ import annotations

import pytest
from incident_facts import log

from cockpit.widgets.draw import cells
from cockpit.widgets.log_words import deciding_words
from primitives.analysis.deciding_words import deciding_span, serves_nobody
from primitives.analysis.error_families import FAMILIES, pattern_of
from primitives.display_names import full_name


@pytest.mark.parametrize(
    ("message", "family", "kept"),
    [
        ("The instance is in a state after restoring. No connections accepted.", "disk_full", "No connections acc"),
        ("Servlet.service() for servlet [main] in context with path threw exception [No", None, "threw exception"),
        ("the request of customer <n> in session <hex> was at last refused by the backend", None, "refused by"),
        ("order <n> of <text>: while it was written to table orders: could not extend file: no space left on device",
         "disk_full", "no space left"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("room", [24, 30, 44])
def test_the_words_that_decide_are_not_cut(message: str, family: str | None, kept: str, room: int) -> None:
    fact = log("api", "x").model_copy(update={"template": message, "family": family})
    words = deciding_words(fact, full_name, room)
    assert cells(words) <= room
    assert words.startswith("…")
    assert kept[: room - 6] in words


def test_a_message_that_fits_is_whole_and_one_that_decides_nothing_begins_at_its_beginning() -> None:
    short = log("api", "x").model_copy(update={"template": "no space left on device", "family": "disk_full"})
    assert deciding_words(short, full_name, 40) == "no space left on device"
    calm = short.model_copy(
        update={"template": "[orders][page] the page of <n> entries was made for <text>", "family": None}
    )
    assert deciding_words(calm, full_name, 20) == "[orders][page] the…"
    wide = short.model_copy(update={"template": "警告" * 20 + " refused", "family": None})
    assert cells(deciding_words(wide, full_name, 21)) <= 21


def test_who_serves_nobody_says_so() -> None:
    assert serves_nobody("Full. No connections accepted.")
    assert serves_nobody("the server is no longer accepting new connections")
    assert serves_nobody("REFUSING ALL REQUESTS until it is repaired")
    assert not serves_nobody("no connection could be made to db")
    assert not serves_nobody("accepting connections again")
    assert not serves_nobody("one request was not accepted")


def test_each_family_has_its_pattern_and_an_odd_case_is_left_alone() -> None:
    assert all(pattern_of(family) is not None for family in FAMILIES)
    assert pattern_of("no such family") is None
    assert deciding_span("İ refused") is None
    assert deciding_span("all is well") is None
