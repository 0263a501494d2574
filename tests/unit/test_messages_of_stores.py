"""Refused writes fall to the store, a platform's events to what they are of, and counted threads to who counts them."""

from __future__ import annotations

import pytest
from incident_facts import change, found, graph, log, opened

from engine.hypotheses import Hypothesis
from engine.reason.complaints import accused
from engine.reason.fact_index import FactIndex
from engine.reason.ranking import rank_facts
from primitives.analysis.log_templates import mask
from primitives.analysis.stated_limits import stated_limits
from primitives.facts import ChangeFound, Dependencies, Fact

QUAY = graph({"crane": "service", "manifest": "database", "tide": "service"}, ("crane", "manifest"), ("crane", "tide"))
CHOIR = graph({"score": "service", "tapes": "storage", "songs": "database"}, ("score", "tapes"), ("score", "songs"))
MILL = graph({"gears": "service", "belts": "cache"}, ("gears", "belts"))


def ranked(*facts: Fact) -> tuple[Hypothesis, ...]:
    return rank_facts(found(*facts), opened()).hypotheses


@pytest.mark.parametrize(
    ("known", "writer", "stores"),
    [
        (QUAY, "crane", ("manifest",)),
        (MILL, "gears", ("belts",)),
        # Which of two stores it is nobody knows: each is as likely. A store says it of itself.
        (CHOIR, "score", ("tapes", "songs")),
        (QUAY, "manifest", ()),
    ],
)
def test_refused_writes_are_about_the_stores_of_the_writer(
    known: Dependencies, writer: str, stores: tuple[str, ...]
) -> None:
    fact = log(writer, "read_only")
    assert accused(FactIndex(opened(), None, found(known, fact)), fact) == stores


def test_a_full_disk_is_behind_the_writes_that_its_store_refuses() -> None:
    assert ranked(QUAY, log("crane", "read_only", 80), log("manifest", "disk_full"))[0].cause_id == "disk_full"


def _by(origin: str | None, minutes: float) -> ChangeFound:
    fact = change("event-1", "manifest", minutes_before=minutes, kind="infrastructure",
                  summary="Multi-AZ failover has started")  # fmt: skip
    assert fact.change is not None
    return fact.model_copy(update={"change": fact.change.model_copy(update={"origin": origin})})


@pytest.mark.parametrize(("origin", "minutes", "said"), [
    ("rds-events", 1, True), ("aws.rds", 3, True), ("rds-events", 300, False), ("wiki", 1, False),
])  # fmt: skip
def test_a_platform_s_event_counts_while_it_can_last(origin: str, minutes: float, said: bool) -> None:
    answers = ranked(QUAY, _by(origin, minutes))
    reasons = {entry.why for answer in answers for entry in answer.evidence}
    assert ("its platform says so" in reasons) == said


@pytest.mark.parametrize(("message", "template"), [
    ("GET basket:471199 failed", "GET basket:<n> failed"),
    ("lost seat:402 of hall:7", "lost seat:<n> of hall:<n>"),
    # A status says what happened, a port where.
    ("answered status:503", "answered status:503"),
    ("dial manifest:5432", "dial manifest:5432"),
])  # fmt: skip
def test_an_id_behind_its_kind_is_masked(message: str, template: str) -> None:
    assert mask(message) == template


def test_each_of_several_pools_has_its_own_numbers() -> None:
    (stated,) = stated_limits(
        "crane late, IOCP: (Busy=0,Free=900,Min=4,Max=900), WORKER: (Busy=77,Free=9,Min=4,Max=86)"
    )
    assert (stated.metric, stated.value, stated.limit) == ("threads_busy", 77, 4)
    assert stated_limits("IOCP: (Busy=0,Free=900,Min=4,Max=900), WORKER: (Busy=2,Free=84,Min=4,Max=86)") == ()
