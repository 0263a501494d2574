"""What fresh eyes could not tell from the first screen: each line keeps the words that decide."""

from __future__ import annotations

from typing import Any

import pytest
from stage import Opened, settle, shown
from story import (
    ACTIONS,
    DEPLOYED,
    ENGINE,
    EXECUTION,
    HYPOTHESES,
    NOW,
    ONSET,
    StoryPort,
    after_confirmation,
    before_confirmation,
    events,
    facts,
    shift,
)
from story import opened as story_opened

from cockpit.start_modes import Replay
from cockpit.widgets.answer import Answer
from cockpit.widgets.change_words import change_words
from cockpit.widgets.draw import Styles, cells, plain
from cockpit.widgets.fact_lines import fact_line
from cockpit.widgets.fact_order import FactOrder, grouped
from cockpit.widgets.header import Header
from cockpit.widgets.hypotheses import HypothesesPane
from cockpit.widgets.marks import marks_of
from cockpit.widgets.view import View
from engine.events import ConclusionReached
from engine.hypotheses import Action, Adjustment, Evidence
from engine.incident import FoundFact, fold
from primitives.display_names import DisplayNames, full_name
from primitives.facts import Fact, LogPattern, MoreCalls, SpanShift
from primitives.records import Change, Symptom
from themes import DARK

SEEN: dict[str, Any] = {"observed_at": NOW, "source": "loki"}
STYLES = Styles(DARK)


def said(template: str, *, count: int = 9, resource: str = "api-service", **more: Any) -> LogPattern:
    values = {"severity": "ERROR", "baseline_count": 0.0, "first_seen": ONSET, **more}
    return LogPattern(resource=resource, template=template, count=count, **values, **SEEN)


def words_of(fact: Fact, width: int, others: tuple[Fact, ...] = (), **more: Any) -> str:
    left, right = fact_line(fact, full_name, width, others, **more)
    return f"{plain(left)} | {plain(right)}"


# Lines of facts


@pytest.mark.parametrize("width", [44, 76])
def test_a_message_is_cut_around_what_befell_its_writer(width: int) -> None:
    thrown = said(
        "Servlet.service() for servlet [main] in context with path [] threw exception [No page", resource="x-service"
    )
    line = words_of(thrown, width)
    assert "threw exception" in line
    assert line.startswith("9 × new ")
    assert cells(line) <= width + 11
    assert "Servlet.service() for servlet [main] in context with path [] threw" in words_of(thrown, width, whole=True)


def test_messages_that_stopped_are_one_line_with_their_number() -> None:
    gone = [said(f"[page {number}] made for <n>", count=0, baseline_count=20.0) for number in range(3)]
    found = {f"F{number}": FoundFact(f"F{number}", "S1", "", fact) for number, fact in enumerate(gone)}
    (group,), _ = grouped(found, None, {}, ())
    assert (group.lead, len(group.others)) == ("F0", 2)
    assert words_of(gone[0], 76, tuple(gone[1:])).startswith("api-service no longer logs 3 usual messages: “[page")
    assert words_of(gone[0], 44, tuple(gone[1:])) == "api-service: 3 usual messages stopped | "
    assert words_of(gone[0], 44) == "api-service: 1 usual message stopped | ", "others may come as ever"


def test_what_is_called_more_often_and_what_takes_longer_keep_their_numbers() -> None:
    calls = MoreCalls(
        resource="api-service", operation="GET /orders/of/all/customers", called="api-service",
        called_operation="ErrorController.error", baseline=0.0, current=0.6, samples=25, **SEEN,
    )  # fmt: skip
    assert words_of(calls, 44) == (
        "api-service calls ErrorController.error in each GET /orders/of/all/customers |  0 → 0.6 times "
    )
    slow = SpanShift(
        resource="api-service", operation="GET /orders", baseline=0.012, current=0.4, score=9.0, samples=9, **SEEN
    )
    assert words_of(slow, 44) == "api-service GET /orders |  own 12 ms → 400 ms "


def test_a_change_leaves_its_resource_out_rather_than_telling_a_letter_of_it() -> None:
    one = Change(time=DEPLOYED, id="v2.3.1", resource="api-service", kind="deployment", summary="v2.3.1: order page")
    fact = facts()["F3"][1].model_copy(update={"change": one, "resource": "api-service"})
    assert " · api-service |" in words_of(fact, 80)
    assert words_of(fact, 46).startswith("Deployment v2.3.1: order page |")


def test_names_that_share_their_beginning_keep_what_tells_them_apart() -> None:
    names = DisplayNames(("shop/deployment/status-updater-of-all-pets", "shop/service/status-updater-of-all-pets"))
    lines = {
        plain(fact_line(shift("availability", each, (1.0, 0.7), "1", "1" * 64, kind="availability"), names, 60)[0])
        for each in ("shop/deployment/status-updater-of-all-pets", "shop/service/status-updater-of-all-pets")
    }
    assert len(lines) == 2
    assert any("(service)" in line for line in lines)


def test_the_blamed_ones_errors_come_before_what_others_measure_and_an_outage_before_both() -> None:
    known: dict[str, Fact] = {
        "F1": facts()["F1"][1],
        "F2": shift("latency_p95", "other-service", (0.2, 30.0), "s", "1" * 64),
        "F3": said("threw exception <n>"),
        "F4": said("Full. No connections accepted.", resource="api-service"),
    }
    found = {key: FoundFact(key, "S1", "", fact) for key, fact in known.items()}
    order = FactOrder(Symptom(resource="api-service", metric="latency_p95"), ())
    for each in found.values():
        order.take(each)
    order.weigh({}, None)
    assert [group.lead for group in order.groups()] == ["F1", "F4", "F2", "F3"]
    order.weigh({}, "api-service")
    assert [group.lead for group in order.groups()] == ["F1", "F4", "F3", "F2"]


# Changes

TTL = Change(
    time=DEPLOYED, id="c62e9decee7bb083f3628909019dd66e25dd25d8", resource="api-service", kind="deployment",
    summary="v2026.07.11-1308 chore(cache): adjust the default entry ttl",
    after={"diff": "-  default_ttl: 15m\n+  default_ttl: 15s", "version": "v2026.07.11-1308"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("room", "words"),
    [
        (99, "Deployment c62e9decee7b: default_ttl 15m → 15s · adjust the default entry ttl"),
        (60, "Deployment c62e9decee7b: default_ttl 15m → 15s"),
        (36, "c62e9decee7b: default_ttl 15m → 15s"),
    ],
)
def test_a_change_says_what_it_sets_and_no_version_that_its_id_says(room: int, words: str) -> None:
    assert change_words(TTL, room) == words


def test_a_change_without_numbers_keeps_its_authors_words() -> None:
    known: dict[str, Any] = {"time": DEPLOYED, "resource": None}
    short = Change(id="v2.3.1", kind="deployment", summary="v2.3.1: order page", **known)
    assert change_words(short, 99) == "Deployment v2.3.1: order page"
    told = Change(id="0123456789ab" + 28 * "c", kind="code", summary="fix(api)!: close it", **known)
    assert change_words(told, 99) == "Commit 0123456789ab: close it"


# The header


def header_of(width: int, **more: Any) -> list[str]:
    told = [*before_confirmation(), *after_confirmation()]
    log = events([(wait, who, body if body.type != "incident_opened" else body.model_copy(update=more))
                  for wait, who, body in told])  # fmt: skip
    header = Header(View(state=fold(log), now=NOW, mode="RECORDED"), STYLES)
    lines = (header._first(width), header._second(width))
    return [plain(line.left) + " | " + plain(line.right) for line in lines]


@pytest.mark.parametrize("width", [80, 90, 100, 120])
def test_the_usual_level_is_called_normal_at_every_width(width: int) -> None:
    assert "normal 200 ms" in " ".join(header_of(width))


# The answer and the hypotheses


def test_the_same_fact_leads_the_reasons_at_every_width() -> None:
    long = said("it gave up " + "because of <n> and <n> " * 9, resource="api-service")
    view = View(state=_state_with(long), mode="RECORDED")
    firsts = set()
    for width in (78, 98, 116, 196):
        told = " ".join(plain(line.left) for line in Answer(view, STYLES, id="answer").lines(width)[1:3])
        firsts.add(" ".join(told.split())[:24])
    assert firsts == {"9 new × “it gave up beca"}


def test_what_serves_nobody_is_the_first_reason() -> None:
    heavier, outage = said("the disk is full"), said("Instance is broken. No connections accepted.", first_seen=NOW)
    view = View(state=_state_with(heavier, outage), mode="RECORDED")
    told = " ".join(plain(line.left) for line in Answer(view, STYLES, id="answer").lines(116)[1:3])
    assert told.index("No connections accepted") < told.index("the disk is full")


def _state_with(*messages: LogPattern, **more: Any) -> Any:
    state = fold(events([*before_confirmation(), *after_confirmation()]))
    evidence = []
    for number, fact in enumerate(messages):
        key = f"F9{number}"
        state.investigation.facts[key] = FoundFact(key, "S1", "", fact)
        evidence.append(Evidence(fact=key, weight=9.0 - number, why="it says so"))
    best = HYPOTHESES[0].model_copy(update={"evidence": tuple(evidence)}) if evidence else HYPOTHESES[0]
    return state.replaced(hypotheses=(best, *HYPOTHESES[1:]), **more)


def test_a_consequence_reads_like_no_rival() -> None:
    follows = Adjustment(kind="consequence", label="may follow", weight=-2.0, hypothesis="H1")
    second = HYPOTHESES[1].model_copy(update={"adjustments": (follows,)})
    state = _state_with().replaced(hypotheses=(HYPOTHESES[0], second, HYPOTHESES[2]))
    pane = HypothesesPane(View(state=state), STYLES, id="hypotheses")
    for width in (50, 76, 116):
        row = next(row for row in pane.rows() if row.key == "H2")
        line = pane.line(row, width, selected=False)
        assert "follows" in plain(line.right)
        assert "%" not in plain(line.right)


# What waits for a person

LACKING = ACTIONS[0].model_copy(
    update={
        "command": "",
        "command_note": "no command: namespace not known",
        "action": "Restart the-service-of-the-orders",
    }
)
LOOK = ACTIONS[1].model_copy(
    update={"action": "Find stock-of-orders in the cluster: namespace not known", "effect": "read",
            "requires_approval": False, "command": "kubectl get deployments --all-namespaces", "risk": "low",
            "resource": "stock-of-orders"}
)  # fmt: skip


def acting(*actions: Action) -> StoryPort:
    told = [
        (wait, who, body.model_copy(update={"actions": actions}) if isinstance(body, ConclusionReached) else body)
        for wait, who, body in [*before_confirmation(), *after_confirmation()]
    ]
    return StoryPort(events(told), wait=False)


async def test_why_there_is_no_command_is_whole_in_the_list_of_actions(opened: Opened) -> None:
    async with opened(port=acting(LACKING, LOOK), size=(120, 36)) as (app, _):
        text = shown(app)
        assert "write  no command: namespace not known" in text
        assert "write, no command" in text


async def test_the_small_screen_says_why_there_is_no_command_and_that_nothing_runs_from_here(opened: Opened) -> None:
    async with opened(port=acting(LACKING, LOOK), size=(80, 24)) as (app, _):
        text = shown(app)
        assert "write, no command" in text
        assert "no command: namespace not known" in text.partition("5 Remediation")[2].splitlines()[0]
        assert "nothing runs from here" in text


async def test_where_no_action_is_proposed_the_first_screen_says_why(opened: Opened) -> None:
    async with opened(port=acting(), size=(80, 24)) as (app, _):
        assert "no repair fits" in shown(app)


# Alert or detection


@pytest.mark.parametrize(("alert", "word"), [({"status": "firing"}, "alert"), (None, "detection")])
def test_what_no_alert_told_of_is_not_called_an_alert(alert: Any, word: str) -> None:
    log = events([(0.0, ENGINE, story_opened().model_copy(update={"alert": alert}))])
    marks = marks_of(View(state=fold(log), now=NOW))
    assert [mark.label for mark in marks if mark.sign == "⚑"] == [word]


# Replay


async def test_the_incidents_time_is_never_played_without_facts(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, "3"), size=(120, 36)) as (app, pilot):
        assert "latency p95" not in shown(app).split("1 Facts")[1]
        await pilot.press("i", "end")
        await settle(pilot)
        assert "latency p95" in shown(app).split("1 Facts")[1]
        screen: Any = app.screen
        assert screen.playback.seq == len(screen.recording)
        await pilot.press("i")
        await settle(pilot)
        assert screen.playback.seq == 3


async def test_in_a_drill_the_incidents_time_shows_no_fact_ahead(opened: Opened) -> None:
    async with opened(Replay(EXECUTION, drill=True), size=(120, 36), notices=True) as (app, pilot):
        await pilot.press("space", "home", "i")
        await settle(pilot)
        assert "no fact is known yet" in shown(app)
        screen: Any = app.screen
        assert screen.playback.scale == "investigation"
        assert screen.playback.seq == 1
