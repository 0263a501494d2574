"""Telemetry as bad as it comes, through a whole investigation: no failure, a gap that names it, no false certainty."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cases.bad_telemetry import BASELINE, CULPRIT, LENGTH, Incident, at

from engine.engine import Engine
from engine.follow_to_end import follow_investigation
from engine.port import Investigate
from engine.report import CausePart, Report, report


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = await Engine.open(tmp_path / "incidents.db")
    yield engine
    await engine.close()


async def _report(engine: Engine, bundle: Path) -> Report:
    """What is told of the bundle; every step of it must have completed."""
    execution = await engine.investigate(Investigate(bundle=str(bundle), confirm=False))
    async for _ in follow_investigation(engine, execution):
        pass
    told = report(await engine.state(execution))
    assert {step.status for step in told.steps} == {"completed"}
    return told


def _blame(told: Report) -> CausePart:
    """The best cause that blames the made culprit."""
    return next(one for one in told.likely_root_causes if one.resource == CULPRIT)


def _confidence(told: Report) -> float:
    return max((one.confidence for one in told.likely_root_causes if one.resource == CULPRIT), default=0.0)


@pytest.fixture
async def sound(engine: Engine, tmp_path: Path) -> Report:
    """The incident undamaged."""
    return await _report(engine, Incident().write(tmp_path / "sound"))


async def test_the_sound_incident_blames_the_database_with_its_onset(sound: Report) -> None:
    assert sound.likely_root_causes[0] == _blame(sound)
    assert not any("latency" in gap for gap in sound.gaps)
    onsets = [
        fact.data for fact in sound.facts
        if fact.type == "metric_shift" and fact.resource == CULPRIT and fact.polarity == "present"
    ]  # fmt: skip
    assert onsets[0]["onset"] == at(10)
    assert 60 <= onsets[0]["onset_uncertainty_s"] <= 120


@pytest.mark.parametrize("word", ["NaN", "inf", "-inf"])
async def test_what_is_no_number_is_a_gap(word: str, engine: Engine, tmp_path: Path, sound: Report) -> None:
    made = Incident()
    made.change("latency", lambda minute, name, cell: word if name == CULPRIT and minute > 12 else cell)
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert any("latency" in gap and "NaN, infinite" in gap for gap in told.gaps)
    assert _confidence(told) <= _confidence(sound)


async def test_negative_latencies_are_left_out_and_told(engine: Engine, tmp_path: Path, sound: Report) -> None:
    made = Incident()
    made.change("latency", lambda minute, name, cell: -cell if name == CULPRIT and minute % 2 else cell)
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert any("negative and left out" in gap and CULPRIT in gap for gap in told.gaps)
    assert told.likely_root_causes[0].resource == CULPRIT
    assert _confidence(told) <= _confidence(sound)


async def test_a_latency_longer_than_the_window_is_left_out_and_told(engine: Engine, tmp_path: Path) -> None:
    made = Incident()
    # 48 minutes, in ms, in a window of 30: it would be the greatest shift of all.
    made.change("latency", lambda minute, name, cell: 48 * 60_000 if (name, minute) == ("mail", 15) else cell)
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert any("longer than the window" in gap and "mail" in gap for gap in told.gaps)
    assert told.likely_root_causes[0].resource == CULPRIT
    shifts = [fact for fact in told.facts if fact.type == "metric_shift" and fact.polarity == "present"]
    assert "mail" not in {fact.resource for fact in shifts}


async def test_duplicates_and_disorder_change_nothing_but_are_told(
    engine: Engine, tmp_path: Path, sound: Report
) -> None:
    made = Incident()
    for rows in made.rows.values():
        rows.extend(rows[::7])
        random.Random(2).shuffle(rows)
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert any("not in order" in gap for gap in told.gaps)
    assert any("twice" in gap for gap in told.gaps)
    assert [(one.cause_id, one.resource) for one in told.likely_root_causes[:1]] == [
        (one.cause_id, one.resource) for one in sound.likely_root_causes[:1]
    ]


async def test_mixed_time_steps_are_judged_all_the_same(engine: Engine, tmp_path: Path, sound: Report) -> None:
    made = Incident()
    made.change("latency", lambda minute, name, cell: None if name == CULPRIT and minute % 5 else cell)
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert told.likely_root_causes[0].resource == CULPRIT
    assert _confidence(told) <= _confidence(sound) + 0.02


async def test_a_series_with_one_sample_proves_nothing(engine: Engine, tmp_path: Path, sound: Report) -> None:
    made = Incident()
    made.change("latency", lambda minute, name, cell: cell if name != CULPRIT or minute == 20 else None)
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert _confidence(told) < _confidence(sound)


async def test_a_single_sample_in_all_is_no_basis_for_blame(engine: Engine, tmp_path: Path) -> None:
    made = Incident()
    for metric in made.rows:
        made.rows[metric] = made.rows[metric][BASELINE + 20 : BASELINE + 21]
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert told.likely_root_causes[0].resource is None or told.likely_root_causes[0].confidence < 0.3


async def test_constant_series_have_not_moved(engine: Engine, tmp_path: Path) -> None:
    made = Incident()
    for metric in made.rows:
        made.change(metric, lambda _minute, _name, _cell: 7 if metric == "requests" else 0.001)  # noqa: B023 - used at once
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert told.likely_root_causes[0].cause_class == "NO_FAULT"
    assert not [fact for fact in told.facts if fact.type == "metric_shift" and fact.polarity == "present"]


async def test_a_counter_is_judged_by_its_growth(engine: Engine, tmp_path: Path) -> None:
    made = Incident()
    made.meanings["failures"] = {"kind": "errors", "unit": "{error}", "statistic": "count", "worse": "higher"}
    total = dict.fromkeys(made.columns, 0)
    rows = []
    for minute in range(-BASELINE, LENGTH + 1):
        for name in made.columns:
            # The database's counter starts anew when it is restarted, an hour before; from the tenth minute it runs.
            restarted = name == CULPRIT and minute == -60
            total[name] = 0 if restarted else total[name] + (40 if name == CULPRIT and minute >= 10 else 1)
        rows.append((at(minute), [total[name] for name in made.columns]))
    made.rows["failures"] = rows
    told = await _report(engine, made.write(tmp_path / "bad"))
    moved = {
        fact.resource: fact.data for fact in told.facts
        if fact.type == "metric_shift" and fact.polarity == "present" and fact.data["metric"] == "failures"
    }  # fmt: skip
    assert set(moved) == {CULPRIT}
    assert (moved[CULPRIT]["baseline"], moved[CULPRIT]["current"], moved[CULPRIT]["onset"]) == (1.0, 40.0, at(10))


async def test_a_percentage_said_to_be_a_ratio_is_a_gap(engine: Engine, tmp_path: Path, sound: Report) -> None:
    made = Incident()
    made.meanings["up"] = {"kind": "availability", "unit": "1", "statistic": "average", "worse": "lower"}
    made.rows["up"] = [(time, [99.9] * len(cells)) for time, cells in made.rows["latency"]]
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert any("a ratio by its metadata, a percentage by its values" in gap for gap in told.gaps)
    assert told.likely_root_causes[0].resource == CULPRIT
    assert _confidence(told) <= _confidence(sound)
    assert not [fact for fact in told.facts if "9 990 %" in fact.statement]


async def test_a_topology_of_other_names_is_a_gap_and_costs_certainty(
    engine: Engine, tmp_path: Path, sound: Report
) -> None:
    made = Incident()
    made.resources = ["alpha", "beta"]
    made.edges = [("alpha", "beta")]
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert any("names none of the resources that have metrics" in gap for gap in told.gaps)
    assert _confidence(told) < _confidence(sound)


async def test_a_dependency_without_the_metric_is_a_gap(engine: Engine, tmp_path: Path, sound: Report) -> None:
    made = Incident()
    made.change("latency", lambda _minute, name, cell: None if name == CULPRIT else cell)
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert any(f"no latency was measured of {CULPRIT}" in gap for gap in told.gaps)
    assert _confidence(told) < _confidence(sound)


async def test_a_hundred_thousand_lines_of_garbage_do_not_hide_the_cause(
    engine: Engine, tmp_path: Path, sound: Report
) -> None:
    made = Incident()
    noise = random.Random(8)
    alphabet = 'abcdefghij \\"{}[]%$#\t\u202e\u0000\u00ff€0123456789'
    made.logs = [
        {
            "time": at(noise.uniform(-BASELINE, LENGTH)),
            "resource": noise.choice(made.columns),
            "severity": noise.choice(["INFO", "WARN", "ERROR"]),
            "body": "".join(noise.choices(alphabet, k=noise.randrange(0, 60))),
        }
        for _ in range(100_000)
    ]
    told = await _report(engine, made.write(tmp_path / "bad"))
    assert any("hardly two messages are alike" in gap for gap in told.gaps)
    assert told.likely_root_causes[0].resource == CULPRIT
    # New errors of the culprit are a second kind of evidence, however they read.
    assert _confidence(told) <= _confidence(sound) + 0.05
