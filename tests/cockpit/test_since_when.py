"""The six questions at 3 a.m.: what each line of the first screen must not lose, whatever the incident tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from stage import Opened, shown
from story import ALERT, NOW, ONSET, WINDOW, StoryPort, after_confirmation, before_confirmation, events, shift

from cockpit.widgets.answer import Answer
from cockpit.widgets.beginnings import beginning, measured, symptom_fact, wrong_workload
from cockpit.widgets.draw import Styles, cells, plain
from cockpit.widgets.fact_lines import fact_line
from cockpit.widgets.header import Header
from cockpit.widgets.marks import marks_of
from cockpit.widgets.view import View
from cockpit.widgets.words import unit_once
from engine.events import FactFound
from engine.hypotheses import Evidence
from engine.incident import fold
from primitives.display_names import full_name
from primitives.facts import Fact, LogPattern, MetricShift, WorkloadState
from themes.dark import DARK

STUCK = WorkloadState(
    resource="shop/deployment/importer", object="shop/pod/importer-1", kind="pod", state="NodeSelectorMismatch",
    container="main", message="0/1 nodes are available: 1 node(s) didn't match the pod's node selector",
    since=ONSET - timedelta(minutes=3), hurt=True, source="kubernetes", observed_at=NOW, window=WINDOW,
)  # fmt: skip


def story(*, facts: dict[str, dict[str, Any]] | None = None, without: tuple[str, ...] = (), **opened: Any) -> View:
    """The story with other values in some facts, without some of them, opened otherwise."""
    log = []
    for wait, who, body in [*before_confirmation(), *after_confirmation()]:
        if isinstance(body, FactFound) and body.id in without:
            continue
        if isinstance(body, FactFound):
            fact = body.fact.model_copy(update=(facts or {}).get(body.id, {}))
            body = body.model_copy(update={"fact": fact})  # noqa: PLW2901
        if body.type == "incident_opened":
            body = body.model_copy(update=opened)  # noqa: PLW2901
        log.append((wait, who, body))
    return View(state=fold(events(log)), now=NOW, mode="RECORDED", query=opened.get("query", ""))


def lines_of(view: View, width: int) -> list[str]:
    header = Header(view, Styles(DARK))
    return [plain([*line.left, *line.right]) for line in (header._first(width), header._second(width))]


@pytest.mark.parametrize("width", [80, 120])
def test_an_onset_behind_the_alert_is_told_as_the_range_in_which_it_lies(width: int) -> None:
    late = ALERT + timedelta(minutes=1)
    view = story(facts={"F1": {"onset": late, "onset_uncertainty_s": 300.0}})
    assert "since 14:30–14:35" in " ".join(lines_of(view, width))
    onset = next(mark for mark in marks_of(view) if mark.label == "onset")
    assert onset.time <= ALERT
    assert onset.timed_label == "onset 14:30–14:35"


def test_an_onset_that_is_far_behind_the_alert_stays_where_it_was_measured() -> None:
    late = ALERT + timedelta(minutes=9)
    begun = beginning(story(facts={"F1": {"onset": late, "onset_uncertainty_s": 60.0}}))
    assert begun is not None
    assert (begun.at, begun.until) == (late, None)


def test_without_the_alarms_metric_the_first_sign_of_the_cause_tells_since_when() -> None:
    early = ONSET - timedelta(minutes=2)
    view = story(facts={"F2": {"onset": early}}, without=("F1",))
    begun = beginning(view)
    assert begun is not None
    assert begun.at == early
    assert begun.word == "first sign"
    first, second = lines_of(view, 120)
    assert "since" not in first
    assert "first sign 14:28" in second
    # A deployment is a cause and no sign of one.
    assert "first sign 14:25" not in second


def stuck() -> View:
    """An incident of which a person asked a question, and only a workload's state tells anything."""
    view = story(title="what is the matter with the importer?", query="what is the matter with the importer?",
                 symptom=None, without=("F1", "F2", "F5", "F6"))  # fmt: skip
    state = view.state
    assert state is not None
    first = state.hypotheses[0].model_copy(update={"evidence": (Evidence(fact="F9", weight=9.0, why="its state"),)})
    known = next(iter(state.facts.values()))
    state.investigation.facts["F9"] = known.__class__("F9", "S1", "", STUCK)
    view.state = state.replaced(hypotheses=(first, *state.hypotheses[1:]))
    return view


@pytest.mark.parametrize("width", [80, 120])
def test_where_the_title_is_a_question_the_measured_state_says_what_is_wrong(width: int) -> None:
    view = stuck()
    assert wrong_workload(view).endswith("importer: NodeSelectorMismatch")
    first, second = lines_of(view, width)
    assert "importer: NodeSelectorMismatch" in first
    assert "first sign 14:27" in second


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.5, "first sign 14:27 · {} since 14:27:30"), (3, "first sign 14:27 · {}")]
)
def test_a_measurement_of_another_time_is_not_told_as_the_first_sign(minutes: float, words: str) -> None:
    sign = ONSET - timedelta(minutes=3)
    view = story(facts={"F2": {"onset": sign + timedelta(minutes=minutes)}}, without=("F1",), symptom=None)
    state = view.state
    assert state is not None
    stuck_itself = STUCK.model_copy(update={"resource": "api-service"})
    state.investigation.facts["F9"] = state.facts["F2"].__class__("F9", "S1", "", stuck_itself)
    evidence = (Evidence(fact="F9", weight=9.0, why="its state"), Evidence(fact="F2", weight=3.0, why="it is slow"))
    best = state.hypotheses[0].model_copy(update={"evidence": evidence})
    view.state = state.replaced(hypotheses=(best, *state.hypotheses[1:]))
    assert words.format("api-service queries per request 3 → 41") in lines_of(view, 200)[1]


def with_evidence(view: View, *evidence: tuple[str, Fact]) -> View:
    """The view, with these facts and nothing else speaking for the leading cause."""
    state = view.state
    assert state is not None
    known = next(iter(state.facts.values()))
    for name, fact in evidence:
        state.investigation.facts[name] = known.__class__(name, "S1", "", fact)
    weighed = tuple(
        Evidence(fact=name, weight=9.0 - number, why="it tells") for number, (name, _) in enumerate(evidence)
    )
    best = state.hypotheses[0].model_copy(update={"evidence": weighed})
    view.state = state.replaced(hypotheses=(best, *state.hypotheses[1:]))
    return view


def moved(resource: str, minutes: float, **more: Any) -> MetricShift:
    return shift("wait_time", resource, (0.1, 2.0), "s", "1" * 64, onset=ONSET + timedelta(minutes=minutes), **more)


def unmeasured() -> View:
    """No metric raised the alarm, and the story's own metrics are gone."""
    return story(without=("F1", "F2", "F5", "F6"), symptom=None)


STOPPED = LogPattern(
    resource="api-service", template="order <n> stored", severity="INFO", count=0, baseline_count=12.0,
    last_seen=ONSET - timedelta(minutes=1), source="loki", observed_at=NOW, window=WINDOW,
)  # fmt: skip


def test_the_first_sign_is_of_the_leading_causes_own_resource() -> None:
    view = with_evidence(unmeasured(), ("F8", moved("search", -9)), ("F9", moved("api-service", 2)))
    begun = beginning(view)
    assert begun is not None
    assert begun.at == ONSET + timedelta(minutes=2)
    assert "first sign 14:32 · api-service wait time 100 ms → 2 s since 14:32" in lines_of(view, 200)[1]
    other = with_evidence(unmeasured(), ("F8", moved("search", -9)))
    assert "first sign 14:21 · search wait time" in lines_of(other, 200)[1]


def test_what_the_first_sign_was_stands_beside_its_time_and_nothing_of_elsewhere() -> None:
    view = with_evidence(unmeasured(), ("F9", STOPPED))
    state = view.state
    assert state is not None
    state.investigation.facts["F8"] = state.facts["F9"].__class__("F8", "S1", "", moved("search", 5))
    second = lines_of(view, 200)[1]
    assert "usual message last seen 14:29 · api-service no longer logs “order <n> stored”" in second
    assert "search" not in second


@pytest.mark.parametrize(
    ("more", "at"),
    [
        ({"samples": 1, "onset_uncertainty_s": 60.0, "back_at": ONSET}, "last seen 14:29"),
        ({"samples": 1, "onset_uncertainty_s": 60.0}, "first sign 14:27"),
        ({"samples": 3, "onset_uncertainty_s": 60.0, "back_at": ONSET}, "first sign 14:27"),
        ({"samples": 1, "onset_uncertainty_s": 300.0, "back_at": ONSET}, "first sign 14:27"),
    ],
)
def test_a_single_sample_that_went_back_is_no_first_sign(more: dict[str, Any], at: str) -> None:
    view = with_evidence(unmeasured(), ("F8", moved("api-service", -3, **more)), ("F9", STOPPED))
    assert f"{at} · " in lines_of(view, 200)[1]


def test_messages_that_the_window_began_with_are_no_first_sign() -> None:
    error = STOPPED.model_copy(update={"count": 9, "severity": "ERROR", "first_seen": WINDOW.start, "ongoing": True})
    assert beginning(with_evidence(unmeasured(), ("F9", error))) is None


@pytest.mark.parametrize("width", [80, 120])
def test_where_the_first_sign_is_gone_and_the_alarm_was_not_measured_the_header_says_so(width: int) -> None:
    back = ONSET + timedelta(minutes=8)
    first, _ = lines_of(with_evidence(unmeasured(), ("F9", moved("api-service", 2, back_at=back))), width)
    assert "first sign gone since 14:38" in first
    assert "not known if still bad" not in first
    still, _ = lines_of(with_evidence(unmeasured(), ("F9", moved("api-service", 2, latest_at=NOW))), width)
    assert "last seen bad 14:52" in still
    assert ("not known if still bad" in still) is (width == 120)


FAILED = STOPPED.model_copy(
    update={"count": 9, "severity": "ERROR", "first_seen": ONSET, "last_seen": ONSET + timedelta(minutes=6, seconds=2)}
)


@pytest.mark.parametrize("width", [80, 120])
def test_a_metric_that_is_normal_again_does_not_end_what_still_fails(width: int) -> None:
    gone = ("F9", moved("api-service", 1, back_at=ONSET + timedelta(minutes=2)))
    first, _ = lines_of(with_evidence(unmeasured(), gone, ("F8", FAILED)), width)
    assert "last error 14:36:02" in first
    assert "gone" not in first
    # Also where the ranking gives the messages no weight, but not those of another resource.
    view = with_evidence(unmeasured(), gone)
    assert view.state is not None
    known = next(iter(view.state.facts.values()))
    elsewhere = FAILED.model_copy(update={"resource": "search", "last_seen": NOW})
    view.state.investigation.facts |= {
        name: known.__class__(name, "S1", "", fact) for name, fact in (("F7", elsewhere), ("F8", FAILED))
    }
    assert "last error 14:36:02" in lines_of(view, width)[0]
    view.drill = True
    assert "last error" not in lines_of(view, width)[0]


@pytest.mark.parametrize(("width", "end"), [(80, "14:37"), (120, "14:37:09")])
def test_where_the_logs_end_is_told(width: int, end: str) -> None:
    """After the last message that was read nobody knows."""
    until = {"read_until": ONSET + timedelta(minutes=7, seconds=9)}
    gone = ("F9", moved("api-service", 1, back_at=ONSET + timedelta(minutes=2)))
    first, _ = lines_of(with_evidence(unmeasured(), gone, ("F8", FAILED.model_copy(update=until))), width)
    assert f"last error 14:36:02, logs end {end}" in first
    first, _ = lines_of(with_evidence(unmeasured(), gone, ("F8", STOPPED.model_copy(update=until))), width)
    assert f"message missing till logs end {end}" in first


@pytest.mark.parametrize("width", [80, 120])
def test_a_time_at_which_something_was_seen_last_is_no_beginning(width: int) -> None:
    view = with_evidence(unmeasured(), ("F9", STOPPED))
    assert "usual message last seen 14:29" in lines_of(view, width)[1]
    assert "first sign" not in "".join(lines_of(view, width))
    right = plain(fact_line(STOPPED, full_name, max(width // 2, 48))[1])
    assert right.strip() == "last seen 14:29"
    assert not fact_line(STOPPED, full_name, 30)[1]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_screen_tells_one_beginning(opened: Opened, size: tuple[int, int]) -> None:
    """The chart is of a metric that moved later than the first sign."""
    late = ONSET + timedelta(minutes=4)
    told = story(facts={"F2": {"onset": late}}, without=("F1",), symptom=None)
    with_evidence(
        told, ("F9", STUCK.model_copy(update={"resource": "api-service"})), ("F2", told.state.facts["F2"].fact)
    )  # type: ignore[union-attr]
    async with opened(port=StoryPort(wait=False), size=size) as (app, pilot):
        screen: Any = app.screen
        screen.view.state = told.state
        screen.paint()
        await pilot.pause(0.2)
        text = shown(app)
        assert "first sign 14:27" in text
        assert "onset" not in text
        assert "since 14:34" not in text


@pytest.mark.parametrize("width", [80, 120])
def test_a_false_alarm_has_no_onset_and_no_first_sign(width: int) -> None:
    calm = {"polarity": "absent", "worse": False, "current": 0.2, "latest": 0.21, "onset": None, "score": 0.0}
    view = story(facts={"F1": calm})
    first, second = lines_of(view, width)
    assert "in its normal range at 14:52" in first
    assert "since" not in first + second
    assert "first sign" not in first + second
    assert beginning(view) is None
    known = symptom_fact(view)
    assert known is not None
    assert known.id == "F1"
    assert measured(view) == "api-service latency p95 200 ms, in its normal range"


@pytest.mark.parametrize("width", [80, 120])
def test_a_recording_that_goes_on_after_the_last_sample_says_so(width: int) -> None:
    late = story(facts={"F1": {"latest_at": NOW - timedelta(minutes=9)}})
    assert "no sample in the last 9 min" in lines_of(late, width)[1]
    assert "no sample" not in lines_of(story(), width)[1]


@pytest.mark.parametrize("width", [80, 120])
def test_what_a_recording_begins_with_is_not_called_normal(width: int) -> None:
    first, _ = lines_of(story(facts={"F1": {"baseline_samples": 2}}), width)
    assert "1.5 s (at first 200 ms)" in first
    assert "normal" not in first


def test_in_a_drill_the_cause_gives_no_sign() -> None:
    view = stuck()
    view.drill = True
    assert beginning(view) is None
    assert not wrong_workload(view)


@pytest.mark.parametrize("width", [78, 116])
def test_a_reason_that_one_line_would_cut_takes_two(width: int) -> None:
    answer = Answer(stuck(), Styles(DARK), id="answer")
    told = [plain(line.left).strip() for line in answer.lines(width)]
    assert len(told) <= 4
    assert "didn't match the pod's node selector" in " ".join(told)
    assert any(line.startswith("Next: ") for line in told)


@pytest.mark.parametrize("width", [40, 60, 78])
def test_how_sure_another_cause_is_is_never_cut(width: int) -> None:
    view = story()
    state = view.state
    assert state is not None
    rival = state.hypotheses[1].model_copy(update={"cause": "a cause with a name that is longer than any line " * 3})
    view.state = state.replaced(hypotheses=(state.hypotheses[0], rival))
    line = next(line for line in Answer(view, Styles(DARK), id="answer").lines(width) if "Also" in plain(line.left))
    assert plain(line.left).endswith("70 %")
    assert cells(plain(line.left)) <= width


def test_a_metric_in_little_room_still_says_whose_it_is() -> None:
    fact = story().state.facts["F2"].fact  # type: ignore[union-attr]
    whole, _ = fact_line(fact, full_name, 80)
    assert plain(whole) == "api-service queries per request 3 → 41"
    words, right = fact_line(fact, full_name, 44)
    assert plain(words).startswith("api-s")
    assert plain(words).endswith("queries per request 3 → 41")
    assert len(plain(words)) + len(plain(right)) <= 44


@pytest.mark.parametrize(
    ("value", "metric", "shown"),
    [("41 queries", "queries_per_request", "41"), ("1.5 s", "latency_p95", "1.5 s"), ("5 GiB", "storage", "5 GiB")],
)
def test_a_unit_that_the_name_says_is_not_said_again(value: str, metric: str, shown: str) -> None:
    assert unit_once(value, metric) == shown


async def test_the_folded_remediation_tells_the_command(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False), size=(80, 24)) as (app, _):
        text = shown(app)
        assert "$ kubectl rollout undo deployment/api-service" in text
        assert "2 proposed" in text
        title, command = text.partition("5 Remediation")[2].splitlines()[:2]
        assert "Roll back deployment" in title
        assert "$ kubectl rollout undo" in command


async def test_confidences_have_a_legend(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, _):
        assert "each by itself" in shown(app)
