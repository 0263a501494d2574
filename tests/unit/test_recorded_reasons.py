"""What a recording tells of the reason behind a symptom becomes a fact, with the numbers that were recorded."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from recorded_incident import START, RecordedIncident, at, of

from primitives.facts import NEUTRAL_KINDS


async def test_the_statement_that_keeps_a_database_busy_is_a_fact_that_no_rule_takes_for_evidence(
    tmp_path: Path,
) -> None:
    incident = RecordedIncident(tmp_path)
    seen = {"time": at(20), "resource": "ledger-pg"}
    incident.lines(
        "observations",
        {**seen, "kind": "top_sql", "data": {"statement": "UPDATE orders SET status = $1", "db_load_avg": 84.2}},
        {**seen, "kind": "top_user", "data": {"name": "settler", "db_load_avg": 82.1}},
        {**seen, "kind": "wait_event", "data": {"name": "IO:WALSync", "db_load_avg": 98.6}},
    )
    observed = of(await incident.facts("read_measurements"), "observation")
    (busiest,) = [fact for fact in observed if fact.kind == "busiest_statement"]
    assert busiest.sentence() == (
        "ledger-pg busiest statement: 84.2 of 98.6 sessions, most of user settler: UPDATE orders SET status = $1"
    )
    assert busiest.kind in NEUTRAL_KINDS


async def test_lists_that_add_up_to_a_hundred_tell_percent_of_the_load_and_no_sessions(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    seen = {"time": at(20), "resource": "ledger-pg"}
    waits = {"IO:WALSync": 70.2, "CPU": 28.4, "IPC:QueueReceive": 1.4}
    incident.lines(
        "observations",
        {**seen, "kind": "top_sql", "data": {"statement": "UPDATE orders SET status = $1", "db_load_avg": 84.2}},
        *({**seen, "kind": "wait_event", "data": {"name": name, "db_load_avg": load}} for name, load in waits.items()),
    )
    observed = of(await incident.facts("read_measurements"), "observation")
    told = {fact.kind: fact.sentence() for fact in observed}
    assert told["busiest_statement"] == (
        "ledger-pg busiest statement: 84.2 % of its load: UPDATE orders SET status = $1"
    )
    assert told["database_load"] == "ledger-pg database load: io 71 %, cpu 29 %"


async def test_the_worst_sample_has_its_time_where_it_lies_far_from_the_level(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    normal = [100.0 + minute % 3 for minute in range(120)]
    bad = [300.0 + minute % 3 for minute in range(30)]
    incident.metric("latency", {"shop": [*normal, *bad[:12], 900.0, *bad[13:]], "far": [*normal, *bad]})
    facts = {fact.resource: fact for fact in of(await incident.facts("compare_baseline"), "metric_shift")}
    assert facts["shop"].peak == 900.0
    assert facts["shop"].peak_at == START + timedelta(minutes=12)
    assert "worst 900 ms at 12:12" in facts["shop"].sentence()
    assert facts["far"].peak_at is None
    assert "worst" not in facts["far"].sentence()


async def test_a_level_has_the_time_of_its_own_first_sample_where_that_is_not_the_onset(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    normal = [100.0 + minute % 3 for minute in range(120)]
    ramp = [min(100.0 + 20.0 * (minute + 1), 300.0) for minute in range(30)]
    step = [230.0, *[300.0] * 29]
    late = [115.0, *[300.0] * 29]
    incident.metric("latency", {"ramp": [*normal, *ramp], "step": [*normal, *step], "late": [*normal, *late]})
    facts = {fact.resource: fact for fact in of(await incident.facts("compare_baseline"), "metric_shift")}
    assert facts["ramp"].level_at == START + timedelta(minutes=9)
    assert facts["ramp"].sentence().startswith("ramp latency rose from 101 ms to 300 ms between 12:00 and 12:09"), (
        "the level of the end is no pair with the onset"
    )
    assert facts["step"].level_at is None, "the first sample covers the time of the change"
    assert facts["step"].sentence().startswith("step latency rose from 101 ms to 300 ms at 12:00")
    assert facts["late"].level_at == START + timedelta(minutes=1), "its first sample was not nearly there"
