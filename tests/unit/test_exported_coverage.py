"""An export says what its sources did not answer, so that a recording knows the same gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from engine.export import coverage_of
from primitives.records import Coverage, Window
from primitives.telemetry import Answer, ChangesQuery, ObjectsQuery, Query, SeriesQuery
from primitives.terms import ChangeKind

NOW = datetime(2026, 3, 10, 14, 45, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
PODS = Coverage.model_validate(
    {"source": "depot", "kinds": ["objects:pods"], "from": NOW, "to": NOW, "status": "answered"}
)


def answer(query: Query, status: Any, *coverage: Coverage) -> Answer[Any]:
    return Answer(query, "depot", status, (), coverage, detail="not allowed to read secrets")


def told(*answers: Answer[Any]) -> list[tuple[tuple[str, ...], str, str | None]]:
    return [(entry.kinds, entry.status, entry.detail) for entry in coverage_of((), answers)]


@pytest.mark.parametrize("status", ["partial", "denied", "unreachable"])
def test_what_was_refused_is_kept_beside_what_was_read(status: str) -> None:
    assert told(answer(ObjectsQuery(window=WINDOW), status, PODS)) == [
        (("objects:pods",), "answered", None),
        (("objects",), status, "not allowed to read secrets"),
    ]


def test_refused_changes_are_all_kinds_of_changes_or_those_that_were_asked_for() -> None:
    assert [kinds for kinds, _, _ in told(
        answer(ChangesQuery(window=WINDOW), "denied"), answer(ChangesQuery(window=WINDOW, kinds=("iam",)), "denied")
    )] == [get_args(ChangeKind), ("iam",)]  # fmt: skip


@pytest.mark.parametrize("status", ["answered", "not_recorded"])
def test_an_answer_and_a_source_that_has_no_such_part_are_no_refusals(status: str) -> None:
    assert told(answer(ObjectsQuery(window=WINDOW), status)) == []


def test_some_series_that_are_missing_say_nothing_of_the_others() -> None:
    assert told(answer(SeriesQuery(window=WINDOW), "partial")) == []


def test_a_recording_that_is_exported_again_does_not_say_it_twice() -> None:
    refused = PODS.model_copy(update={"status": "denied"})
    assert told(answer(ObjectsQuery(window=WINDOW), "partial", refused)) == [(("objects:pods",), "denied", None)]
