"""What must hold of every ranking: less evidence never makes an answer surer, and calm facts don't move it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from incident_facts import SEEN, STORY, change, found, graph, limit, log, opened, share, shift, state_of

from engine.hypotheses import Hypothesis
from engine.incident import FoundFact
from engine.reason import rank_facts
from engine.reason.calibration import KINDS, SIGNS, Calibration
from primitives.facts import Fact, ProbeResult, SpanErrors

CALLS = graph(
    {"api": "service", "db": "database", "web": "service", "mail": "service", "n1": "node"},
    ("web", "api"),
    ("api", "db"),
    ("api", "mail"),
)
POOL: tuple[Fact, ...] = (
    *STORY[:6],
    share("api", 1.0),
    log("api", "too_many_connections"),
    log("mail", "timeout", points_at="db"),
    shift("db", "cpu_utilization", kind="saturation", baseline=20, current=95, unit="%"),
    shift("web"),
    shift("mail", "error_rate", kind="errors", baseline=0.0, current=0.3, unit="1"),
    state_of("mail", "OOMKilled"),
    state_of("db", "FailedScheduling"),
    log("mail", "out_of_memory"),
    limit("db", "connections", 0.99),
    change("v9", "mail"),
    SpanErrors(resource="mail", operation="send", errors=30, total=40, baseline_ratio=0.0, **SEEN),
    ProbeResult(resource="web", probe="tcp_connect", target="mail", result="refused", healthy=False, **SEEN),
)
CALM: tuple[Fact, ...] = (
    shift("wiki", absent=True),
    shift("wiki", "error_rate", kind="errors", baseline=0.0, absent=True, unit="1"),
    shift("print", "cpu_utilization", kind="saturation", baseline=30, absent=True, unit="%"),
    limit("print", "memory_used", 0.2),
    state_of("wiki", "Healthy"),
    state_of("print", "Healthy"),
)
CHOSEN = st.sets(st.integers(0, len(POOL) - 1), min_size=1)


def ranked(facts: Sequence[FoundFact]) -> tuple[Hypothesis, ...]:
    return rank_facts(facts, opened()).hypotheses


def numbered(chosen: set[int]) -> tuple[FoundFact, ...]:
    return found(CALLS, *(POOL[number] for number in sorted(chosen)))


def known_as(hypothesis: Hypothesis) -> tuple[str, str | None, str | None]:
    return hypothesis.cause_id, hypothesis.resource, hypothesis.change


@settings(max_examples=150, deadline=None)
@given(CHOSEN)
def test_taking_away_what_speaks_for_the_first_alone_never_raises_it(chosen: set[int]) -> None:
    facts = numbered(chosen)
    hypotheses = ranked(facts)
    first = hypotheses[0]
    # A fact that speaks for a rival as well may hold the first back by what it does for the other.
    shared = {item.fact for other in hypotheses[1:] for item in other.evidence if item.weight > 0}
    for own in first.evidence_for:
        if own.fact in shared:
            continue
        rest = ranked([fact for fact in facts if fact.id != own.fact])
        after = next((other for other in rest if known_as(other) == known_as(first)), None)
        assert after is None or after.confidence <= first.confidence + 0.001


@settings(max_examples=100, deadline=None)
@given(CHOSEN, st.sets(st.integers(0, len(CALM) - 1), min_size=1))
def test_calm_facts_of_resources_that_have_nothing_to_do_with_it_do_not_move_the_first(
    chosen: set[int], calm: set[int]
) -> None:
    facts = numbered(chosen)
    more = found(CALLS, *(POOL[number] for number in sorted(chosen)), *(CALM[number] for number in sorted(calm)))
    before, after = ranked(facts)[0], ranked(more)[0]
    if before.resource is not None:
        assert known_as(after) == known_as(before)
        assert abs(after.confidence - before.confidence) <= 0.03


@settings(max_examples=100, deadline=None)
@given(CHOSEN)
def test_the_list_is_in_order_and_no_more_than_one_where_the_competition_says_so(chosen: set[int]) -> None:
    facts = numbered(chosen)
    plain = rank_facts(facts, opened(), calibration=None).hypotheses
    calibrated = ranked(facts)
    assert [known_as(item) for item in plain] == [known_as(item) for item in calibrated]
    confidences = [item.confidence for item in calibrated]
    assert confidences[0] == max(confidences)
    if sum(item.confidence for item in plain) <= 1.0:
        assert sum(confidences) <= 1.0 + 0.001 * len(confidences)


@given(
    values=st.fixed_dictionaries({name: st.floats(0, 1) for name in SIGNS}),
    name=st.sampled_from(sorted(SIGNS)),
    more=st.floats(0, 1),
    kinds=st.sets(st.sampled_from(["metrics", "states", "logs"])),
)
def test_every_feature_counts_in_its_direction_only(
    values: dict[str, float], name: str, more: float, kinds: set[str]
) -> None:
    known = Calibration(-1.0, {key: 2.0 * sign for key, sign in SIGNS.items()}, {"metrics": 0.9, "states": 0.85})
    before, _ = known.stated(values, kinds)
    after, _ = known.stated({**values, name: values[name] + more}, kinds)
    assert math.copysign(1.0, SIGNS[name]) * (after - before) >= -1e-9
    fewer, _ = known.stated(values, set(list(kinds)[1:]))
    assert fewer <= before + 1e-9
    assert len(kinds) > 1 or before <= 0.8


def test_every_type_of_fact_is_evidence_of_a_kind_or_none() -> None:
    """An answer that rests on a type without a kind alone would be told to rest on nothing but the alarm."""
    (union, _) = get_args(Fact)
    types = {get_args(body.model_fields["type"].annotation)[0] for body in get_args(union)}
    assert types - {"source_gap", "dependencies"} == set(KINDS)
