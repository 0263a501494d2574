"""Who reads from a copy that is far behind fails by that, however many stand between."""

from __future__ import annotations

from datetime import timedelta

import pytest
from incident_facts import ONSET, change, found, graph, log, opened, share, shift

from engine.reason import rank_facts
from primitives.facts import Fact
from primitives.records import Symptom

KNOWN = graph(
    {"kiosk": "service", "finder": "service", "writer": "service", "copy-3": "database", "source-1": "database"},
    ("kiosk", "finder"), ("kiosk", "writer"), ("finder", "copy-3"), ("writer", "source-1"),
)  # fmt: skip
ABOUT = Symptom(resource="kiosk", metric="not_found_ratio", direction="above")
MISSES = shift("kiosk", "not_found_ratio", kind="errors", unit="1", baseline=0.003, current=0.18)
OWN = share("kiosk", 1.0).model_copy(
    update={"symptom_resource": "kiosk", "metric": "not_found_ratio", "unit": "1", "own_excess": 0.18}
)


def lag(minutes: float = -3.0, current: float = 1800.0, resource: str = "copy-3") -> Fact:
    return shift(resource, "seconds_behind_source", kind="other", unit="s", baseline=0.0, current=current,
                 onset=ONSET + timedelta(minutes=minutes))  # fmt: skip


def first(*facts: Fact) -> tuple[str, str | None]:
    best = rank_facts(found(KNOWN, MISSES, OWN, *facts), opened(ABOUT)).hypotheses[0]
    return best.cause_id, best.resource


@pytest.mark.parametrize("more", [(), (log("kiosk", "other"),), (change("r-9", "kiosk", minutes_before=32),)])
def test_the_copy_that_is_behind_is_why_its_readers_miss_what_is_new(more: tuple[Fact, ...]) -> None:
    assert first(lag(), *more) == ("replication_lag", "copy-3")


@pytest.mark.parametrize(
    "facts",
    [
        # A few seconds, of a copy that nobody of these reads, or long after they began to fail.
        (lag(current=4.0),),
        (lag(resource="copy-8"),),
        (lag(minutes=40),),
    ],
)
def test_a_lag_that_is_small_or_elsewhere_or_later_is_not_why(facts: tuple[Fact, ...]) -> None:
    assert first(*facts)[1] != "copy-3"
