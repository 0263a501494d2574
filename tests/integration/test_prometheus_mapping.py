"""A mapping file: recording rules and labels of one's own, on a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_system import load_history, prometheus_server

from primitives.clock import ManualClock
from primitives.errors import UsageError
from primitives.records import Window
from primitives.sources import define_source, open_source
from primitives.telemetry import SeriesQuery

END = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MAPPING = """
service_labels: [team_service]
namespace_label: kube_ns
metrics:
- {series: "svc:request_seconds:p95_5m", name: latency_p95, kind: latency, unit: s}
- {series: "seats_left", name: seats_left, kind: saturation, unit: "{seat}", worse: lower, label: hall}
"""


def history() -> str:
    rows = {
        "svc:request_seconds:p95_5m": ['team_service="box-office",job="x",kube_ns="opera"', 0.25],
        "seats_left": ['hall="great",row="1"', 12],
        "up": ['team_service="box-office",job="scraper",kube_ns="opera"', 1],
    }
    lines: list[str] = []
    for name, (labels, value) in rows.items():
        lines += [f"{name}{{{labels}}} {value} {END.timestamp() - 600 + 15 * step:.0f}\n" for step in range(41)]
    lines += [f'seats_left{{hall="great",row="2"}} 3 {END.timestamp() - 600 + 15 * step:.0f}\n' for step in range(41)]
    return "".join(lines) + "# EOF\n"


@pytest.mark.parts("prometheus", "promtool")
async def test_mapped_series_and_labels_are_read(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "history.om").write_text(history())
    load_history(tmp_path / "history.om", tmp_path / "data")
    with prometheus_server(tmp_path, blocks=tmp_path / "data") as (url, _):
        settings = {"kind": "prometheus", "url": url, "mapping": str(tmp_path / "mapping.yaml")}
        definition = define_source("opera", settings, {})
        # What was read travels with the request: the engine may run where the file isn't.
        (tmp_path / "mapping.yaml").unlink()
        backend = open_source("opera", definition, ManualClock(END)).backend
        answer = await backend.ask(SeriesQuery(window=Window(start=END - timedelta(minutes=9), end=END)))
        await backend.close()
    last = {(series.resource, series.metric.name): float(series.values[-1]) for series in answer.records}
    assert last == {
        ("box-office", "latency_p95"): 0.25,
        ("great", "seats_left"): 3.0,
        ("box-office", "availability"): 100.0,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metrics: [{series: a, name: b, kind: speed, unit: s}]", "metrics.0.kind"),
        ("metrics: [{series: 'a{}', name: b, kind: latency, unit: s}]", "metrics.0.series"),
        ("service_labels: ['a b']", "no label's name"),
        ("labels: [a]", "labels"),
        (": :", "is not YAML"),
    ],
)
def test_a_mapping_that_can_t_be_used_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "mapping.yaml").write_text(text)
    settings = {"kind": "prometheus", "url": "http://x:9090", "mapping": str(tmp_path / "mapping.yaml")}
    with pytest.raises(UsageError) as error:
        define_source("opera", settings, {})
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_mapping_that_is_not_there_is_one_line() -> None:
    with pytest.raises(UsageError, match="No such file"):
        define_source("opera", {"kind": "prometheus", "url": "http://x:9090", "mapping": "/no/such.yaml"}, {})
