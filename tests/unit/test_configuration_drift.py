"""Configuration: what decides comes before what describes, and one that differs from all its peers is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recorded_incident import RecordedIncident, at, of

from primitives.analysis.configuration import weight_of


def _snapshot(minutes: float, resource: str, document: dict[str, Any]) -> dict[str, Any]:
    return {"time": at(minutes), "resource": resource, "kind": "service_settings", "document": document}


def _settings(**changed: Any) -> dict[str, Any]:
    usual = {f"option_{n}": n for n in range(30)} | {
        "pool": {"max_size": 40},
        "description": "a service",
        "region": "eu",
    }
    return usual | changed


async def test_a_decisive_setting_is_told_before_innocent_ones(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    later = _settings(pool={"max_size": 4}, description="the service", option_3="x", option_9="y")
    incident.lines("configuration", _snapshot(-30, "api", _settings()), _snapshot(5, "api", later))
    facts = of(await incident.facts("diff_configuration"), "configuration_difference")
    assert [one.path for one in facts] == ["pool.max_size", "option_3", "option_9", "description"]
    assert (facts[0].before, facts[0].after) == (40, 4)


async def test_the_one_environment_that_drifted_from_the_others_is_told(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    drifted = _settings(pool={"max_size": 4}, region="us")
    rest = [_snapshot(-5, f"api-{n}", _settings(region=f"eu-{n}")) for n in range(3)]
    incident.lines("configuration", _snapshot(-5, "api-us", drifted), *rest)
    facts = of(await incident.facts("diff_configuration"), "configuration_difference")
    assert [(one.resource, one.path, one.before, one.after) for one in facts] == [("api-us", "pool.max_size", 40, 4)]
    assert facts[0].changed_between is None


async def test_two_peers_or_documents_of_different_makes_tell_of_no_drift(tmp_path: Path) -> None:
    incident = RecordedIncident(tmp_path)
    incident.lines("configuration", _snapshot(-5, "a", _settings()), _snapshot(-5, "b", _settings(region="us")))
    assert not of(await incident.facts("diff_configuration"), "configuration_difference")
    other = [_snapshot(-5, name, {f"{name}_{n}": n for n in range(9)} | {"mode": name == "a"}) for name in "abc"]
    incident.lines("configuration", *other)
    assert not of(await incident.facts("diff_configuration"), "configuration_difference")


def test_a_description_weighs_least() -> None:
    assert [weight_of(path) for path in ("a.timeout_ms", "a.flavour", "metadata.labels.max")] == [2, 1, 0]
