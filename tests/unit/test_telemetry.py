"""What Telemetry does with any backend's answers: safe, redacted, supervised, asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pytest
from fake_backends import EVERY_RECORD, HOSTILE, NOW, SECRET, WINDOW, Fake, Kept, log, telemetry
from pydantic import BaseModel

from primitives.errors import SourceDenied, SourceTimeout
from primitives.records import (
    Coverage,
    Observation,
)
from primitives.telemetry import (
    Answer,
    BackendStatus,
    Budget,
    ChangesQuery,
    CountByTemplate,
    LogsQuery,
    Query,
    Question,
)


def texts_in(value: Any) -> list[str]:
    """Every string in a record, keys of mappings too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, BaseModel):
        return [text for name in type(value).model_fields for text in texts_in(getattr(value, name))]
    if is_dataclass(value) and not isinstance(value, type):
        return [text for one in fields(value) for text in texts_in(getattr(value, one.name))]
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in texts_in(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in texts_in(item)]
    return []


@pytest.mark.parametrize("query", EVERY_RECORD, ids=lambda query: query.__name__)
async def test_whatever_a_backend_answers_is_safe_and_redacted_before_anyone_has_it(query: type[Any]) -> None:
    entry = Coverage(source=HOSTILE, kinds=(HOSTILE,), start=NOW, end=NOW, status="partial", detail=HOSTILE)

    def answer(asked: Query) -> Answer[Any]:
        return Answer(asked, HOSTILE, "answered", (EVERY_RECORD[query],), (entry,), HOSTILE, "cut", HOSTILE)

    recorder = Kept()
    ask = telemetry(Fake("rude", answer), recorder=recorder, secrets=(SECRET,))
    answers = await ask.ask(query(window=WINDOW))
    (part,) = answers.parts
    (recorded,) = recorder.answers
    assert part.source == "rude"
    assert part.records == recorded.records
    texts = [text for item in (part.records, part.coverage, part.detail, part.left_out) for text in texts_in(item)]
    assert texts
    for text in texts:
        assert text.replace("\n", "").isprintable(), repr(text)
        assert SECRET not in text
        assert "abcdefghijklmnopqrstuvwxyz012345" not in text


async def test_every_question_has_a_record_here() -> None:
    assert {query(window=WINDOW).question for query in EVERY_RECORD} == set(get_args(Question))


async def test_a_backend_that_fails_in_any_way_leaves_out_its_own_answer_alone() -> None:
    def fail(error: Exception) -> Callable[[Query], Answer[Any]]:
        def answer(_: Query) -> Answer[Any]:
            raise error

        return answer

    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    nested = Observation(time=NOW, resource="a", kind="k", data=deep)
    backends = [
        Fake("well", lambda query: Answer(query, "well", "answered", (EVERY_RECORD[ChangesQuery],))),
        Fake("denied", fail(SourceDenied("denied", f"no role for {SECRET}"))),
        Fake("late", fail(SourceTimeout("late", "took too long"))),
        Fake("broken", fail(KeyError(SECRET))),
        Fake("deep", lambda query: Answer(query, "deep", "answered", (nested,))),
    ]  # fmt: skip
    answers = await telemetry(*backends, secrets=(SECRET,)).ask(ChangesQuery(window=WINDOW))
    assert [(part.source, part.status) for part in answers.parts] == [
        ("well", "answered"), ("denied", "denied"), ("late", "unreachable"),
        ("broken", "unreachable"), ("deep", "unreachable"),
    ]  # fmt: skip
    assert len(answers.records) == 1
    rude = telemetry(Fake("rude", lambda query: Answer(query, "rude", "answered", ("\x1b[31mno record",))))
    (part,) = (await rude.ask(ChangesQuery(window=WINDOW))).parts
    assert (part.status, part.records, part.detail) == ("unreachable", (), "TypeError: str is no record")
    assert all(SECRET not in (part.detail or "") for part in answers.parts)


async def test_a_source_whose_check_failed_is_not_asked() -> None:
    gone = Fake("gone", lambda query: Answer(query, "gone", "answered"))
    checks = (BackendStatus("gone", "unreachable", "no answer within 10 s"),)
    (part,) = (await telemetry(gone, checks=checks).ask(ChangesQuery(window=WINDOW))).parts
    assert (part.status, part.detail) == ("unreachable", "no answer within 10 s")
    assert not gone.asked


async def test_telemetry_does_what_a_backend_left_to_do() -> None:
    logs = tuple(log(minute / 10, f"order {minute} failed") for minute in range(100))
    rude = Fake("rude", lambda query: Answer(query, "rude", "answered", logs))
    ask = telemetry(rude, budgets={"logs": Budget(rows=10)})
    (part,) = (await ask.logs(LogsQuery(window=WINDOW))).parts
    assert (len(part.records), part.completeness) == (10, "cut")
    assert part.records[-1] == logs[0]
    (part,) = (await ask.aggregates(LogsQuery(window=WINDOW, reduction=CountByTemplate()))).parts
    assert part.completeness == "cut"
    assert sum(float(one.values.sum()) for one in part.records) == 10


async def test_a_question_is_asked_once_however_many_ask_it() -> None:
    backend = Fake("prod", lambda query: Answer(query, "prod", "answered"))
    ask = telemetry(backend)
    await asyncio.gather(*(ask.logs(LogsQuery(window=WINDOW, resources=("a",))) for _ in range(5)))
    assert len(backend.asked) == 1
