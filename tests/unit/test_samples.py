"""The sample incidents are whole, lawful and small, and the made one shows what it claims to show."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

SAMPLES = Path(__file__).parents[2] / "sample_incidents"
STORY = SAMPLES / "api-latency-spike"
BUNDLES = sorted(path.parent for path in SAMPLES.glob("*/incident.yaml"))
TAKEN = [bundle for bundle in BUNDLES if bundle != STORY]
DATASETS = {
    "petshop": ("petshop", "CC-BY-4.0", "Creative Commons Attribution 4.0 International"),
    "rcb": ("rootcausebench", "Apache-2.0", "Apache License"),
    "nezha": ("nezha", "MIT", "MIT License"),
    "holmes": ("kubernetes-and-databases", "Apache-2.0", "Apache License"),
    "opensre": ("kubernetes-and-databases", "Apache-2.0", "Apache License"),
}
WRITTEN_BY_THE_SIMULATION = {"alert.json", "logs.jsonl", "spans.jsonl"}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def at(clock: str) -> datetime:
    return moment(f"2026-10-14T{clock}Z")


def read_yaml(bundle: Path, name: str) -> Any:
    return yaml.safe_load((bundle / name).read_text(encoding="utf-8"))


def read_lines(bundle: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (bundle / name).read_text(encoding="utf-8").splitlines()]


def samples(metric: str, resource: str, start: str = "13:50:00", end: str = "14:52:00") -> np.ndarray[Any, Any]:
    """The story's samples whose 30 s lie between `start` and `end`."""
    with (STORY / "metrics" / f"{metric}.csv").open(encoding="utf-8", newline="") as file:
        rows = [(moment(row["time"]), row[resource]) for row in csv.DictReader(file)]
    first, last = at(start) + timedelta(seconds=30), at(end)
    return np.array([float(value) for when, value in rows if value and first <= when <= last])


def before(metric: str, resource: str) -> np.ndarray[Any, Any]:
    return samples(metric, resource, end="14:20:00")


def after(metric: str, resource: str) -> np.ndarray[Any, Any]:
    return samples(metric, resource, start="14:34:00")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    script = SAMPLES / "simulate_api_latency_spike.py"
    subprocess.run([sys.executable, str(script), "--out", str(folder)], check=True, timeout=170)
    return folder


def test_there_is_the_story_and_at_least_six_others_of_each_kind_of_platform() -> None:
    assert STORY in BUNDLES
    assert len(TAKEN) >= 6
    platforms = {platform for bundle in BUNDLES for platform in read_yaml(bundle, "incident.yaml")["platform"]}
    assert {"aws", "kubernetes"} <= platforms


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_a_sample_has_its_parts_and_the_name_of_its_folder(bundle: Path) -> None:
    incident = read_yaml(bundle, "incident.yaml")
    assert incident["format"] == "cloudops-incident/1"
    assert incident["id"] == bundle.name
    assert incident["query"]
    assert read_yaml(bundle, "truth.yaml")["root_causes"]
    assert {path.name for path in bundle.iterdir()} & {"metrics", "kubernetes"}
    if (bundle / "metrics").is_dir():
        described = read_yaml(bundle, "metrics.yaml")
        assert {path.name.split(".csv")[0] for path in (bundle / "metrics").iterdir()} == set(described)


@pytest.mark.parametrize("bundle", TAKEN, ids=lambda bundle: bundle.name)
def test_a_taken_sample_names_its_licence_and_the_licence_is_kept_beside_it(bundle: Path) -> None:
    dataset, licence, title = DATASETS[bundle.name.split("-")[0]]
    assert licence.removesuffix("-4.0") in (bundle / "NOTICE.md").read_text(encoding="utf-8")
    text = (SAMPLES / "LICENSES" / f"{dataset}-{licence}.txt").read_text(encoding="utf-8")
    assert title in text or title.removeprefix("Creative Commons ") in text


@pytest.mark.parametrize("bundle", TAKEN, ids=lambda bundle: bundle.name)
def test_a_taken_sample_is_what_the_data_set_holds(bundle: Path, shared_datasets: Path) -> None:
    source = shared_datasets / DATASETS[bundle.name.split("-")[0]][0] / bundle.name
    names = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    assert {path.relative_to(bundle) for path in bundle.rglob("*") if path.is_file()} == names
    for name in names:
        assert (bundle / name).read_bytes() == (source / name).read_bytes()


def test_the_samples_are_small() -> None:
    size = {bundle: sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file()) for bundle in BUNDLES}
    assert size[STORY] < 1_000_000
    assert sum(size.values()) < 4_000_000


def test_the_list_of_samples_names_each_with_its_licence() -> None:
    rows = [line for line in (SAMPLES / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| [")]
    listed = {row.split("]")[0].removeprefix("| ["): row for row in rows}
    assert set(listed) == {bundle.name for bundle in BUNDLES}
    for bundle in TAKEN:
        assert listed[bundle.name].rstrip("| ").endswith(DATASETS[bundle.name.split("-")[0]][1])


def test_the_story_says_that_it_was_made_for_demonstration() -> None:
    assert read_yaml(STORY, "incident.yaml")["labels"]["made_for"] == "demonstration"
    assert "Made for demonstration" in (STORY / "NOTICE.md").read_text(encoding="utf-8")


def test_latency_rises_from_about_200_to_about_1500_ms() -> None:
    assert 150 <= np.median(before("latency_p95", "api-service")) <= 260
    assert 1200 <= np.median(after("latency_p95", "api-service")) <= 1900


def test_latency_rises_five_minutes_after_the_deployment_and_not_before() -> None:
    latency = samples("latency_p95", "api-service")
    normal = latency[:60]
    limit = np.median(normal) + 10 * np.median(np.abs(normal - np.median(normal)))
    risen = latency > limit
    first = int(np.argmax(risen))
    assert at("14:28:00") <= at("13:50:00") + timedelta(seconds=30 * (first + 1)) <= at("14:33:00")
    assert risen[first:].all()


def test_connections_rise_to_95_percent_of_their_limit() -> None:
    limit = read_yaml(STORY, "metrics.yaml")["database_connections"]["limit"]
    assert np.median(before("database_connections", "orders-db")) <= 0.6 * limit
    assert (after("database_connections", "orders-db") >= 0.9 * limit).all()
    snapshots = [s["document"] for s in read_lines(STORY, "configuration.jsonl") if s["resource"] == "orders-db"]
    assert {snapshot["max_connections"] for snapshot in snapshots} == {limit}
    assert {snapshot["autoscaling"] for snapshot in snapshots} == {None}


def test_errors_rise_by_about_300_percent() -> None:
    ratio = np.mean(after("error_ratio", "api-service")) / np.mean(before("error_ratio", "api-service"))
    assert 2.5 <= ratio <= 6.0
    np.testing.assert_allclose(
        samples("availability", "api-service"), 1 - samples("error_ratio", "api-service"), atol=1e-5
    )


@pytest.mark.parametrize(
    ("metric", "resource"),
    [("latency_p95", "search-service"), ("latency_p95", "orders-db"), ("requests", "api-service")],
)
def test_search_a_single_query_and_the_load_stay_as_they_were(metric: str, resource: str) -> None:
    assert np.median(after(metric, resource)) == pytest.approx(np.median(before(metric, resource)), rel=0.05)


def test_search_does_not_fail_more_than_before() -> None:
    assert np.mean(after("error_ratio", "search-service")) < 0.003


def test_the_connections_in_use_obey_littles_law() -> None:
    """Requests a second times the seconds that each holds its connection must fit into the connections open."""
    held = np.mean(after("requests", "api-service")) / 30 * np.mean(after("latency_p50", "api-service")) / 1000
    assert 0.5 * 90 < held < 90


def test_the_new_version_asks_more_queries_in_metrics_and_in_traces() -> None:
    assert np.median(before("queries_per_request", "api-service")) == 3
    assert np.median(after("queries_per_request", "api-service")) > 15
    queries: dict[str, list[int]] = {"v2.3.0": [], "v2.3.1": []}
    spans = read_lines(STORY, "spans.jsonl")
    for server in (span for span in spans if span["resource"] == "api-service" and span["status"] == "ok"):
        trace = [s for s in spans if s["trace_id"] == server["trace_id"] and s["resource"] == "orders-db"]
        assert sum(span["duration_s"] for span in trace) < server["duration_s"]
        queries[server["attributes"]["service.version"]].append(len(trace))
    assert set(queries["v2.3.0"]) == {3}
    assert min(queries["v2.3.1"]) > 10


def test_the_alarm_fired_when_its_own_rule_says() -> None:
    alert = json.loads((STORY / "alert.json").read_text(encoding="utf-8"))
    fired = moment(alert["StateChangeTime"])
    assert fired == read_yaml(STORY, "incident.yaml")["detected_at"] == datetime(2026, 10, 14, 14, 34, tzinfo=UTC)
    trigger = alert["Trigger"]
    latency_s = samples("latency_p95", "public-alb") / 1000
    position = int((fired - at("13:50:00")).total_seconds()) // 30
    watched = trigger["Period"] * trigger["EvaluationPeriods"] // 30
    assert (latency_s[position - watched : position] > trigger["Threshold"]).all()
    assert (latency_s[: position - watched] < trigger["Threshold"]).all()


def test_the_blamed_change_and_the_innocent_ones_are_recorded() -> None:
    truth = read_yaml(STORY, "truth.yaml")
    changes = {change["id"]: change for change in read_lines(STORY, "changes.jsonl")}
    (cause,) = truth["root_causes"]
    assert changes[cause["change"]]["resource"] == cause["resource"]
    assert moment(changes[cause["change"]]["time"]) == at("14:25:00")
    assert set(changes) == {cause["change"], *truth["decoys"]}
    for decoy in truth["decoys"]:
        assert moment(changes[decoy]["time"]) < at("14:25:00") - timedelta(hours=8)


def test_every_resource_measured_or_logged_stands_in_the_topology() -> None:
    topology = read_yaml(STORY, "topology.yaml")
    known = {resource["id"] for resource in topology["resources"]}
    assert {end for edge in topology["edges"] for end in (edge["from"], edge["to"])} == known
    seen = {record["resource"] for name in ("logs.jsonl", "spans.jsonl") for record in read_lines(STORY, name)}
    for path in (STORY / "metrics").iterdir():
        seen |= set(path.read_text(encoding="utf-8").splitlines()[0].split(",")[1:])
    assert seen <= known


def test_nothing_is_recorded_after_the_end() -> None:
    end = read_yaml(STORY, "incident.yaml")["window"]["to"]
    times = [record["time"] for record in read_lines(STORY, "logs.jsonl")]
    assert times == sorted(times)
    assert moment(times[-1]) <= end
    assert max(moment(span["start"]) for span in read_lines(STORY, "spans.jsonl")) <= end


def test_the_simulation_writes_the_kept_files_again_byte_for_byte(simulated: Path) -> None:
    written = {path.relative_to(simulated) for path in simulated.rglob("*") if path.is_file()}
    kept = {path.relative_to(STORY) for path in STORY.rglob("*") if path.is_file()}
    assert {str(name) for name in written if name.parts[0] != "metrics"} == WRITTEN_BY_THE_SIMULATION
    assert {name for name in kept if name.parts[0] == "metrics"} == {name for name in written if len(name.parts) > 1}
    for name in sorted(written):
        assert (simulated / name).read_bytes() == (STORY / name).read_bytes(), name
