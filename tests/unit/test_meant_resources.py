"""Which resources a live question means, and what is said where several fit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.investigate.classify import classify
from engine.investigate.meant import Meant, alike, meant_resources
from primitives.records import Alert, Symptom

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
KNOWN = (
    "kubernetes://north/till/deployment/ledger-api", "kubernetes://south/till/deployment/ledger-api",
    "till/deployment/stock", "till-db", "parcel-tracking",
)  # fmt: skip


def meant(query: str, named: str | None = None, alerts: tuple[Alert, ...] = ()) -> Meant:
    symptom = Symptom(resource=named) if named else None
    understood = classify(query, symptom=symptom, resources=KNOWN, detected_at=NOW)
    return meant_resources(named, symptom, understood, KNOWN, alerts)


def test_two_of_one_name_are_both_looked_at_and_told() -> None:
    by_words, by_option = meant("ledger-api answers slowly"), meant("it is slow", "ledger-api")
    assert by_words.focus == by_words.candidates == KNOWN[:2]
    assert by_option.focus == by_option.candidates == KNOWN[:2]
    assert by_option.symptom is None


def test_one_that_fits_needs_no_choice() -> None:
    chosen = meant("it is slow", "Stock")
    assert (chosen.focus, chosen.candidates) == (("till/deployment/stock",), ())
    assert chosen.symptom == Symptom(resource="till/deployment/stock")
    assert meant("stock is slow").candidates == ()


@pytest.mark.parametrize("typed", ["parcel-trackng", "Parcel-Traking", "parcel_tracking"])
def test_a_slip_of_the_pen_still_finds_it(typed: str) -> None:
    assert alike(typed, KNOWN) == ("parcel-tracking",)


@pytest.mark.parametrize("typed", ["invoice", "stockholm", "till"])
def test_what_is_only_a_little_alike_is_not_taken_for_it(typed: str) -> None:
    assert alike(typed, KNOWN) == ()
    # A live source may not hear of what is down: the name stands as it was given.
    assert meant("it is down", typed).focus == (typed,)


def test_an_alert_that_the_question_names_says_what_it_is_about() -> None:
    slow = Alert(name="StockTooSlow", state="firing", resource="till/deployment/stock")
    full = Alert(name="DiskNearlyFull", state="firing", resource="till-db")
    assert meant("why does DiskNearlyFull fire", alerts=(slow, full)).focus == ("till-db",)
    assert meant("something is odd", alerts=(slow,)).focus == ("till/deployment/stock",)
    assert meant("something is odd", alerts=(slow, full)).focus == ()
    resolved = slow.model_copy(update={"state": "resolved"})
    assert meant("something is odd", alerts=(resolved,)).focus == ()
