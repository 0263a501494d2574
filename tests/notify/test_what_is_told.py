"""Which events are news, what a notice says, and that the log alone decides it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from made_notices import ANNA, NOON, STEP, STORY_KINDS, opened, ranked, settings_of, story, write

from engine.events import ENGINE, InvestigationFinished, InvestigationResumed, NoteAdded, PlanProposed, StepProgressed
from engine.log import EventLog
from engine.notify.deriving import Deriver
from engine.notify.notice import Notice
from engine.notify.outbox import Outbox
from engine.notify.settings import NotificationSettings
from engine.notify.unattended import tell_unattended
from primitives.clock import ManualClock
from primitives.errors import StoreError

ALL = settings_of({"to": ["hook"]})


def deriver(log: EventLog, outbox: Outbox, clock: ManualClock, settings: NotificationSettings = ALL) -> Deriver:
    return Deriver(log, outbox, settings, clock, lambda: None)


async def notices(outbox: Outbox, clock: ManualClock) -> list[Notice]:
    """Every notice that waits for `hook`, in order, each taken out of the outbox."""
    taken = []
    while due := await outbox.due("hook", clock.now().timestamp() + 2):
        taken.append(Notice.model_validate_json(due[0].notice))
        await outbox.settle(due[0], "sent", clock.now().timestamp())
    return taken


async def test_a_story_is_told_in_its_order(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    await write(log, story())
    assert await deriver(log, outbox, clock).derive("exec-a") == len(STORY_KINDS)
    told = await notices(outbox, clock)
    assert [notice.kind for notice in told] == STORY_KINDS
    first, plan, concluded, *_ = told
    assert (first.title, first.severity, first.services) == ("Till answers slowly", "critical", ("till",))
    assert first.said == "Opened by anna."
    assert first.cause is None
    assert "waits for a person to confirm" in plan.waits
    assert concluded.cause is not None
    assert (concluded.cause.words, concluded.cause.confidence) == ("A cache was emptied", 0.87)
    assert concluded.open_command == "cloudops attach exec-a"
    # Nothing was measured before the watch saw that the symptom is gone.
    assert [notice.condition for notice in told] == ["not measured"] * 3 + ["recovered"] * 2


async def test_the_same_log_gives_the_same_keys_however_often_it_is_read(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    await write(log, story())
    await deriver(log, outbox, clock).derive("exec-a")
    before = await outbox.deliveries()
    clock.advance(30)
    assert await deriver(log, outbox, clock).derive("exec-a") == 0
    assert await outbox.deliveries() == before
    assert len({line.key for line in before}) == len(STORY_KINDS)


async def test_a_log_is_read_on_from_its_cursor(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    reading = deriver(log, outbox, clock)
    for who, body in story():
        await write(log, [(who, body)])
        await reading.derive("exec-a")
    assert [notice.kind for notice in await notices(outbox, clock)] == STORY_KINDS


async def test_events_that_are_no_news_cost_no_write(
    log: EventLog, outbox: Outbox, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, written = deriver(log, outbox, clock), []
    add = outbox.add

    async def counted(execution_id: str, seq: int, deliveries: Any) -> int:
        written.append(seq)
        return await add(execution_id, seq, deliveries)

    monkeypatch.setattr(outbox, "add", counted)
    await write(log, story()[:2])
    await reading.derive("exec-a")
    for number in range(1_100):
        await write(log, [(ENGINE, StepProgressed(step="S1", done=number, total=1_100))])
        if number % 100 == 0:
            await reading.derive("exec-a")
    await reading.derive("exec-a")
    assert written[0] == 2
    assert len(written) <= 3
    again = deriver(log, outbox, clock)
    assert await again.derive("exec-a") == 0


async def test_another_leading_cause_is_news_only_after_the_end(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    finished = InvestigationFinished(status="completed", duration_s=1.0)
    told = [
        (ANNA, opened()), (ENGINE, ranked("A cache was emptied")), (ENGINE, ranked("A slow disk")), (ENGINE, finished),
        (ENGINE, ranked("A slow disk", 0.6)), (ENGINE, ranked("A full queue")),
        (ENGINE, InvestigationResumed(reason="asked")), (ENGINE, ranked("A slow disk")), (ENGINE, finished),
    ]  # fmt: skip
    await write(log, told)
    await deriver(log, outbox, clock).derive("exec-a")
    assert [notice.kind for notice in await notices(outbox, clock)] == [
        "opened",
        "concluded",
        "cause_changed",
        "concluded",
    ]


async def test_what_happened_before_notifications_began_is_no_news(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    await write(log, story()[:2])
    reading = deriver(log, outbox, clock)
    await reading._begin()
    await write(log, story()[2:])
    await write(log, story()[:1], "exec-b")
    for name in ("exec-a", "exec-b"):
        await reading.derive(name)
    told = [(notice.execution_id, notice.kind) for notice in await notices(outbox, clock)]
    assert sorted(told) == sorted([("exec-b", "opened"), *(("exec-a", kind) for kind in STORY_KINDS[2:])])


async def test_old_events_and_recorded_incidents_are_no_news(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    await write(log, story(), "exec-old", NOON - timedelta(hours=2))
    await write(log, [(ANNA, opened(origin="recorded"))], "exec-recorded")
    reading = deriver(log, outbox, clock)
    assert await reading.derive("exec-old") == 0
    assert await reading.derive("exec-recorded") == 0


async def test_a_rule_may_ask_for_recorded_incidents_and_notes(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    settings = settings_of({"to": ["hook"], "recorded": True, "kinds": ["note"]})
    await write(log, [(ANNA, opened(origin="recorded")), (ANNA, NoteAdded(id="N1", text="called the vendor"))])
    await deriver(log, outbox, clock, settings).derive("exec-a")
    (told,) = await notices(outbox, clock)
    assert told.said == "anna: called the vendor"


async def test_texts_are_redacted_and_on_one_line(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    title = "down\r\nBcc: all@example.org \x1b[31m password=hunter2hunter2"
    await write(log, [(ANNA, opened(title))])
    await deriver(log, outbox, clock).derive("exec-a")
    (told,) = await notices(outbox, clock)
    assert "hunter2" not in told.title
    assert told.title.isprintable()


async def test_ids_of_an_imported_incident_lead_nowhere_else(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    settings = settings_of({"to": ["hook"]}).model_copy(update={"link": "https://wiki.example/{incident_id}"})
    await log.append("exec-a; rm -rf /", "../../x?y#<z>", [(NOON, ANNA, opened())])
    await deriver(log, outbox, clock, settings).derive("exec-a; rm -rf /")
    (told,) = await notices(outbox, clock)
    assert told.link == "https://wiki.example/..%2F..%2Fx%3Fy%23%3Cz%3E"
    assert told.open_command == "cloudops attach 'exec-a; rm -rf /'"


async def test_an_escalation_is_planned_with_the_plan(log: EventLog, outbox: Outbox, clock: ManualClock) -> None:
    settings = settings_of({"to": ["hook", "other"], "escalate": {"after_minutes": 10, "to": ["boss"]}})
    await write(log, [(ANNA, opened()), (ENGINE, PlanProposed(steps=(STEP,)))])
    await deriver(log, outbox, clock, settings).derive("exec-a")
    now = clock.now().timestamp()
    assert await outbox.due("boss", now) == []
    (waiting,) = await outbox.due("boss", now + 601)
    assert waiting.needs == "plan"
    assert await outbox.next_due("boss", now) == now + 600


async def test_an_alert_that_nobody_takes_is_told_once_to_whom_rules_escalate(
    log: EventLog, outbox: Outbox, clock: ManualClock
) -> None:
    settings = settings_of(
        {"to": ["hook"], "escalate": {"after_minutes": 10, "to": ["boss"]}},
        {"to": ["hook"], "severities": ["info"], "escalate": {"after_minutes": 10, "to": ["other"]}},
    )
    await write(log, story()[:1])
    state = await log.state("exec-a")
    assert await tell_unattended(outbox, settings, state, 15, clock) == 1
    assert await tell_unattended(outbox, settings, state, 30, clock) == 0
    (waiting,) = await outbox.due("boss", clock.now().timestamp())
    assert Notice.model_validate_json(waiting.notice).said == "Nobody has taken its alert for 15 minutes."
    assert await deriver(log, outbox, clock, settings).derive("exec-a") == 1  # the log is still read from its start


PAGERDUTY = {
    "event": {
        "id": "01BX", "event_type": "incident.triggered",
        "data": {
            "id": "PGR0VU2", "type": "incident", "title": "A little bump", "status": "triggered", "urgency": "high",
            "service": {"id": "PF9KMXH", "summary": "API Service"},
        },
    }
}  # fmt: skip
ALERTMANAGER = {
    "version": "4", "receiver": "cloudops", "status": "firing",
    "alerts": [
        {"status": "firing", "labels": {"alertname": "Slow", "severity": severity, "service": service},
         "annotations": {}, "startsAt": "2026-03-10T11:55:00Z", "fingerprint": service}
        for severity, service in (("info", "mail"), ("critical", "till"))
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("alert", "severity", "services", "ids"),
    [
        (PAGERDUTY, "warning", ("API Service",), {"pagerduty_incident_id": "PGR0VU2"}),
        (ALERTMANAGER, "critical", ("mail", "till"), {}),
        ({"anything": [{"priority": "P1"}]}, "critical", (), {}),
        ({"severity": "sev4"}, "info", (), {}),
        ("a text", "unknown", (), {}),
        (None, "unknown", (), {}),
    ],
)
async def test_a_notice_knows_what_the_alert_says(
    log: EventLog, outbox: Outbox, clock: ManualClock, alert: Any, severity: str, services: tuple[str, ...], ids: Any
) -> None:
    body = opened().model_copy(update={"labels": {}, "alert": alert})
    await write(log, [(ANNA, body)])
    await deriver(log, outbox, clock).derive("exec-a")
    (told,) = await notices(outbox, clock)
    assert (told.severity, told.services) == (severity, services)
    assert {name: value for name, value in told.ids.items() if name.startswith("pagerduty")} == ids


async def test_the_outbox_of_a_newer_cloudops_is_refused(tmp_path: Path) -> None:
    box = await Outbox.open(tmp_path / "outbox")
    await box._connection.script("PRAGMA user_version = 99")
    await box.close()
    with pytest.raises(StoreError, match="newer CloudOps"):
        await Outbox.open(tmp_path / "outbox")
