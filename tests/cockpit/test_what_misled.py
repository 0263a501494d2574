"""What misled fresh eyes on the first screen, by kind: each was read wrongly of recorded incidents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from stage import Opened, shown
from story import (
    ENGINE,
    NOW,
    ONSET,
    StoryPort,
    after_confirmation,
    before_confirmation,
    events,
    shift,
)

from cockpit.widgets.answer import Answer
from cockpit.widgets.beginnings import measured
from cockpit.widgets.draw import Styles, cells, cut_around, cut_middle, plain
from cockpit.widgets.fact_lines import fact_line
from cockpit.widgets.fact_order import FactOrder, grouped, is_calm
from cockpit.widgets.header import Header
from cockpit.widgets.suffering import entries_above, felt_by_users
from cockpit.widgets.topology import state_of
from cockpit.widgets.view import View
from cockpit.widgets.words import fact_sign, levels, part_of_it
from engine.events import FactFound
from engine.incident import FoundFact, IncidentState, fold
from primitives.display_names import full_name
from primitives.facts import (
    AlertState,
    Dependencies,
    Fact,
    LogPattern,
    MetricMissing,
    MetricShift,
    Observed,
    OwnShare,
    SourceGap,
    SpanShift,
    WorkloadState,
)
from primitives.records import Symptom
from themes import DARK

SEEN: dict[str, Any] = {"observed_at": NOW, "source": "metrics"}
STYLES = Styles(DARK)


def words_of(fact: Fact, width: int, **more: Any) -> str:
    left, right = fact_line(fact, full_name, width, **more)
    words = f"{plain(left)} |{plain(right)}"
    assert cells(plain(right)) < width
    return words


def found(*known: Fact) -> dict[str, FoundFact]:
    return {f"F{number}": FoundFact(f"F{number}", "S1", "", fact) for number, fact in enumerate(known, 1)}


def ordered(*known: Fact, about: str | None = None, symptom: Symptom | None = None) -> list[str]:
    order = FactOrder(symptom, ())
    for each in found(*known).values():
        order.take(each)
    order.weigh({}, about)
    return [group.lead for group in order.groups()]


def slow(metric: str = "latency_average", resource: str = "shop", **more: Any) -> MetricShift:
    return shift(metric, resource, (0.0946, 0.399), "s", "1" * 64).model_copy(update={"onset": ONSET, **more})


def found_as(key: str, fact: Fact) -> FactFound:
    return FactFound(id=key, step="S1", key=f"key-{key}", fact=fact)


# A masked word that carries the meaning


def logged(template: str, example: str, count: int = 6, **more: Any) -> LogPattern:
    values = {"severity": "ERROR", "baseline_count": 0.0, "first_seen": ONSET, **more}
    return LogPattern(resource="shop", template=template, example=example, count=count, **values, **SEEN)


def test_a_message_keeps_the_words_of_its_example() -> None:
    away = logged(
        "No instances available for <*>] with root cause", "No instances available for stock] with root cause"
    )
    assert "6 × new ERROR like “No instances available for stock] with root cause”" in words_of(away, 88, at="shop")
    assert "like" not in words_of(away, 48, at="shop"), "a part of it says that it is no whole message"
    once = logged("lag exceeded <n> seconds.", "lag exceeded 600 seconds.", 1)
    assert "1 × new ERROR “lag exceeded 600 seconds.”" in words_of(once, 76, at="shop")
    assert "“lag exceeded 600 seconds.”" in once.sentence()
    assert logged("train <*><n> is late", "train G1237 is late").message == "train G1237 is late"
    gone = logged("Get Food <*>!", "Get Food List!", 0, baseline_count=9.0)
    assert words_of(gone, 76).startswith("shop no longer logs lines like “Get Food List!”")


@pytest.mark.parametrize(
    ("template", "example"),
    [
        ("order <uuid> failed", "order 0b23bd3e-876a-4af3-b920-c50a90c90b04 failed"),
        ("train <*><uuid> is late", "train G0b23bd3e-876a-4af3-b920-c50a90c90b04 is late"),
        ("a <*> of another message", "nothing of the sort"),
        ("no mask", "no mask"),
    ],
)
def test_what_only_identifies_and_what_does_not_fit_stays_masked(template: str, example: str) -> None:
    pattern = logged(template, example)
    assert pattern.message == template
    assert pattern.like == ""


def test_a_message_of_a_known_kind_keeps_what_befell_it() -> None:
    words = "DB instance store-replica-1 replication lag exceeded {} seconds."
    lag = logged(words.format("<n>"), words.format(600), 1, family="replication_lag")
    assert "exceeded 600" in words_of(lag, 48, at="shop")


def test_a_name_is_cut_before_the_words_around_it() -> None:
    name = "giant-walrus-6958c5bdd8-69gtn"
    cause = f"{name} was killed for using more memory than it may"
    cut = cut_around(cause, name, 72)
    assert cells(cut) <= 72
    assert cut.endswith("8-69gtn was killed for using more memory than it may")
    assert cut_around("no name in it", name, 8) == "no name…"
    assert cut_around("ts-travel-store misbehaves: usual messages stopped", "ts-travel-store", 30).startswith(
        "ts-travel-store misbehaves"
    ), "a short name would be taken for another one's"
    assert cut_middle("FreeStorageSpace dropped during a bulk insert.", 30).endswith("a bulk insert.")


def test_an_alert_tells_the_end_of_its_own_words() -> None:
    words = "FreeStorageSpace on shop dropped from 15 GB to 500 MB in 15 minutes during a bulk insert."
    alert = AlertState(name="StorageLow", state="firing", resource="shop", summary=words, **SEEN)
    line = words_of(alert, 44)
    assert line.startswith("FreeStorage")
    assert "during a bulk insert." in line
    assert words_of(alert, 120).startswith("StorageLow: FreeStorageSpace on shop dropped from")


# A level that reads as the peak


def test_the_worst_is_told_beside_the_level_and_when_it_was() -> None:
    bad = slow(peak=0.542, peak_at=ONSET + timedelta(minutes=5))
    assert words_of(bad, 76, at="shop").startswith("latency average 94.6 → 399 ms, worst 542 ms at 14:35 ")
    assert words_of(bad, 46, at="shop").startswith("latency average 94.6 → 399–542 ms")
    assert "×4.22" in words_of(bad, 76, at="shop")
    assert ", worst 542 ms at 14:35" in bad.sentence()
    near = slow(peak=0.41)
    assert "worst" not in words_of(near, 76, at="shop") + near.sentence()
    left = slow("free_space", current=1.75, baseline=13.1, peak=0.4, unit="GBy", kind="saturation")
    assert ", worst 381 MiB" in words_of(left, 76, at="shop")


def test_a_climb_is_told_as_one_with_the_level_at_its_end() -> None:
    lag = slow("replica_lag", baseline=1.23, current=812.0, peak=1140.0, latest=1140.0, latest_level=1100.0, samples=9)
    assert levels(lag) == ("1.23 s", "19 min")
    assert words_of(lag, 46, at="shop").startswith("replica lag 1.23 s → 19 min, climbing |")
    assert "rose from 1.23 s to 19 min" in lag.sentence()
    assert lag.sentence().endswith("and climbs on")
    over = lag.model_copy(update={"latest": 900.0, "latest_level": 900.0})
    assert not over.is_climbing
    assert levels(over) == ("1.23", "812 s")


def test_the_detail_of_the_first_screen_tells_the_worst() -> None:
    view = View(state=told(found_as("F1", slow("latency_p95", "api-service", peak=0.9))), now=NOW)
    assert measured(view).endswith("since 14:30, worst 900 ms")


# Percentages that fight


def share(part: float, symptom: str = "front", metric: str = "latency_p95") -> OwnShare:
    return OwnShare(resource="shop", symptom_resource=symptom, metric=metric, unit="s", own_excess=0.4, share=part,
                    noise=0.01, **SEEN)  # fmt: skip


@pytest.mark.parametrize(
    ("part", "words"), [(1.1, "all"), (0.99, "all"), (0.84, "four fifths"), (0.7, "two thirds"), (0.46, "half"),
                        (0.21, "a fifth"), (0.02, "a small part")],
)  # fmt: skip
def test_a_share_of_the_symptom_is_no_percentage(part: float, words: str) -> None:
    assert part_of_it(part) == words
    line = words_of(share(part), 60)
    assert line == f"up to {words} of the symptom arises in shop |"
    assert "%" not in line


def test_two_shares_of_one_resource_are_one_line() -> None:
    of_metric, of_spans = share(0.99), share(1.0, "lb", "span_own_time")
    groups, _ = grouped(found(of_metric, of_spans), None, {}, ())
    assert [(group.lead, len(group.others)) for group in groups] == [("F1", 1)]


def test_a_long_name_leaves_the_share_whole() -> None:
    long = share(0.84).model_copy(update={"resource": "the-function-that-updates-the-status-of-orders"})
    assert words_of(long, 44).startswith("up to four fifths of it arises in ")


# The sign of change


def test_a_sign_is_the_direction_of_the_change() -> None:
    span = SpanShift(resource="shop", operation="GET /", baseline=0.0069, current=0.0019, score=-9.0, samples=9, **SEEN)
    assert fact_sign(span)[0] == "▼"
    assert fact_sign(span.model_copy(update={"current": 0.1}))[0] == "▲"
    assert fact_sign(logged("x", "x"))[0] == "▲"
    assert fact_sign(logged("x", "x", 0))[0] == "▼"
    assert fact_sign(MetricMissing(metric="requests", kind="traffic", resource="shop", **SEEN))[0] == "▼"
    state = WorkloadState(resource="shop", object="shop", kind="pod", state="OOMKilled", **SEEN)
    assert fact_sign(state)[0] == "✗", "a state went nowhere"
    fell = slow("success_rate", current=0.02, kind="availability")
    assert state_of([fell])[0] == "▼"


# Noise in scarce lines


def test_what_the_incident_is_about_comes_before_others_and_what_nobody_feels_last() -> None:
    symptom = Symptom(resource="shop", metric="errors")
    swap = slow(
        "swap_usage", "other", baseline=74.6, current=89.2, peak=89.2, unit="MiBy", kind="saturation", score=40.0
    )
    tiny = slow("latency_p50", "list", baseline=44.4e-6, current=88.5e-6, peak=88.5e-6, score=50.0)
    grave = slow("latency_p99", "far", score=90.0)
    own = slow("queue_length", "shop", kind="saturation", score=3.0)
    alert = AlertState(name="Many", state="firing", resource="shop", **SEEN)
    assert ordered(swap, tiny, grave, own, alert, symptom=symptom) == ["F4", "F5", "F3", "F2", "F1"]
    failing = slow("availability", "far", baseline=1.0, current=0.95, peak=0.95, unit="1", kind="availability")
    assert ordered(swap, failing, symptom=symptom) == ["F2", "F1"], "five requests in a hundred are felt"


def test_what_raised_the_alarm_is_the_first_fact_also_where_it_is_calm() -> None:
    calm = slow("connections", "shop", polarity="absent", worse=False)
    swap = slow("swap_usage", "other")
    assert ordered(swap, calm, symptom=Symptom(resource="shop", metric="connections")) == ["F2", "F1"]
    assert ordered(swap, calm, symptom=Symptom(resource="shop", metric="other")) == ["F1"]


# The recorded reason behind the symptom


BUSY = Observed(
    resource="shop-db", kind="busiest_statement", trust="reported",
    subject="84.2 of 98.6 sessions, most of user settler: UPDATE orders SET status = $1 WHERE batch = $2",
    details={"statement": "UPDATE orders SET status = $1 WHERE batch = $2", "load": 84.2, "total": 98.6,
             "user": "settler"}, **SEEN,
)  # fmt: skip


def test_the_statement_that_keeps_a_database_busy_is_told_with_its_share_of_the_sessions() -> None:
    narrow = words_of(BUSY, 48)
    assert "UPDATE or" in narrow
    assert narrow.endswith("| 84.2 of 98.6 sessions ")
    assert "WHERE batch = $2 by settler" in words_of(BUSY, 120)
    shares = BUSY.model_copy(update={"details": {**BUSY.details, "shares": True}})
    assert words_of(shares, 48).endswith("| 84.2 % of its load "), "parts of a whole are no sessions"
    assert ordered(slow("cpu", "far"), BUSY, about="shop") == ["F2", "F1"]


def test_a_time_that_ran_out_is_no_calm_fact() -> None:
    left = slow("tls_cert_seconds_until_expiry", polarity="absent", worse=False, baseline=1920.0, current=-60.0,
                latest=-3960.0, latest_at=ONSET + timedelta(minutes=66), kind="other")  # fmt: skip
    assert left.ran_out_at == ONSET
    assert words_of(left, 48, at="shop").startswith("tls cert seconds until expiry ran out |")
    other = slow(score=99.0)
    assert ordered(other, left, about="shop") == ["F2", "F1"]
    assert left.sentence().startswith("shop tls cert seconds until expiry ran out at 14:30")
    assert not is_calm(left)
    assert fact_sign(left)[0] == "✗"
    assert left.model_copy(update={"latest": 60.0}).ran_out_at is None
    assert left.model_copy(update={"metric": "seconds_since_start"}).ran_out_at is None


# What stands unexplained, and what users feel


def told(*more: Any, without: tuple[str, ...] = ()) -> IncidentState:
    log = [*before_confirmation(), *after_confirmation()]
    kept = [(wait, who, body) for wait, who, body in log
            if not (isinstance(body, FactFound) and body.id in {*without, *(each.id for each in more)})]  # fmt: skip
    at = next(number for number, (_, _, body) in enumerate(log) if isinstance(body, FactFound))
    return fold(events([*kept[:at], *((0.1, ENGINE, body) for body in more), *kept[at:]]))


CALLS = Dependencies(
    resources={"front": "service", "web": "service", "api-service": "service"}, **SEEN,
    edges=(("front", "web", "calls"), ("web", "api-service", "calls"), ("api-service", "web", "calls")),
)  # fmt: skip


def suffering() -> View:
    errors = slow("error_rate", "front", baseline=0.005, current=0.2, latest=0.212, peak=0.21, unit="1", kind="errors")
    state = told(found_as("F71", CALLS), found_as("F72", errors))
    return View(state=state, now=NOW, mode="RECORDED")


def test_what_users_feel_is_told_where_their_requests_come_in() -> None:
    view = suffering()
    assert view.state is not None
    assert entries_above(view.state, "api-service") == ("front",)
    assert entries_above(view.state, "front") == ()
    assert felt_by_users(view) == "felt at front: errors 21.2 %"
    assert "felt at front: errors 21.2 %" in plain(list(Header(view, STYLES)._second(160).left))
    narrow = " ".join(plain([*line.left]) for line in Answer(view, STYLES, id="answer").lines(88))
    assert "felt at front: errors 21.2 %" in narrow
    view.drill = True
    assert felt_by_users(view) == ""


def test_a_recording_is_called_not_live() -> None:
    view = View(state=told(), now=NOW, mode="RECORDED")
    first, second = (
        plain([*line.left, *line.right])
        for line in (Header(view, STYLES)._first(120), Header(view, STYLES)._second(120))
    )
    assert "○ NOT LIVE" in first
    assert "RECORDED" not in first + second


async def test_what_is_not_known_is_named(opened: Opened) -> None:
    gaps = [found_as(f"F{80 + number}", SourceGap(question=question, status="not_recorded", **SEEN))
            for number, question in enumerate(("spans", "container_logs"))]  # fmt: skip
    after = after_confirmation()
    at = next(number for number, (_, _, body) in enumerate(after) if isinstance(body, FactFound))
    more = [(0.1, ENGINE, gap) for gap in gaps]
    port = StoryPort(events([*before_confirmation(), *after[:at], *more, *after[at:]]), wait=False)
    async with opened(port=port, size=(80, 24)) as (app, _):
        text = shown(app)
    assert "not known: spans, container logs" in text or "not known: container logs, spans" in text
