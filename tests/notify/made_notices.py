"""A made-up incident's log, notices, settings, and a receiver that keeps what it gets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.events import (
    ENGINE,
    Body,
    HypothesesRanked,
    IncidentClosed,
    IncidentOpened,
    InvestigationFinished,
    NoteAdded,
    PlanConfirmed,
    PlannedStep,
    PlanProposed,
    SymptomChanged,
    Who,
)
from engine.hypotheses import Hypothesis
from engine.log import EventLog
from engine.notify.notice import Notice, NoticeCause
from engine.notify.receiver import Parcel
from engine.notify.settings import NotificationSettings, parse_notifications
from primitives.records import Window
from primitives.terms import IncidentClass

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
ANNA = Who(kind="person", name="anna")
STEP = PlannedStep(id="S1", primitive="look", target="till", arguments={}, effect="read", reason="to see")


def opened(title: str = "Till answers slowly", origin: Any = "live", **labels: str) -> IncidentOpened:
    window = Window(start=NOON - timedelta(hours=1), end=NOON)
    return IncidentOpened(
        title=title, query=title, origin=origin, detected_at=NOON, now=NOON, window=window,
        labels={"service": "till", "severity": "critical"} | labels,
    )  # fmt: skip


def ranked(cause: str, confidence: float = 0.87) -> HypothesesRanked:
    leading = Hypothesis(
        id="H1", cause=cause, cause_id=cause.casefold().replace(" ", "_"), cause_class=IncidentClass.UNKNOWN,
        prior=-2.0, confidence=confidence,
    )  # fmt: skip
    return HypothesesRanked(hypotheses=(leading,))


def story() -> list[tuple[Who, Body]]:
    """Opened, planned, confirmed, ranked, finished, recovered, closed."""
    return [
        (ANNA, opened()),
        (ENGINE, PlanProposed(steps=(STEP,))),
        (ANNA, PlanConfirmed()),
        (ENGINE, ranked("A cache was emptied")),
        (ENGINE, InvestigationFinished(status="completed", duration_s=2.0)),
        (ANNA, NoteAdded(id="N1", text="called the vendor")),
        (ENGINE, SymptomChanged(state="recovered", since=NOON)),
        (ANNA, IncidentClosed(reason="recovered")),
    ]


STORY_KINDS = ["opened", "plan_waiting", "concluded", "recovered", "closed"]
DELIVERED = [kind for kind in STORY_KINDS if kind != "plan_waiting"]
"""The plan of the story is confirmed before its notice is due."""


def settings_of(*rules: dict[str, Any], **receivers: dict[str, Any]) -> NotificationSettings:
    """Settings whose receivers, where none are given, are webhooks with the names that the rules use."""
    named = {name for rule in rules for name in (*rule["to"], *rule.get("escalate", {}).get("to", ()))}
    kept = receivers or {name: {"kind": "webhook", "url": "https://hooks.example/x"} for name in named}
    return parse_notifications(
        {"receivers": kept, "rules": [{"name": f"r{at}", **rule} for at, rule in enumerate(rules)]}
    )


class Kept:
    """A receiver that keeps what it gets; `failures` are raised first, one a try."""

    def __init__(self, *failures: Exception) -> None:
        self.secrets: tuple[str, ...] = ("topsecret-value",)
        self.parcels: list[Parcel] = []
        self.failures = list(failures)
        self.closed = False

    @property
    def kinds(self) -> list[str]:
        return [parcel.notice.kind for parcel in self.parcels]

    async def deliver(self, parcel: Parcel) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.parcels.append(parcel)

    def preview(self, notice: Notice, key: str) -> str:
        return notice.title

    async def close(self) -> None:
        self.closed = True


async def write(log: EventLog, story: list[tuple[Who, Body]], execution: str = "exec-a", at: datetime = NOON) -> None:
    await log.append(execution, f"inc-{execution}", [(at, who, body) for who, body in story])


def notice(**changes: Any) -> Notice:
    """A notice that says everything that one can say."""
    whole = Notice(
        kind="concluded", execution_id="exec-3f9a1c20", incident_id="inc-77", revision=9, at=NOON,
        title="Till answers slowly", severity="critical", services=("till", "shop/deployment/till-api"),
        said="It finished after 2 s with 14 facts.", condition="still bad",
        cause=NoticeCause(words="A cache was emptied", confidence=0.87, evidence=("hits fell from 0.97 to 0.02",)),
        others=("A slow disk (9 %)",), next_step="Warm the cache", command="kubectl rollout restart deploy/till-api",
        waits="The plan waits.", open_command="cloudops attach exec-3f9a1c20",
        link="https://cockpit.example/exec-3f9a1c20", ids={"pagerduty_incident_id": "PT4KHLK"},
    )  # fmt: skip
    return whole.model_copy(update=changes)
