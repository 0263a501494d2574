"""What requests stop or begin to log: counted by span, the origin apart from what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from primitives.analysis.log_patterns import Pattern
from primitives.analysis.naming import NameFinder
from primitives.analysis.request_logs import counted_in_all, deviations
from primitives.records import LogRecord, Span
from primitives.terms import Severity

START = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Requests:
    """Requests of a shop to its stock: each is a trace of two spans."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.logs: list[LogRecord] = []

    def add(self, *lines: tuple[str, Severity, str]) -> Requests:
        number = len(self.spans) // 2
        time = START + timedelta(seconds=number)
        for identity, parent, resource in (("a", None, "shop"), ("b", "a", "stock")):
            self.spans.append(Span(f"t{number}", identity, parent, resource, "handle", time, 0.1, "unset", {}))
        for resource, severity, body in lines:
            attributes = {"trace_id": f"t{number}", "span_id": "a" if resource == "shop" else "b"}
            self.logs.append(LogRecord(time, resource, severity, body, attributes))
        return self

    def since(self, number: int) -> list[Pattern]:
        now, before = self.spans[2 * number :], self.spans[: 2 * number]
        return deviations(now, before, self.logs, NameFinder([], ["shop", "stock"]))


COUNTED: tuple[str, Severity, str] = ("stock", "INFO", "counted items")
SOLD: tuple[str, Severity, str] = ("shop", "INFO", "sold it")


def test_what_each_request_logged_and_none_does_any_more_is_told() -> None:
    requests = Requests()
    for number in range(16):
        requests.add(*([COUNTED, SOLD] if number < 10 else [SOLD]))
    (found,) = requests.since(8)
    assert (found.resource, found.template, found.count) == ("stock", "counted items", 0)
    assert found.expected == 6.0


def test_what_is_gone_is_told_with_when_it_was_logged_last() -> None:
    requests = Requests()
    for number in range(16):
        requests.add(*([COUNTED, SOLD] if number < 10 else [SOLD]))
    # Request 9 logged it last, whether normal times ended before it or after it.
    for until in (8, 10, 12):
        (found,) = requests.since(until)
        assert found.last == START + timedelta(seconds=9)


def test_more_or_fewer_requests_than_usual_are_no_deviation() -> None:
    requests = Requests()
    for _ in range(60):
        requests.add(COUNTED, SOLD)
    assert requests.since(50) == []
    assert requests.since(10) == []


def test_a_caller_whose_path_changes_with_its_callee_is_not_blamed() -> None:
    requests = Requests()
    for number in range(20):
        requests.add(*([COUNTED, SOLD] if number < 10 else [("stock", "ERROR", "cannot count")]))
    assert {one.resource for one in requests.since(10)} == {"stock"}


def test_a_callers_failure_points_at_the_callee_that_failed_in_the_same_request() -> None:
    requests = Requests()
    for number in range(20):
        failed: list[tuple[str, Severity, str]] = [("shop", "ERROR", "no answer"), ("stock", "ERROR", "cannot count")]
        requests.add(*([COUNTED, SOLD] if number < 10 else failed))
    pointed = {one.resource: one.points_at for one in requests.since(10) if one.count}
    assert pointed == {"shop": "stock", "stock": None}


def test_a_failure_of_normal_times_that_ended_is_no_trouble() -> None:
    requests = Requests()
    for number in range(20):
        requests.add(*([("stock", "ERROR", "cannot count"), COUNTED] if number < 10 else [SOLD]))
    assert [one for one in requests.since(10) if one.resource == "stock"] == []


def test_what_only_some_requests_log_is_no_habit() -> None:
    requests = Requests()
    for number in range(40):
        requests.add(*([COUNTED] if number < 20 and number % 3 == 0 else [SOLD]))
    assert requests.since(20) == []


def test_a_failure_that_is_over_gives_way_to_one_that_lasts() -> None:
    requests = Requests()
    for number in range(40):
        early: list[tuple[str, Severity, str]] = [("shop", "ERROR", "no answer")] if 10 <= number < 20 else []
        late: list[tuple[str, Severity, str]] = [("stock", "ERROR", "cannot count")] if number >= 25 else []
        requests.add(*early, *late)
    assert {one.resource for one in requests.since(10)} == {"stock"}


def test_values_that_differ_are_still_the_same_statement() -> None:
    requests = Requests()
    for number in range(20):
        place = "in the north, near it" if number < 10 else "elsewhere"
        requests.add(("stock", "INFO", f"counted all the items {place}"))
    assert requests.since(10) == []


def test_the_order_of_the_records_does_not_matter() -> None:
    requests = Requests()
    for number in range(20):
        requests.add(*([COUNTED, SOLD] if number < 10 else [SOLD]))
    first = requests.since(10)
    requests.logs.reverse()
    assert requests.since(10) == first


def test_of_many_statements_one_that_chance_explains_is_not_told() -> None:
    """One of a hundred rare statements is bound to be absent for a while."""
    requests = Requests()
    for number in range(16):
        rare: list[tuple[str, Severity, str]] = [
            ("stock", "INFO", f"{chr(97 + place % 26) * 3}{chr(97 + place // 26) * 3} looked at shelf")
            for place in range(60)
            if (number * 7 + place * 5) % 8 != 0
        ]
        requests.add(COUNTED, SOLD, *rare)
    assert requests.since(13) == []


def test_failures_are_counted_also_where_their_spans_are_not_known() -> None:
    requests = Requests()
    for number in range(24):
        requests.add(*([COUNTED, SOLD] if number < 12 else [("stock", "ERROR", "no such item"), SOLD]))
    found = [one for one in requests.since(12) if one.severity == "ERROR"]
    (partly,) = found
    whole = replace(partly, count=2 * partly.count, first=START, last=START + timedelta(minutes=1))
    (counted,) = counted_in_all(found, [whole])
    assert (counted.count, counted.first, counted.last) == (whole.count, whole.first, whole.last)
    assert counted.expected == (2 * partly.expected if partly.expected is not None else None)
    # A pattern of another resource, and one that time counts less often, change nothing.
    assert counted_in_all(found, [replace(whole, resource="shop"), replace(partly, count=1)]) == found
