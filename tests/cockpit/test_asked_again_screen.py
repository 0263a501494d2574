"""After a watched incident was asked again the screen tells what is so now, and says of the rest that it is past."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from cases.asked_again import WatchedIncident
from stage import Opened, settle, shown
from story import NOW, ONSET, StoryPort, after_confirmation, before_confirmation, events, shift
from story import opened as opening

from cockpit.places import places_of
from cockpit.said_words import said_words
from cockpit.screens.compare import differences
from cockpit.screens.story import StoryScreen
from cockpit.widgets.answer import Answer
from cockpit.widgets.beginnings import beginning, measured, symptom_fact
from cockpit.widgets.describe import describe_fact
from cockpit.widgets.describe_place import describe_resource
from cockpit.widgets.detail import DetailPane
from cockpit.widgets.draw import Line, Styles, plain
from cockpit.widgets.facts import FOLDS, PAST, FactsPane
from cockpit.widgets.header import Header
from cockpit.widgets.marks import marks_of
from cockpit.widgets.runs import fact_of_run
from cockpit.widgets.topology import TopologyPane
from cockpit.widgets.view import View
from engine.events import (
    ENGINE,
    FactFound,
    FactJudged,
    MetricReading,
    PlannedStep,
    ReadingTaken,
    StepAdded,
    StepFinished,
    StepStarted,
    SymptomChanged,
    WatchStarted,
    Who,
    WorkloadReading,
)
from engine.incident import IncidentState
from engine.state.runs import ActionRun
from primitives.display_names import full_name
from primitives.facts import Dependencies, Fact
from themes.dark import DARK

LATER = NOW + timedelta(minutes=10)
DIGEST = "1" * 64


def latency(level: float, **more: Any) -> Fact:
    return shift("latency_p95", "api-service", (0.2, level), "s", DIGEST, **more)


SLOW = latency(1.5)
SLOWER = latency(1.9, latest_at=LATER, observed_at=LATER)
CALM = latency(0.204, polarity="absent", worse=False, onset=None, score=0.4, latest_at=LATER, observed_at=LATER)
BUSY = shift("cpu", "orders-db", (10.0, 90.0), "%", DIGEST, kind="saturation", score=300.0)


def calls(*edges: tuple[str, str]) -> Dependencies:
    ends = dict.fromkeys((end for edge in edges for end in edge), "service")
    return Dependencies(resources=ends, edges=tuple((a, b, "calls") for a, b in edges), observed_at=NOW, source="k8s")


def twice(*first: Fact, then: tuple[Fact, ...]) -> WatchedIncident:
    incident = WatchedIncident(opening())
    incident.ask("S1", first)
    incident.ask("S2", then, supersedes="S1")
    return incident


def view_of(state: IncidentState) -> View:
    return View(state=state, mode="LIVE", now=LATER + timedelta(seconds=5))


def header(view: View, width: int = 120) -> str:
    shown_header = Header(view, Styles(DARK))
    lines = (shown_header._first(width), shown_header._second(width))
    return "\n".join(plain([*line.left, *line.right]) for line in lines)


def words(lines: list[Line]) -> str:
    return "\n".join(plain([*line.left, *line.right]) for line in lines)


def test_the_header_tells_the_newest_measurement_of_the_symptom() -> None:
    told = header(view_of(twice(SLOW, then=(SLOWER,)).state))
    assert "1.9 s" in told
    assert "1.5 s" not in told


def test_the_header_tells_that_the_symptom_has_recovered_and_not_what_else_is_busy() -> None:
    view = view_of(twice(SLOW, then=(CALM, BUSY)).state)
    told = header(view)
    assert "✓" in told
    assert "recovered" in told
    assert "204 ms" in told
    assert "onset 14:30" in told
    assert "still bad" not in told
    assert measured(view) == "api-service latency p95 back at 204 ms, was 1.5 s"
    known = symptom_fact(view)
    assert known is not None
    assert known.id == "F2"


def test_a_replay_back_to_before_it_was_asked_again_shows_what_was_so_then() -> None:
    incident = WatchedIncident(opening())
    incident.ask("S1", (SLOW,))
    before = incident.state.copy()
    view = view_of(incident.state)
    incident.ask("S2", (CALM,), supersedes="S1")
    assert "recovered" in header(view)
    view.state = before
    assert "1.5 s" in header(view)
    assert "recovered" not in header(view)
    view.state = incident.state
    assert "recovered" in header(view)


def another(incident: WatchedIncident) -> IncidentState:
    """Its state, as that of another execution of the same incident."""
    incident.state.execution_id = "exec-2"
    return incident.state


def test_the_condition_of_one_execution_is_never_told_of_another() -> None:
    view = view_of(twice(SLOW, then=(SLOWER,)).state)
    assert "still bad" in header(view)
    view.state = another(twice(SLOW, then=(CALM,)))
    assert "recovered" in header(view)


def test_what_is_past_in_one_execution_is_not_past_in_another() -> None:
    def busy(level: float) -> Fact:
        return shift("cpu", "orders-db", (10.0, level), "%", DIGEST, kind="saturation", score=300.0)

    def running(newest: Fact) -> WatchedIncident:
        incident = WatchedIncident(opening())
        incident.ask("S1", (SLOW, busy(90.0)))
        incident.ask("S2", (newest,), supersedes="S1", status="running")
        return incident

    pane = FactsPane(view_of(running(SLOWER).state), Styles(DARK), id="facts")
    assert [row.key for row in pane.rows()] == ["F3", "F2", PAST]
    pane.view.state = another(running(busy(95.0)))
    assert [row.key for row in pane.rows()] == ["F1", "F3", PAST]


def test_an_onset_that_the_newest_window_does_not_hold_stays_known() -> None:
    view = view_of(twice(SLOW, then=(latency(1.6, onset=None, onset_uncertainty_s=None),)).state)
    begun = beginning(view)
    assert begun is not None
    assert (begun.at, begun.word) == (ONSET, "onset")
    assert "since 14:30" in header(view)


def test_where_nothing_came_of_the_symptom_its_old_number_is_told_as_old() -> None:
    view = view_of(twice(SLOW, then=(BUSY,)).state)
    told = header(view)
    assert "not known if still bad" in told
    assert "api-service latency p95 was 1.5 s at 14:52, now not known" in told
    assert "200 ms → 1.5 s" not in told
    known = symptom_fact(view)
    assert known is not None
    assert known.id == "F1", "its chart is shown, and not another metric's"


def test_what_somebody_pinned_before_it_was_asked_again_is_not_told_as_of_now() -> None:
    incident = WatchedIncident(opening())
    incident.ask("S1", (SLOW,))
    incident.judge("F1", "pinned")
    incident.ask("S2", (BUSY,), supersedes="S1")
    assert "was 1.5 s at 14:52, now not known" in header(view_of(incident.state))


def test_where_a_person_refuted_the_newest_number_neither_it_nor_the_one_before_is_of_now() -> None:
    incident = twice(SLOW, then=(SLOWER,))
    view = view_of(incident.state)
    assert "1.9 s" in header(view)
    incident.judge("F2", "refuted", "that exporter was restarted")
    told = header(view)
    assert "1.9 s" not in told
    assert "not known if still bad" in told
    assert "was 1.5 s at 14:52, now not known" in told


def test_a_refuted_symptom_that_was_asked_once_is_not_told_either() -> None:
    incident = WatchedIncident(opening())
    incident.ask("S1", (SLOW, BUSY))
    view = view_of(incident.state)
    assert "1.5 s" in header(view)
    incident.judge("F1", "refuted")
    told = header(view)
    assert "1.5 s" not in told
    assert "orders-db cpu" in told
    incident.judge("F1", None)
    assert "1.5 s" in header(view)


def read(metric: str, resource: str, value: float, at: datetime, *, symptom: bool = False) -> ReadingTaken:
    reading = MetricReading(resource=resource, metric=metric, kind="latency", unit="s", value=value, at=at, usual=0.2,
                            bad_since=ONSET, symptom=symptom)  # fmt: skip
    return ReadingTaken(metrics=(reading,), asked=1)


def test_another_metrics_reading_is_never_told_as_the_symptoms() -> None:
    incident = twice(SLOW, then=(SLOWER,))
    incident.tell(WatchStarted(every_s=15, questions=100))
    incident.tell(read("latency_p95", "orders-db", 0.7, LATER))
    told = header(view_of(incident.state))
    assert "700 ms" not in told
    assert "1.9 s" in told


def test_a_look_that_lacks_the_symptom_leaves_its_last_number_with_its_age() -> None:
    incident = twice(SLOW, then=(SLOWER,))
    incident.tell(WatchStarted(every_s=15, questions=100))
    incident.tell(read("latency_p95", "api-service", 1.7, LATER, symptom=True))
    view = view_of(incident.state)
    assert "now at 1.7 s · 5 s old" in header(view)
    incident.tell(read("latency_p95", "orders-db", 0.7, LATER + timedelta(minutes=4)))
    view.now = LATER + timedelta(minutes=4)
    assert "last at 1.7 s · 4 min old" in header(view)


def test_a_recovery_is_known_as_of_the_last_look_that_had_the_symptom() -> None:
    incident = twice(SLOW, then=(SLOWER,))
    incident.tell(WatchStarted(every_s=15, questions=100))
    incident.tell(read("latency_p95", "api-service", 0.21, LATER, symptom=True))
    incident.tell(SymptomChanged(state="recovered", since=LATER))
    incident.tell(ReadingTaken(asked=2, missing=("prometheus: no answer",)))
    view = view_of(incident.state)
    view.now = LATER + timedelta(minutes=4)
    assert "was back at 210 ms since 15:02 · 4 min old" in header(view)
    assert view.condition.at == LATER


def test_what_lacks_pods_is_told_beside_the_title_where_no_metric_raised_the_alarm() -> None:
    incident = WatchedIncident(opening().model_copy(update={"symptom": None}))
    incident.ask("S1", ())
    incident.tell(WatchStarted(every_s=15, questions=100))
    incident.tell(ReadingTaken(asked=1, workloads=(WorkloadReading(resource="shop", ready=0, wanted=1),)))
    view = view_of(incident.state)
    view.now = incident.time
    assert "1 workload lacks pods · 0 s old" in header(view)


def test_the_timeline_keeps_the_onset_of_what_has_recovered() -> None:
    view = view_of(twice(SLOW, then=(CALM,)).state)
    (mark,) = [mark for mark in marks_of(view) if mark.label == "onset"]
    assert mark.time == ONSET
    assert "1.5 s" in mark.description


def test_the_topology_tells_what_is_so_now_of_each_resource() -> None:
    state = twice(
        SLOW, BUSY, calls(("api-service", "orders-db"), ("api-service", "old")),
        then=(CALM, calls(("api-service", "orders-db"), ("api-service", "new"))),
    ).state  # fmt: skip
    pane = TopologyPane(view_of(state), Styles(DARK), id="topology")
    rows = {row.key: plain(pane.line(row, 80, selected=False).right) for row in pane.rows()}
    assert list(rows) == ["api-service", "orders-db", "new"]
    assert rows["api-service"].strip() == "calm"
    assert rows["orders-db"].strip() == "not looked at"


def test_the_topology_follows_an_answer_that_finds_nothing() -> None:
    incident = WatchedIncident(opening())
    incident.ask("S1", (SLOW,))
    incident.ask("S2", (calls(("api-service", "orders-db")),))
    pane = TopologyPane(view_of(incident.state), Styles(DARK), id="topology")
    assert "latency p95" in plain(pane.line(pane.rows()[0], 80, selected=False).right)
    incident.ask("S3", (), supersedes="S1")
    assert "not looked at" in plain(pane.line(pane.rows()[0], 80, selected=False).right)


def test_who_calls_a_resource_is_told_as_of_now() -> None:
    state = twice(calls(("old", "api-service")), then=(calls(("new", "api-service")),)).state
    told = words(describe_resource("api-service", state, 100, full_name))
    assert "new" in told
    assert "old" not in told
    detail = DetailPane(view_of(state), Styles(DARK), id="detail")
    other = twice(calls(("api-service", "old")), then=(calls(("api-service", "new")),)).state
    detail.view.state = other
    assert detail._near("api-service") == {"api-service", "new"}


def test_the_story_and_the_answer_count_the_facts_of_now() -> None:
    view = view_of(twice(SLOW, BUSY, then=(SLOWER,)).state)
    story = StoryScreen(view, Styles(DARK))
    assert view.state is not None
    assert "1 fact, and 2 of before it was asked again" in words(list(story._now(view.state, 120)))
    view.cursor = LATER
    assert "1 of 1 dated fact had happened" in Answer(view, Styles(DARK), id="answer").heading()


def test_a_resource_lists_what_is_so_now_first_and_the_rest_as_past() -> None:
    told = words(describe_resource("api-service", twice(SLOW, then=(SLOWER,)).state, 100, full_name))
    now, past = told.index("to 1.9 s"), told.index("past: api-service latency p95 rose")
    assert now < past


def test_the_facts_pane_folds_what_is_past_to_a_count() -> None:
    pane = FactsPane(view_of(twice(SLOW, BUSY, then=(SLOWER,)).state), Styles(DARK), id="facts")
    assert [row.key for row in pane.rows()] == ["F3", PAST]
    fold = plain(pane.line(pane.rows()[1], 80, selected=False).left)
    assert fold.strip() == "▸ 2 past: asked again at 14:52"
    assert pane.footing().startswith("1 fact · 2 past")
    pane.open = frozenset(FOLDS)
    assert [row.key for row in pane.rows()] == ["F3", PAST, "F1", "F2"]
    assert "past · " in plain(pane.line(pane.rows()[2], 80, selected=False).left)


@pytest.mark.parametrize(
    ("fact", "why"), [("F1", "past: F3 measures it again (S2)"), ("F2", "past: S2 asked again and found")]
)
def test_the_detail_of_a_past_fact_says_why_it_counts_no_more(fact: str, why: str) -> None:
    state = twice(SLOW, BUSY, then=(SLOWER,)).state
    assert why in words(describe_fact(state.facts[fact], state, 80, full_name))
    assert "past" not in words(describe_fact(state.facts["F3"], state, 80, full_name))


def test_the_chart_of_a_run_is_that_of_the_newest_measurement() -> None:
    state = twice(SLOW, then=(SLOWER,)).state
    plan = SimpleNamespace(verification=SimpleNamespace(resource="api-service", metric="latency_p95"))
    known = fact_of_run(state, cast("ActionRun", SimpleNamespace(plan=plan)))
    assert known is not None
    assert known.id == "F2"


def test_two_moments_and_the_places_say_what_is_past() -> None:
    incident = WatchedIncident(opening())
    incident.ask("S1", (SLOW, BUSY))
    before = incident.state.copy()
    incident.ask("S2", (SLOWER,), supersedes="S1")
    assert "1 new fact, 2 past, 0 new judgements" in words(list(differences(before, incident.state, 80, full_name)))
    named = {place.name: place.words for place in places_of(incident.state, full_name)}
    assert named["F1"].startswith("past: ")
    assert not named["F3"].startswith("past: ")


def asked_again() -> StoryPort:
    """The story, in which somebody refuted F1 and its metric is then measured again."""
    told = [*before_confirmation(), *after_confirmation()]
    ended = told.pop()
    plan = PlannedStep(id="S9", primitive="compare_baseline", target="all metrics", arguments={}, effect="read",
                       reason="asked again: alert StoreFull fires", supersedes="S1")  # fmt: skip
    ann = Who(kind="person", name="ann")
    told += [
        (0.1, ann, FactJudged(fact="F1", verdict="refuted", because="that exporter was restarted")),
        (0.1, ENGINE, StepAdded(step=plan)),
        (0.1, ENGINE, StepStarted(step="S9")),
        (0.1, ENGINE, FactFound(id="F50", step="S9", key="k50", fact=SLOWER)),
        (0.0, ENGINE, FactJudged(fact="F50", verdict="refuted", because="that exporter was restarted",
                                 carried_from="F1", clock="investigation")),
        (0.1, ENGINE, StepFinished(step="S9", status="completed", summary="1 metric", duration_s=0.4)),
        ended,
    ]  # fmt: skip
    return StoryPort(events(told), wait=False)


async def test_a_carried_judgement_is_told_on_the_screen(opened: Opened) -> None:
    async with opened(port=asked_again(), size=(120, 40)) as (app, pilot):
        await pilot.press("1")
        await settle(pilot)
        assert "refuted as F1 by ann" in shown(app)


def test_the_engine_tells_what_it_carries_on() -> None:
    event = next(event for event in asked_again().log if event.body.type == "fact_judged" and event.who == ENGINE)
    assert said_words(event, full_name) == "F50 measures F1 again: refuted like it · u undoes"
