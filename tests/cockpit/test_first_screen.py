"""What a tired engineer must never misread on the first screen: each was so once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from stage import Opened, settle, shown
from story import NOW, PERSON, StoryPort, after_confirmation, before_confirmation, events, facts, shift

from cockpit.severity import severity_role
from cockpit.widgets.answer import Answer
from cockpit.widgets.condition_words import short_metric
from cockpit.widgets.draw import Styles, plain
from cockpit.widgets.fact_lines import fact_line
from cockpit.widgets.fact_order import grouped
from cockpit.widgets.header import Header
from cockpit.widgets.hypotheses import HypothesesPane
from cockpit.widgets.view import View
from engine.events import Body, Event, FactFound, FactJudged, Who
from engine.hypotheses import Action, Adjustment
from engine.incident import FoundFact, IncidentState, fold
from primitives.display_names import full_name
from primitives.facts import Fact, LogPattern, MetricShift, OwnShare
from primitives.records import Symptom
from themes import DARK

SYMPTOM = Symptom(resource="api-service", metric="latency_p95")
Told = list[tuple[float, Who, Body]]


def told(change: dict[str, dict[str, Any]] | None = None, *, without: Sequence[str] = ()) -> list[Event]:
    """The story with other values in some facts, or without them."""
    log: Told = []
    for wait, who, body in [*before_confirmation(), *after_confirmation()]:
        if isinstance(body, FactFound):
            if body.id in without:
                continue
            fact = body.fact.model_copy(update=(change or {}).get(body.id, {}))
            log.append((wait, who, body.model_copy(update={"fact": fact})))
        else:
            log.append((wait, who, body))
    return events(log)


def header_of(log: list[Event], width: int = 120, **view: Any) -> str:
    header = Header(View(state=fold(log), now=NOW, **view), Styles(DARK))
    first, second = header._first(width), header._second(width)
    return "\n".join(plain(line.left) + " | " + plain(line.right) for line in (first, second))


@pytest.mark.parametrize(
    ("latest", "sign", "word"), [(1.5, "●", "bad at"), (0.6, "◐", "recovering at"), (0.2, "✓", "recovered by")]
)
def test_the_incidents_state_and_the_analysis_state_are_two_things(latest: float, sign: str, word: str) -> None:
    text = header_of(told({"F1": {"latest": latest}}))
    assert text.startswith(f" {sign} ")
    assert word in text
    assert "analysis done" in text
    assert "✓" not in text.splitlines()[0] or word == "recovered by"


def test_the_headers_number_is_the_newest_of_the_metric_that_raised_the_alarm_and_never_anothers() -> None:
    assert "api-service latency p95 1.5 s (normal 200 ms) · since 14:30" in header_of(told())
    without = header_of(told(without=("F1", "F6")))
    assert "200 ms" not in without
    assert "api-service p95 latency above 800 ms" in without


def test_a_live_incident_that_nobody_refreshes_is_a_snapshot() -> None:
    log = told({"F1": {"latest_at": NOW - timedelta(minutes=5)}})
    assert "○ SNAPSHOT" in header_of(log, mode="LIVE")
    assert "frozen since 14:4" in header_of(log, 160, mode="LIVE")
    assert "◉ LIVE" in header_of(log, mode="LIVE", watched=True)
    assert "just now" in header_of(told(), 160, mode="LIVE", watched=True)


def test_a_severity_that_wakes_people_up_is_not_amber() -> None:
    assert {severity_role(word) for word in ("CRITICAL", "sev1", "P1", "page")} == {"bad"}
    assert severity_role("warning") == "warning"
    assert severity_role("info") == "dim"


def test_the_day_and_the_zone_are_shown() -> None:
    assert f"{NOW:%Y-%m-%d} UTC" in header_of(told())
    assert f"{NOW:%Y-%m-%d} UTC" in header_of(told(), 80)


def test_in_a_narrow_terminal_the_number_and_the_word_are_whole() -> None:
    first = header_of(told(), 80).splitlines()[0]
    assert "1.5 s" in first
    assert "bad at 14:52" in first
    assert len(first.replace(" | ", " ")) <= 80


def found(*known: Fact) -> dict[str, FoundFact]:
    return {f"F{number}": FoundFact(f"F{number}", "S1", "", fact) for number, fact in enumerate(known, 1)}


def latency(metric: str, values: tuple[float, float] = (0.2, 1.5), **more: Any) -> MetricShift:
    return shift(metric, "api-service", values, "s", "0" * 64, **more)


def test_the_statistics_of_one_metric_are_one_line_and_calm_ones_a_count() -> None:
    known = found(
        latency("latency_p50"), latency("latency_p95"), latency("latency_average"), latency("queue_time_p95"),
        latency("latency_p99", polarity="absent"),
    )  # fmt: skip
    groups, calm = grouped(known, SYMPTOM, {}, ())
    assert [(group.lead, group.others) for group in groups] == [("F2", ("F1", "F3")), ("F4", ())]
    assert calm == ["F5"]
    words, _ = fact_line(known["F2"].fact, full_name, 80, [known["F1"].fact, known["F3"].fact], at="api-service")
    assert plain(words) == "latency p95 200 ms → 1.5 s · p50 average too"


def test_what_moved_apart_from_each_other_is_not_one_line() -> None:
    known = found(latency("latency_p50", (1.5, 0.2), worse=False), latency("latency_p95"))
    groups, _ = grouped(known, None, {}, ())
    assert [group.lead for group in groups] == ["F2", "F1"]


def test_facts_come_in_the_order_of_what_they_say() -> None:
    known = {key: FoundFact(key, step, "", fact) for key, (step, fact) in facts().items()}
    groups, calm = grouped(known, SYMPTOM, {"F3": 1.9, "F2": 0.8, "F6": -0.4}, ())
    assert [group.lead for group in groups][:3] == ["F1", "F3", "F2"]
    assert groups[-1].lead == "F7"
    assert calm == ["F4"]


def test_what_a_person_judged_is_never_folded_away() -> None:
    known = found(latency("latency_p95", polarity="absent"), latency("queue_time", polarity="absent"))
    groups, calm = grouped(known, None, {}, {"F1"})
    assert [group.lead for group in groups] == ["F1"]
    assert calm == ["F2"]


@pytest.mark.parametrize("width", [30, 44, 60])
def test_a_line_keeps_its_number_however_narrow_it_is(width: int) -> None:
    fact = latency("a_metric_with_a_name_that_is_longer_than_any_pane_p95")
    words, right = fact_line(fact, full_name, width)
    assert "200 ms → 1.5 s" in plain(words)
    assert len(plain(words)) + len(plain(right)) < width


@pytest.mark.parametrize(
    ("name", "words"), [("latency_p95", "p95"), ("latency_average", "latency average"), ("error_ratio", "error ratio")]
)
def test_a_metrics_short_name_still_says_what_was_measured(name: str, words: str) -> None:
    assert short_metric(name, short=True) == words


async def test_the_answer_comes_first_with_its_reason_and_what_to_do(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, _):
        lines = shown(app).splitlines()
        assert "Deployment v2.3.1 made api-service slower" in lines[3]
        assert "80 %" in lines[3]
        assert "5 min before the onset" in lines[4]
        assert "Deployment v2.3.1" not in lines[4]
        assert "Next: Roll back deployment v2.3.1" in lines[6]
        assert "write" in lines[6]


async def test_the_first_screen_shows_the_symptoms_chart_until_somebody_moves(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        assert "normal range in grey" in shown(app)
        await pilot.press("j")
        await settle(pilot)
        assert "normal range in grey" not in shown(app)


async def test_unlikely_causes_are_a_count_that_unfolds(opened: Opened) -> None:
    log = events([
        (wait, who, _with_unlikely(body)) for wait, who, body in [*before_confirmation(), *after_confirmation()]
    ])  # fmt: skip
    async with opened(port=StoryPort(log, wait=False), size=(80, 24)) as (app, pilot):
        assert "2 others under 1 % each" in shown(app)
        assert "Unlikely cause 2" not in shown(app)
        await pilot.press("G", "k", "k", "enter")
        await settle(pilot)
        assert "Unlikely cause 2" in shown(app)


def _with_unlikely(body: Body) -> Body:
    if body.type != "hypotheses_ranked" or len(body.hypotheses) < 3:
        return body
    more = [body.hypotheses[2].model_copy(update={"id": f"H{8 + number}", "cause": f"Unlikely cause {number}",
                                                  "confidence": 0.002}) for number in (1, 2)]  # fmt: skip
    return body.model_copy(update={"hypotheses": (*body.hypotheses, *more)})


async def test_a_step_that_found_nothing_is_not_ticked(opened: Opened) -> None:
    log = told(without=("F3",))
    async with opened(port=StoryPort(log, wait=False)) as (app, pilot):
        await pilot.press("1", "1")
        await settle(pilot)
        line = next(line for line in shown(app).splitlines() if "check_recent_changes" in line)
        assert "∅" in line
        assert "✓" not in line.split("check_recent_changes")[0]


async def test_an_excluded_fact_is_struck_through(opened: Opened) -> None:
    log = [*before_confirmation(), *after_confirmation()]
    log.insert(-2, (0.1, PERSON, FactJudged(fact="F1", verdict="refuted", because="stale")))
    async with opened(port=StoryPort(events(log), wait=False)) as (app, _):
        pane = app.screen.pane("facts")  # type: ignore[attr-defined]
        struck = [segment for line in pane.visible_lines(90, 10) for segment in line if segment.style.strike]
        assert "latency p95" in "".join(segment.text for segment in struck)
        assert not any(segment.style.strike for segment in pane.visible_lines(60, 10)[1])


def test_what_one_source_could_not_answer_is_one_line() -> None:
    gap = facts()["F7"][1]
    known = found(gap, gap.model_copy(update={"question": "alerts"}), gap.model_copy(update={"status": "denied"}))
    groups, _ = grouped(known, None, {}, ())
    assert [(group.lead, group.others) for group in groups] == [("F1", ("F2",)), ("F3", ())]
    words, _ = fact_line(known["F1"].fact, full_name, 60, [known["F2"].fact])
    assert plain(words) == "unreachable: logs, alerts"


def test_a_tenth_of_the_way_back_is_normal_and_a_tenth_of_an_availability_is_an_outage() -> None:
    ratio = {"kind": "availability", "unit": "1", "baseline": 1.0, "spread": 0.0, "current": 0.97}
    for latest, word in ((0.97, "bad at"), (0.99, "recovering"), (0.998, "recovered")):
        assert word in header_of(told({"F1": {**ratio, "latest": latest}})), latest


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_long_name_or_title_gives_way_to_the_word(width: int) -> None:
    name = "a_ratio_of_upstream_calls_that_fail_of_all_calls_to_anything_at_all"
    header = _header(fold(told()), name)
    for first in (plain(header._first(width).left), header_of(told(without=("F1", "F6")), width).split(" | ")[0]):
        assert any(words in first for words in ("bad at 14:52", "not known if still bad", "last seen bad 14:52"))


@pytest.mark.parametrize("severity", ["", "critical"])
@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_since_when_is_told_whatever_else_is_cut(width: int, severity: str) -> None:
    name = "a_ratio_of_upstream_calls_that_fail_of_all_calls_to_anything_at_all"
    for state in (fold(told()), _header(fold(told()), name).view.state):
        header = Header(View(state=state, now=NOW, severity=severity), Styles(DARK))
        lines = [plain([*line.left, *line.right]) for line in (header._first(width), header._second(width))]
        assert sum("since 14:30" in line for line in lines) == 1, lines
        assert "done" in " ".join(lines), "whose analysis it is gives way to the day and its zone"


def test_a_recording_never_speaks_as_if_it_were_now() -> None:
    for width in (80, 120, 200):
        assert "bad at 14:52" in header_of(told(), width)
    assert "still bad, just now" in header_of(told(), 200, mode="LIVE", watched=True)
    without = header_of(told(without=("F1", "F6")), query="api-service p95 latency above 800 ms")
    assert "first sign" in without


def test_what_may_follow_from_the_best_is_no_rival() -> None:
    state = fold(told())
    best, other = state.hypotheses[0], state.hypotheses[1]
    linked = Adjustment(kind="consequence", weight=-1.0, label="may follow from it", hypothesis=best.id)
    followed = other.model_copy(update={"adjustments": (linked,)})
    state = state.replaced(hypotheses=(best, followed, *state.hypotheses[2:]))
    pane = HypothesesPane(View(state=state, now=NOW), Styles(DARK), id="hypotheses")
    drawn = [pane._belief(item, 80, selected=False) for item in state.hypotheses[:2]]
    lines = [plain([*line.left, *line.right]) for line in drawn]
    assert "↳ follows" not in lines[0]
    assert "↳ follows" in lines[1]
    assert "█" not in lines[1]
    hardly = followed.model_copy(update={"confidence": 0.05})
    assert "follows" not in plain(pane._belief(hardly, 80, selected=False).right)


def proposing(*actions: Action) -> IncidentState:
    state = fold(told())
    return replace(state, remediation=replace(state.remediation, proposed=actions))


def test_next_is_what_can_be_done_and_its_effect_is_never_cut() -> None:
    look = Action(
        id="A1", action="Find the revision before the deployment of the order service in the cluster", priority=1,
        primitive="look", arguments={}, command="", command_note="no command: namespace not known", effect="read",
        risk="low", estimated_duration_s=5, requires_approval=False, hypothesis="H1", urgency="LOW",
    )  # fmt: skip
    write = look.model_copy(update={
        "id": "A2", "action": "Roll back the deployment of the order service to the revision before it", "priority": 2,
        "effect": "write", "command": "kubectl rollout undo deployment/orders", "command_note": "", "risk": "medium",
    })  # fmt: skip
    state = proposing(look, write)
    answer = Answer(View(state=state, now=NOW), Styles(DARK), id="answer")
    for width in (60, 78, 118):
        first = plain(answer._next(state, width).left)
        assert first.startswith(" Next: Roll back")
        assert " · write" in first
        assert len(first) <= width
    # A look that may find what the write lacks comes before it, and what waits for a person is the write.
    finds = look.model_copy(update={"action": "Find orders in the cluster", "command": "kubectl get deployments"})
    lacking = write.model_copy(update={"command": "", "command_note": "no command: namespace not known"})
    for width in (60, 78, 118):
        told_first = plain(answer._next(proposing(finds, lacking), width).left)
        assert told_first.startswith(" Next: Roll back the deployment")
        assert " · write" in told_first
        assert len(told_first) <= width
    assert told_first.endswith("write, no command")
    brief = lacking.model_copy(update={"action": "Roll back orders to v1"})
    assert "write, no command: namespace not known · first find orders" in plain(
        answer._next(proposing(finds, brief), 118).left
    )
    alone = answer._next(proposing(look), 118)
    assert "no command: namespace not known" in plain(alone.left)


def test_a_message_is_told_once_and_without_what_the_line_says() -> None:
    pattern = LogPattern(
        resource="orders", template="[orders] ERROR disk quota exceeded on /var/lib", severity="ERROR", count=3,
        baseline_count=0.0, observed_at=NOW, source="loki", answers=(),
    )  # fmt: skip
    words, _ = fact_line(pattern, full_name, 80)
    assert plain(words) == "3 × new ERROR orders “disk quota exceeded on /var/lib”"
    other = pattern.model_copy(update={"template": "[billing] ERROR disk quota exceeded on /var/lib"})
    assert "[billing]" in plain(fact_line(other, full_name, 90)[0])


def _header(state: IncidentState, metric: str) -> Header:
    known = state.facts["F1"]
    state.facts["F1"] = FoundFact("F1", "S1", "", known.fact.model_copy(update={"metric": metric}))
    assert state.opened is not None
    symptom = state.opened.symptom
    assert symptom is not None
    state.opened = state.opened.model_copy(update={"symptom": symptom.model_copy(update={"metric": metric})})
    return Header(View(state=state, now=NOW), Styles(DARK))


async def test_a_filter_that_is_taken_away_leaves_the_list_as_it_was(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False)) as (app, pilot):
        before = shown(app)
        await pilot.press("1", "slash", *"conn", "escape")
        await settle(pilot)
        assert "7 facts · 1 calm · not known: logs" in before
        assert "7 facts · 1 calm · not known: logs" in shown(app)


def test_a_share_that_metrics_and_spans_both_tell_is_one_reason() -> None:
    state = fold(told())
    first, second = (item.fact for item in state.hypotheses[0].evidence_for[:2])
    for name, metric, part in ((first, "latency_p95", 0.99), (second, "span own time", 1.0)):
        known = state.facts[name]
        share = OwnShare(
            resource="api-service", symptom_resource="api-service", metric=metric, unit="s", own_excess=1.3, share=part,
            noise=0.01, window=known.fact.window, observed_at=known.fact.observed_at, source="prometheus",
            answers=known.fact.answers,
        )  # fmt: skip
        state.facts[name] = FoundFact(name, "S1", "", share)
    lines = Answer(View(state=state, now=NOW), Styles(DARK), id="answer").lines(200)
    assert sum(plain(line.left).count("arises in") for line in lines) == 1
