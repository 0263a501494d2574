"""What makes the first facts of a live incident come soon: questions asked ahead, and answers that serve twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from fake_backends import NOW, WINDOW, Fake, Kept, telemetry

from primitives.asked_ahead import AskedAhead
from primitives.errors import SourceTimeout
from primitives.records import Alert, Resource, Topology, Window
from primitives.telemetry import RECORDED, AlertsQuery, Answer, Query, TopologyQuery

LAST_PART = Window(start=WINDOW.end - (WINDOW.end - WINDOW.start) / 4, end=WINDOW.end)


def alerting(*states: str, name: str = "watcher") -> Fake:
    alerts = tuple(Alert(name=f"QueueTooLong{number}", state=state) for number, state in enumerate(states))
    topology = Topology(time=NOW, resources=(Resource(id="mail-queue", kind="queue"),))
    return Fake(
        name, lambda query: Answer(query, name, "answered", alerts if query.question == "alerts" else (topology,))
    )


async def test_what_is_asked_ahead_is_asked_once_whoever_asks_for_it() -> None:
    source = alerting("firing")
    ahead = AskedAhead(source, [AlertsQuery(window=WINDOW)])
    first, second = await asyncio.gather(ahead.ask(AlertsQuery(window=WINDOW)), ahead.ask(AlertsQuery(window=WINDOW)))
    await ahead.ask(AlertsQuery(window=LAST_PART))
    assert first.records == second.records
    assert [query.window for query in source.asked] == [WINDOW, LAST_PART]
    await ahead.close()


async def test_one_who_gives_up_takes_no_answer_from_the_next() -> None:
    ready = asyncio.Event()

    class Slow(Fake):
        async def ask(self, query: Query) -> Answer[Alert]:
            await ready.wait()
            return await super().ask(query)

    ahead = AskedAhead(Slow("slow", lambda query: Answer(query, "slow", "answered")), [AlertsQuery(window=WINDOW)])
    impatient = asyncio.create_task(ahead.ask(AlertsQuery(window=WINDOW)))
    await asyncio.sleep(0)
    impatient.cancel()
    ready.set()
    assert (await ahead.ask(AlertsQuery(window=WINDOW))).status == "answered"
    await ahead.close()


async def test_a_failure_that_came_ahead_is_heard_by_who_asks_and_by_nobody_else() -> None:
    def fail(_: Query) -> Answer[Alert]:
        raise SourceTimeout("late", "took too long")

    ahead = AskedAhead(Fake("late", fail), [AlertsQuery(window=WINDOW), TopologyQuery(window=WINDOW)])
    with pytest.raises(SourceTimeout):
        await ahead.ask(AlertsQuery(window=WINDOW))
    await ahead.close()


async def test_alerts_and_topology_of_a_longer_time_answer_for_its_last_part() -> None:
    source, recorder = alerting("firing", "pending"), Kept()
    ask = telemetry(source, recorder=recorder)
    for query in (AlertsQuery, TopologyQuery):
        longer = await ask.ask(query(window=WINDOW))
        shorter = await ask.ask(query(window=LAST_PART))
        assert shorter.records == longer.records
        assert [part.query for part in shorter.parts] == [query(window=LAST_PART)]
    assert [query.window for query in source.asked] == [WINDOW, WINDOW]
    # A fact cites the answer to the question that was asked, so it is kept as one.
    assert [answer.query.window for answer in recorder.answers] == [WINDOW, LAST_PART, WINDOW, LAST_PART]


@pytest.mark.parametrize(
    ("source", "shorter"),
    [
        (alerting("firing", "resolved"), LAST_PART),  # It may have been resolved before the last part.
        (alerting("firing"), Window(start=LAST_PART.start, end=LAST_PART.end - timedelta(minutes=1))),
        (alerting("firing"), Window(start=WINDOW.start - timedelta(minutes=1), end=WINDOW.end)),
        (alerting("firing", name=RECORDED), LAST_PART),  # A bundle's parts are filtered by the time that is asked for.
    ],
)
async def test_where_the_answers_may_differ_the_source_is_asked_again(source: Fake, shorter: Window) -> None:
    ask = telemetry(source)
    await ask.ask(AlertsQuery(window=WINDOW))
    await ask.ask(AlertsQuery(window=shorter))
    assert [query.window for query in source.asked] == [WINDOW, shorter]
