"""Which facts are of now after a watched incident was asked again, and what becomes of judgements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from cases.asked_again import WatchedIncident
from incident_facts import NOW, ONSET, SEEN, opened, shift

from engine.events import FactJudged
from engine.hypotheses import Verdict
from engine.state import investigation
from engine.state.investigation import FoundFact
from engine.state.steps import Step
from engine.state.supersession import AskedAgain, asked_again
from primitives.facts import Fact, LogPattern, SourceGap

SLOW = shift("api", current=1.5)
STILL_SLOW = shift("api", current=1.4, observed_at=NOW + timedelta(minutes=10))
CALM = shift("api", absent=True, observed_at=NOW + timedelta(minutes=10))
GAP = SourceGap(**SEEN, question="series", status="unreachable", detail="no answer within 20 s")


def messages(count: int) -> LogPattern:
    return LogPattern(resource="api", template="pool <n> is used up", severity="ERROR", count=count, **SEEN)


def test_a_later_answer_takes_the_place_of_an_earlier_one() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW, shift("shop")])
    incident.ask("S2", [STILL_SLOW], supersedes="S1")
    assert incident.current == ["F3"]
    assert {name: (by.step, by.fact) for name, by in incident.state.past_facts.items()} == {
        "F1": ("S2", "F3"), "F2": ("S2", ""),
    }  # fmt: skip
    assert list(incident.state.facts) == ["F1", "F2", "F3"], "the history stays"


def test_before_the_later_step_has_ended_only_what_it_measured_again_is_past() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW, shift("shop")])
    incident.ask("S2", [CALM], supersedes="S1", status="running")
    assert incident.current == ["F2", "F3"]


def test_a_step_that_failed_in_between_breaks_no_chain() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.ask("S2", [], supersedes="S1", status="failed")
    assert incident.current == ["F1"], "nothing newer is known"
    incident.ask("S3", [STILL_SLOW], supersedes="S2")
    assert incident.current == ["F2"]


def test_what_a_silent_source_said_last_is_the_last_that_is_known() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW, shift("shop", source="other")])
    incident.ask("S2", [GAP], supersedes="S1")
    assert incident.current == ["F1", "F3"]


@pytest.mark.parametrize("verdict", ["refuted", "pinned"])
@pytest.mark.parametrize(("known", "new"), [(SLOW, STILL_SLOW), (messages(41), messages(63))])
def test_a_judgement_is_carried_to_what_measures_the_same_again(verdict: Verdict, known: Fact, new: Fact) -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [known])
    incident.judge("F1", verdict, "that exporter was restarted")
    incident.ask("S2", [new], supersedes="S1")
    assert incident.current == ["F2"]
    said = incident.state.judgements["F2"]
    assert (said.verdict, said.by, said.because, said.carried_from) == (
        verdict, "ann", "that exporter was restarted", "F1",
    )  # fmt: skip


OTHERS: dict[str, dict[str, Any]] = {
    "calm": {"absent": True},
    "ten times the size": {"current": 15.0},
    "the other direction": {"current": 0.05},
    "a new episode": {"onset": ONSET + timedelta(minutes=12)},
    "over": {"ended": NOW},
    "another unit": {"unit": "ms"},
}


@pytest.mark.parametrize("new", OTHERS.values(), ids=OTHERS.keys())
def test_a_judgement_goes_no_further_than_what_was_judged(new: dict[str, Any]) -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.judge("F1", "refuted")
    incident.ask("S2", [shift("api", **new)], supersedes="S1")
    assert incident.current == ["F2"]
    assert set(incident.state.judgements) == {"F1"}


@pytest.mark.parametrize("new", [shift("shop"), shift("api", "latency_p50")])
def test_another_resource_or_metric_has_no_part_in_a_judgement(new: Fact) -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.judge("F1", "pinned")
    incident.ask("S2", [new], supersedes="S1")
    assert incident.current == ["F1", "F2"], "what was judged and not measured again counts on"
    assert set(incident.state.judgements) == {"F1"}


def test_a_judgement_is_carried_from_answer_to_answer_until_somebody_undoes_it() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.judge("F1", "refuted")
    incident.ask("S2", [STILL_SLOW], supersedes="S1")
    incident.ask("S3", [SLOW], supersedes="S2")
    assert (incident.current, incident.state.judgements["F3"].by) == (["F3"], "ann")
    incident.judge("F3", None)
    incident.ask("S4", [STILL_SLOW], supersedes="S3")
    assert incident.current == ["F4"]
    assert "F4" not in incident.state.judgements


def test_an_onset_that_the_window_has_left_behind_is_still_that_onset() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.judge("F1", "refuted")
    incident.ask("S2", [shift("api", onset=None)], supersedes="S1")
    assert incident.state.judgements["F2"].carried_from == "F1"
    incident.ask("S3", [shift("api", onset=NOW)], supersedes="S2")
    assert "F3" not in incident.state.judgements, "somebody saw this one begin"


def test_a_snapshot_holds_what_was_carried() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.judge("F1", "refuted")
    incident.ask("S2", [STILL_SLOW], supersedes="S1")
    again = type(incident.state).decode(incident.state.encode())
    assert [known.id for known in again.current_facts] == ["F2"]
    assert again.judgements == incident.state.judgements


def test_of_many_answers_the_newest_is_named() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW, shift("shop")])
    incident.ask("S2", [STILL_SLOW], supersedes="S1")
    incident.ask("S3", [CALM, GAP], supersedes="S2")
    incident.ask("S4", [messages(1)], supersedes="S3", status="running")
    assert {name: (by.step, by.fact) for name, by in incident.state.past_facts.items()} == {
        "F1": ("S3", "F4"), "F2": ("S2", ""), "F3": ("S3", "F4"),
    }  # fmt: skip


def test_what_is_past_is_worked_out_once_for_each_version_of_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def counting(steps: Mapping[str, Step], facts: Mapping[str, FoundFact]) -> dict[str, AskedAgain]:
        counted.append(len(facts))
        return asked_again(steps, facts)

    monkeypatch.setattr(investigation, "asked_again", counting)
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.ask("S2", [STILL_SLOW], supersedes="S1")
    counted.clear()
    assert [list(incident.state.past_facts) for _ in range(3)] == [["F1"]] * 3
    assert incident.current == ["F2"]
    assert counted == [2]
    before = incident.state.copy()
    incident.ask("S3", [CALM], supersedes="S2")
    assert (list(incident.state.past_facts), list(before.past_facts)) == (["F2", "F1"], ["F1"])


def test_what_was_asked_does_not_change_the_digest_of_a_state() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    incident.ask("S2", [STILL_SLOW], supersedes="S1")
    fresh = incident.state.copy()
    assert incident.state.past_facts
    assert incident.state.digest() == fresh.digest()


def test_a_judgement_that_is_carried_from_nothing_is_one_of_its_own() -> None:
    incident = WatchedIncident(opened())
    incident.ask("S1", [SLOW])
    # A log that somebody wrote by hand.
    incident.tell(FactJudged(fact="F1", verdict="pinned", carried_from="F9"))
    assert incident.state.judgements["F1"].verdict == "pinned"
