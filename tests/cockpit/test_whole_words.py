"""No number without its owner, and no word cut where the meaning is: both were read wrongly of recorded incidents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from stage import Opened, settle, shown
from story import NOW, ONSET, WINDOW, StoryPort, after_confirmation, before_confirmation, events, shift

from cockpit.widgets.answer import Answer
from cockpit.widgets.beginnings import beginning, measured
from cockpit.widgets.draw import Styles, cells, plain
from cockpit.widgets.fact_lines import fact_line
from cockpit.widgets.header import Header
from cockpit.widgets.log_words import deciding_words
from cockpit.widgets.next_step import Unrepaired
from cockpit.widgets.short_names import cut_name, whose_metric
from cockpit.widgets.view import View
from cockpit.widgets.whys import NOT_KNOWN, why_words
from cockpit.widgets.words import fact_sign, metric_forms
from engine.hypotheses import Evidence
from engine.incident import FoundFact, IncidentState, fold
from primitives.display_names import DisplayNames, full_name
from primitives.facts import Fact, LogPattern, MetricShift, Observed, OwnShare, ReplicaComparison, ReplicaMeasure
from primitives.records import Symptom
from themes import DARK

STYLES = Styles(DARK)
SEEN: dict[str, Any] = {"observed_at": NOW, "source": "recorded", "window": WINDOW}
SHOP = DisplayNames(
    [
        "shop-save-service",
        "shop-save-other-service",
        "shop-food-service",
        "shop-food-map-service",
        "store",
        "store-copy-1",
    ]
)


def words_of(fact: Fact, width: int, **more: Any) -> str:
    left, right = fact_line(fact, more.pop("names", full_name), width, **more)
    return f"{plain(left)} |{plain(right)}"


def state_of(*facts: tuple[str, Fact], symptom: Symptom | None = None, **best: Any) -> IncidentState:
    """The story with these facts beside its own; all of them speak for the leading cause, and nothing else does."""
    log = events([
        (wait, who, body if body.type != "incident_opened" else body.model_copy(update={"symptom": symptom}))
        for wait, who, body in (*before_confirmation(), *after_confirmation())
    ])  # fmt: skip
    state = fold(log)
    for name, fact in facts:
        state.investigation.facts[name] = FoundFact(name, "S1", "", fact)
    evidence = tuple(Evidence(fact=name, weight=5.0, why="it tells") for name, _ in facts)
    leading = state.hypotheses[0].model_copy(update={"evidence": evidence, "change": None, **best})
    return state.replaced(hypotheses=(leading, *state.hypotheses[1:]))


# A number has an owner


def slow(resource: str, **more: Any) -> MetricShift:
    known = shift("client_latency_p90", resource, (0.0046, 18.0), "s", "1" * 64, onset=ONSET, **more)
    return known.model_copy(update={"statistic": "p90"})


def unmeasured(fact: MetricShift) -> View:
    """Nobody measured the alarm, and only this moved."""
    state = state_of(("F9", fact), resource=fact.resource)
    for name in ("F1", "F2", "F5", "F6"):
        state.investigation.facts.pop(name, None)
    return View(state=state, now=NOW, mode="RECORDED")


def header_of(view: View, width: int) -> str:
    header = Header(view, STYLES)
    first = header._first(width)
    line = header._second(width)
    assert cells(plain(first.left) + plain(first.right)) <= width
    return f"{plain(line.left)} | {plain(line.right)}"


@pytest.mark.parametrize("name", ["cart", "shop-food-map-service", "the-service-of-the-orders-of-all-customers"])
def test_a_number_in_the_header_stands_beside_its_owner_and_its_metric(name: str) -> None:
    view = unmeasured(slow(name))
    told = {width: header_of(view, width) for width in range(60, 200, 4)}
    for words in told.values():
        assert ("18 s" in words) == (f"{name} client latency p90" in words or f"{name} client p90" in words
                                     or f"{name} p90" in words)  # fmt: skip
    assert "18 s" in told[196]
    assert "18 s" not in told[60]


@pytest.mark.parametrize("width", range(80, 200, 8))
def test_that_a_number_is_normal_again_is_never_left_out(width: int) -> None:
    view = unmeasured(slow("shop-food-map-service", back_at=ONSET + timedelta(minutes=4, seconds=9)))
    words = header_of(view, width)
    assert ("18 s" in words) == ("normal again 14:34" in words)
    assert width < 120 or "18 s" in words


def test_the_state_stands_before_since_when() -> None:
    view = unmeasured(slow("cart", back_at=ONSET + timedelta(minutes=4)))
    begun = beginning(view)
    assert measured(view, beside=begun) == ("cart client latency p90 4.6 ms → 18 s, normal again 14:34, from 14:30")
    assert measured(view, beside=begun, room=60) == "cart client latency p90 4.6 ms → 18 s, normal again 14:34"
    assert measured(view, beside=begun, room=44) == "cart p90 4.6 ms → 18 s, normal again 14:34"
    assert measured(view, beside=begun, room=40) == ""


@pytest.mark.parametrize("width", range(60, 160, 4))
def test_what_the_first_sign_was_is_told_with_its_owner_or_not_at_all(width: int) -> None:
    failed = LogPattern(
        resource="cart", template="it failed", severity="ERROR", count=20, baseline_count=0.0, first_seen=ONSET,
        example="it failed", **SEEN,
    )  # fmt: skip
    state = state_of(("F9", failed), resource="cart")
    for name in ("F1", "F2", "F5", "F6"):
        state.investigation.facts.pop(name, None)
    words = header_of(View(state=state, now=NOW, mode="RECORDED"), width)
    assert ("20 ×" in words) == ("20 × new ERROR cart “it failed”" in words)
    assert "first sign 14:30" in words or width < 80
    assert width < 110 or "20 ×" in words


async def test_the_folded_chart_keeps_the_state(opened: Opened) -> None:
    async with opened(port=StoryPort(wait=False), size=(80, 24)) as (app, pilot):
        await settle(pilot)
        screen: Any = app.screen
        back = ONSET + timedelta(minutes=4, seconds=9)
        screen.view.state = unmeasured(slow("shop-food-map-service", back_at=back)).state
        screen.paint()
        await settle(pilot)
        line = next(line for line in shown(app).splitlines() if line.startswith(" 3 Detail"))
        assert "p90 4.6 ms → 18 s, normal again 14:34" in line


def test_how_long_there_was_no_sample_is_told_whole_or_not_at_all() -> None:
    symptom = Symptom(resource="api-service", metric="latency_p95")
    state = state_of(symptom=symptom)
    known = state.facts["F1"]
    late = known.fact.model_copy(update={"latest_at": NOW - timedelta(minutes=9)})
    state.investigation.facts["F1"] = FoundFact("F1", known.step, known.key, late)
    view = View(state=state, now=NOW, mode="RECORDED")
    for width in range(60, 140):
        words = header_of(view, width)
        assert ("no sample" in words) == ("9 min" in words)
        assert cells(words) <= width + 3


# Names


def test_a_cut_name_is_nobody_elses() -> None:
    for name in ("shop-save-other-service", "shop-save-service", "shop-food-service", "shop-food-map-service", "store"):
        for width in range(7, len(name) + 2):
            form = cut_name(name, width, SHOP)
            begin, _, end = form.partition("…")
            fits = [each for each in SHOP.like("s") if each.startswith(begin) and each.endswith(end)]
            assert fits == [name] or form == name
            assert form == name or cells(form) <= max(width, 14)
    assert cut_name("shop-save-other-service", 14, SHOP) == "shop-save-oth…"
    assert cut_name("shop-save-other-service", 14, full_name) == "shop-save-oth…", "of nobody known its end is cut"
    names = DisplayNames(["store-one", "store-one-copy-1"])
    assert cut_name("store-one", 8, names) == "stor…one", "else it could be the copy"


def test_a_new_resource_makes_a_name_longer() -> None:
    names = DisplayNames(["cart-database", "cart-db"])
    before = cut_name("cart-database", 10, names)
    names.add("cart-data-loader")
    assert cut_name("cart-database", 10, names) != before


def test_whose_a_metric_is_stays_clear_and_its_name_gives_way() -> None:
    metric = "client latency p95"
    assert metric_forms("client_latency_p95") == (metric, "client p95", "p95")
    assert metric_forms("cpu_p95") == ("cpu p95",)
    told = [whose_metric("shop-save-other-service", metric, room, SHOP) for room in (44, 36, 30, 26, 18)]
    assert told[0] == "shop-save-other-service client latency p95"
    assert told[1] == "shop-save-other-service client p95"
    assert told[2] == "shop-save-other-service p95"
    assert told[3].startswith("shop-save-o")
    assert told[4] == "shop-save-oth… p95"
    assert whose_metric("orderservice", "upstream call error ratio", 20, full_name) == "orders… …error ratio"
    assert whose_metric("orders-database", "database connections", 22, full_name) == "orders-d… …connections"
    assert whose_metric("orders-database", "read throughput", 20, full_name) == "orders… read…ughput"
    assert whose_metric("", "upstream call error ratio", 12, full_name) == "…error ratio"


def test_a_message_keeps_whom_it_is_about() -> None:
    def said(words: str) -> LogPattern:
        return LogPattern(
            resource="cart", template=words, example=words, severity="ERROR", count=3, family="unreachable", **SEEN
        )

    away = said("Servlet threw: No instances available for shop-food-map-service] with root cause")
    assert deciding_words(away, SHOP, 36) == "…No instances…shop-food-map-service"
    assert "shop-food-map-service" in deciding_words(away, SHOP, 56)
    assert "No instances" in deciding_words(away, SHOP, 18), "in less room what befell the writer"
    whole = said("No instances available for stock-db")
    assert deciding_words(whole, SHOP, 40) == "No instances available for stock-db"
    host = said("Servlet threw: No instances available for db.internal:5432 of the shop")
    assert deciding_words(host, SHOP, 30) == "…No instances…db.internal:5432"
    for words in (
        "No instances available for 7.4 GB of free space",
        "No instances available for a read-only copy of it",
    ):
        told = deciding_words(said(f"Servlet threw: {words}"), SHOP, 32)
        assert told.removeprefix("…").removesuffix("…") in f"Servlet threw: {words}", "nothing between is cut"
    plain_words = said("it is not available to anybody of all those who would like to have it")
    assert "…" in deciding_words(plain_words, full_name, 30)


# New replicas


def replicas(verdict: Any, new: float | None = 33.9) -> ReplicaComparison:
    measure = ReplicaMeasure(
        metric="cpu_utilization", kind="saturation", unit="%", verdict=verdict, new=new, old=17.2, strength=0.4
    )
    return ReplicaComparison(resource="cart", change="v2", new=6, old=4, measures=(measure,), **SEEN)


def test_what_new_replicas_do_otherwise_is_told_with_both_numbers_at_every_width() -> None:
    fact = replicas("different")
    assert words_of(fact, 90) == (
        "6 new replicas of cart differ from the old: cpu utilization 33.9 % against 17.2 % (v2) |"
    )
    for width in range(40, 100):
        told = words_of(fact, width, at="cart")
        assert "differ" in told
        assert "33.9" in told
        assert "17.2 %" in told
        assert cells(told) - 2 <= max(width, 44)
    assert fact.sentence() == (
        "6 new replicas of cart differ from the 4 old ones: cpu utilization 33.9 % against 17.2 % at the same time (v2)"
    )
    assert fact_sign(fact)[0] == "·", "nothing failed"
    assert fact_sign(replicas("worse"))[0] == "✗"
    assert words_of(replicas("silent", None), 60, at="cart").startswith("6 new replicas not serving: no cpu")


# Whose the symptom is


@pytest.mark.parametrize("width", [46, 60, 90])
def test_a_share_of_a_caller_that_waits_is_no_contradiction_to_its_own_time(width: int) -> None:
    share = OwnShare(
        resource="cart", symptom_resource="cart", metric="latency_p95", unit="s", own_excess=1.0, share=0.99, noise=0.0,
        **SEEN,
    )  # fmt: skip
    told = words_of(share, width)
    assert told.startswith("up to all of ")
    assert "arises in cart" in told
    assert "itself" not in told
    assert (": own time or added calls" in told) == (width == 90)


# Why it is so

LAG = Symptom(resource="store-copy-1", metric="replica_lag")
BEHIND = shift("replica_lag", "store-copy-1", (1.2, 1140.0), "s", "2" * 64, onset=ONSET)


def lag(words: str, resource: str = "store-copy-1") -> LogPattern:
    return LogPattern(
        resource=resource, template=words, example=words, severity="WARN", family="replication_lag", count=1,
        first_seen=ONSET + timedelta(minutes=9), **SEEN,
    )  # fmt: skip


def lagging(*facts: tuple[str, Fact]) -> View:
    state = state_of(
        ("F8", BEHIND), ("F9", lag("replication lag exceeded 600 seconds.")), symptom=LAG, resource="store-copy-1",
        cause_id="replication_lag", cause="store-copy-1 lags behind its primary",
    )  # fmt: skip
    for name, fact in facts:
        state.investigation.facts[name] = FoundFact(name, "S1", "", fact)
    return View(state=state, now=NOW, mode="RECORDED")


REASON = "The copy is behind its source due to one long transaction on store."


@pytest.mark.parametrize("width", [78, 116])
def test_where_the_cause_only_repeats_the_alarm_a_message_tells_why(width: int) -> None:
    view = lagging(("F7", lag(REASON, "store")))
    told = " ".join(plain(line.left) for line in Answer(view, STYLES, id="answer").lines(width)[1:3])
    assert "“…due to one long transaction on store.” 14:39" in told


@pytest.mark.parametrize("width", [78, 116])
def test_where_nothing_tells_why_the_answer_says_so(width: int) -> None:
    view = lagging(("F7", lag("The copy is behind its source due to replication lag.", "store")))
    told = " ".join(plain(line.left) for line in Answer(view, STYLES, id="answer").lines(width)[1:3])
    assert NOT_KNOWN in told
    assert "due to replication lag" not in told, "that is the cause once more"


def test_a_cause_that_says_more_than_the_alarm_needs_no_why() -> None:
    view = lagging()
    assert view.state is not None
    best = view.state.hypotheses[0]
    for more in ({"cause_id": "cpu_saturation"}, {"resource": "store"}, {"change": "v2"}):
        view.state = view.state.replaced(hypotheses=(best.model_copy(update=more),))
        assert why_words(view) == ""
    io = shift("disk_queue_depth", "store", (1.0, 60.0), "1", "3" * 64, onset=ONSET)
    view.state.investigation.facts["F6"] = FoundFact("F6", "S1", "", io)
    evidence = (*best.evidence, Evidence(fact="F6", weight=2.0, why="it waits"))
    view.state = view.state.replaced(hypotheses=(best.model_copy(update={"evidence": evidence}),))
    assert why_words(view) == "", "something else speaks for it"


# What was measured over a time


def test_an_average_is_told_with_its_time() -> None:
    busy = Observed(
        resource="store", kind="busiest_statement", subject="…", details={"statement": "INSERT INTO archive SELECT 1",
        "load": 4.8, "total": 5.9, "user": "worker"}, **SEEN,
    )  # fmt: skip
    state = state_of(("F9", busy), resource="store").replaced(hypotheses=())
    best = state_of(("F9", busy), resource="store").hypotheses[0]
    state = state.replaced(hypotheses=(best,))
    line = Answer(View(state=state, now=NOW, mode="RECORDED"), STYLES, id="answer")._others(state, 78)
    told = plain(line.left)
    assert told.startswith(f" {WINDOW.start:%H:%M}–{WINDOW.end:%H:%M} on average: INSERT INTO archive")
    assert "Meanwhile" not in told
    assert cells(told) <= 78


# What is to be done by hand


def test_what_is_done_by_hand_is_not_cut_in_the_middle_of_a_sentence() -> None:
    words = "renew the certificate of a.svc, ended 2026-06-18 15:04 UTC; no command: it is done by hand"
    state = state_of()
    state.remediation.proposed = ()
    view = View(state=state, now=NOW, mode="RECORDED")
    answer: Any = Answer(view, STYLES, id="answer")
    view.next_step.unrepaired = lambda view: Unrepaired(words)  # type: ignore[method-assign]
    assert plain(answer._next(state, 78).left) == f" Next: {words.partition(';')[0]}"
    assert plain(answer._next(state, 118).left) == f" Next: {words}"


@pytest.mark.parametrize("size", [(80, 60), (120, 36)])
async def test_what_is_done_by_hand_stands_in_the_list_of_actions(opened: Opened, size: tuple[int, int]) -> None:
    words = "renew the certificate of a.svc, ended 2026-06-18 15:04 UTC; no command: it is done by hand"
    async with opened(port=StoryPort(wait=False), size=size) as (app, pilot):
        await settle(pilot)
        screen: Any = app.screen
        state = state_of()
        state.remediation.proposed = ()
        screen.view.state = state
        screen.view.next_step.unrepaired = lambda view: Unrepaired(words)
        screen.paint()
        await settle(pilot)
        pane = shown(app).partition("5 Remediation")[2].replace("│", " ")
        assert words in " ".join(pane.split())
        assert "no action is proposed" not in pane
