"""What is behind the victim: a store that nobody times, what only a store says, and who answers at an address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import NOW, ONSET, SEEN, found, graph, opened, share, shift

from engine.reason import rank_facts
from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex
from engine.reason.full_hosts import loaded_untimed
from engine.reason.localise import locations
from primitives.facts import Dependencies, Fact, LogPattern, ProbeResult
from primitives.records import Symptom


def said(resource: str, family: str, text: str, severity: str = "WARN", minutes: float = 1, **more: object) -> Fact:
    values = {"count": 20, "baseline_count": 0.0, **more}
    seen = ONSET + timedelta(minutes=minutes)
    return LogPattern.model_validate({
        "resource": resource, "template": text, "example": text, "severity": severity, "family": family,
        "trust": "reported", "first_seen": seen, "last_seen": NOW, **values, **SEEN,
    })  # fmt: skip


def first(*facts: Fact) -> tuple[str, str | None]:
    best = rank_facts(found(*facts), opened()).hypotheses[0]
    return best.cause_id, best.resource


def case_of(*facts: Fact) -> FactIndex:
    return FactIndex(opened(), None, found(*facts))


def below(kind: str = "database") -> Dependencies:
    return graph({"api": "service", "orders": "service", "store": kind}, ("api", "orders"), ("orders", "store"))


@pytest.mark.parametrize(
    ("kind", "family", "words", "cause"),
    [
        ("database", "slow_query", "slow query: 4120 ms: SELECT * FROM lines WHERE tour = ?", "slow_query"),
        ("queue", "disk_full", "disk alarm: free space is below the limit, publishers are blocked", "disk_full"),
    ],
)
def test_what_a_store_that_nobody_times_says_of_itself_is_why_its_caller_takes_long(
    kind: str, family: str, words: str, cause: str
) -> None:
    facts = (shift("api"), shift("orders", current=1.4), share("orders", 1.0), share("api", 0.0), below(kind))
    assert first(*facts, said("store", family, words)) == (cause, "store")
    # Two who say so are not both the cause, and the client's words are about what it calls.
    client = said("orders", "slow_query", "the query took 4120 ms")
    if family == "slow_query":
        assert first(*facts, said("store", family, words), client) == (cause, "store")


@pytest.mark.parametrize(
    "words",
    [
        # Long before, and no more often than ever.
        said("store", "slow_query", "slow query: 900 ms: SELECT 1", minutes=-40),
        said("store", "slow_query", "slow query: 900 ms: SELECT 1", baseline_count=18.0),
        # Nobody waits for a wrong password.
        said("store", "authentication", "password authentication failed for user reports"),
    ],
    ids=["earlier", "as ever", "no shortage"],
)
def test_old_and_other_words_of_a_store_take_nothing_from_its_caller(words: Fact) -> None:
    case = case_of(shift("api"), shift("orders"), below(), words)
    assert loaded_untimed(case) == {}
    # Nor does anything where the store's own answers are timed.
    slow = said("store", "slow_query", "slow query: 900 ms: SELECT 1")
    assert loaded_untimed(case_of(shift("api"), shift("store", absent=True), below(), slow)) == {}


@pytest.mark.parametrize(
    ("family", "words", "store"),
    [
        ("replication_lag", "read refused: the follower is 340 s behind its primary", True),
        ("slow_query", "SELECT total FROM carts took 5210 ms", True),
        # A request is no query, and a service that is only slow says nothing of what it reads.
        ("slow_query", "slow response 5210 ms for /carts", False),
    ],
)
def test_what_only_a_store_can_say_is_about_the_store_of_who_hands_it_on(family: str, words: str, store: bool) -> None:
    pattern = said("orders", family, words)
    assert isinstance(pattern, LogPattern)
    assert accused(case_of(shift("api"), below(), pattern), pattern) == (("store",) if store else ())


def test_of_two_stores_the_one_that_lags_is_meant() -> None:
    kinds = {"api": "service", "main": "database", "copy": "database"}
    both = graph(kinds, ("api", "main"), ("api", "copy"))
    lag = shift("copy", "replication_lag_seconds", kind="other", baseline=0.2, current=600)
    pattern = said("api", "replication_lag", "rejected: the standby is behind the primary")
    assert isinstance(pattern, LogPattern)
    assert accused(case_of(shift("api"), both, lag, pattern), pattern) == ("copy",)


def outside(*called: tuple[str, str]) -> Dependencies:
    kinds = {"api": "service", **dict(called)}
    return graph(kinds, *(("api", name) for name, _ in called))


def check(target: str) -> ProbeResult:
    return ProbeResult(probe="http_get", resource="api", target=target, result="status 503", healthy=False, **SEEN)


@pytest.mark.parametrize("host", ["gw.zahlwerk.example", "rest.parcelline.example"])
def test_an_address_in_the_public_dns_is_that_of_the_only_outside_service(host: str) -> None:
    words = said("api", "timeout", f"POST https://{host}/v2/orders: deadline exceeded", "ERROR")
    assert isinstance(words, LogPattern)
    known = outside(("provider", "external"), ("keys", "other"))
    case = case_of(shift("api"), known, words, check(f"https://{host}/health"))
    assert accused(case, words) == ("provider",)
    assert case.checked(check(f"https://{host}/health")) == "provider"
    facts = (shift("api", "error_ratio", kind="errors", unit="1", baseline=0.001, current=0.3), known, words)
    assert first(*facts, check(f"https://{host}/health")) == ("external_provider_failure", "provider")


def test_an_address_that_nobody_calls_in_vain_is_the_askers_own_and_of_two_outside_none_is_known() -> None:
    one = outside(("provider", "external"), ("keys", "other"))
    own = check("https://www.ourshop.example/health")
    assert case_of(shift("api"), one, own).checked(own) == "api"
    words = said("api", "timeout", "POST https://gw.zahlwerk.example/v2: deadline exceeded", "ERROR")
    assert isinstance(words, LogPattern)
    two = outside(("provider", "external"), ("mailer", "external"))
    other = check("https://gw.zahlwerk.example/health")
    assert case_of(shift("api"), two, words, other).checked(other) == "api"
    assert accused(case_of(shift("api"), two, words), words) == ("provider", "mailer")
    # A name that only the inside knows is nobody's outside.
    inner = said("api", "timeout", "POST http://keys.shop.svc.cluster.local/v2: deadline exceeded", "ERROR")
    assert isinstance(inner, LogPattern)
    assert "provider" not in accused(case_of(shift("api"), one, inner), inner)[:1]


@pytest.mark.parametrize(
    ("kind", "family", "words"),
    [
        ("queue", "disk_full", "write to the log failed: no space left on device"),
        ("database", "slow_query", "duration: 9120 ms statement: SELECT * FROM lines"),
    ],
)
def test_who_gives_up_on_a_full_store_that_nobody_times_fails_and_has_no_fault(
    kind: str, family: str, words: str
) -> None:
    errors = [
        shift(name, "error_ratio", kind="errors", unit="1", baseline=0.001, current=0.4) for name in ("api", "orders")
    ]
    own = share("orders", 1.0).model_copy(update={"metric": "error_ratio", "unit": "1"})
    about = Symptom(resource="api", metric="error_ratio", direction="above")
    full = said("store", family, words, "ERROR")
    best = rank_facts(found(*errors, own, below(kind), full), opened(about)).hypotheses[0]
    assert best.resource == "store"
    # Old words explain nothing new: then the one that fails by itself is asked about.
    old = said("store", family, words, "ERROR", minutes=-50)
    best = rank_facts(found(*errors, own, below(kind), old), opened(about)).hypotheses[0]
    assert best.resource == "orders"


@pytest.mark.parametrize("line", ["order saved in 12 ms", "GET /cart 200 31"])
def test_who_is_measured_to_fail_says_nothing_new_by_no_longer_logging_success(line: str) -> None:
    silent = said("orders", "", line, "INFO", count=0, baseline_count=40.0).model_copy(update={"family": None})
    fails = shift("orders", "error_ratio", kind="errors", unit="1", baseline=0.001, current=0.4)
    still = shift("orders", "error_ratio", kind="errors", unit="1", baseline=0.001, absent=True)

    def weight(*facts: Fact) -> float:
        case = case_of(shift("api"), below(), silent, *facts)
        return sum(place.weight for place in locations(case) if place.group == "stopped")

    assert weight(fails) < 0.5 * weight()
    assert weight(still) == weight() > 0


@pytest.mark.parametrize("words", ["Lock wait timeout exceeded; try restarting transaction",
                                   "ERROR: cannot execute UPDATE in a read-only transaction"])  # fmt: skip
def test_who_says_that_a_store_fails_it_says_nothing_new_by_no_longer_logging_success(words: str) -> None:
    silent = said("orders", "", "order saved", "INFO", count=0, baseline_count=40.0).model_copy(update={"family": None})
    family = "deadlock" if "Lock" in words else "read_only"

    def weight(*facts: Fact) -> float:
        case = case_of(shift("api"), below(), silent, *facts)
        return sum(place.weight for place in locations(case) if place.group == "stopped" and place.resource == "orders")

    alone = weight()
    assert weight(said("orders", family, words, "ERROR")) < 0.5 * alone
    # As often as ever, and an exception of its own, take nothing from it.
    assert weight(said("orders", family, words, "ERROR", baseline_count=20.0)) == alone
    assert weight(said("orders", "exception", "KeyError: 'tour'", "ERROR")) == alone


@pytest.mark.parametrize("words", ["KeyError: 'tour' in price()", "NullPointerException at Plan.java:41"])
def test_new_failures_and_not_the_lost_success_say_what_a_resource_does(words: str) -> None:
    silent = said("orders", "", "order saved", "INFO", count=0, baseline_count=60.0).model_copy(update={"family": None})

    def weight(count: int, usual: float) -> float:
        failing = said("orders", "exception", words, "ERROR", count=count, baseline_count=usual)
        facts = found(shift("api"), below(), silent, failing)
        parts = [item.weight for known in rank_facts(facts, opened()).hypotheses for item in known.evidence
                 if known.resource == "orders" and "leaves its usual path" in item.why]  # fmt: skip
        return max(parts, default=0.0)

    assert 0 < weight(240, 0.0) < weight(20, 20.0)
