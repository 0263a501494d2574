"""Traces alone: when the trouble began, whose calls multiplied, which provider, database or network is slow."""

from __future__ import annotations

from typing import Any

import pytest
from cases.in_memory import ranked
from cases.lone_traces import BEGUN, Op, bundle, changed

_CLIENT = {"span.kind": "client"}


def _provider(host: str) -> dict[str, Any]:
    return {**_CLIENT, "server.address": host}


def _statement(database: str) -> dict[str, Any]:
    return {"db.system": "mysql", "db.name": database}


def _library(number: int, *, loans: int = 1, shelf: float = 0.01, failed: bool = False) -> Op:
    look = Op("shelves", "GET /shelf/{id}", shelf, [Op("shelves", "SELECT shelf", 0.003)], failed=failed)
    return Op("reading-web", "GET /loans", 0.01, [Op("loans", "list loans", 0.008, [look] * loans)])


def _kiosk(number: int, *, lookups: int = 2, price: float = 0.02) -> Op:
    prices = [Op("prices", "Quote", price)] * lookups
    return Op("kiosk", "POST /basket", 0.004, [Op("baskets", "Put", 0.006, prices), Op("stock", "Reserve", 0.02)])


@pytest.mark.parametrize(
    ("entry", "caller", "calm", "ill"),
    [
        ("reading-web", "loans", _library, lambda number: _library(number, loans=15)),
        ("kiosk", "baskets", _kiosk, lambda number: _kiosk(number, lookups=12)),
    ],
)
async def test_calls_that_multiply_are_the_doing_of_who_makes_them(
    entry: str, caller: str, calm: Any, ill: Any
) -> None:
    called = {"loans": "shelves", "baskets": "prices"}[caller]
    changes = [changed(BEGUN - 30, "their-release", called), changed(BEGUN - 2, "own-release", caller)]
    parts = bundle(lambda number: (ill if number >= BEGUN else calm)(number), entry, changes)
    best = (await ranked(parts))[0]
    assert (best.cause_id, best.resource, best.change) == ("deployment_regression", caller, "own-release")


@pytest.mark.parametrize("entry", ["reading-web", "kiosk"])
async def test_as_many_calls_that_each_take_longer_are_not(entry: str) -> None:
    slow = {"reading-web": lambda number: _library(number, shelf=0.25 if number >= BEGUN else 0.01),
            "kiosk": lambda number: _kiosk(number, price=0.4 if number >= BEGUN else 0.02)}[entry]  # fmt: skip
    best = (await ranked(bundle(slow, entry)))[0]
    assert best.resource == {"reading-web": "shelves", "kiosk": "prices"}[entry]


async def test_retries_of_calls_that_fail_are_not_the_callers_doing() -> None:
    best = (await ranked(bundle(
        lambda number: _library(number, loans=4, failed=True) if number >= BEGUN else _library(number), "reading-web"
    )))[0]  # fmt: skip
    assert best.resource == "shelves"


def _clinic(number: int, *, insurer: float = 0.1, failed: bool = False) -> Op:
    said = {"exception.message": "context deadline exceeded"} if failed else {}
    ask = Op("cover", "POST /check", insurer, failed=failed, attributes={**_provider("api.insurer.example"), **said})
    return Op("desk", "POST /visit", 0.01, [Op("cover", "Check", 0.01, [ask]), Op("rooms", "Find", 0.02)])


def _cinema(number: int, *, insurer: float = 0.08, failed: bool = False) -> Op:
    pay = Op("tills", "charge", insurer, failed=failed, attributes=_provider("gateway.cards.example"))
    seat = Op("seats", "UPDATE seat", 0.004, attributes=_statement("hall"))
    return Op("tickets", "POST /order", 0.01, [Op("seats", "Hold", 0.01, [seat]), Op("tills", "Pay", 0.01, [pay])])


@pytest.mark.parametrize(
    ("make", "entry", "host"),
    [(_clinic, "desk", "api.insurer.example"), (_cinema, "tickets", "gateway.cards.example")],
)
async def test_a_provider_that_alone_gets_slow_is_named(make: Any, entry: str, host: str) -> None:
    changes = [changed(BEGUN - 20, "release", {"desk": "cover", "tickets": "tills"}[entry])]
    parts = bundle(
        lambda number: make(number, insurer=3.0, failed=number % 3 == 0) if number >= BEGUN else make(number),
        entry, changes,
    )  # fmt: skip
    best = (await ranked(parts))[0]
    assert (best.cause_id, best.resource) == ("external_provider_failure", host)


async def test_a_service_that_works_longer_before_it_asks_its_provider_is_slow_itself() -> None:
    def made(number: int) -> Op:
        request = _clinic(number)
        request.calls[0].own = 2.0 if number >= BEGUN else 0.01
        return request

    best = (await ranked(bundle(made, "desk")))[0]
    assert best.resource == "cover"


@pytest.mark.parametrize("message", ["Lock wait timeout exceeded; try restarting transaction",
                                     "canceling statement due to lock timeout"])  # fmt: skip
async def test_what_a_database_says_of_a_statement_is_about_the_database(message: str) -> None:
    def made(number: int) -> Op:
        request = _cinema(number)
        seat = request.calls[0].calls[0]
        if number >= BEGUN:
            seat.own, seat.failed = 2.5, number % 4 == 0
            seat.attributes = {**seat.attributes, **({"exception.message": message} if seat.failed else {})}
        return request

    best = (await ranked(bundle(made, "tickets")))[0]
    assert (best.cause_id, best.resource) == ("lock_contention", "hall")


def _harbour(number: int, *, way: float = 0.0, near: tuple[str, ...] = ("berths",)) -> Op:
    """Every way to or from those in `near` takes longer."""

    def over(source: str, target: str) -> float:
        return way if source in near or target in near else 0.0

    tide = Op("berths", "GET /tide", 0.05 + over("berths", "tide"), attributes=_provider("tide.example"))
    row = Op("berths", "SELECT berth", 0.004 + over("berths", "quay"), attributes=_statement("quay"))
    crane = Op("cranes", "Free", 0.01, way=over("berths", "cranes"))
    free = Op("berths", "Free", 0.006, [row, crane, tide], way=over("gate", "berths"))
    crew = Op("crews", "On duty", 0.01, [Op("crews", "SELECT crew", 0.003, attributes=_statement("staff"))])
    return Op("gate", "GET /plan", 0.005, [free]) if number % 2 else Op("gate", "GET /crew", 0.005, [crew])


def _choir(number: int, *, way: float = 0.0, near: tuple[str, ...] = ("scores",)) -> Op:
    def over(source: str, target: str) -> float:
        return way if source in near or target in near else 0.0

    page = Op("scores", "GET", 0.001 + over("scores", "cache"),
              attributes={"db.system": "redis", "server.address": "cache", **_CLIENT})  # fmt: skip
    parts = Op("voices", "Of", 0.02, way=over("scores", "voices"))
    return Op("stage", "GET /sheet", 0.01, [Op("scores", "Sheet", 0.01, [page, parts], way=over("stage", "scores"))])


@pytest.mark.parametrize(("make", "entry", "late"), [(_harbour, "gate", "berths"), (_choir, "stage", "scores")])
async def test_a_resource_whose_every_way_is_longer_by_as_much_has_a_slow_network(
    make: Any, entry: str, late: str
) -> None:
    changes = [changed(BEGUN - 40, "release", late)]
    best = (await ranked(bundle(lambda number: make(number, way=0.2 if number >= BEGUN else 0.0), entry, changes)))[0]
    assert (best.cause_id, best.resource) == ("network_delay", late)


@pytest.mark.parametrize(("make", "entry", "slow"), [(_harbour, "gate", "berths"), (_choir, "stage", "scores")])
async def test_work_that_takes_longer_is_no_slow_network(make: Any, entry: str, slow: str) -> None:
    def made(number: int) -> Op:
        request = make(number)
        if number >= BEGUN and request.calls[0].resource == slow:
            request.calls[0].own = 0.6
        return request

    best = (await ranked(bundle(made, entry)))[0]
    assert best.cause_id != "network_delay"
    assert best.resource == slow


async def test_one_failure_of_hundreds_is_nobodys_fault() -> None:
    """With nothing slower and a span or two that failed, no service is said to be at fault with any confidence."""
    best = (await ranked(bundle(lambda number: _library(number, failed=number in (20, 120)), "reading-web")))[0]
    assert best.confidence < 0.5
