"""A container's log keeps what earlier faults wrote; of a log that dates its lines, those of the incident count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from recorded_incident import RecordedIncident, at, of

REFUSED = "ERROR order failed: connection refused by ledger"


async def templates(folder: Path, *lines: str, name: str = "yard_crane-1_app.log") -> list[str]:
    incident = RecordedIncident(folder)
    incident.file(f"kubernetes/logs/{name}", "".join(f"{line}\n" for line in lines))
    return [pattern.template for pattern in of(await incident.facts("analyze_logs"), "log_pattern")]


async def test_what_was_logged_before_the_window_is_no_message_of_the_incident(tmp_path: Path) -> None:
    assert await templates(tmp_path, f"{at(-9)} {REFUSED}", f"{at(-8)} {REFUSED}", f"{at(4)} INFO ready") == []


async def test_what_was_logged_in_the_window_is(tmp_path: Path) -> None:
    assert len(await templates(tmp_path, f"{at(-9)} INFO ready", f"{at(4)} {REFUSED}")) == 1


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ((f"{at(-9)} {REFUSED}",), "yard_crane-1_app.log"),
        ((f"{at(-9)} {REFUSED}", f"{at(4)} INFO bye"), "yard_crane-1_app.previous.log"),
        ((REFUSED, "INFO ready"), "yard_crane-1_app.log"),
        (("2026-19-39T12:00:00Z nonsense", REFUSED), "yard_crane-1_app.log"),
        (("2026-03-10T11:00:00 " + REFUSED, "2026-03-10T13:00:00 INFO ready"), "yard_crane-1_app.log"),
    ],
    ids=["it wrote nothing since", "its last life", "no times", "no time that is one", "of an unknown zone"],
)
async def test_a_log_that_ends_earlier_or_has_no_known_times_counts_whole(
    tmp_path: Path, lines: tuple[str, ...], name: str
) -> None:
    assert any("connection refused" in template for template in await templates(tmp_path, *lines, name=name))


@pytest.mark.parametrize(
    ("before", "now", "counts"),
    [
        ((f"{at(-9)} {REFUSED}",), (f"{at(-8)} INFO ready", f"{at(4)} INFO tick"), False),
        ((f"{at(-9)} {REFUSED}",), (f"{at(2)} INFO ready", f"{at(4)} INFO tick"), True),
        ((f"{at(3)} {REFUSED}",), (f"{at(3)} INFO ready", f"{at(4)} INFO tick"), True),
        ((REFUSED,), (f"{at(-8)} INFO ready", f"{at(4)} INFO tick"), True),
    ],
    ids=["its successor is well all through the window", "it started in it", "ended in it", "no times"],
)
async def test_a_life_that_ended_before_the_window_counts_unless_the_next_began_in_it(
    tmp_path: Path, before: tuple[str, ...], now: tuple[str, ...], counts: bool
) -> None:
    incident = RecordedIncident(tmp_path)
    incident.file("kubernetes/logs/yard_crane-1_app.previous.log", "".join(f"{line}\n" for line in before))
    incident.file("kubernetes/logs/yard_crane-1_app.log", "".join(f"{line}\n" for line in now))
    templates = [pattern.template for pattern in of(await incident.facts("analyze_logs"), "log_pattern")]
    assert any("connection refused" in template for template in templates) == counts


@pytest.mark.parametrize(("started", "counts"), [(at(-8), False), (at(2), True)], ids=["before it", "in it"])
async def test_a_life_counts_by_when_its_successor_started_where_its_log_is_read_from_the_window_on(
    tmp_path: Path, started: str, counts: bool
) -> None:
    incident = RecordedIncident(tmp_path)
    incident.file("kubernetes/logs/yard_crane-1_app.previous.log", f"{at(-9)} {REFUSED}\n")
    incident.file("kubernetes/logs/yard_crane-1_app.log", f"{at(2)} INFO tick\n{at(4)} INFO tick\n")
    status = {"name": "app", "ready": True, "restartCount": 1, "state": {"running": {"startedAt": started}}}
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "crane-1", "namespace": "yard"},
        "spec": {"containers": [{"name": "app"}]},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }  # fmt: skip
    incident.file("kubernetes/2026-03-10T12-05-00Z/pods.json", json.dumps({"kind": "PodList", "items": [pod]}))
    templates = [pattern.template for pattern in of(await incident.facts("analyze_logs"), "log_pattern")]
    assert any("connection refused" in template for template in templates) == counts
